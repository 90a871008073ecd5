"""`Mean`, `Sum`, and the mean of a function."""

from __future__ import annotations

import math
from typing import Any

from swiftconv import ops
from swiftconv.metrics.metric import Metric, as_value, reduce_to_samples
from swiftconv.utils.registry import builtin

_export = builtin("keras.metrics")


@_export
class Sum(Metric):
    """The (weighted) sum of the values."""

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds values."""
        values, _ = reduce_to_samples(as_value(values, self._dtype), sample_weight)
        self.total.assign(self.total + ops.sum(values))

    def result(self) -> Any:
        """The sum so far."""
        return ops.cast(self.total.value, self._dtype)


@_export
class Mean(Metric):
    """The (weighted) mean of the values."""

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds values."""
        values, weights = reduce_to_samples(as_value(values, self._dtype), sample_weight)
        self.total.assign(self.total + ops.sum(values))
        added = float(math.prod(values.shape)) if weights is None else ops.sum(weights)
        self.count.assign(self.count + added)

    def result(self) -> Any:
        """The mean so far; 0 before the first value."""
        some = ops.cast(ops.greater(self.count, 0.0), self._dtype)
        return self.total / (self.count + (1.0 - some))


@_export
class MeanMetricWrapper(Mean):
    """The mean of a function `fn(y_true, y_pred, **kwargs)`."""

    def __init__(self, fn: Any, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name or getattr(fn, "__name__", "mean_metric_wrapper"), dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    # as in Keras, a mean over pairs is a `Mean` too, of what the function gives
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Takes a batch into account."""
        super().update_state(self._fn(as_value(y_true), as_value(y_pred), **self._fn_kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {**super().get_config(), **self._fn_kwargs}
        if type(self) is MeanMetricWrapper:
            from swiftconv.utils.serialization import serialize_keras_object

            config["fn"] = serialize_keras_object(self._fn)
        return config
