"""The pooling layers of sequences."""

from __future__ import annotations

from typing import Any

from swiftconv import ops
from swiftconv.layers.pooling.base_pooling import BaseGlobalPooling1D, BasePooling1D
from swiftconv.utils.registry import builtin

_WINDOW = """
    Args:
        pool_size, strides: an int; `strides` is `pool_size` by default.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.

    Input shape:
        `(batch, steps, channels)`, or `(batch, channels, steps)` with `channels_first`.

    Output shape:
        `(batch, new_steps, channels)`.

    Raises:
        ValueError: unknown words, sizes that are not positive, an input shorter than the window.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.{name}()(np.ones((1, 6, 2), "float32")).shape
        (1, 3, 2)
    """
_WHOLE = """
    Args:
        data_format: `"channels_last"` or `"channels_first"`.
        keepdims: whether the steps stay as an axis of size 1.

    Input shape:
        `(batch, steps, channels)`, or `(batch, channels, steps)` with `channels_first`.

    Output shape:
        `(batch, channels)`, or `(batch, 1, channels)` with `keepdims`.

    Raises:
        ValueError: an unknown word, an input of another rank.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.{name}()(np.ones((1, 6, 2), "float32")).shape
        (1, 2)
    """


@builtin("keras.layers", "MaxPool1D")
class MaxPooling1D(BasePooling1D):
    __doc__ = "The greatest value in each window of a sequence.\n" + _WINDOW.format(name="MaxPooling1D")
    _op = "max_pool2d"


@builtin("keras.layers", "AvgPool1D")
class AveragePooling1D(BasePooling1D):
    __doc__ = "The mean of each window of a sequence; padding is left out of the count.\n" + _WINDOW.format(
        name="AveragePooling1D"
    )
    _op = "avg_pool2d"


@builtin("keras.layers", "GlobalMaxPool1D")
class GlobalMaxPooling1D(BaseGlobalPooling1D):
    __doc__ = "The greatest value of each channel of a sequence.\n" + _WHOLE.format(name="GlobalMaxPooling1D")
    _op = "reduce_max"


@builtin("keras.layers", "GlobalAvgPool1D")
class GlobalAveragePooling1D(BaseGlobalPooling1D):
    __doc__ = "The mean of each channel of a sequence.\n" + _WHOLE.format(name="GlobalAveragePooling1D")
    _op = "reduce_mean"

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The mean; with a `mask` of (batch, steps) that of the steps where it is true."""
        if mask is None:
            return super().call(inputs)
        x = self._floats(inputs)
        last = self.data_format == "channels_last"
        weights = ops.expand_dims(ops.cast(mask, self.compute_dtype), -1 if last else 1)
        axis, keepdims = 1 if last else 2, bool(self.keepdims)
        return ops.sum(x * weights, axis=axis, keepdims=keepdims) / ops.sum(weights, axis=axis, keepdims=keepdims)
