"""Activation functions, on values of every kind."""

from __future__ import annotations

from typing import Any

from swiftconv import ops
from swiftconv._core import apply, is_symbolic
from swiftconv.activations._logits import remember
from swiftconv.utils.registry import builtin

_export = builtin("keras.activations")


@_export
def linear(x: Any) -> Any:
    """`x` itself."""
    return x


@_export
def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """`x` above `threshold`, `negative_slope · (x − threshold)` below, at most `max_value`."""
    if threshold == 0.0:
        if max_value is None:
            return apply("relu", [x]) if not negative_slope else apply("leaky_relu", [x], alpha=float(negative_slope))
        if max_value == 6 and not negative_slope:
            return apply("relu6", [x])
        y = relu(x, negative_slope)
        return ops.minimum(y, float(max_value))
    above = ops.cast(ops.greater_equal(x, threshold), x.dtype)
    y = x * above
    if max_value is not None:
        y = ops.minimum(y, float(max_value))
    return y + negative_slope * (x - threshold) * (1.0 - above) if negative_slope else y


@_export
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """`x` where positive, else `negative_slope · x`."""
    return apply("leaky_relu", [x], alpha=float(negative_slope))


@_export
def relu6(x: Any) -> Any:
    """`min(max(x, 0), 6)`."""
    return apply("relu6", [x])


@_export
def softmax(x: Any, axis: Any = -1) -> Any:
    """`exp(x) / Σ exp(x)` along `axis` (an int, or several)."""
    y = ops.softmax(x, axis=axis)
    if is_symbolic(x) and axis in (-1, len(x.shape) - 1):
        remember(y, "softmax", x)
    return y


@_export
def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of `softmax`."""
    return ops.log_softmax(x, axis=axis)


@_export
def sigmoid(x: Any) -> Any:
    """`1 / (1 + exp(−x))`."""
    y = apply("sigmoid", [x])
    if is_symbolic(x):
        remember(y, "sigmoid", x)
    return y


@_export
def log_sigmoid(x: Any) -> Any:
    """The logarithm of `sigmoid`."""
    return -apply("softplus", [ops.negative(x)])


@_export
def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return apply("tanh", [x])


@_export
def tanh_shrink(x: Any) -> Any:
    """`x − tanh(x)`."""
    return ops.subtract(x, apply("tanh", [x]))


@_export
def elu(x: Any, alpha: float = 1.0) -> Any:
    """`x` where positive, else `alpha · (exp(x) − 1)` (Clevert et al. 2016)."""
    return apply("elu", [x], alpha=float(alpha))


@_export
def celu(x: Any, alpha: float = 1.0) -> Any:
    """`max(x, 0) + min(alpha · (exp(x / alpha) − 1), 0)` (Barron 2017)."""
    return ops.add(ops.maximum(x, 0.0), ops.minimum(alpha * apply("expm1", [ops.divide(x, alpha)]), 0.0))


@_export
def selu(x: Any) -> Any:
    """Scaled ELU (Klambauer et al. 2017)."""
    return apply("selu", [x])


@_export
def gelu(x: Any, approximate: bool = False) -> Any:
    """`x · Φ(x)` (Hendrycks and Gimpel 2016); by tanh where `approximate`."""
    return apply("gelu", [x], approximate=int(bool(approximate)))


@_export
def glu(x: Any, axis: int = -1) -> Any:
    """One half of `x` times the sigmoid of the other (Dauphin et al. 2017)."""
    size = x.shape[axis]
    if size is None or size % 2:
        raise ValueError(f"glu: expected an even size along axis {axis}, received shape {tuple(x.shape)}")
    axis %= len(x.shape)
    key = [slice(None)] * len(x.shape)
    first, second = list(key), list(key)
    first[axis], second[axis] = slice(0, size // 2), slice(size // 2, size)
    return ops.multiply(x[tuple(first)], apply("sigmoid", [x[tuple(second)]]))


@_export
def silu(x: Any) -> Any:
    """`x · sigmoid(x)`."""
    return apply("silu", [x])


@_export
def softplus(x: Any) -> Any:
    """`log(1 + exp(x))`."""
    return apply("softplus", [x])


@_export
def softsign(x: Any) -> Any:
    """`x / (1 + |x|)`."""
    return apply("softsign", [x])


@_export
def squareplus(x: Any, b: float = 4) -> Any:
    """`(x + √(x² + b)) / 2`."""
    return ops.divide(ops.add(x, ops.sqrt(ops.add(ops.square(x), float(b)))), 2.0)


@_export
def mish(x: Any) -> Any:
    """`x · tanh(softplus(x))` (Misra 2019)."""
    return apply("mish", [x])


@_export
def exponential(x: Any) -> Any:
    """`exp(x)`."""
    return apply("exp", [x])


@_export
def hard_sigmoid(x: Any) -> Any:
    """`relu6(x + 3) / 6`."""
    return apply("hard_sigmoid", [x])


@_export
def hard_silu(x: Any) -> Any:
    """`x · relu6(x + 3) / 6`."""
    return apply("hard_silu", [x])


@_export
def hard_tanh(x: Any) -> Any:
    """`x` cut to [−1, 1]."""
    return ops.clip(x, -1.0, 1.0)


@_export
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """`x` where its size exceeds `threshold`, else 0."""
    return ops.multiply(x, ops.cast(ops.greater(ops.abs(x), threshold), x.dtype))


@_export
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """`x` drawn towards zero by `threshold`."""
    return ops.subtract(ops.relu(ops.subtract(x, threshold)), ops.relu(ops.subtract(-threshold, x)))


@_export
def sparse_plus(x: Any) -> Any:
    """`x` above 1, `(x + 1)² / 4` between −1 and 1, 0 below."""
    middle = ops.divide(ops.square(ops.add(ops.clip(x, -1.0, 1.0), 1.0)), 4.0)
    return ops.add(middle, ops.relu(ops.subtract(x, 1.0)))


@_export
def threshold(x: Any, threshold: float = 0.0, default_value: float = 0.0) -> Any:
    """`x` above `threshold`, else `default_value`."""
    above = ops.cast(ops.greater(x, threshold), x.dtype)
    return ops.add(ops.multiply(x, above), ops.multiply(ops.subtract(1.0, above), default_value))
