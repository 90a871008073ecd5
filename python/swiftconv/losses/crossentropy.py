"""Cross-entropies. Where the predictions are a softmax or sigmoid whose input is known, that input is used: exact and fused."""

from __future__ import annotations

import math
from typing import Any

from swiftconv import ops
from swiftconv._core import apply, epsilon
from swiftconv.activations._logits import logits_of
from swiftconv.losses.loss import as_value, same_rank
from swiftconv.utils.registry import builtin

_export = builtin("keras.losses")


def _axis_last(x: Any, axis: int, what: str) -> Any:
    rank = len(x.shape)
    if not isinstance(axis, int) or not -rank <= axis < rank:
        raise ValueError(f"{what}: axis: expected an axis of shape {tuple(x.shape)}, received {axis!r}")
    axis %= rank
    if axis == rank - 1:
        return x
    return ops.transpose(x, axes=[i for i in range(rank) if i != axis] + [axis])


def _rows(x: Any) -> Any:
    """`(…, classes)` → `(rows, classes)`."""
    return x if len(x.shape) == 2 else ops.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _label_smoothing(value: Any, what: str) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{what}: label_smoothing: expected a number in [0, 1], received {value!r}")
    return float(value)


def _shapes_fit(a: Any, b: Any) -> bool:
    return len(a.shape) == len(b.shape) and all(m == n or m is None or n is None for m, n in zip(a.shape, b.shape, strict=True))


@_export
def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """`−Σ y_true · log(y_pred)` along the classes' axis.

    Args:
        y_true: one-hot labels or probabilities, of the shape of `y_pred`.
        y_pred: probabilities, or logits with `from_logits`.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: how far the labels are drawn towards 1 / classes.
        axis: the classes' axis.

    Returns:
        One value a sample.

    Raises:
        ValueError: shapes that differ (class numbers instead of one-hot labels, for instance).
    """
    y_pred = as_value(y_pred)
    y_true = as_value(y_true, str(y_pred.dtype))
    what = "categorical_crossentropy"
    if not _shapes_fit(y_true, y_pred):
        raise ValueError(
            f"{what}: y_true: expected one-hot labels of the shape of y_pred, {tuple(y_pred.shape)}, received shape "
            f"{tuple(y_true.shape)}; for class numbers use sparse_categorical_crossentropy"
        )
    if len(y_pred.shape) < 1:
        raise ValueError(f"{what}: y_pred: expected rank 1 or more, received a scalar")
    smoothing = _label_smoothing(label_smoothing, what)
    y_true = _axis_last(y_true, axis, what)
    logits = y_pred if from_logits else logits_of(y_pred, "softmax")
    if logits is not None:
        logits = _axis_last(logits, axis, what)
    else:
        y_pred = _axis_last(y_pred, axis, what)
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + smoothing / y_true.shape[-1]
    if logits is None:
        p = y_pred / ops.sum(y_pred, axis=-1, keepdims=True)
        p = ops.clip(p, epsilon(), 1.0 - epsilon())
        return ops.negative(ops.sum(y_true * ops.log(p), axis=-1))
    loss, _ = apply("softmax_cross_entropy", [_rows(logits), _rows(y_true)])
    return loss if len(logits.shape) == 2 else ops.reshape(loss, tuple(logits.shape[:-1]))


