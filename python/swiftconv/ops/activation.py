"""Keras's spelling of activations."""

from __future__ import annotations

from typing import Any

from swiftconv import nn
from swiftconv._core import apply
from swiftconv._core.arguments import axis_of
from swiftconv.ops.elementwise import (
    abs,
    add,
    clip,
    divide,
    floating,
    greater,
    maximum,
    minimum,
    multiply,
    negative,
    sign,
    sqrt,
    square,
    subtract,
    tanh,
    where,
)
from swiftconv.ops.movement import reshape, split, transpose


def relu(x: Any) -> Any:
    """max(x, 0)."""
    return apply("relu", [floating(x)])


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6)."""
    return apply("relu6", [floating(x)])


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return apply("sigmoid", [floating(x)])


def silu(x: Any) -> Any:
    """x · sigmoid(x)."""
    return apply("silu", [floating(x)])


swish = silu


def softplus(x: Any) -> Any:
    """log(exp(x) + 1)."""
    return apply("softplus", [floating(x)])


def softsign(x: Any) -> Any:
    """x / (abs(x) + 1)."""
    return apply("softsign", [floating(x)])


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x above 0, alpha · (exp(x) - 1) below."""
    return apply("elu", [floating(x)], alpha=float(alpha))


def celu(x: Any, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(alpha · (exp(x / alpha) - 1), 0)."""
    x = floating(x)
    return add(maximum(x, 0.0), multiply(apply("expm1", [divide(minimum(x, 0.0), alpha)]), alpha))


def selu(x: Any) -> Any:
    """The scaled exponential linear unit."""
    return apply("selu", [floating(x)])


def gelu(x: Any, approximate: bool = True) -> Any:
    """x · Φ(x), by the tanh approximation unless told otherwise."""
    return apply("gelu", [floating(x)], approximate=int(bool(approximate)))


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x above 0, negative_slope · x below."""
    return apply("leaky_relu", [floating(x)], alpha=float(negative_slope))


def mish(x: Any) -> Any:
    """x · tanh(softplus(x))."""
    return apply("mish", [floating(x)])


def hard_sigmoid(x: Any) -> Any:
    """relu6(x + 3) / 6."""
    return apply("hard_sigmoid", [floating(x)])


def hard_silu(x: Any) -> Any:
    """x · hard_sigmoid(x)."""
    return apply("hard_silu", [floating(x)])


hard_swish = hard_silu


def hard_tanh(x: Any) -> Any:
    """x, kept from -1 to 1."""
    return clip(floating(x), -1.0, 1.0)


def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x))."""
    return negative(softplus(negative(floating(x))))


def tanh_shrink(x: Any) -> Any:
    """x - tanh(x)."""
    x = floating(x)
    return subtract(x, tanh(x))


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| is above the threshold, else 0."""
    x = floating(x)
    return where(greater(abs(x), threshold), x, 0.0)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by the threshold, and 0 where it would cross."""
    x = floating(x)
    return multiply(sign(x), maximum(subtract(abs(x), threshold), 0.0))


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x above the threshold, else the default value."""
    x = floating(x)
    return where(greater(x, threshold), x, default_value)


def squareplus(x: Any, b: float = 4.0) -> Any:
    """(x + sqrt(x² + b)) / 2."""
    x = floating(x)
    return multiply(add(x, sqrt(add(square(x), b))), 0.5)


def glu(x: Any, axis: int = -1) -> Any:
    """The first half along `axis` times the sigmoid of the second.

    Raises:
        ValueError: the axis has an odd size.
    """
    first, second = split(floating(x), 2, axis)
    return multiply(first, sigmoid(second))


def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) over its sum along `axis`, or along several axes together."""
    return _over_axes(nn.softmax, floating(x), axis)


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """The logarithm of `softmax`."""
    return _over_axes(nn.log_softmax, floating(x), axis)


def _over_axes(fn: Any, x: Any, axis: Any) -> Any:
    if axis is None:
        return reshape(fn(reshape(x, (-1,))), x.shape)
    if not isinstance(axis, (list, tuple)):
        return fn(x, axis=axis)
    rank = len(x.shape)
    axes = [axis_of("softmax", a, rank) for a in axis]
    order = [i for i in range(rank) if i not in axes] + axes
    moved = transpose(x, order)
    flat = fn(reshape(moved, (*moved.shape[: rank - len(axes)], -1)))
    back = [order.index(i) for i in range(rank)]
    return transpose(reshape(flat, moved.shape), back)


__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "squareplus",
    "swish",
    "tanh_shrink",
    "threshold",
]
