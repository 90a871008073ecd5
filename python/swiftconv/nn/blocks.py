"""Channels as pixels and pixels as channels."""

from __future__ import annotations

from typing import Any

from swiftconv._core import apply
from swiftconv._core.arguments import channels_first, integer
from swiftconv.errors import InvalidArgumentError
from swiftconv.nn._layout import op_reshape, settled, to_nchw, to_nhwc


def depth_to_space(input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Any:
    """Channels become pixels: behind a convolution it makes images larger (sub-pixel convolution).

    Args:
        input: `(batch, height, width, channels)`, or with `"NCHW"` `(batch, channels, height, width)`.
        block_size: by how much height and width grow; its square divides the channels.
        data_format: `"NHWC"` or `"NCHW"`.
        name: accepted and ignored.

    Returns:
        `(batch, height * block_size, width * block_size, channels / block_size**2)`, of the input's type.

    Raises:
        InvalidArgumentError: another rank, a block size that does not fit.

    Example:
        >>> import numpy as np
        >>> import swiftconv as tf
        >>> tf.nn.depth_to_space(np.arange(4, dtype="float32").reshape(1, 1, 1, 4), 2)[0, :, :, 0].tolist()
        [[0.0, 1.0], [2.0, 3.0]]
    """
    x, first, b = _begin("depth_to_space", input, block_size, data_format)
    n, h, w, c = x.shape
    if b < 1 or c % (b * b):
        raise InvalidArgumentError(
            f"depth_to_space: block_size: expected a number whose square divides {c} channels, received {block_size}"
        )
    y = apply("transpose", [op_reshape(x, (n, h, w, b, b, c // (b * b)))], perm=(0, 1, 3, 2, 4, 5))
    return _end(op_reshape(y, (n, h * b, w * b, c // (b * b))), first)


def space_to_depth(input: Any, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Any:
    """Pixels become channels: the inverse of `depth_to_space`.

    Args:
        input: `(batch, height, width, channels)`, or with `"NCHW"` `(batch, channels, height, width)`.
        block_size: a divisor of height and width.
        data_format: `"NHWC"` or `"NCHW"`.
        name: accepted and ignored.

    Returns:
        `(batch, height / block_size, width / block_size, channels * block_size**2)`, of the input's type.

    Raises:
        InvalidArgumentError: another rank, a block size that does not fit.

    Example:
        >>> import numpy as np
        >>> import swiftconv as tf
        >>> tf.nn.space_to_depth(np.ones((1, 4, 6, 3), "float32"), 2).shape
        (1, 2, 3, 12)
    """
    x, first, b = _begin("space_to_depth", input, block_size, data_format)
    n, h, w, c = x.shape
    if b < 1 or h % b or w % b:
        raise InvalidArgumentError(
            f"space_to_depth: block_size: expected a divisor of height {h} and width {w}, received {block_size}"
        )
    y = apply("transpose", [op_reshape(x, (n, h // b, b, w // b, b, c))], perm=(0, 1, 3, 2, 4, 5))
    return _end(op_reshape(y, (n, h // b, w // b, c * b * b)), first)


def _begin(op: str, x: Any, block_size: Any, data_format: str) -> tuple[Any, bool, int]:
    x, first = settled(x), channels_first(op, data_format)
    if len(x.shape) != 4 or any(n is None for n in x.shape[1:]):
        raise InvalidArgumentError(
            f"{op}: input: expected 4 dimensions, all but the batch of known size, received shape {tuple(x.shape)}"
        )
    return (to_nhwc(x) if first else x), first, integer(op, "block_size", block_size)


def _end(y: Any, first: bool) -> Any:
    return to_nchw(y) if first else y
