"""Convolution in TensorFlow's spelling.

The spelling of each distinct set of arguments is worked out once; what it comes to is kept as a function of the arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from swiftconv._core import Tensor, apply, get_op
from swiftconv._core.arguments import channels_first, sizes, window
from swiftconv._core.arguments import padding as padding_of
from swiftconv._core.kinds import is_at_hand
from swiftconv._core.state import state
from swiftconv.errors import InvalidArgumentError
from swiftconv.nn._layout import images, known, op_reshape, rank_of, remember, settled, shape_of, to_nchw, to_nhwc

_conv2d_runs: dict[Any, Callable[..., Any]] = {}
_depthwise_runs: dict[Any, Callable[..., Any]] = {}


def geometry(op: str, strides: Any, padding: Any, data_format: Any, dilations: Any) -> tuple[dict[str, Any], bool]:
    """The op's attributes as the engine spells them, and whether the channels come first."""
    first = channels_first(op, data_format)
    attributes = {
        "strides": window(op, "strides", strides, first),
        "dilations": window(op, "dilations", dilations, first),
        "padding": padding_of(op, padding, first),
    }
    return attributes, first


def _conv2d_run(key: Any) -> Callable[..., Any]:
    attributes, first = geometry("conv2d", *key)
    return remember(_conv2d_runs, key, images(get_op("conv2d", attributes).apply, first))


