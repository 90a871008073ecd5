"""What the convolution layers share: arguments, checks, shapes, configuration."""

from __future__ import annotations

from typing import Any

from swiftconv import activations, constraints, initializers, regularizers
from swiftconv._core import image_data_format
from swiftconv.layers.input_spec import InputSpec
from swiftconv.layers.layer import Layer
from swiftconv.utils.arguments import check_data_format, conv_output_length, size_tuple, standardize_padding

CONV_ARGS = """
    Args:
        filters: how many output channels.
        kernel_size, strides, dilation_rate: an int or (height, width).
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        groups: into how many groups the channels fall.
        activation: name or function.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint,
            bias_constraint: names or objects.
"""


class BaseConv(Layer):
    """A layer with one convolution kernel and an optional bias."""

    _paddings: tuple[str, ...] = ("valid", "same")
    #: how many axes the window moves along
    _rank = 2
    #: None in depthwise convolutions, which take it from the input
    filters: Any

    def __init__(
        self,
        filters: Any,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
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
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        who = type(self).__name__
        self.rank = self._rank
        if filters is not None and (not isinstance(filters, int) or isinstance(filters, bool) or filters <= 0):
            raise ValueError(f"{who}: filters: expected an integer > 0, received {filters!r}")
        if not isinstance(groups, int) or groups <= 0:
            raise ValueError(f"{who}: groups: expected an integer > 0, received {groups!r}")
        if filters is not None and filters % groups:
            raise ValueError(f"{who}: filters: expected a multiple of groups={groups}, received {filters}")
        self.filters = filters
        self.groups = groups
        self.kernel_size = size_tuple(kernel_size, self._rank, "kernel_size", owner=who)
        self.strides = size_tuple(strides, self._rank, "strides", owner=who)
        self.dilation_rate = size_tuple(dilation_rate, self._rank, "dilation_rate", owner=who)
        self.padding = standardize_padding(padding, owner=who, allowed=self._paddings)
        self.data_format = check_data_format(data_format or image_data_format(), owner=who)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{who}: strides, dilation_rate: expected one of them to be 1, received strides={self.strides}, "
                f"dilation_rate={self.dilation_rate}"
            )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=self._rank + 2, max_ndim=self._rank + 2)
        self.kernel: Any = None
        self.bias: Any = None

    def _channels(self, input_shape: Any) -> int:
        axis = -1 if self.data_format == "channels_last" else 1
        ndim = self._rank + 2
        if len(input_shape) != ndim:
            raise ValueError(f"layer {self.name!r}: expected ndim={ndim}, received shape {tuple(input_shape)}")
        channels = input_shape[axis]
        if channels is None:
            raise ValueError(f"layer {self.name!r}: the number of channels must be known, received shape {tuple(input_shape)}")
        self.input_spec = InputSpec(min_ndim=ndim, max_ndim=ndim, axes={axis: channels})
        return int(channels)

    def _add_bias(self, size: int) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(size,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _activate(self, y: Any) -> Any:
        return y if self.activation is activations.linear else self.activation(y)

    def _spatial(self, input_shape: Any) -> tuple[Any, ...]:
        return tuple(input_shape[1:-1] if self.data_format == "channels_last" else input_shape[2:])

    def _with_spatial(self, input_shape: Any, spatial: Any, channels: int) -> tuple[Any, ...]:
        if self.data_format == "channels_last":
            return (input_shape[0], *spatial, channels)
        return (input_shape[0], channels, *spatial)

    def _output_shape(self, input_shape: Any, channels: int) -> tuple[Any, ...]:
        settings = zip(self._spatial(input_shape), self.kernel_size, self.strides, self.dilation_rate, strict=True)
        spatial = tuple(conv_output_length(n, k, self.padding, s, d) for n, k, s, d in settings)
        if any(n is not None and n <= 0 for n in spatial):
            raise ValueError(
                f"layer {self.name!r}: the output would be empty: input shape {tuple(input_shape)}, kernel_size="
                f"{self.kernel_size}, strides={self.strides}, dilation_rate={self.dilation_rate}, padding={self.padding!r}"
            )
        return self._with_spatial(input_shape, spatial, channels)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
