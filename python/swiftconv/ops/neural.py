"""Keras's spelling of what networks are made of: convolution, pooling, normalization, cross entropies."""

from __future__ import annotations

from typing import Any

from swiftconv import nn, random
from swiftconv._core import apply, apply_function, cast, epsilon, image_data_format, promote
from swiftconv._core.arguments import axis_of, integer
from swiftconv.errors import InvalidArgumentError
from swiftconv.ops.elementwise import (
    abs,
    add,
    array_like,
    clip,
    divide,
    floating,
    log,
    maximum,
    multiply,
    negative,
    rsqrt,
    square,
    subtract,
)
from swiftconv.ops.movement import one_hot, reshape, squeeze, transpose
from swiftconv.ops.reduction import sum

# ---- windows -----------------------------------------------------------------------------------------------------------------


def _format(op: str, data_format: Any) -> str:
    word = image_data_format() if data_format is None else data_format
    if word not in ("channels_last", "channels_first"):
        raise ValueError(f"{op}: data_format: expected 'channels_last' or 'channels_first', received {word!r}")
    return "NHWC" if word == "channels_last" else "NCHW"


def _padding(op: str, padding: Any) -> Any:
    if isinstance(padding, str):
        if padding.lower() not in ("valid", "same"):
            raise ValueError(f"{op}: padding: expected 'valid' or 'same', received {padding!r}")
        return padding.upper()
    return padding


def _pair(op: str, argument: str, value: Any) -> tuple[int, int]:
    numbers = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    if len(numbers) == 1:
        numbers = numbers * 2
    if len(numbers) != 2:
        raise ValueError(f"{op}: {argument}: expected an integer or 2, received {value!r}")
    pair = (integer(op, argument, numbers[0]), integer(op, argument, numbers[1]))
    if min(pair) < 1:
        raise ValueError(f"{op}: {argument}: expected numbers of at least 1, received {value!r}")
    return pair


def conv(
    inputs: Any, kernel: Any, strides: Any = 1, padding: Any = "valid", data_format: Any = None, dilation_rate: Any = 1
) -> Any:
    """Convolution over two dimensions; as many groups as the kernel's depth divides the channels.

    Args:
        inputs: images.
        kernel: `[kh, kw, in_depth, filters]`.
        strides, dilation_rate: an int or 2.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: what does not fit.
    """
    layout = _format("conv", data_format)
    x, kernel = promote(array_like(inputs), array_like(kernel))
    if len(x.shape) == 3:
        words = {"NHWC": "NWC", "NCHW": "NCW"}
        return nn.convolution(x, kernel, strides, _padding("conv", padding), words[layout], dilation_rate)
    step, gap = _pair("conv", "strides", strides), _pair("conv", "dilation_rate", dilation_rate)
    return nn.conv2d(x, kernel, step, _padding("conv", padding), layout, gap)


def depthwise_conv(
    inputs: Any, kernel: Any, strides: Any = 1, padding: Any = "valid", data_format: Any = None, dilation_rate: Any = 1
) -> Any:
    """Convolution of each channel by filters of its own: kernel `[kh, kw, channels, multiplier]`; else as `conv`."""
    op = "depthwise_conv"
    x, kernel = promote(array_like(inputs), array_like(kernel))
    step, gap = _pair(op, "strides", strides), _pair(op, "dilation_rate", dilation_rate)
    return nn.depthwise_conv2d(x, kernel, step, _padding(op, padding), _format(op, data_format), gap)


def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """`depthwise_conv`, then a 1×1 convolution by `pointwise_kernel`."""
    y = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(y, pointwise_kernel, 1, "valid", data_format)


