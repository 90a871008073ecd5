"""`MaxPooling2D`."""

from __future__ import annotations

from swiftconv.layers.pooling.base_pooling import BasePooling2D
from swiftconv.utils.registry import builtin


@builtin("keras.layers", "MaxPool2D")
class MaxPooling2D(BasePooling2D):
    """The greatest value in each window.

    Args:
        pool_size, strides: an int or (height, width); `strides` is `pool_size` by default.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with `channels_first`.

    Output shape:
        `(batch, new_height, new_width, channels)`.

    Raises:
        ValueError: unknown words, sizes that are not positive, an input smaller than the window.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.MaxPooling2D()(np.ones((1, 4, 4, 2), "float32")).shape
        (1, 2, 2, 2)
    """

    _op = "max_pool2d"
