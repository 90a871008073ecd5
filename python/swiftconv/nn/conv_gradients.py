"""The gradients of convolutions under TensorFlow's names."""

from __future__ import annotations

from typing import Any

from swiftconv._core import get_op
from swiftconv._core.arguments import channels_first, sizes
from swiftconv.errors import InvalidArgumentError
from swiftconv.nn._layout import op_reshape, rank_of, settled, shape_of, to_nhwc
from swiftconv.nn.conv import as_groups, backward_input, geometry, spatial_last


def _backward_filter(op: str, x: Any, shape: Any, dy: Any, strides: Any, padding: Any, data_format: Any, dilations: Any) -> Any:
    attributes, first = geometry(op, strides, padding, data_format, dilations)
    attributes["filter_shape"] = sizes(op, "filter_sizes", shape, 4)
    run = get_op("conv2d_backward_filter", attributes).apply
    return run(to_nhwc(x), to_nhwc(dy)) if first else run(x, dy)


def conv2d_backprop_input(
    input_sizes: Any,
    filters: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The gradient of `conv2d` with respect to its input.

    Args:
        input_sizes: the shape of the input: 4 numbers.
        filters: of the convolution.
        out_backprop: the gradient with respect to its output.
        strides, padding, data_format, dilations: of the convolution.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of shape `input_sizes`.

    Raises:
        InvalidArgumentError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> w, dy = np.ones((3, 3, 1, 2), "float32"), np.ones((1, 4, 4, 2), "float32")
        >>> nn.conv2d_backprop_input((1, 4, 4, 1), w, dy, 1, "SAME").shape
        (1, 4, 4, 1)
    """
    return backward_input("conv2d_backprop_input", filters, out_backprop, input_sizes, strides, padding, data_format, dilations)


def conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The gradient of `conv2d` with respect to its filter.

    Args:
        input: of the convolution.
        filter_sizes: the shape of the filter: 4 numbers.
        out_backprop: the gradient with respect to its output.
        strides, padding, data_format, dilations: of the convolution.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of shape `filter_sizes`.

    Raises:
        InvalidArgumentError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> x, dy = np.ones((1, 4, 4, 1), "float32"), np.ones((1, 4, 4, 2), "float32")
        >>> nn.conv2d_backprop_filter(x, (3, 3, 1, 2), dy, 1, "SAME").shape
        (3, 3, 1, 2)
    """
    return _backward_filter("conv2d_backprop_filter", input, filter_sizes, out_backprop, strides, padding, data_format, dilations)


def depthwise_conv2d_backprop_input(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The gradient of `depthwise_conv2d` with respect to its input.

    Args:
        input_sizes: the shape of the input: 4 numbers.
        filter: `[kh, kw, channels, multiplier]`.
        out_backprop: the gradient with respect to its output.
        strides, padding, data_format, dilations: of the convolution.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of shape `input_sizes`.

    Raises:
        InvalidArgumentError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> w, dy = np.ones((3, 3, 2, 1), "float32"), np.ones((1, 4, 4, 2), "float32")
        >>> nn.depthwise_conv2d_backprop_input((1, 4, 4, 2), w, dy, [1, 1, 1, 1], "SAME").shape
        (1, 4, 4, 2)
    """
    op = "depthwise_conv2d_backprop_input"
    shape = sizes(op, "input_sizes", input_sizes, 4)
    channels = spatial_last(shape, channels_first(op, data_format))[3]
    flat = as_groups(op, None, filter, channels)
    return backward_input(op, flat, out_backprop, shape, strides, padding, data_format, dilations)


def depthwise_conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The gradient of `depthwise_conv2d` with respect to its filter.

    Args:
        input: of the convolution.
        filter_sizes: the shape of the filter: 4 numbers.
        out_backprop: the gradient with respect to its output.
        strides, padding, data_format, dilations: of the convolution.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of shape `filter_sizes`.

    Raises:
        InvalidArgumentError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> x = dy = np.ones((1, 4, 4, 2), "float32")
        >>> nn.depthwise_conv2d_backprop_filter(x, (3, 3, 2, 1), dy, [1, 1, 1, 1], "SAME").shape
        (3, 3, 2, 1)
    """
    op = "depthwise_conv2d_backprop_filter"
    shape = sizes(op, "filter_sizes", filter_sizes, 4)
    x = settled(input)
    first = channels_first(op, data_format)
    if rank_of(x) == 4 and shape[2] != shape_of(x)[1 if first else 3]:
        raise InvalidArgumentError(
            f"{op}: filter_sizes: expected {shape_of(x)[1 if first else 3]} channels as the input has, received {shape}"
        )
    flat = (shape[0], shape[1], 1, shape[2] * shape[3])
    return op_reshape(_backward_filter(op, x, flat, out_backprop, strides, padding, data_format, dilations), shape)


depthwise_conv2d_native_backprop_input = depthwise_conv2d_backprop_input
depthwise_conv2d_native_backprop_filter = depthwise_conv2d_backprop_filter
