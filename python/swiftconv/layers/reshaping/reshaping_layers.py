"""Layers that move elements: flatten, reshape, permute, pad, crop, repeat, resize."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

from swiftconv._core import apply, image_data_format
from swiftconv.layers.convolutional._conv_ops import from_last, to_last
from swiftconv.layers.input_spec import InputSpec
from swiftconv.layers.layer import Layer
from swiftconv.utils.arguments import check_data_format, size_tuple
from swiftconv.utils.registry import builtin


class _Reshaped(Layer):
    """The elements as they are, in another shape."""

    def compute_output_spec(self, inputs: Any) -> Any:
        """The output's shape and type."""
        from swiftconv._core import KerasTensor

        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=inputs.dtype)


@builtin("keras.layers")
class Flatten(_Reshaped):
    """All axes but the batch's in one.

    Args:
        data_format: with `"channels_first"` the channels are moved to the end first.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.Flatten()(np.ones((2, 3, 4), "float32")).shape
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format or image_data_format(), owner="Flatten")
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        """The flat input."""
        x = inputs
        rank = len(x.shape)
        if self.data_format == "channels_first" and rank > 2:
            x = apply("transpose", [x], perm=(0, *range(2, rank), 1))
        if rank == 1:
            return apply("reshape", [x], shape=(x.shape[0], 1))
        return apply("reshape", [x], shape=(x.shape[0], math.prod(x.shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}


@builtin("keras.layers")
class Reshape(_Reshaped):
    """Another shape for each sample.

    Args:
        target_shape: sizes without the batch; one may be -1.

    Raises:
        ValueError: the number of elements differs.
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        target = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        if sum(n == -1 for n in target) > 1 or any(not isinstance(n, (int, np.integer)) or n < -1 for n in target):
            raise ValueError(f"Reshape: target_shape: expected sizes, at most one of them -1, received {target_shape!r}")
        self.target_shape = target

    def _resolved(self, sizes: Any) -> tuple[Any, ...]:
        sizes = tuple(sizes)
        if None in sizes:
            return tuple(None if n == -1 else n for n in self.target_shape)
        total = math.prod(sizes)
        known = math.prod(n for n in self.target_shape if n != -1)
        fits = (known and total % known == 0) if -1 in self.target_shape else known == total
        if not fits:
            raise ValueError(
                f"layer {self.name!r}: target_shape: {self.target_shape} does not hold the {total} elements of shape {sizes}"
            )
        return tuple(total // known if n == -1 else n for n in self.target_shape)

    def call(self, inputs: Any) -> Any:
        """The input in the new shape."""
        return apply("reshape", [inputs], shape=(inputs.shape[0], *self._resolved(inputs.shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        return (input_shape[0], *self._resolved(input_shape[1:]))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "target_shape": self.target_shape}


@builtin("keras.layers")
class Permute(Layer):
    """The axes of each sample in another order.

    Args:
        dims: the axes, counted from 1 (the batch is axis 0 and stays).

    Raises:
        ValueError: not an order of 1 … n.
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"Permute: dims: expected an order of 1 … {len(self.dims)}, received {dims!r}")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        """The permuted input."""
        return apply("transpose", [inputs], perm=(0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        return (input_shape[0], *(input_shape[d] for d in self.dims))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "dims": self.dims}


@builtin("keras.layers")
class RepeatVector(Layer):
    """Each vector `n` times along a new axis.

    Args:
        n: how many times.
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(n, int) or n < 1:
            raise ValueError(f"RepeatVector: n: expected an integer > 0, received {n!r}")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        """The repeated input."""
        x = apply("reshape", [inputs], shape=(inputs.shape[0], 1, inputs.shape[1]))
        return apply("tile", [x], multiples=(1, self.n, 1))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "n": self.n}


def _pairs(value: Any, name: str, owner: str) -> tuple[tuple[int, int], tuple[int, int]]:
    if isinstance(value, int):
        value = ((value, value), (value, value))
    try:
        rows, columns = value
    except (TypeError, ValueError):
        raise ValueError(f"{owner}: {name}: expected an integer or 2 of them, or 2 pairs, received {value!r}") from None
    found = []
    for one in (rows, columns):
        found.append(size_tuple(one, 2, name, allow_zero=True, owner=owner))
    return found[0], found[1]  # type: ignore[return-value]


class _Borders(Layer):
    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format or image_data_format(), owner=type(self).__name__)
        self.input_spec = InputSpec(ndim=4)

    def _changed(self, input_shape: Any, rows: int, columns: int) -> tuple[Any, ...]:
        first = 1 if self.data_format == "channels_last" else 2
        shape = list(input_shape)
        for axis, change in ((first, rows), (first + 1, columns)):
            if shape[axis] is not None:
                shape[axis] += change
                if shape[axis] <= 0:
                    raise ValueError(f"layer {self.name!r}: nothing would be left of input shape {tuple(input_shape)}")
        return tuple(shape)


@builtin("keras.layers")
class ZeroPadding2D(_Borders):
    """Rows and columns of zeros around images.

    Args:
        padding: an int; (rows, columns) on both sides; or ((top, bottom), (left, right)).
        data_format: `"channels_last"` or `"channels_first"`.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.ZeroPadding2D(1)(np.ones((1, 2, 2, 1), "float32")).shape
        (1, 4, 4, 1)
    """

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self.padding = _pairs(padding, "padding", "ZeroPadding2D")

    def call(self, inputs: Any) -> Any:
        """The padded input."""
        (top, bottom), (left, right) = self.padding
        if self.data_format == "channels_last":
            return apply("pad", [inputs], paddings=(0, 0, top, bottom, left, right, 0, 0))
        return apply("pad", [inputs], paddings=(0, 0, 0, 0, top, bottom, left, right))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        return self._changed(input_shape, sum(self.padding[0]), sum(self.padding[1]))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer from its configuration."""
        return super().from_config(config)


@builtin("keras.layers")
class Cropping2D(_Borders):
    """Images without their outer rows and columns.

    Args:
        cropping: an int; (rows, columns) on both sides; or ((top, bottom), (left, right)).
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: nothing would be left.
    """

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self.cropping = _pairs(cropping, "cropping", "Cropping2D")

    def call(self, inputs: Any) -> Any:
        """The inner part."""
        top, left = self.cropping[0][0], self.cropping[1][0]
        shape = self.compute_output_shape(inputs.shape)
        begin = (0, top, left, 0) if self.data_format == "channels_last" else (0, 0, top, left)
        return apply("slice", [inputs], begin=begin, size=tuple(-1 if n is None else n for n in shape), strides=(1, 1, 1, 1))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        return self._changed(input_shape, -sum(self.cropping[0]), -sum(self.cropping[1]))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "cropping": self.cropping, "data_format": self.data_format}


@builtin("keras.layers")
class UpSampling2D(Layer):
    """Images with rows and columns repeated or interpolated.

    Args:
        size: an int or (rows, columns): the factors.
        data_format: `"channels_last"` or `"channels_first"`.
        interpolation: `"nearest"` or `"bilinear"`.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.UpSampling2D(2)(np.ones((1, 2, 2, 1), "float32")).shape
        (1, 4, 4, 1)
    """

    def __init__(self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = check_data_format(data_format or image_data_format(), owner="UpSampling2D")
        self.size = size_tuple(size, 2, "size", owner="UpSampling2D")
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in ("nearest", "bilinear"):
            raise ValueError(f"UpSampling2D: interpolation: expected 'nearest' or 'bilinear', received {interpolation!r}")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any) -> Any:
        """The larger images."""
        x = to_last(self._floats(inputs), self.data_format)
        return from_last(apply("upsample2d", [x], size=self.size, interpolation=self.interpolation), self.data_format)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        first = 1 if self.data_format == "channels_last" else 2
        shape = list(input_shape)
        for axis, factor in ((first, self.size[0]), (first + 1, self.size[1])):
            shape[axis] = None if shape[axis] is None else shape[axis] * factor
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {"size": self.size, "data_format": self.data_format, "interpolation": self.interpolation}
        return {**super().get_config(), **config}


@builtin("keras.layers")
class Rescaling(Layer):
    """`inputs · scale + offset`.

    Args:
        scale: the factor.
        offset: the number added.
    """

    def __init__(self, scale: float, offset: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def call(self, inputs: Any) -> Any:
        """The scaled input."""
        return self._floats(inputs) * self.scale + self.offset

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output: that of the input."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}
