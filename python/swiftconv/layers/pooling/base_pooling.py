"""What the pooling layers share."""

from __future__ import annotations

from typing import Any

from swiftconv._core import apply, image_data_format
from swiftconv.layers.convolutional._conv_ops import from_last, row_from_last, row_to_last, to_last
from swiftconv.layers.input_spec import InputSpec
from swiftconv.layers.layer import Layer
from swiftconv.utils.arguments import check_data_format, conv_output_length, size_tuple, standardize_padding


class BasePooling2D(Layer):
    """A window that slides over images."""

    _op = ""

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        who = type(self).__name__
        self.pool_size = size_tuple(pool_size, 2, "pool_size", owner=who)
        self.strides = size_tuple(pool_size if strides is None else strides, 2, "strides", owner=who)
        self.padding = standardize_padding(padding, owner=who)
        self.data_format = check_data_format(data_format or image_data_format(), owner=who)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        """The pooling."""
        x = to_last(self._floats(inputs), self.data_format)
        y = apply(self._op, [x], ksize=self.pool_size, strides=self.strides, padding=self.padding.upper())
        return from_last(y, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        last = self.data_format == "channels_last"
        hw = input_shape[1:3] if last else input_shape[2:4]
        settings = zip(hw, self.pool_size, self.strides, strict=True)
        spatial = tuple(conv_output_length(n, k, self.padding, s) for n, k, s in settings)
        if any(n is not None and n <= 0 for n in spatial):
            raise ValueError(
                f"layer {self.name!r}: the output would be empty: input shape {tuple(input_shape)}, pool_size="
                f"{self.pool_size}, strides={self.strides}, padding={self.padding!r}"
            )
        return (input_shape[0], *spatial, input_shape[3]) if last else (input_shape[0], input_shape[1], *spatial)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


class BaseGlobalPooling2D(Layer):
    """One value a channel."""

    _op = ""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format or image_data_format(), owner=type(self).__name__)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        """The pooling."""
        axes = (1, 2) if self.data_format == "channels_last" else (2, 3)
        return apply(self._op, [self._floats(inputs)], axes=axes, keepdims=int(bool(self.keepdims)))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        n, c = input_shape[0], input_shape[3 if self.data_format == "channels_last" else 1]
        if not self.keepdims:
            return (n, c)
        return (n, 1, 1, c) if self.data_format == "channels_last" else (n, c, 1, 1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


class BasePooling1D(Layer):
    """A window that slides over sequences."""

    _op = ""

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        who = type(self).__name__
        self.pool_size = size_tuple(pool_size, 1, "pool_size", owner=who)
        self.strides = size_tuple(pool_size if strides is None else strides, 1, "strides", owner=who)
        self.padding = standardize_padding(padding, owner=who)
        self.data_format = check_data_format(data_format or image_data_format(), owner=who)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        """The pooling, of images of one row."""
        x = row_to_last(self._floats(inputs), self.data_format)
        y = apply(self._op, [x], ksize=(1, *self.pool_size), strides=(1, *self.strides), padding=self.padding.upper())
        return row_from_last(y, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        last = self.data_format == "channels_last"
        steps = conv_output_length(input_shape[1 if last else 2], self.pool_size[0], self.padding, self.strides[0])
        if steps is not None and steps <= 0:
            raise ValueError(
                f"layer {self.name!r}: the output would be empty: input shape {tuple(input_shape)}, pool_size="
                f"{self.pool_size}, strides={self.strides}, padding={self.padding!r}"
            )
        return (input_shape[0], steps, input_shape[2]) if last else (input_shape[0], input_shape[1], steps)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


class BaseGlobalPooling1D(Layer):
    """One value a channel of a sequence."""

    _op = ""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format or image_data_format(), owner=type(self).__name__)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        """The pooling."""
        axis = 1 if self.data_format == "channels_last" else 2
        return apply(self._op, [self._floats(inputs)], axes=(axis,), keepdims=int(bool(self.keepdims)))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        n, c = input_shape[0], input_shape[2 if self.data_format == "channels_last" else 1]
        if not self.keepdims:
            return (n, c)
        return (n, 1, c) if self.data_format == "channels_last" else (n, c, 1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}