def conv2d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Two-dimensional convolution (without flipping the filter).

    Args:
        input: images; two or more leading batch dimensions are accepted.
        filters: `[kh, kw, in_depth, out_channels]`; `in_depth` may divide the channels: then they form groups.
        strides: an int, or a list of 1, 2 or 4.
        padding: `"SAME"`, `"VALID"`, or 4 pairs (before, after) in the order of `data_format`.
        data_format: `"NHWC"` or `"NCHW"`.
        dilations: an int, or a list of 1, 2 or 4.
        name: accepted for TensorFlow's sake.

    Input shape:
        `[batch, h, w, channels]`, or `[batch, channels, h, w]` for NCHW; float32, float64 or int32.

    Output shape:
        `[batch, oh, ow, out_channels]`, or `[batch, out_channels, oh, ow]`.

    Returns:
        A value of the kind of `input`.

    Raises:
        InvalidArgumentError: shapes that do not fit, numbers below 1, unknown words.
        TypeError: element types that differ.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.conv2d(np.ones((1, 3, 3, 1), "float32"), np.ones((2, 2, 1, 1), "float32"), 1, "VALID")[0, :, :, 0]
        array([[4., 4.],
               [4., 4.]], dtype=float32)
    """
    if strides.__class__ is list:
        strides = tuple(strides)
    if dilations.__class__ is list:
        dilations = tuple(dilations)
    key = (strides, padding, data_format, dilations)
    run = known(_conv2d_runs, key) or _conv2d_run(key)
    try:
        return run(input, filters)
    except InvalidArgumentError:
        if rank_of(input) < 5:
            raise
    return _batched(run, input, filters)


def _batched(run: Callable[..., Any], x: Any, *rest: Any) -> Any:
    """Images with several batch dimensions, as one batch."""
    x = settled(x)
    lead = shape_of(x)[:-3]
    y = run(op_reshape(x, (-1, *shape_of(x)[-3:])), *rest)
    return op_reshape(y, (*lead, *shape_of(y)[1:]))


def _depthwise_run(key: Any) -> Callable[..., Any]:
    strides, padding, data_format, dilations = key
    attributes, first = geometry("depthwise_conv2d", strides, padding, data_format, dilations)
    forward = get_op("conv2d", attributes).apply

    def run(x: Any, filters: Any) -> Any:
        if first:
            x = to_nhwc(x)
        y = forward(x, as_groups("depthwise_conv2d", x, filters))
        return to_nchw(y) if first else y

    return remember(_depthwise_runs, key, run)


def as_groups(op: str, x: Any, filters: Any, channels: int | None = None) -> Any:
    """`[kh, kw, c, m]` as the filter of a convolution with c groups, `[kh, kw, 1, c·m]`."""
    if type(filters) is not np.ndarray:
        filters = settled(filters)
    shape = filters._array.shape if type(filters) is Tensor else filters.shape
    if len(shape) != 4:
        raise InvalidArgumentError(f"{op}: filter: expected shape [kh, kw, channels, multiplier], received {tuple(shape)}")
    if channels is None:
        rank = rank_of(x)
        if rank != 4:
            raise InvalidArgumentError(f"{op}: input: expected 4 dimensions, received shape {shape_of(x)}")
        channels = shape_of(x)[3]
    if shape[2] != channels:
        raise InvalidArgumentError(f"{op}: filter: expected {channels} channels as the input has, received shape {tuple(shape)}")
    flat = (shape[0], shape[1], 1, shape[2] * shape[3])
    if type(filters) is Tensor and not state.tapes:
        return filters._kept_reshape(flat)
    return op_reshape(filters, flat)


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: Any = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Convolution of each channel by filters of its own.

    Args:
        input: images.
        filter: `[kh, kw, channels, multiplier]`.
        strides: 4 numbers (an int or 2 are accepted too); rows and columns may differ.
        padding: `"SAME"`, `"VALID"`, or 4 pairs.
        data_format: `"NHWC"` (default) or `"NCHW"`.
        dilations: 2 numbers (an int or 4 are accepted too).
        name: accepted for TensorFlow's sake.

    Input shape:
        `[batch, h, w, channels]`, or `[batch, channels, h, w]` for NCHW.

    Output shape:
        `[batch, oh, ow, channels · multiplier]`, or with the channels first.

    Returns:
        A value of the kind of `input`.

    Raises:
        InvalidArgumentError: shapes that do not fit, numbers below 1, unknown words.
        TypeError: element types that differ.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.depthwise_conv2d(np.ones((1, 4, 4, 2), "float32"), np.ones((3, 3, 2, 1), "float32"), [1, 1, 1, 1], "VALID").shape
        (1, 2, 2, 2)
    """
    if strides.__class__ is list:
        strides = tuple(strides)
    if dilations.__class__ is list:
        dilations = tuple(dilations)
    key = (strides, padding, data_format, dilations)
    run = known(_depthwise_runs, key) or _depthwise_run(key)
    return run(input, filter)


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    data_format: Any = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """A depthwise convolution, then a 1×1 convolution.

    Args:
        input: images.
        depthwise_filter: `[kh, kw, channels, multiplier]`.
        pointwise_filter: `[1, 1, channels · multiplier, out_channels]`.
        strides, padding, data_format, dilations: as in `depthwise_conv2d`.
        name: accepted for TensorFlow's sake.

    Input shape:
        `[batch, h, w, channels]`, or with the channels first.

    Output shape:
        `[batch, oh, ow, out_channels]`, or with the channels first.

    Returns:
        A value of the kind of `input`.

    Raises:
        InvalidArgumentError: shapes that do not fit, numbers below 1, unknown words.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> x, d, p = (np.ones(s, "float32") for s in [(1, 4, 4, 2), (3, 3, 2, 1), (1, 1, 2, 5)])
        >>> nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME").shape
        (1, 4, 4, 5)
    """
    pointwise_filter = settled(pointwise_filter)
    shape = shape_of(pointwise_filter)
    depth = shape_of(settled(depthwise_filter))
    if len(shape) != 4 or shape[:2] != (1, 1):
        raise InvalidArgumentError(
            f"separable_conv2d: pointwise_filter: expected shape [1, 1, channels · multiplier, out_channels], received {shape}"
        )
    if len(depth) == 4 and shape[2] != depth[2] * depth[3]:
        raise InvalidArgumentError(
            f"separable_conv2d: pointwise_filter: expected {depth[2] * depth[3]} input channels as the depthwise filter "
            f"{depth} gives, received shape {shape}"
        )
    first = channels_first("separable_conv2d", data_format)
    if (
        len(depth) == 4
        and depth[3] == 1
        and not state.tapes
        and all(map(is_at_hand, (input, depthwise_filter, pointwise_filter)))
    ):
        attributes, _ = geometry("separable_conv2d", strides, padding, data_format, dilations)
        x = to_nhwc(input) if first else input
        flat = as_groups("separable_conv2d", x, depthwise_filter)
        y = get_op("separable_conv2d", attributes).apply(x, flat, pointwise_filter)
        return to_nchw(y) if first else y
    y = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return conv2d(y, pointwise_filter, 1, "VALID", "NCHW" if first else "NHWC")


def spatial_last(shape: tuple[int, ...], first: bool) -> tuple[int, ...]:
    """A shape with the channels last."""
    return (shape[0], shape[2], shape[3], shape[1]) if first else shape


