"""Tensors from numbers and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import Tensor, apply, as_dtype, convert_to_tensor, is_symbolic
from swiftconv._core.arguments import sizes
from swiftconv._core.convert import as_array
from swiftconv._core.kinds import TENSOR, kind_of
from swiftconv.errors import InvalidArgumentError


def tensor_of(value: Any) -> Any:
    """A result as a `Tensor`: arrays are wrapped, symbolic values stay."""
    return Tensor._wrap(np.require(value, requirements=["C", "O"])) if isinstance(value, (np.ndarray, np.generic)) else value


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Any:
    """A `Tensor` with the content of `value`.

    Args:
        value: a number, nested lists, or an array.
        dtype: the element type.
        shape: the shape; one number fills it.
        name: accepted for TensorFlow's sake.

    Raises:
        TypeError: not numbers, or another number of elements than `shape` has.

    Example:
        >>> import swiftconv as tf
        >>> tf.constant([1, 2, 3])
        <tf.Tensor: shape=(3,), dtype=int32, numpy=array([1, 2, 3], dtype=int32)>
    """
    if is_symbolic(value):
        raise TypeError(f"constant: value: expected numbers, received the symbolic value {value!r}")
    tensor = convert_to_tensor(value, dtype)
    if shape is None:
        return tensor
    wanted = sizes("constant", "shape", shape)
    count = int(np.prod(wanted, dtype=np.int64))
    if tensor.size not in (1, count):
        raise TypeError(f"constant: shape: expected {tensor.size} elements as the value has, received shape {wanted}")
    array = np.broadcast_to(tensor._array.reshape(-1), (count,)) if tensor.size == 1 else tensor._array
    return Tensor._wrap(np.array(array.reshape(wanted)))


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A `Tensor` of one number."""
    wanted = sizes("fill", "dims", dims)
    if any(n < 0 for n in wanted):
        raise InvalidArgumentError(f"fill: dims: expected sizes of at least 0, received {wanted}")
    return Tensor._wrap(np.full(wanted, as_array(value)))


def zeros(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """A `Tensor` of zeros."""
    return fill(shape, np.zeros((), as_dtype(dtype).name))


def ones(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """A `Tensor` of ones."""
    return fill(shape, np.ones((), as_dtype(dtype).name))


def eye(
    num_rows: int, num_columns: int | None = None, batch_shape: Any = None, dtype: Any = "float32", name: str | None = None
) -> Tensor:
    """The unit matrix, repeated over `batch_shape`."""
    matrix = np.eye(num_rows, num_columns, dtype=as_dtype(dtype).name)
    return Tensor._wrap(np.array(np.broadcast_to(matrix, (*(batch_shape or ()), *matrix.shape))))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = None) -> Tensor:
    """Evenly spaced numbers from `start` (0 if only one is given) to before `limit`."""
    if limit is None:
        start, limit = 0, start
    numbers = [n.item() if kind_of(n) == TENSOR else n for n in (start, limit, delta)]
    values = np.arange(*numbers)
    wanted = as_dtype(dtype).name if dtype is not None else "int32" if values.dtype.kind in "iu" else "float32"
    return Tensor._wrap(values.astype(wanted))


def linspace(start: Any, stop: Any, num: int, name: str | None = None, axis: int = 0) -> Tensor:
    """Evenly spaced numbers from `start` to `stop`."""
    values = np.linspace(as_array(start), as_array(stop), num, axis=axis)
    return Tensor._wrap(values.astype(as_array(start).dtype if as_array(start).dtype.kind == "f" else "float64"))


def one_hot(
    indices: Any,
    depth: int,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """Rows with `on_value` (1) at the place that an integer names, else `off_value` (0)."""
    wanted = as_dtype("float32" if dtype is None else dtype).name
    on, off = float(1 if on_value is None else on_value), float(0 if off_value is None else off_value)
    y = apply("one_hot", [convert_to_tensor(indices)], depth=int(depth), on_value=on, off_value=off, dtype=wanted)
    return y if axis in (None, -1) else ops.moveaxis(y, -1, axis)


def zeros_like(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Zeros in the shape (and by default of the type) of `input`."""
    return tensor_of(ops.zeros_like(input, dtype))


def ones_like(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Ones in the shape (and by default of the type) of `input`."""
    return tensor_of(ops.ones_like(input, dtype))


__all__ = [
    "constant",
    "eye",
    "fill",
    "linspace",
    "one_hot",
    "ones",
    "ones_like",
    "range",
    "zeros",
    "zeros_like",
]