@_export
def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """`−log(y_pred)` at the true class.

    Args:
        y_true: class numbers, of the shape of `y_pred` without the classes' axis (or with it, of size 1).
        y_pred: probabilities, or logits with `from_logits`.
        from_logits: whether `y_pred` holds logits.
        ignore_class: a number whose samples count nothing.
        axis: the classes' axis.

    Returns:
        One value a sample.

    Raises:
        ValueError: labels of a wrong shape (one-hot, for instance) or out of range.
    """
    what = "sparse_categorical_crossentropy"
    y_pred, y_true = as_value(y_pred), as_value(y_true)
    if len(y_pred.shape) < 1:
        raise ValueError(f"{what}: y_pred: expected rank 1 or more, received a scalar")
    logits = y_pred if from_logits else logits_of(y_pred, "softmax")
    if logits is None:
        p = _axis_last(y_pred, axis, what)
        logits = ops.log(ops.clip(p, epsilon(), 1.0 - epsilon()))
    else:
        logits = _axis_last(logits, axis, what)
    lead = tuple(logits.shape[:-1])
    if len(y_true.shape) == len(lead) + 1 and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, axis=-1)
    if len(y_true.shape) != len(lead) or any(
        m != n for m, n in zip(y_true.shape, lead, strict=True) if m is not None and n is not None
    ):
        one_hot = tuple(y_true.shape) == tuple(y_pred.shape)
        hint = "; for one-hot labels use categorical_crossentropy" if one_hot else ""
        raise ValueError(
            f"{what}: y_true: expected class numbers of shape {lead} for y_pred of shape {tuple(y_pred.shape)}, "
            f"received shape {tuple(y_true.shape)}{hint}"
        )
    if str(y_true.dtype) not in ("int32", "int64", "uint8"):
        y_true = ops.cast(y_true, "int64")
    valid = None
    if ignore_class is not None:
        y_true = ops.cast(y_true, "int64")
        valid = ops.not_equal(y_true, ignore_class)
        y_true = ops.where(valid, y_true, ops.zeros_like(y_true))
    rows = _rows(logits) if len(logits.shape) > 1 else ops.reshape(logits, (1, logits.shape[0]))
    loss, _ = apply("sparse_softmax_cross_entropy", [rows, ops.reshape(y_true, (rows.shape[0],))])
    loss = loss if len(lead) == 1 else ops.reshape(loss, lead)
    return loss if valid is None else loss * ops.cast(valid, str(loss.dtype))


@_export
def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Any:
    """`−y_true · log(y_pred) − (1 − y_true) · log(1 − y_pred)`, mean along `axis`.

    Args:
        y_true: 0 or 1 (or probabilities), of the shape of `y_pred`.
        y_pred: probabilities, or logits with `from_logits`.
        from_logits: whether `y_pred` holds logits.
        label_smoothing: how far the labels are drawn towards 0.5.
        axis: along which the mean is taken.

    Returns:
        One value a sample.

    Raises:
        ValueError: shapes that differ.
    """
    y_pred = as_value(y_pred)
    y_true = as_value(y_true, str(y_pred.dtype))
    logits = y_pred if from_logits else logits_of(y_pred, "sigmoid")
    y_true, y_pred = same_rank(y_true, y_pred)
    if not _shapes_fit(y_true, y_pred):
        raise ValueError(
            f"binary_crossentropy: y_true: expected shape {tuple(y_pred.shape)}, received shape {tuple(y_true.shape)}"
        )
    smoothing = _label_smoothing(label_smoothing, "binary_crossentropy")
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + 0.5 * smoothing
    if logits is not None:
        if len(logits.shape) != len(y_true.shape):
            logits = ops.reshape(logits, tuple(y_true.shape))
        return ops.mean(apply("sigmoid_cross_entropy", [logits, y_true]), axis=axis)
    p = ops.clip(y_pred, epsilon(), 1.0 - epsilon())
    value = y_true * ops.log(p) + (1.0 - y_true) * ops.log(1.0 - p)
    return ops.negative(ops.mean(value, axis=axis))


@_export
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary cross-entropy that counts easy samples less (Lin et al. 2018)."""
    y_pred = as_value(y_pred)
    y_true = as_value(y_true, str(y_pred.dtype))
    y_true, y_pred = same_rank(y_true, y_pred)
    smoothing = _label_smoothing(label_smoothing, "binary_focal_crossentropy")
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + 0.5 * smoothing
    p = ops.clip(ops.sigmoid(y_pred) if from_logits else y_pred, epsilon(), 1.0 - epsilon())
    value = ops.negative(y_true * ops.log(p) + (1.0 - y_true) * ops.log(1.0 - p))
    p_t = y_true * p + (1.0 - y_true) * (1.0 - p)
    value = ops.power(1.0 - p_t, float(gamma)) * value
    if apply_class_balancing:
        value = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * value
    return ops.mean(value, axis=axis)