def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: Any = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transpose of `conv2d`: what its gradient does to `input`.

    Args:
        input: images.
        filters: `[kh, kw, out_channels, in_channels]`.
        output_shape: 4 numbers in the order of `data_format`; several are legal for one input where the stride is above 1.
        strides: an int, or a list of 1, 2 or 4.
        padding: of the convolution that is transposed: `"SAME"`, `"VALID"`, or 4 pairs.
        data_format: `"NHWC"` or `"NCHW"`.
        dilations: an int, or a list of 1, 2 or 4.
        name: accepted for TensorFlow's sake.

    Input shape:
        `[batch, h, w, in_channels]`, or with the channels first.

    Output shape:
        `output_shape`.

    Returns:
        A value of the kind of `input`.

    Raises:
        InvalidArgumentError: shapes that do not fit, numbers below 1, unknown words.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> x, w = np.ones((1, 2, 2, 3), "float32"), np.ones((3, 3, 4, 3), "float32")
        >>> nn.conv2d_transpose(x, w, (1, 4, 4, 4), strides=2).shape
        (1, 4, 4, 4)
    """
    return backward_input("conv2d_transpose", filters, input, output_shape, strides, padding, data_format, dilations)


def backward_input(
    op: str, filters: Any, dy: Any, shape: Any, strides: Any, padding: Any, data_format: Any, dilations: Any
) -> Any:
    """The gradient of a convolution with respect to its input."""
    attributes, first = geometry(op, strides, padding, data_format, dilations)
    attributes["input_shape"] = spatial_last(sizes(op, "output_shape" if "transpose" in op else "input_sizes", shape, 4), first)
    run = get_op("conv2d_backward_input", attributes).apply
    return to_nchw(run(filters, to_nhwc(dy))) if first else run(filters, dy)


def convolution(
    input: Any,
    filters: Any,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: Any = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Convolution over two dimensions, or over one.

    Args:
        input: `[batch, h, w, channels]` or `[batch, w, channels]`.
        filters: `[kh, kw, in_depth, out]` or `[kw, in_depth, out]`.
        strides, dilations: a number for each dimension, or one for all.
        padding: `"SAME"` or `"VALID"`, in any case.
        data_format: `"NHWC"`, `"NCHW"`, `"NWC"` or `"NCW"`.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of the kind of `input`.

    Raises:
        InvalidArgumentError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.convolution(np.ones((1, 8, 2), "float32"), np.ones((3, 2, 4), "float32")).shape
        (1, 6, 4)
    """
    if isinstance(padding, str):
        padding = padding.upper()
    strides = 1 if strides is None else strides
    if rank_of(filters) != 3:
        return conv2d(input, filters, strides, padding, data_format or "NHWC", dilations)
    first = str(data_format).startswith("NC")
    x, w = settled(input), settled(filters)
    x = apply("transpose", [x], perm=(0, 2, 1)) if first else x
    n, size, c = shape_of(x)
    step = window("convolution", "strides", strides, False)[1]
    gap = window("convolution", "dilations", dilations, False)[1]
    y = conv2d(op_reshape(x, (n, 1, size, c)), op_reshape(w, (1, *shape_of(w))), (1, step), padding, "NHWC", (1, gap))
    y = op_reshape(y, (shape_of(y)[0], shape_of(y)[2], shape_of(y)[3]))
    return apply("transpose", [y], perm=(0, 2, 1)) if first else y


def bias_add(value: Any, bias: Any, data_format: Any = None, name: str | None = None) -> Any:
    """Adds a bias to every channel.

    Args:
        value: of any rank above 1.
        bias: one number for each channel.
        data_format: None, or a layout whose second letter is C when the channels are axis 1.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of the shape of `value`.

    Raises:
        InvalidArgumentError: another number of channels.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.bias_add(np.zeros((1, 2), "float32"), np.array([1, 2], "float32"))
        array([[1., 2.]], dtype=float32)
    """
    if data_format is None or data_format in ("NHWC", "NWC", "NC", "N...C"):
        return get_op("bias_add").apply(value, bias)
    if not (isinstance(data_format, str) and data_format.startswith("NC")):
        raise InvalidArgumentError(f"bias_add: data_format: expected 'NHWC', 'NCHW' or None, received {data_format!r}")
    value, bias = settled(value), settled(bias)
    shape, channels = shape_of(value), shape_of(bias)
    if len(channels) != 1 or len(shape) < 2 or shape[1] != channels[0]:
        raise InvalidArgumentError(f"bias_add: bias: expected one number for each channel of {shape}, received shape {channels}")
    return apply("add", [value, op_reshape(bias, (channels[0], *(1,) * (len(shape) - 2)))])
