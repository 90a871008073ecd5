"""`SeparableConv2D`."""

from __future__ import annotations

from typing import Any

from swiftconv import constraints, initializers, regularizers
from swiftconv.layers.convolutional._conv_ops import conv2d, depthwise_kernel
from swiftconv.layers.convolutional.base_conv import BaseConv
from swiftconv.utils.registry import builtin


@builtin("keras.layers", "SeparableConvolution2D")
class SeparableConv2D(BaseConv):
    """A depthwise convolution followed by a 1×1 convolution (Chollet 2017).

    Args:
        filters: how many output channels.
        kernel_size, strides, dilation_rate: of the depthwise part, an int or (height, width).
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        depth_multiplier: how many intermediate channels each input channel gives.
        activation, use_bias, depthwise_…, pointwise_…, bias_…, activity_regularizer: as in `Conv2D`.

    Input shape:
        `(batch, height, width, channels)` (channels second with `channels_first`).

    Output shape:
        `(batch, new_height, new_width, filters)`.

    Raises:
        ValueError: sizes that are not positive.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.SeparableConv2D(8, 3)(np.ones((1, 5, 5, 3), "float32")).shape
        TensorShape([1, 3, 3, 8])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
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
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        if not isinstance(depth_multiplier, int) or depth_multiplier <= 0:
            raise ValueError(f"SeparableConv2D: depth_multiplier: expected an integer > 0, received {depth_multiplier!r}")
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)
        self.depthwise_kernel: Any = None
        self.pointwise_kernel: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes both kernels and the bias."""
        channels = self._channels(input_shape)
        self._output_shape(input_shape, self.filters)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(1, 1, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        """Both convolutions."""
        kernel = depthwise_kernel(self.depthwise_kernel)
        x = self._floats(inputs)
        y = conv2d(x, kernel, None, self.strides, self.padding, self.dilation_rate, self.data_format)
        y = conv2d(y, self.pointwise_kernel, self.bias, (1, 1), "valid", (1, 1), self.data_format)
        return self._activate(y)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        return self._output_shape(input_shape, self.filters)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        for name in ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"):
            del config[name]
        return {
            **config,
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "pointwise_initializer": initializers.serialize(self.pointwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "pointwise_regularizer": regularizers.serialize(self.pointwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
            "pointwise_constraint": constraints.serialize(self.pointwise_constraint),
        }
