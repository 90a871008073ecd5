"""The schedules: `schedule(step)` returns the rate; made of ops, so that a compiled step computes it."""

from __future__ import annotations

import inspect
import math
from typing import Any

from swiftconv import ops
from swiftconv._core import is_tensor
from swiftconv.utils.registry import builtin
from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object

_export = builtin("keras.optimizers.schedules")


class LearningRateSchedule:
    """Base class: subclasses define `__call__(step)`."""

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__() method")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = [n for n in inspect.signature(type(self).__init__).parameters if n not in ("self", "args", "kwargs")]
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """A schedule from its configuration."""
        return cls(**config)


def _float(step: Any) -> Any:
    return ops.cast(step, "float32") if is_tensor(step) else float(step)


def _steps(value: Any, owner: str, name: str = "decay_steps") -> Any:
    if value <= 0:
        raise ValueError(f"{owner}: {name}: expected a positive number, received {value}")
    return value


@_export
class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate · decay_rate ^ (step / decay_steps)`, in whole steps with `staircase`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _steps(decay_steps, "ExponentialDecay")
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        p = ops.divide(_float(step), float(self.decay_steps))
        p = ops.floor(p) if self.staircase else p
        return self.initial_learning_rate * ops.power(float(self.decay_rate), p)


@_export
class InverseTimeDecay(ExponentialDecay):
    """`initial_learning_rate / (1 + decay_rate · step / decay_steps)`, in whole steps with `staircase`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        p = ops.divide(_float(step), float(self.decay_steps))
        p = ops.floor(p) if self.staircase else p
        return ops.divide(float(self.initial_learning_rate), 1.0 + self.decay_rate * p)


@_export
class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[i]` up to and including step `boundaries[i]`, then the next."""

    def __init__(self, boundaries: Any, values: Any, name: str = "PiecewiseConstant") -> None:
        self.boundaries = list(boundaries)
        self.values = list(values)
        if len(self.boundaries) != len(self.values) - 1:
            raise ValueError(
                f"PiecewiseConstantDecay: values: expected {len(self.boundaries) + 1} of them, received {len(self.values)}"
            )
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        step = _float(step)
        rate: Any = float(self.values[0])
        for boundary, before, after in zip(self.boundaries, self.values, self.values[1:], strict=False):
            past = ops.cast(ops.greater(step, float(boundary)), "float32")
            rate = rate + past * (float(after) - float(before))
        return rate


@_export
class PolynomialDecay(LearningRateSchedule):
    """From `initial_learning_rate` to `end_learning_rate` within `decay_steps`, along a power; again and again with `cycle`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _steps(decay_steps, "PolynomialDecay")
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        step = _float(step)
        total: Any = float(self.decay_steps)
        if self.cycle:
            total = total * ops.maximum(ops.ceil(ops.divide(step, total)), 1.0)
        else:
            step = ops.minimum(step, total)
        left = ops.subtract(1.0, ops.divide(step, total))
        return (self.initial_learning_rate - self.end_learning_rate) * ops.power(left, float(self.power)) + self.end_learning_rate


@_export
class CosineDecay(LearningRateSchedule):
    """Down along half a cosine wave (Loshchilov and Hutter 2017), after a linear rise if `warmup_target` is given."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _steps(decay_steps, "CosineDecay")
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def _decayed(self, step: Any, start: float) -> Any:
        done = ops.minimum(ops.divide(step, float(self.decay_steps)), 1.0)
        cosine = 0.5 * (1.0 + ops.cos(math.pi * done))
        return start * ((1.0 - self.alpha) * cosine + self.alpha)

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        step = _float(step)
        if self.warmup_target is None:
            return self._decayed(ops.minimum(step, float(self.decay_steps)), self.initial_learning_rate)
        warm = float(self.warmup_steps)
        rise = (self.warmup_target - self.initial_learning_rate) * ops.divide(step, max(warm, 1e-9)) + self.initial_learning_rate
        later = ops.minimum(ops.maximum(ops.subtract(step, warm), 0.0), float(self.decay_steps))
        early = ops.cast(ops.less(step, warm), "float32")
        return early * rise + (1.0 - early) * self._decayed(later, self.warmup_target)


@_export
class CosineDecayRestarts(LearningRateSchedule):
    """Half cosine waves, each `t_mul` times as long and `m_mul` times as high as the last (Loshchilov and Hutter 2017)."""

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = _steps(first_decay_steps, "CosineDecayRestarts", "first_decay_steps")
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        done = ops.divide(_float(step), float(self.first_decay_steps))
        if self.t_mul == 1.0:
            restart = ops.floor(done)
            done = done - restart
        else:
            restart = ops.floor(ops.log(1.0 - done * (1.0 - self.t_mul)) / math.log(self.t_mul))
            grown = ops.power(float(self.t_mul), restart)
            done = (done - (1.0 - grown) / (1.0 - self.t_mul)) / grown
        height = ops.power(float(self.m_mul), restart)
        cosine = 0.5 * height * (1.0 + ops.cos(math.pi * done))
        return self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)


def serialize(schedule: Any) -> Any:
    """The config of a schedule."""
    return serialize_keras_object(schedule)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The schedule of a config."""
    return deserialize_keras_object(config, custom_objects)
