"""`GlobalMaxPooling2D`."""

from __future__ import annotations

from swiftconv.layers.pooling.base_pooling import BaseGlobalPooling2D
from swiftconv.utils.registry import builtin


@builtin("keras.layers", "GlobalMaxPool2D")
class GlobalMaxPooling2D(BaseGlobalPooling2D):
    """The greatest value of each channel.

    Args:
        data_format: `"channels_last"` or `"channels_first"`.
        keepdims: whether height and width stay as axes of size 1.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with `channels_first`.

    Output shape:
        `(batch, channels)`, or `(batch, 1, 1, channels)` with `keepdims`.

    Raises:
        ValueError: unknown words, sizes that are not positive, an input smaller than the window.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.GlobalMaxPooling2D()(np.ones((1, 4, 4, 2), "float32")).shape
        (1, 2)
    """

    _op = "reduce_max"
