"""Indexing of tensors by integers, slices, `...`, `None`, and along one axis by an array of integers."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from swiftconv._core.apply import apply
from swiftconv._core.kinds import PLAIN, TENSOR, kind_of
from swiftconv._core.state import state


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
    used = sum(p is not None and p is not Ellipsis for p in parts)
    if used > len(shape):
        raise IndexError(f"too many indices: the shape is {shape}, received {used} indices")
    if Ellipsis not in [p for p in parts if p is None or p is Ellipsis]:
        parts = (*parts, Ellipsis)
    begin: list[int] = []
    size: list[int] = []
    step: list[int] = []
    result: list[Any] = []
    axis = 0
    for part in parts:
        if part is None:
            result.append(1)
        elif part is Ellipsis:
            for _ in range(len(shape) - used):
                begin.append(0)
                size.append(-1 if shape[axis] is None else shape[axis])
                step.append(1)
                result.append(shape[axis])
                axis += 1
        elif isinstance(part, slice):
            b, n, s = _slice_of(part, shape[axis])
            begin.append(b)
            size.append(n)
            step.append(s)
            result.append(None if n < 0 else n)
            axis += 1
        else:
            begin.append(_position(part, shape[axis]))
            size.append(1)
            step.append(1)
            axis += 1
    full = all(b == 0 and s == 1 and n in (-1, d) for b, n, s, d in zip(begin, size, step, shape, strict=True))
    if not full:
        x = apply("slice", [x], begin=tuple(begin), size=tuple(size), strides=tuple(step))
    wanted = tuple(-1 if n is None else n for n in result)
    return x if tuple(result) == tuple(x.shape) else apply("reshape", [x], shape=wanted)


def _position(part: Any, size: int | None) -> int:
    try:
        position = operator.index(int(part) if kind_of(part) == TENSOR else part)
    except TypeError:
        raise TypeError(f"indexing: expected integers, slices, ..., None or an array, received {part!r}") from None
    if size is None:
        if position < 0:
            raise IndexError("indexing: a negative index into an axis of unknown size")
        return position
    if not -size <= position < size:
        raise IndexError(f"index {position} is out of range for an axis of size {size}")
    return position % size


def _slice_of(part: slice, size: int | None) -> tuple[int, int, int]:
    """First element, how many (-1: to the end of an axis of unknown size), and the step."""
    if size is None:
        if (part.step not in (None, 1)) or part.stop is not None or (part.start or 0) < 0:
            if part.start in (None, 0) and part.step in (None, 1) and isinstance(part.stop, int) and part.stop >= 0:
                return 0, part.stop, 1
            raise IndexError("indexing: only [start:] and [:stop] are possible along an axis of unknown size")
        return part.start or 0, -1, 1
    start, stop, step = part.indices(size)
    return start, len(range(start, stop, step)), step
