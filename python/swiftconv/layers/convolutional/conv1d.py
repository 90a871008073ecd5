"""`Conv1D`."""

from __future__ import annotations

from typing import Any

from swiftconv._core import apply
from swiftconv.layers.convolutional._conv_ops import row_from_last, row_to_last
from swiftconv.layers.convolutional.base_conv import CONV_ARGS, BaseConv
from swiftconv.utils.registry import builtin


@builtin("keras.layers", "Convolution1D")
class Conv1D(BaseConv):
    _rank = 1
    _paddings = ("valid", "same", "causal")

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
        """The convolution, of images of one row."""
        (size,), (stride,), (dilation,) = self.kernel_size, self.strides, self.dilation_rate
        x = row_to_last(self._floats(inputs), self.data_format)
        kernel = apply("reshape", [self.kernel], shape=(1, *self.kernel.shape))
        operands = [x, kernel] + ([] if self.bias is None else [self.bias])
        padding = (0, 0, dilation * (size - 1), 0) if self.padding == "causal" else self.padding.upper()
        y = apply("conv2d", operands, strides=(1, stride), dilations=(1, dilation), padding=padding)
        return self._activate(row_from_last(y, self.data_format))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        return self._output_shape(input_shape, self.filters)


Conv1D.__doc__ = f"""A convolution along one axis, of signals and sequences, with bias and activation.
{
    CONV_ARGS.replace("an int or (height, width)", "an int").replace(
        '`"valid"` or `"same"`', '`"valid"`, `"same"`, or `"causal"`: zeros before the beginning alone'
    )
}
    Input shape:
        `(batch, steps, channels)`, or `(batch, channels, steps)` with `channels_first`.

    Output shape:
        `(batch, new_steps, filters)`, or with the channels second.

    Raises:
        ValueError: sizes that are not positive, channels that `groups` does not divide, an input shorter than the kernel.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.Conv1D(4, 3, padding="causal")(np.ones((2, 10, 1), "float32")).shape
        TensorShape([2, 10, 4])
    """
