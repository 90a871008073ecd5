"""Losses of regression, of margins and of distributions, one value a sample."""

from __future__ import annotations

import math
from typing import Any

from swiftconv import ops
from swiftconv._core import epsilon
from swiftconv.losses.loss import as_value, same_rank
from swiftconv.utils.registry import builtin


def _ready(y_true: Any, y_pred: Any, what: str) -> tuple[Any, Any]:
    y_pred = as_value(y_pred)
    if str(y_pred.dtype) not in ("float32", "float64"):
        y_pred = ops.cast(y_pred, "float32")
    y_true = as_value(y_true, str(y_pred.dtype))
    y_true, y_pred = same_rank(y_true, y_pred)
    a, b = tuple(y_true.shape), tuple(y_pred.shape)
    fits = all(m in (n, 1, None) or n in (1, None) for m, n in zip(reversed(a), reversed(b), strict=False))
    if not fits:
        raise ValueError(f"{what}: y_true, y_pred: shapes do not fit: {a} and {b}")
    return y_true, y_pred


def _mean(x: Any) -> Any:
    return ops.mean(x, axis=-1) if len(x.shape) else x


@builtin("keras.losses", "mse", "MSE")
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of `(y_true − y_pred)²` along the last axis."""
    y_true, y_pred = _ready(y_true, y_pred, "mean_squared_error")
    return _mean(ops.square(y_true - y_pred))


@builtin("keras.losses", "mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of `|y_true − y_pred|` along the last axis."""
    y_true, y_pred = _ready(y_true, y_pred, "mean_absolute_error")
    return _mean(ops.abs(y_true - y_pred))


@builtin("keras.losses", "mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """`100 · mean(|(y_true − y_pred) / y_true|)` along the last axis."""
    y_true, y_pred = _ready(y_true, y_pred, "mean_absolute_percentage_error")
    return 100.0 * _mean(ops.abs((y_true - y_pred) / ops.maximum(ops.abs(y_true), epsilon())))


@builtin("keras.losses", "msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """The mean of `(log(1 + y_true) − log(1 + y_pred))²` along the last axis."""
    y_true, y_pred = _ready(y_true, y_pred, "mean_squared_logarithmic_error")
    first = ops.log(ops.maximum(y_pred, epsilon()) + 1.0)
    second = ops.log(ops.maximum(y_true, epsilon()) + 1.0)
    return _mean(ops.square(first - second))


def _unit(x: Any, axis: Any) -> Any:
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))


@builtin("keras.losses")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between the vectors along `axis`."""
    y_true, y_pred = _ready(y_true, y_pred, "cosine_similarity")
    return ops.negative(ops.sum(_unit(y_true, axis) * _unit(y_pred, axis), axis=axis))


@builtin("keras.losses")
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Quadratic up to an error of `delta`, linear beyond, mean along the last axis."""
    y_true, y_pred = _ready(y_true, y_pred, "huber")
    error = ops.abs(y_true - y_pred)
    inner = ops.minimum(error, float(delta))
    return _mean(0.5 * ops.square(inner) + delta * (error - inner))


@builtin("keras.losses", "logcosh")
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """The mean of `log(cosh(y_pred − y_true))` along the last axis."""
    y_true, y_pred = _ready(y_true, y_pred, "log_cosh")
    d = y_pred - y_true
    return _mean(d + ops.softplus(-2.0 * d) - math.log(2.0))


@builtin("keras.losses", "kld", "KLD", "kullback_leibler_divergence")
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """`Σ y_true · log(y_true / y_pred)` along the last axis."""
    y_true, y_pred = _ready(y_true, y_pred, "kl_divergence")
    y_true = ops.clip(y_true, epsilon(), 1.0)
    y_pred = ops.clip(y_pred, epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


@builtin("keras.losses")
def poisson(y_true: Any, y_pred: Any) -> Any:
    """The mean of `y_pred − y_true · log(y_pred)` along the last axis."""
    y_true, y_pred = _ready(y_true, y_pred, "poisson")
    return _mean(y_pred - y_true * ops.log(y_pred + epsilon()))


def _signs(y_true: Any) -> Any:
    """Labels 0 and 1 become −1 and 1; labels −1 and 1 stay."""
    binary = ops.all(ops.logical_or(ops.equal(y_true, 0.0), ops.equal(y_true, 1.0)))
    binary = ops.cast(binary, str(y_true.dtype))
    return binary * (2.0 * y_true - 1.0) + (1.0 - binary) * y_true


@builtin("keras.losses")
def hinge(y_true: Any, y_pred: Any) -> Any:
    """The mean of `max(1 − y_true · y_pred, 0)` along the last axis; labels −1 and 1, or 0 and 1."""
    y_true, y_pred = _ready(y_true, y_pred, "hinge")
    return _mean(ops.relu(1.0 - _signs(y_true) * y_pred))


@builtin("keras.losses")
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """The mean of `max(1 − y_true · y_pred, 0)²` along the last axis; labels −1 and 1, or 0 and 1."""
    y_true, y_pred = _ready(y_true, y_pred, "squared_hinge")
    return _mean(ops.square(ops.relu(1.0 - _signs(y_true) * y_pred)))


@builtin("keras.losses")
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """`max(1 + the best wrong class − the true class, 0)`."""
    y_true, y_pred = _ready(y_true, y_pred, "categorical_hinge")
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.relu(1.0 + wrong - right)
