"""The same elements in another order, shape or type, and parts of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import Tensor, apply, as_dtype, convert_to_tensor
from swiftconv._core import cast as cast_any
from swiftconv._core.arguments import integer, sizes
from swiftconv._core.convert import as_array
from swiftconv._top_level.making import tensor_of
from swiftconv.errors import InvalidArgumentError, UnimplementedError


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """`x` with its elements converted to `dtype`.

    Raises:
        TypeError: there is no such type here.
    """
    return tensor_of(cast_any(x, dtype))


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """The same elements in another shape; one size may be -1.

    Raises:
        InvalidArgumentError: another number of elements.
    """
    return tensor_of(apply("reshape", [convert_to_tensor(tensor)], shape=sizes("reshape", "shape", shape)))


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Any:
    """With one more axis of size 1 at `axis` of the result."""
    return tensor_of(ops.expand_dims(convert_to_tensor(input), integer("expand_dims", "axis", axis)))


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Any:
    """Without the axes of size 1 (all, or those named)."""
    return tensor_of(ops.squeeze(convert_to_tensor(input), axis))


def shape(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """The sizes of `input` as a `Tensor`."""
    given = input.shape if hasattr(input, "shape") else np.shape(input)
    return Tensor._wrap(np.array(tuple(given), as_dtype(out_type).name))


def size(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """How many elements `input` has, as a `Tensor`."""
    return Tensor._wrap(np.array(as_array(input).size, as_dtype(out_type).name))


def rank(input: Any, name: str | None = None) -> Tensor:
    """How many dimensions `input` has, as a `Tensor`."""
    return Tensor._wrap(np.array(len(input.shape) if hasattr(input, "shape") else np.ndim(input), "int32"))


def concat(values: Any, axis: int, name: str = "concat") -> Any:
    """Values one after the other along `axis`.

    Raises:
        InvalidArgumentError: shapes that do not fit.
    """
    tensors = [convert_to_tensor(v) for v in values]
    return tensor_of(ops.concatenate(tensors, integer("concat", "axis", axis)))


def stack(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """Values of one shape beside each other along a new axis."""
    return tensor_of(ops.stack([convert_to_tensor(v) for v in values], axis))


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str | None = None) -> list[Any]:
    """The slices along an axis, as a list."""
    return [tensor_of(part) for part in ops.unstack(value, num, axis)]


def split(value: Any, num_or_size_splits: Any, axis: int = 0, num: int | None = None, name: str = "split") -> list[Any]:
    """`value` cut into equal parts (an int) or into parts of the given sizes (a list)."""
    value = convert_to_tensor(value)
    if isinstance(num_or_size_splits, (list, tuple)):
        ends = np.cumsum(num_or_size_splits)
        if ends[-1] != value.shape[axis]:
            raise InvalidArgumentError(f"split: expected sizes that sum to {value.shape[axis]}, received {num_or_size_splits}")
        return ops.split(value, [int(e) for e in ends[:-1]], axis)
    return ops.split(value, integer("split", "num_or_size_splits", num_or_size_splits), axis)


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str = "transpose") -> Any:
    """The axes in another order; reversed by default."""
    return tensor_of(ops.transpose(convert_to_tensor(a), None if perm is None else sizes("transpose", "perm", perm)))


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None) -> Any:
    """`tensor` with elements added before and after each axis; `mode` is CONSTANT, REFLECT or SYMMETRIC."""
    word = str(mode).lower()
    value = constant_values if word == "constant" else None
    return tensor_of(ops.pad(convert_to_tensor(tensor), as_array(paddings), word, value))


def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """`input` repeated along its axes."""
    return tensor_of(ops.tile(convert_to_tensor(input), list(sizes("tile", "multiples", multiples))))


def gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: Any = 0, batch_dims: int = 0, name: str | None = None
) -> Any:
    """The slices along `axis` at `indices`."""
    if batch_dims:
        raise UnimplementedError(f"gather: batch_dims: expected 0, received {batch_dims}")
    return tensor_of(ops.take(convert_to_tensor(params), indices, 0 if axis is None else axis))


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """`x` where `condition` holds, else `y`; with the condition alone, the places where it holds."""
    if x is None and y is None:
        return Tensor._wrap(np.stack(np.atleast_1d(as_array(condition)).nonzero(), axis=1))
    return tensor_of(ops.where(condition, x, y))


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Any:
    """`input` repeated to a shape."""
    return tensor_of(ops.broadcast_to(convert_to_tensor(input), shape))


__all__ = [
    "broadcast_to",
    "cast",
    "concat",
    "expand_dims",
    "gather",
    "pad",
    "rank",
    "reshape",
    "shape",
    "size",
    "split",
    "squeeze",
    "stack",
    "tile",
    "transpose",
    "unstack",
    "where",
]
