"""Layers with several inputs of like shape, and the functions of the same names."""

from __future__ import annotations

from typing import Any

from swiftconv import ops
from swiftconv._core import apply
from swiftconv.layers.layer import Layer
from swiftconv.utils.registry import builtin


class Merge(Layer):
    """Base class: combines a list of inputs element by element, with broadcasting."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Checks the shapes."""
        if not isinstance(input_shape, (list, tuple)) or not input_shape or not isinstance(input_shape[0], (list, tuple)):
            raise ValueError(f"layer {self.name!r}: expected a list of inputs, received one of shape {input_shape}")
        self.compute_output_shape(input_shape)

    def call(self, inputs: Any) -> Any:
        """The combination."""
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"layer {self.name!r}: expected a list of inputs, received {type(inputs).__name__}")
        rank = max(len(x.shape) for x in inputs)
        aligned = [self._expanded(x, rank) for x in inputs]
        return self._merge(aligned)

    def _expanded(self, x: Any, rank: int) -> Any:
        """Inputs of lower rank get axes of size 1 behind the batch."""
        missing = rank - len(x.shape)
        return ops.reshape(x, (x.shape[0], *([1] * missing), *x.shape[1:])) if missing else x

    def _merge(self, inputs: list[Any]) -> Any:
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        rank = max(len(shape) for shape in input_shape)
        padded = [(shape[0], *([1] * (rank - len(shape))), *shape[1:]) for shape in map(tuple, input_shape)]
        result = []
        for axis, sizes in enumerate(zip(*padded, strict=True)):
            known = {n for n in sizes if n is not None and (n != 1 or axis == 0)}
            if len(known) > 1:
                raise ValueError(
                    f"layer {self.name!r}: inputs do not fit together: received shapes {[tuple(s) for s in input_shape]}"
                )
            result.append(known.pop() if known else (None if None in sizes else 1))
        return tuple(result)


def _folded(operation: Any) -> Any:
    def merge(self: Merge, inputs: list[Any]) -> Any:
        result = inputs[0]
        for one in inputs[1:]:
            result = operation(result, one)
        return result

    return merge


@builtin("keras.layers")
class Add(Merge):
    """The sum of the inputs.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.Add()([np.ones((1, 2), "float32"), np.ones((1, 2), "float32")])
        array([[2., 2.]], dtype=float32)
    """

    _merge = _folded(ops.add)


@builtin("keras.layers")
class Multiply(Merge):
    """The product of the inputs."""

    _merge = _folded(ops.multiply)


@builtin("keras.layers")
class Maximum(Merge):
    """The greatest of the inputs."""

    _merge = _folded(ops.maximum)


@builtin("keras.layers")
class Minimum(Merge):
    """The smallest of the inputs."""

    _merge = _folded(ops.minimum)


@builtin("keras.layers")
class Average(Merge):
    """The mean of the inputs."""

    def _merge(self, inputs: list[Any]) -> Any:
        return _folded(ops.add)(self, inputs) / float(len(inputs))


@builtin("keras.layers")
class Subtract(Merge):
    """The first input minus the second."""

    def build(self, input_shape: Any) -> None:
        """Checks that there are two inputs."""
        if len(input_shape) != 2:
            raise ValueError(f"layer {self.name!r}: expected 2 inputs, received {len(input_shape)}")
        super().build(input_shape)

    def _merge(self, inputs: list[Any]) -> Any:
        if len(inputs) != 2:
            raise ValueError(f"layer {self.name!r}: expected 2 inputs, received {len(inputs)}")
        return ops.subtract(*inputs)


@builtin("keras.layers")
class Concatenate(Merge):
    """The inputs one after the other along an axis.

    Args:
        axis: the axis.

    Raises:
        ValueError: other axes differ in size.
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        """The joined inputs."""
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"layer {self.name!r}: expected a list of inputs, received {type(inputs).__name__}")
        return apply("concat", list(inputs), axis=self.axis % len(inputs[0].shape))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        shapes = [tuple(shape) for shape in input_shape]
        rank = len(shapes[0])
        if not -rank <= self.axis < rank or any(len(s) != rank for s in shapes):
            raise ValueError(f"layer {self.name!r}: axis={self.axis} does not fit inputs of shapes {shapes}")
        axis = self.axis % rank
        result = []
        for i in range(rank):
            sizes = [s[i] for s in shapes]
            if i == axis:
                result.append(None if None in sizes else sum(sizes))
                continue
            known = {n for n in sizes if n is not None}
            if len(known) > 1:
                raise ValueError(f"layer {self.name!r}: shapes must agree except along axis {self.axis}, received {shapes}")
            result.append(known.pop() if known else None)
        return tuple(result)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}


def add(inputs: Any, **kwargs: Any) -> Any:
    """`Add` as a function."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """`Subtract` as a function."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """`Multiply` as a function."""
    return Multiply(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """`Maximum` as a function."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """`Minimum` as a function."""
    return Minimum(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """`Average` as a function."""
    return Average(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate` as a function."""
    return Concatenate(axis=axis, **kwargs)(inputs)
