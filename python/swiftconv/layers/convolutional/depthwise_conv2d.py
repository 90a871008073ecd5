"""`DepthwiseConv2D`."""

from __future__ import annotations

from typing import Any

from swiftconv import constraints, initializers, regularizers
from swiftconv.layers.convolutional._conv_ops import conv2d, depthwise_kernel
from swiftconv.layers.convolutional.base_conv import BaseConv
from swiftconv.utils.registry import builtin


@builtin("keras.layers", "DepthwiseConvolution2D")
class DepthwiseConv2D(BaseConv):
    """A convolution of every channel by itself, with `depth_multiplier` filters each.

    Args:
        kernel_size, strides, dilation_rate: an int or (height, width).
        padding: `"valid"` or `"same"`.
        depth_multiplier: how many output channels each input channel gives.
        data_format: `"channels_last"` or `"channels_first"`.
        activation, use_bias, depthwise_initializer, bias_initializer, depthwise_regularizer, bias_regularizer,
            activity_regularizer, depthwise_constraint, bias_constraint: as in `Conv2D`.

    Input shape:
        `(batch, height, width, channels)` (channels second with `channels_first`).

    Output shape:
        `(batch, new_height, new_width, channels · depth_multiplier)`.

    Raises:
        ValueError: sizes that are not positive.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.DepthwiseConv2D(3, depth_multiplier=2)(np.ones((1, 5, 5, 3), "float32")).shape
        TensorShape([1, 3, 3, 6])
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            None,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        if not isinstance(depth_multiplier, int) or depth_multiplier <= 0:
            raise ValueError(f"DepthwiseConv2D: depth_multiplier: expected an integer > 0, received {depth_multiplier!r}")
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias."""
        channels = self._channels(input_shape)
        self._output_shape(input_shape, channels * self.depth_multiplier)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        """The convolution."""
        kernel = depthwise_kernel(self.kernel)
        x = self._floats(inputs)
        y = conv2d(x, kernel, self.bias, self.strides, self.padding, self.dilation_rate, self.data_format)
        return self._activate(y)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        channels = input_shape[-1 if self.data_format == "channels_last" else 1]
        return self._output_shape(input_shape, channels * self.depth_multiplier)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        for name in ("filters", "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"):
            del config[name]
        return {
            **config,
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
        }
