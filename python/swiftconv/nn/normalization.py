"""Normalization in TensorFlow's spelling."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv._core import apply, get_op
from swiftconv._core.arguments import axis_of, channels_first
from swiftconv._core.operators import binary
from swiftconv.errors import InvalidArgumentError
from swiftconv.nn._layout import rank_of, settled, shape_of, to_nchw, to_nhwc


def _filled(value: float, like: Any, channels: int) -> np.ndarray:
    dtype = str(getattr(like, "dtype", "float32"))
    return np.full(channels, value, dtype if dtype in ("float32", "float64") else "float32")


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float, name: str | None = None
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) · scale + offset.

    Args:
        x: float32 or float64 of any shape.
        mean, variance: of a shape that broadcasts to that of `x`.
        offset, scale: the same, or None.
        variance_epsilon: added to the variance.
        name: accepted for TensorFlow's sake.

    Input shape:
        Any.

    Output shape:
        That of `x`.

    Returns:
        A value of the kind of `x`.

    Raises:
        InvalidArgumentError: shapes that do not broadcast.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.batch_normalization(np.array([[3.0]]), np.array([1.0]), np.array([4.0]), None, None, 0.0).item()
        1.0
    """
    x, mean, variance = settled(x), settled(mean), settled(variance)
    channels = shape_of(x)[-1] if rank_of(x) > 1 else None
    if channels is not None and shape_of(mean) == shape_of(variance) == (channels,):
        beta = _filled(0, x, channels) if offset is None else settled(offset)
        gamma = _filled(1, x, channels) if scale is None else settled(scale)
        if shape_of(beta) == shape_of(gamma) == (channels,):
            run = get_op("batch_norm_inference", {"epsilon": float(variance_epsilon)})
            return run.apply(x, gamma, beta, mean, variance)
    factor = apply("rsqrt", [binary("add", variance, float(variance_epsilon))])
    if scale is not None:
        factor = binary("multiply", factor, scale)
    shift = apply("negative", [binary("multiply", mean, factor)])
    if offset is not None:
        shift = binary("add", shift, offset)
    return binary("add", binary("multiply", x, factor), shift)


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: Any = "NHWC",
    is_training: bool = True,
    name: str | None = None,
    exponential_avg_factor: float = 1.0,
) -> Any:
    """Batch normalization of images.

    Args:
        x: images, float32 or float64.
        scale, offset: one number for each channel.
        mean, variance: the running statistics; needed for inference and where `exponential_avg_factor` is below 1.
        epsilon: added to the variance.
        data_format: `"NHWC"` or `"NCHW"`.
        is_training: whether to use the statistics of the batch.
        name: accepted for TensorFlow's sake.
        exponential_avg_factor: how much of the batch's statistics enters the running ones.

    Input shape:
        `[batch, h, w, channels]`, or with the channels first.

    Output shape:
        That of `x`, and twice `[channels]`.

    Returns:
        The result, the running mean, and the running variance (of the batch: without bias, times n / (n - 1)).

    Raises:
        ValueError: statistics are missing.
        InvalidArgumentError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> x, scale, offset = np.ones((1, 2, 2, 3)), np.ones(3), np.zeros(3)
        >>> y, mean, variance = nn.fused_batch_norm(x, scale, offset)
        >>> mean
        array([1., 1., 1.])
    """
    op = "fused_batch_norm"
    first = channels_first(op, data_format)
    x = settled(x)
    if rank_of(x) != 4:
        raise InvalidArgumentError(f"{op}: x: expected 4 dimensions, received shape {shape_of(x)}")
    x = to_nhwc(x) if first else x
    attributes = {"epsilon": float(epsilon)}
    if not is_training:
        if mean is None or variance is None:
            raise ValueError(f"{op}: mean, variance: expected both for is_training=False, received None")
        y = get_op("batch_norm_inference", attributes).apply(x, scale, offset, mean, variance)
        return (to_nchw(y) if first else y), mean, variance
    y, batch_mean, batch_variance = get_op("batch_norm_training", attributes).apply(x, scale, offset)
    y = to_nchw(y) if first else y
    sizes = shape_of(x)[:3]
    if None not in sizes:
        count = sizes[0] * sizes[1] * sizes[2]
        batch_variance = binary("multiply", batch_variance, count / max(count - 1, 1))
    if exponential_avg_factor == 1:
        return y, batch_mean, batch_variance
    if mean is None or variance is None:
        raise ValueError(f"{op}: mean, variance: expected both for exponential_avg_factor below 1, received None")

    def blend(old: Any, new: Any) -> Any:
        factor = float(exponential_avg_factor)
        return binary("add", binary("multiply", settled(old), 1 - factor), binary("multiply", new, factor))

    return y, blend(mean, batch_mean), blend(variance, batch_variance)


def _axes(op: str, axes: Any, rank: int) -> tuple[int, ...]:
    if axes is None:
        return tuple(range(rank))
    numbers = axes if isinstance(axes, (list, tuple)) else np.asarray(axes).reshape(-1).tolist()
    return tuple(axis_of(op, axis, rank) for axis in numbers)


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None) -> tuple[Any, Any]:
    """Mean and variance (with bias) over `axes`.

    Args:
        x: float32 or float64 of any shape.
        axes: an axis or a list of them.
        shift: accepted for TensorFlow's sake.
        keepdims: whether the axes stay, with size 1.
        name: accepted for TensorFlow's sake.

    Returns:
        The mean and the variance.

    Raises:
        InvalidArgumentError: there is no such axis.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> [m.item() for m in nn.moments(np.array([1.0, 3.0]), axes=[0])]
        [2.0, 1.0]
    """
    x = settled(x)
    over = _axes("moments", axes, rank_of(x))
    if not over:
        return x, binary("subtract", x, x)
    kept = apply("reduce_mean", [x], axes=over, keepdims=1)
    variance = apply("reduce_mean", [apply("squared_difference", [x, kept])], axes=over, keepdims=1)
    if keepdims:
        return kept, variance
    shape = tuple(n for i, n in enumerate(shape_of(kept)) if i not in over)
    reshape = get_op("reshape", {"shape": tuple(-1 if n is None else n for n in shape)})
    return reshape.apply(kept), reshape.apply(variance)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None) -> Any:
    """x / sqrt(max(sum(x²), epsilon)) along `axis` (over all by default).

    Args:
        x: float32 or float64 of any shape.
        axis: an axis or a list of them.
        epsilon: the smallest sum of squares.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of the kind and shape of `x`.

    Raises:
        InvalidArgumentError: there is no such axis.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.l2_normalize(np.array([3.0, 4.0]))
        array([0.6, 0.8])
    """
    x = settled(x)
    over = _axes("l2_normalize", axis, rank_of(x))
    total = apply("reduce_sum", [apply("square", [x])], axes=over, keepdims=1)
    return binary("multiply", x, apply("rsqrt", [binary("maximum", total, float(epsilon))]))


def l2_loss(t: Any, name: str | None = None) -> Any:
    """Half the sum of the squares.

    Args:
        t: float32 or float64 of any shape.
        name: accepted for TensorFlow's sake.

    Returns:
        A value without dimensions.

    Raises:
        TypeError: another element type.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> float(nn.l2_loss(np.array([3.0, 4.0])))
        12.5
    """
    return binary("multiply", apply("reduce_sum", [apply("square", [settled(t)])], axes=(), keepdims=0), 0.5)
