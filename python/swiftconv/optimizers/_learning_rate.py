"""The learning rate of an optimizer: a variable, a schedule or a callable."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import Tensor, Variable
from swiftconv.optimizers.schedules import LearningRateSchedule
from swiftconv.optimizers.schedules import deserialize as deserialize_schedule
from swiftconv.utils.serialization import serialize_keras_object


class LearningRate:
    """The part of an optimizer that knows its rate."""

    name: str
    iterations: Any
    _variables: list[Variable]
    _schedule: LearningRateSchedule | None = None
    _rate_callable: Any = None

    def _track(self, variable: Variable) -> Variable:
        raise NotImplementedError

    def _set_up_rate(self, learning_rate: Any) -> None:
        if isinstance(learning_rate, dict):
            learning_rate = deserialize_schedule(learning_rate)
        initial: Any = 0.0
        if isinstance(learning_rate, LearningRateSchedule):
            self._schedule = learning_rate
        elif callable(learning_rate):
            self._rate_callable = learning_rate
        elif not isinstance(learning_rate, (int, float, np.number)) or isinstance(learning_rate, bool):
            raise ValueError(
                f"{type(self).__name__}: learning_rate: expected a number, a schedule or a callable, received {learning_rate!r}"
            )
        else:
            initial = learning_rate
        rate = Variable(np.float32(initial), trainable=False, name="learning_rate", path=f"{self.name}/learning_rate")
        self._learning_rate = rate
        if self._schedule is None and self._rate_callable is None:
            self._track(rate)

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step: the variable, or the schedule's value."""
        if self._schedule is not None:
            return self._schedule(self.iterations)
        if self._rate_callable is not None:
            return self._rate_callable()
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, LearningRateSchedule):
            if self._schedule is None and self._rate_callable is None:
                self._variables = [v for v in self._variables if v is not self._learning_rate]
            self._schedule = value
            return
        if callable(value) and not isinstance(value, (Variable, Tensor)):
            self._rate_callable = value
            return
        if self._schedule is not None:
            raise TypeError(
                f"{self.name}: learning_rate: it was created with a schedule, thus its rate cannot be set to a number"
            )
        self._learning_rate.assign(np.float32(float(np.asarray(value))))

    lr = learning_rate

    def _rate(self, dtype: str = "float32") -> Any:
        rate = self.learning_rate
        if isinstance(rate, Variable):
            rate = rate.value
        return ops.cast(rate, dtype) if hasattr(rate, "dtype") else np.asarray(rate, dtype=dtype)

    def _rate_config(self) -> Any:
        for made in (self._schedule, self._rate_callable):
            if made is not None:
                return serialize_keras_object(made)
        return float(self._learning_rate.numpy())
