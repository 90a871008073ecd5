"""`Conv2D`."""

from __future__ import annotations

from typing import Any

from swiftconv.layers.convolutional._conv_ops import conv2d
from swiftconv.layers.convolutional.base_conv import CONV_ARGS, BaseConv
from swiftconv.utils.registry import builtin


@builtin("keras.layers", "Convolution2D")
class Conv2D(BaseConv):
    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias."""
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"layer {self.name!r}: the input's channels must be a multiple of groups={self.groups}, received "
                f"input shape {tuple(input_shape)}"
            )
        self._output_shape(input_shape, self.filters)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        """The convolution."""
        x = self._floats(inputs)
        y = conv2d(x, self.kernel, self.bias, self.strides, self.padding, self.dilation_rate, self.data_format)
        return self._activate(y)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        return self._output_shape(input_shape, self.filters)


Conv2D.__doc__ = f"""A convolution over images, with bias and activation.
{CONV_ARGS}
    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with `channels_first`.

    Output shape:
        `(batch, new_height, new_width, filters)`, or with the channels second.

    Raises:
        ValueError: sizes that are not positive, channels that `groups` does not divide, an input smaller than the kernel.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.Conv2D(4, 3, activation="relu")(np.ones((2, 8, 8, 1), "float32")).shape
        (2, 6, 6, 4)
    """
