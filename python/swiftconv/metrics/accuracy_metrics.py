"""How often a prediction is right."""

from __future__ import annotations

from typing import Any

from swiftconv import ops
from swiftconv.metrics.metric import as_value, same_rank
from swiftconv.metrics.reduction_metrics import MeanMetricWrapper
from swiftconv.utils.registry import builtin

_export = builtin("keras.metrics")


def _as_float(x: Any) -> Any:
    return ops.cast(x, "float32")


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where `y_true` equals `y_pred`."""
    y_pred = as_value(y_pred)
    y_true = as_value(y_true, str(y_pred.dtype))
    y_true, y_pred = same_rank(y_true, y_pred)
    return _as_float(ops.equal(y_true, y_pred))


@_export
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """The fraction, along the last axis, of values on the right side of the threshold."""
    y_pred = as_value(y_pred)
    if str(y_pred.dtype) not in ("float32", "float64"):
        y_pred = ops.cast(y_pred, "float32")
    y_true = as_value(y_true, str(y_pred.dtype))
    y_true, y_pred = same_rank(y_true, y_pred)
    y_pred = ops.cast(ops.greater(y_pred, threshold), str(y_true.dtype))
    equal = _as_float(ops.equal(y_true, y_pred))
    return ops.mean(equal, axis=-1) if len(equal.shape) > 1 else equal


@_export
def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the greatest of the predictions is at the label's one."""
    y_pred, y_true = as_value(y_pred), as_value(y_true)
    if len(y_true.shape) != len(y_pred.shape):
        raise ValueError(
            f"categorical_accuracy: y_true: expected one-hot labels of shape {tuple(y_pred.shape)}, received "
            f"{tuple(y_true.shape)}"
        )
    if str(y_true.dtype) not in ("float32", "float64"):
        y_true = _as_float(y_true)
    return _as_float(ops.equal(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1)))


def _labels(y_true: Any, y_pred: Any, what: str) -> Any:
    lead = tuple(y_pred.shape[:-1])
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, axis=-1)
    if len(y_true.shape) != len(lead):
        raise ValueError(f"{what}: y_true: expected class numbers of shape {lead}, received shape {tuple(y_true.shape)}")
    return ops.cast(y_true, "int64")


@_export
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the greatest of the predictions is at the label."""
    y_pred = as_value(y_pred)
    labels = _labels(as_value(y_true), y_pred, "sparse_categorical_accuracy")
    return _as_float(ops.equal(labels, ops.argmax(y_pred, axis=-1)))


def _in_top_k(labels: Any, y_pred: Any, k: int) -> Any:
    """Whether fewer than k classes are predicted more strongly than the label."""
    classes = y_pred.shape[-1]
    hot = ops.one_hot(labels, classes, dtype=str(y_pred.dtype))
    mine = ops.sum(hot * y_pred, axis=-1, keepdims=True)
    stronger = ops.sum(_as_float(ops.greater(y_pred, mine)), axis=-1)
    return _as_float(ops.less(stronger, float(k)))


@_export
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the label's class is among the k strongest."""
    y_true = as_value(y_true)
    if str(y_true.dtype) not in ("float32", "float64"):
        y_true = _as_float(y_true)
    return _in_top_k(ops.argmax(y_true, axis=-1), as_value(y_pred), k)


@_export
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """1 where the label is among the k strongest classes."""
    if from_sorted_ids:
        raise ValueError("sparse_top_k_categorical_accuracy: from_sorted_ids: expected False, received True")
    y_pred = as_value(y_pred)
    return _in_top_k(_labels(as_value(y_true), y_pred, "sparse_top_k_categorical_accuracy"), y_pred, k)


@_export
class Accuracy(MeanMetricWrapper):
    """How often predictions equal labels."""

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


@_export
class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions lie on the right side of a threshold.

    Args:
        threshold: in (0, 1).
    """

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        if threshold is not None and not 0 < threshold < 1:
            raise ValueError(f"BinaryAccuracy: threshold: expected a number in (0, 1), received {threshold!r}")
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


@_export
class CategoricalAccuracy(MeanMetricWrapper):
    """How often the strongest class is that of the one-hot label."""

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


@_export
class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the strongest class is the label."""

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


@_export
class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of the one-hot label is among the k strongest."""

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


@_export
class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the label is among the k strongest classes."""

    def __init__(self, k: int = 5, name: str | None = "sparse_top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k
