"""`Loss`: the call, reductions, sample weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import is_symbolic, is_tensor
from swiftconv.dtype_policies import get_policy
from swiftconv.utils import naming, nest

REDUCTIONS = (None, "none", "sum", "sum_over_batch_size", "mean", "mean_with_sample_weight")


def standardize_reduction(reduction: Any) -> Any:
    """`reduction` if it is one of the known words.

    Raises:
        ValueError: it is not.
    """
    if reduction == "auto":
        reduction = "sum_over_batch_size"
    if reduction not in REDUCTIONS:
        raise ValueError(f"loss: reduction: expected one of {REDUCTIONS}, received {reduction!r}")
    return reduction


def as_value(value: Any, dtype: Any = None) -> Any:
    """Lists and numbers as arrays; floats in `dtype` where given."""
    if not is_tensor(value):
        value = np.asarray(value)
        if value.dtype.kind not in "fiub":
            raise ValueError(f"expected numbers, received dtype {value.dtype}")
        if value.dtype.kind == "f" and value.dtype not in (np.float32, np.float64):
            value = value.astype("float32")
    if dtype is not None and value.dtype != dtype:
        value = ops.cast(value, dtype)
    return value


def same_rank(a: Any, b: Any) -> tuple[Any, Any]:
    """`(N,)` beside `(N, 1)`: the last axis of size 1 is dropped or added so that the ranks agree."""
    ra, rb = len(a.shape), len(b.shape)
    if ra == rb + 1 and a.shape[-1] == 1:
        a = ops.squeeze(a, axis=-1) if rb > 1 or b.shape == a.shape[:-1] else a
        if len(a.shape) != rb:
            b = ops.expand_dims(b, -1)
    elif rb == ra + 1 and b.shape[-1] == 1:
        if ra == 1:
            a = ops.expand_dims(a, -1)
        else:
            b = ops.squeeze(b, axis=-1)
    return a, b


def reduce_weighted(values: Any, sample_weight: Any, reduction: Any, dtype: Any) -> Any:
    """The values times the weights, reduced.

    Raises:
        ValueError: weights whose shape does not fit.
    """
    if sample_weight is not None:
        sample_weight = as_value(sample_weight, str(values.dtype))
        values, sample_weight = _aligned(values, sample_weight)
        values = values * sample_weight
    if reduction in (None, "none"):
        return values
    total = ops.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        weights = ops.sum(ops.broadcast_to(sample_weight, tuple(values.shape)))
        return total / ops.maximum(weights, 1e-12)
    count = 1
    for n in values.shape:
        count *= n
    return ops.divide(total, float(max(count, 1)))  # `/` of NumPy 1 would make float64 of a scalar


def _aligned(values: Any, weight: Any) -> tuple[Any, Any]:
    vr, wr = len(values.shape), len(weight.shape)
    if wr == vr + 1 and weight.shape[-1] == 1:
        weight = ops.squeeze(weight, axis=-1)
    elif wr < vr and wr > 0:
        weight = ops.reshape(weight, (*weight.shape, *([1] * (vr - wr))))
    wr = len(weight.shape)
    fits = wr <= vr and all(
        w in (1, v) or v is None or w is None
        for w, v in zip(reversed(tuple(weight.shape)), reversed(tuple(values.shape)), strict=False)
    )
    if not fits:
        raise ValueError(f"sample_weight: expected a shape that fits {tuple(values.shape)}, received shape {tuple(weight.shape)}")
    return values, weight


class Loss:
    """Base class: subclasses define `call(y_true, y_pred)`, which returns one value a sample.

    Args:
        name: by default the class's in snake case.
        reduction: `"sum_over_batch_size"`, `"mean"`, `"mean_with_sample_weight"`, `"sum"`, or `"none"` for the values.
        dtype: the type of the computation.

    Raises:
        ValueError: an unknown reduction.
    """

    def __init__(self, name: str | None = None, reduction: Any = "sum_over_batch_size", dtype: Any = None) -> None:
        self.name = name or naming.auto_name(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self._dtype_policy = get_policy(dtype)
        self._dtype = self._dtype_policy.compute_dtype

    @property
    def dtype(self) -> str:
        """The type of the computation."""
        return self._dtype

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} has no call() method")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss."""
        y_pred = (
            nest.map_structure(lambda v: as_value(v, self._dtype), y_pred)
            if _nested(y_pred)
            else as_value(y_pred, self._dtype if not is_symbolic(y_pred) else None)
        )
        y_true = nest.map_structure(as_value, y_true) if _nested(y_true) else as_value(y_true)
        values = self.call(y_true, y_pred)
        return reduce_weighted(values, sample_weight, self.reduction, self._dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """A loss from its configuration."""
        return cls(**config)


def _nested(value: Any) -> bool:
    if isinstance(value, dict):
        return True
    return isinstance(value, (list, tuple)) and any(is_tensor(v) or isinstance(v, np.ndarray) for v in value)


class LossFunctionWrapper(Loss):
    """A loss made of a function `fn(y_true, y_pred, **kwargs)`."""

    def __init__(
        self, fn: Any, reduction: Any = "sum_over_batch_size", name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name or naming.to_snake_case(getattr(fn, "__name__", type(fn).__name__)), reduction=reduction)
        self._dtype_policy = get_policy(dtype)
        self._dtype = self._dtype_policy.compute_dtype
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample."""
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        from swiftconv.utils.serialization import serialize_keras_object

        config = {**super().get_config(), **self._fn_kwargs}
        if type(self) is LossFunctionWrapper:
            config["fn"] = serialize_keras_object(self.fn)
        return config

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.fn}, kwargs={self._fn_kwargs})>"