def transposed_size(n: int, k: int, s: int, d: int, padding: str, output_padding: int | None) -> int:
    """The size that Keras's transposed convolution gives along one axis."""
    k = k + (k - 1) * (d - 1)
    if output_padding is None:
        return n * s + (max(k - s, 0) if padding == "VALID" else 0)
    return (n - 1) * s + k + output_padding - (2 * (k // 2) if padding == "SAME" else 0)


def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:
    """Transposed convolution: kernel `[kh, kw, filters, channels]`; sizes as in Keras.

    Raises:
        ValueError: what does not fit; an output padding that is not below the stride.
    """
    op = "conv_transpose"
    layout, word = _format(op, data_format), _padding(op, padding)
    step, gap = _pair(op, "strides", strides), _pair(op, "dilation_rate", dilation_rate)
    extra = (
        (None, None)
        if output_padding is None
        else tuple(output_padding if isinstance(output_padding, (list, tuple)) else (output_padding,) * 2)
    )
    if any(e is not None and not 0 <= e < s for e, s in zip(extra, step, strict=True)):
        raise ValueError(f"{op}: output_padding: expected less than strides {step}, received {output_padding}")
    x, w = promote(array_like(inputs), array_like(kernel))
    if len(x.shape) != 4 or len(w.shape) != 4:
        raise InvalidArgumentError(f"{op}: expected 4 dimensions, received shapes {tuple(x.shape)} and {tuple(w.shape)}")

    def run(x: Any, w: Any) -> Any:
        n, h, v, _ = x.shape if layout == "NHWC" else (x.shape[0], *x.shape[2:], 0)
        out = [transposed_size(m, w.shape[i], step[i], gap[i], word, extra[i]) for i, m in enumerate((h, v))]
        pads: Any = word
        if any(-(-o // s) != m for o, s, m in zip(out, step, (h, v), strict=True)) and word == "SAME":
            reach = [(w.shape[i] - 1) * gap[i] + 1 for i in (0, 1)]
            both = [(r // 2, max((m - 1) * s + r - o - r // 2, 0)) for r, m, s, o in zip(reach, (h, v), step, out, strict=True)]
            pads = [(0, 0), *both, (0, 0)] if layout == "NHWC" else [(0, 0), (0, 0), *both]
        shape = (n, *out, w.shape[2]) if layout == "NHWC" else (n, w.shape[2], *out)
        return nn.conv2d_transpose(x, w, shape, step, pads, layout, gap)

    return apply_function(op, run, [x, w])


def max_pool(inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: Any = None) -> Any:
    """The largest element of every window; `strides` is the window by default."""
    return _pooled("max_pool", nn.max_pool2d, inputs, pool_size, strides, padding, data_format)


def average_pool(inputs: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: Any = None) -> Any:
    """The mean of every window, without the padding; `strides` is the window by default."""
    return _pooled("average_pool", nn.avg_pool2d, inputs, pool_size, strides, padding, data_format)


def _pooled(op: str, fn: Any, inputs: Any, pool_size: Any, strides: Any, padding: Any, data_format: Any) -> Any:
    size = _pair(op, "pool_size", pool_size)
    step = size if strides is None else _pair(op, "strides", strides)
    return fn(array_like(inputs), size, step, _padding(op, padding), _format(op, data_format))


def upsample2d(x: Any, size: Any = (2, 2), interpolation: str = "nearest", data_format: Any = None) -> Any:
    """Rows and columns repeated (`"nearest"`) or interpolated (`"bilinear"`)."""
    factors = _pair("upsample2d", "size", size)
    x = array_like(x)
    if _format("upsample2d", data_format) == "NHWC":
        return apply("upsample2d", [x], size=factors, interpolation=interpolation)
    y = apply("upsample2d", [apply("transpose", [x], perm=(0, 2, 3, 1))], size=factors, interpolation=interpolation)
    return apply("transpose", [y], perm=(0, 3, 1, 2))


# ---- normalization -----------------------------------------------------------------------------------------------------------


def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) · scale + offset, with one number of each for every place along `axis`."""
    x = floating(x)
    rank = len(x.shape)
    place = axis_of("batch_normalization", axis, rank)
    dtype = str(x.dtype)
    values = [None if v is None else cast(array_like(v), dtype) for v in (mean, variance, offset, scale)]
    if place != rank - 1:
        wide = (-1, *(1,) * (rank - 1 - place))
        values = [None if v is None else reshape(v, wide) for v in values]
    return nn.batch_normalization(x, values[0], values[1], values[2], values[3], epsilon)


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """Mean and variance (with bias) over `axes`."""
    return nn.moments(floating(x), axes, keepdims=keepdims)


def normalize(x: Any, axis: int = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """x divided by its norm of that order along `axis`.

    Raises:
        ValueError: an order below 1.
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize: order: expected an integer of at least 1, received {order!r}")
    x = floating(x)
    small = 1e-7 if epsilon is None else epsilon
    if order == 2:
        return multiply(x, rsqrt(maximum(sum(square(x), axis, True), small * small)))
    total = sum(apply("power", promote(abs(x), float(order))), axis, True)
    return divide(x, maximum(apply("power", promote(total, 1.0 / order)), small))


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """`random.dropout`."""
    return random.dropout(inputs, rate, noise_shape, seed)


# ---- cross entropies ---------------------------------------------------------------------------------------------------------


def _same_shape(op: str, target: Any, output: Any) -> None:
    a, b = tuple(target.shape), tuple(output.shape)
    if len(a) != len(b) or any(m != n and None not in (m, n) for m, n in zip(a, b, strict=True)):
        raise ValueError(f"{op}: target: expected the shape of output {b}, received shape {a}")


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-(z · log(p) + (1 - z) · log(1 - p)), element by element; probabilities are kept away from 0 and 1."""
    target, output = promote(floating(target), floating(output))
    _same_shape("binary_crossentropy", target, output)
    if from_logits:
        return nn.sigmoid_cross_entropy_with_logits(target, output)
    p = clip(output, epsilon(), 1.0 - epsilon())
    loss = add(multiply(target, log(p)), multiply(subtract(1.0, target), log(subtract(1.0, p))))
    return negative(loss)


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """The cross entropy of rows of probabilities (or logits) with respect to rows of target probabilities.

    Raises:
        ValueError: shapes that differ, or without dimensions.
    """
    op = "categorical_crossentropy"
    target, output = promote(floating(target), floating(output))
    _same_shape(op, target, output)
    if not len(target.shape):
        raise ValueError(f"{op}: expected at least 1 dimension, received shape ()")
    if from_logits:
        return nn.softmax_cross_entropy_with_logits(target, output, axis)
    p = divide(output, sum(output, axis, True))
    return negative(sum(multiply(target, log(clip(p, epsilon(), 1.0 - epsilon()))), axis))


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """The cross entropy of rows of probabilities (or logits) with respect to classes given by number.

    Raises:
        ValueError: shapes that do not fit.
    """
    op = "sparse_categorical_crossentropy"
    target, output = array_like(target), floating(output)
    rank = len(output.shape)
    if rank < 1:
        raise ValueError(f"{op}: output: expected at least 1 dimension, received shape ()")
    if str(target.dtype) not in ("int32", "int64", "uint8"):
        target = cast(target, "int32")
    if len(target.shape) == rank and target.shape[-1] == 1:
        target = squeeze(target, -1)
    place = axis_of(op, axis, rank)
    if place != rank - 1:
        output = transpose(output, [i for i in range(rank) if i != place] + [place])
    a, b = tuple(target.shape), tuple(output.shape[:-1])
    if len(a) != len(b) or any(m != n and None not in (m, n) for m, n in zip(a, b, strict=True)):
        raise ValueError(f"{op}: target: expected shape {b} for output {tuple(output.shape)}, received shape {a}")
    if from_logits:
        return nn.sparse_softmax_cross_entropy_with_logits(target, output)
    p = log(clip(divide(output, sum(output, -1, True)), epsilon(), 1.0 - epsilon()))
    return negative(sum(multiply(one_hot(target, output.shape[-1], dtype=str(output.dtype)), p), -1))


__all__ = [
    "average_pool",
    "batch_normalization",
    "binary_crossentropy",
    "categorical_crossentropy",
    "conv",
    "conv_transpose",
    "depthwise_conv",
    "dropout",
    "max_pool",
    "moments",
    "normalize",
    "separable_conv",
    "sparse_categorical_crossentropy",
    "upsample2d",
]
