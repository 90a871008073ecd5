"""Indexing of tensors by integers, slices, `...`, `None`, and along one axis by an array of integers."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from swiftconv._core.apply import apply
from swiftconv._core.kinds import KERAS, PLAIN, TENSOR, kind_of
from swiftconv._core.state import state


class GetItem:
    """`value[parts]` as a function whose key can be read, so that a functional model can be saved."""

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self.parts = parts

    def __call__(self, value: Any) -> Any:
        return value[self.parts]


def _is_array_key(part: Any) -> bool:
    return isinstance(part, (list, np.ndarray)) or (kind_of(part) != PLAIN and len(part.shape) > 0)


def index(x: Any, key: Any) -> Any:
    """`x[key]` for a tensor of any kind.

    Raises:
        IndexError: too many indices, or one out of range.
        TypeError: a key of an unknown kind.
    """
    parts = key if isinstance(key, tuple) else (key,)
    if kind_of(x) == TENSOR and not (state.tapes and any(tape._follows([x]) for tape in state.tapes)):
        eager = tuple(np.asarray(p) if kind_of(p) != PLAIN else p for p in parts)
        found = x._array[eager if isinstance(key, tuple) else eager[0]]
        return type(x)._wrap(np.array(found, order="C", copy=True))
    arrays = [i for i, part in enumerate(parts) if _is_array_key(part)]
    if arrays:
        return _gathered(x, parts, arrays)
    return _sliced(x, parts)


def _gathered(x: Any, parts: tuple[Any, ...], arrays: list[int]) -> Any:
    whole = all(isinstance(p, slice) and p == slice(None) for i, p in enumerate(parts) if i not in arrays)
    if len(arrays) > 1 or not whole:
        raise TypeError("indexing: expected an array of integers along one axis, beside whole axes; use gather")
    indices = parts[arrays[0]]
    if kind_of(indices) == PLAIN:
        indices = np.asarray(indices)
        if indices.dtype == bool:
            indices = np.flatnonzero(indices)
        size = x.shape[arrays[0]]
        indices = np.where(indices < 0, indices + (size or 0), indices).astype(np.int64)
    return apply("gather", [x, indices], axis=arrays[0])


def _sliced(x: Any, parts: tuple[Any, ...]) -> Any:
    shape = tuple(x.shape)
    if None in shape and kind_of(x) == KERAS:
        from swiftconv._core.keras_tensor import apply_function

        return apply_function("getitem", GetItem(parts), [x])
    used = sum(p is not None and p is not Ellipsis for p in parts)
    if used > len(shape):
        raise IndexError(f"too many indices: the shape is {shape}, received {used} indices")
    if Ellipsis not in [p for p in parts if p is None or p is Ellipsis]:
        parts = (*parts, Ellipsis)
    begin: list[int] = []
    size: list[int] = []
    step: list[int] = []
    result: list[int] = []
    axis = 0
    for part in parts:
        if part is None:
            result.append(1)
        elif part is Ellipsis:
            for _ in range(len(shape) - used):
                begin.append(0)
                size.append(shape[axis])
                step.append(1)
                result.append(shape[axis])
                axis += 1
        elif isinstance(part, slice):
            start, stop, stride = part.indices(shape[axis])
            begin.append(start)
            size.append(len(range(start, stop, stride)))
            step.append(stride)
            result.append(size[-1])
            axis += 1
        else:
            begin.append(_position(part, shape[axis]))
            size.append(1)
            step.append(1)
            axis += 1
    full = all(b == 0 and s == 1 and n == d for b, n, s, d in zip(begin, size, step, shape, strict=True))
    if not full:
        x = apply("slice", [x], begin=tuple(begin), size=tuple(size), strides=tuple(step))
    return x if tuple(result) == tuple(x.shape) else apply("reshape", [x], shape=tuple(result))


def _position(part: Any, size: int) -> int:
    try:
        position = operator.index(int(part) if kind_of(part) == TENSOR else part)
    except TypeError:
        raise TypeError(f"indexing: expected integers, slices, ..., None or an array, received {part!r}") from None
    if not -size <= position < size:
        raise IndexError(f"index {position} is out of range for an axis of size {size}")
    return position % size
