"""`Conv2DTranspose`."""

from __future__ import annotations

from typing import Any

from swiftconv.layers.convolutional._conv_ops import conv2d_transpose
from swiftconv.layers.convolutional.base_conv import BaseConv
from swiftconv.utils.arguments import size_tuple
from swiftconv.utils.registry import builtin


def transposed_length(size: int | None, kernel: int, stride: int, padding: str, extra: int | None, dilation: int) -> int | None:
    """The output size of a transposed convolution along one axis."""
    if size is None:
        return None
    effective = kernel + (kernel - 1) * (dilation - 1)
    if extra is None:
        return size * stride + (max(effective - stride, 0) if padding == "valid" else 0)
    if padding == "same":
        return (size - 1) * stride + effective - 2 * (effective // 2) + extra
    return (size - 1) * stride + effective + extra


@builtin("keras.layers", "Convolution2DTranspose")
class Conv2DTranspose(BaseConv):
    """A transposed convolution: it maps shapes the other way round than `Conv2D` (Zeiler et al. 2010).

    Args:
        filters: how many output channels.
        kernel_size, strides, dilation_rate: an int or (height, width).
        padding: `"valid"` or `"same"`.
        output_padding: rows and columns added to the output's size; less than the strides.
        data_format, activation, use_bias, kernel_…, bias_…, activity_regularizer: as in `Conv2D`.

    Input shape:
        `(batch, height, width, channels)` (channels second with `channels_first`).

    Output shape:
        `(batch, new_height, new_width, filters)`; with `"same"` the sizes are multiplied by the strides.

    Raises:
        ValueError: sizes that are not positive, an `output_padding` not below the strides.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.Conv2DTranspose(2, 3, strides=2, padding="same")(np.ones((1, 4, 4, 3), "float32")).shape
        (1, 8, 8, 2)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            1,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = size_tuple(output_padding, 2, "output_padding", allow_zero=True, owner="Conv2DTranspose")
            if any(p >= s for p, s in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(
                    f"Conv2DTranspose: output_padding: expected less than strides={self.strides}, received {self.output_padding}"
                )

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias."""
        channels = self._channels(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, self.filters, channels),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias(self.filters)

    def _output_hw(self, input_shape: Any) -> tuple[Any, ...]:
        extras = self.output_padding or (None, None)
        settings = zip(self._spatial(input_shape), self.kernel_size, self.strides, extras, self.dilation_rate, strict=True)
        return tuple(transposed_length(n, k, s, self.padding, e, d) for n, k, s, e, d in settings)

    def call(self, inputs: Any) -> Any:
        """The transposed convolution."""
        hw = self._output_hw(inputs.shape)
        x = self._floats(inputs)
        y = conv2d_transpose(x, self.kernel, self.bias, hw, self.strides, self.padding, self.dilation_rate, self.data_format)
        return self._activate(y)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        return self._with_spatial(input_shape, self._output_hw(input_shape), self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["groups"]
        return {**config, "output_padding": self.output_padding}
