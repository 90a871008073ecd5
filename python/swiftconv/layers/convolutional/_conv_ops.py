"""Convolutions of both image layouts on the engine's NHWC ops."""

from __future__ import annotations

from typing import Any

from swiftconv._core import apply

_TO_LAST = (0, 2, 3, 1)
_TO_FIRST = (0, 3, 1, 2)


def to_last(x: Any, data_format: str) -> Any:
    """NCHW → NHWC where needed."""
    return apply("transpose", [x], perm=_TO_LAST) if data_format == "channels_first" else x


def from_last(x: Any, data_format: str) -> Any:
    """NHWC → NCHW where needed."""
    return apply("transpose", [x], perm=_TO_FIRST) if data_format == "channels_first" else x


def row_to_last(x: Any, data_format: str) -> Any:
    """Sequences in either layout as images of one row, `[n, 1, steps, c]`."""
    if data_format == "channels_first":
        x = apply("transpose", [x], perm=(0, 2, 1))
    n, steps, channels = x.shape
    return apply("reshape", [x], shape=(n, 1, steps, channels))


def row_from_last(x: Any, data_format: str) -> Any:
    """Images of one row as sequences of the layout."""
    n, _, steps, channels = x.shape
    y = apply("reshape", [x], shape=(n, steps, channels))
    return apply("transpose", [y], perm=(0, 2, 1)) if data_format == "channels_first" else y


def conv2d(x: Any, kernel: Any, bias: Any, strides: Any, padding: str, dilation: Any, data_format: str) -> Any:
    """A convolution with an optional bias; groups follow from the kernel's depth."""
    inputs = [to_last(x, data_format), kernel] + ([] if bias is None else [bias])
    y = apply("conv2d", inputs, strides=tuple(strides), dilations=tuple(dilation), padding=padding.upper())
    return from_last(y, data_format)


def depthwise_kernel(kernel: Any) -> Any:
    """`[kh, kw, c, m]` → `[kh, kw, 1, c·m]`."""
    kh, kw, c, m = kernel.shape
    return apply("reshape", [kernel], shape=(kh, kw, 1, c * m))


def conv2d_transpose(
    x: Any, kernel: Any, bias: Any, output_hw: Any, strides: Any, padding: str, dilation: Any, data_format: str
) -> Any:
    """The transposed convolution: the gradient of a convolution with respect to its input."""
    x = to_last(x, data_format)
    shape = (x.shape[0], *output_hw, kernel.shape[2])
    y = apply(
        "conv2d_backward_input",
        [kernel, x],
        input_shape=shape,
        strides=tuple(strides),
        dilations=tuple(dilation),
        padding=padding.upper(),
    )
    if bias is not None:
        y = apply("bias_add", [y, bias])
    return from_last(y, data_format)
