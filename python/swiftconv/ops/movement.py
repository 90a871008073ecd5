"""Shapes, joining, cutting, filling."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from swiftconv._core import apply, as_dtype, cast, floatx, index, promote
from swiftconv._core.arguments import axis_of, sizes
from swiftconv._core.convert import as_array
from swiftconv._core.kinds import KERAS, PLAIN, SYMBOL, kind_of
from swiftconv.ops.elementwise import array_like, less, logical_not
from swiftconv.ops.reduction import expand


def shape(x: Any) -> tuple[Any, ...]:
    """The sizes of `x`; None where unknown."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def size(x: Any) -> int:
    """How many elements `x` has."""
    return int(np.prod(shape(x), dtype=np.int64))


def ndim(x: Any) -> int:
    """How many dimensions `x` has."""
    return len(shape(x))


def reshape(x: Any, newshape: Any) -> Any:
    """The same elements in another shape; one size may be -1 (or None)."""
    wanted = newshape if isinstance(newshape, (list, tuple)) else [newshape]
    return apply("reshape", [array_like(x)], shape=tuple(-1 if n is None else int(n) for n in wanted))


def ravel(x: Any) -> Any:
    """All elements in one dimension."""
    return reshape(x, (-1,))


def transpose(x: Any, axes: Any = None) -> Any:
    """The axes in another order; reversed by default."""
    x = array_like(x)
    rank = len(x.shape)
    given = range(rank)[::-1] if axes is None else sizes("transpose", "axes", axes)
    order = tuple(axis_of("transpose", a, rank) for a in given)
    return apply("transpose", [x], perm=order)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes in each other's place."""
    x = array_like(x)
    order = list(range(len(x.shape)))
    a, b = axis_of("swapaxes", axis1, len(order)), axis_of("swapaxes", axis2, len(order))
    order[a], order[b] = order[b], order[a]
    return apply("transpose", [x], perm=tuple(order))


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Axes in other places; the others keep their order."""
    x = array_like(x)
    rank = len(x.shape)
    sources = [axis_of("moveaxis", a, rank) for a in (source if isinstance(source, (list, tuple)) else [source])]
    places = [axis_of("moveaxis", a, rank) for a in (destination if isinstance(destination, (list, tuple)) else [destination])]
    order = [i for i in range(rank) if i not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return apply("transpose", [x], perm=tuple(order))


def squeeze(x: Any, axis: Any = None) -> Any:
    """Without the axes of size 1.

    Raises:
        ValueError: an axis of another size is named.
    """
    x = array_like(x)
    given = tuple(x.shape)
    if axis is None:
        keep = [n for n in given if n != 1]
    else:
        axes = {axis_of("squeeze", a, len(given)) for a in (axis if isinstance(axis, (list, tuple)) else [axis])}
        if any(given[a] not in (1, None) for a in axes):
            raise ValueError(f"squeeze: axis: expected axes of size 1, received {axis} of shape {given}")
        keep = [n for i, n in enumerate(given) if i not in axes]
    return reshape(x, keep)


def expand_dims(x: Any, axis: Any) -> Any:
    """With one more axis of size 1 at `axis` of the result (or at several)."""
    x = array_like(x)
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    rank = len(x.shape) + len(axes)
    for place in sorted(axis_of("expand_dims", a, rank) for a in axes):
        x = expand(x, place)
    return x


def concatenate(xs: Sequence[Any], axis: Any = 0) -> Any:
    """Values one after the other along `axis`.

    Raises:
        ValueError: there are none.
    """
    values = promote(*[array_like(x) for x in xs])
    if not values:
        raise ValueError("concatenate: xs: expected at least one value, received none")
    return apply("concat", values, axis=axis_of("concatenate", axis, len(values[0].shape)))


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Values of one shape beside each other along a new axis."""
    values = promote(*[array_like(v) for v in x])
    if not values:
        raise ValueError("stack: x: expected at least one value, received none")
    place = axis_of("stack", axis, len(values[0].shape) + 1)
    return apply("concat", [expand(v, place) for v in values], axis=place)


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices along `axis`."""
    x = array_like(x)
    place = axis_of("unstack", axis, len(x.shape))
    return [index(x, (*(slice(None),) * place, i)) if kind_of(x) != PLAIN else x.take(i, place) for i in range(x.shape[place])]


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """`x` cut into equal parts (an int) or before the given indices (a list).

    Raises:
        ValueError: the parts would not be equal.
    """
    x = array_like(x)
    place = axis_of("split", axis, len(x.shape))
    total = x.shape[place]
    if isinstance(indices_or_sections, (int, np.integer)):
        if indices_or_sections < 1 or total % indices_or_sections:
            raise ValueError(f"split: expected a divisor of {total}, received {indices_or_sections}")
        if indices_or_sections > max(total, 1 << 16):  # of an empty axis, which every number divides
            raise MemoryError(f"split: expected fewer parts of an empty axis, received {indices_or_sections}")
        step = total // indices_or_sections
        bounds = list(range(0, total + 1, step)) if step else [0] * (indices_or_sections + 1)
    else:
        bounds = [0, *sizes("split", "indices_or_sections", indices_or_sections), total]
    lead = (slice(None),) * place
    return [_cut(x, (*lead, slice(a, b))) for a, b in itertools.pairwise(bounds)]


def _cut(x: Any, key: Any) -> Any:
    return x[key].copy() if kind_of(x) == PLAIN else index(x, key)


def flip(x: Any, axis: Any = None) -> Any:
    """The elements in reverse order along `axis` (all by default)."""
    x = array_like(x)
    rank = len(x.shape)
    given = range(rank) if axis is None else axis if isinstance(axis, (list, tuple)) else [axis]
    axes = [axis_of("flip", a, rank) for a in given]
    return _cut(x, tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(rank)))


def broadcast_to(x: Any, shape: Any) -> Any:
    """`x` repeated to a shape, as in NumPy."""
    return apply("broadcast_to", [array_like(x)], shape=sizes("broadcast_to", "shape", shape))


def tile(x: Any, repeats: Any) -> Any:
    """`x` repeated along its axes."""
    x = array_like(x)
    times = sizes("tile", "repeats", repeats)
    rank = max(len(times), len(x.shape))
    x = reshape(x, [1] * (rank - len(x.shape)) + list(x.shape)) if rank > len(x.shape) else x
    return apply("tile", [x], multiples=(*[1] * (rank - len(times)), *times))


def repeat(x: Any, repeats: int, axis: Any = None) -> Any:
    """Each element (or slice along `axis`) several times."""
    x = array_like(x)
    if axis is None:
        x, axis = ravel(x), 0
    places = np.repeat(np.arange(x.shape[axis], dtype=np.int64), repeats)
    return apply("gather", [x, places], axis=axis_of("repeat", axis, len(x.shape)))


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """`x` with elements added before and after.

    Args:
        pad_width: pairs (before, after), one for each axis; one pair or number for all.
        mode: `"constant"`, `"reflect"` or `"symmetric"`.
        constant_values: what is added, 0 by default; for mode `"constant"` only.
    """
    x = array_like(x)
    pairs = np.broadcast_to(np.asarray(pad_width, dtype=np.int64), (len(x.shape), 2)).reshape(-1).tolist()
    if mode != "constant" and constant_values is not None:
        raise ValueError(f"pad: constant_values: expected None for mode {mode!r}, received {constant_values!r}")
    return apply("pad", [x], paddings=tuple(pairs), value=float(constant_values or 0), mode=mode)


def take(x: Any, indices: Any, axis: Any = None) -> Any:
    """The elements (or slices along `axis`) at `indices`; negative ones count from the end."""
    x, indices = array_like(x), array_like(indices)
    if axis is None:
        x, axis = ravel(x), 0
    place = axis_of("take", axis, len(x.shape))
    if kind_of(indices) in (SYMBOL, KERAS):
        return apply("gather", [x, indices if str(indices.dtype) in ("int32", "int64") else cast(indices, "int32")], axis=place)
    positions = as_array(indices).astype(np.int64)
    total = x.shape[place]
    if total is not None:
        positions = np.where(positions < 0, positions + total, positions)
    return apply("gather", [x, positions], axis=place)


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """Rows with 1 at the class that an integer names; zeros where it names none."""
    x = array_like(x)
    if str(x.dtype) not in ("int32", "int64", "uint8"):
        x = cast(x, "int32")
    wanted = as_dtype(floatx() if dtype is None else dtype).name
    y = apply("one_hot", [x], depth=int(num_classes), on_value=1.0, off_value=0.0, dtype=wanted)
    rank = len(y.shape)
    return y if axis in (-1, rank - 1) else moveaxis(y, -1, axis)


def stop_gradient(variable: Any) -> Any:
    """`variable`, through which no gradient flows."""
    return apply("stop_gradient", [array_like(variable)])


def full(shape: Any, fill_value: Any, dtype: Any = None) -> np.ndarray:
    """An array of one number."""
    default = floatx() if isinstance(fill_value, float) or dtype is None else dtype
    return np.full(sizes("full", "shape", shape), fill_value, as_dtype(default if dtype is None else dtype).name)


def zeros(shape: Any, dtype: Any = None) -> np.ndarray:
    """An array of zeros."""
    return full(shape, 0, floatx() if dtype is None else dtype)


def ones(shape: Any, dtype: Any = None) -> np.ndarray:
    """An array of ones."""
    return full(shape, 1, floatx() if dtype is None else dtype)


def empty(shape: Any, dtype: Any = None) -> np.ndarray:
    """An array of zeros (there is no uninitialised memory here)."""
    return zeros(shape, dtype)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> np.ndarray:
    """The unit matrix."""
    return np.eye(N, M, k, as_dtype(floatx() if dtype is None else dtype).name)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> np.ndarray:
    """Evenly spaced numbers; int32 or the default float type unless told otherwise."""
    values = np.arange(start, stop, step) if stop is not None else np.arange(0, start, step)
    wanted = as_dtype(dtype).name if dtype is not None else "int32" if values.dtype.kind in "iu" else floatx()
    return values.astype(wanted)


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None) -> np.ndarray:
    """Evenly spaced numbers from `start` to `stop`."""
    return np.linspace(start, stop, num, endpoint, dtype=as_dtype(floatx() if dtype is None else dtype).name)


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros of the shape of `x`."""
    return _like(x, 0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones of the shape of `x`."""
    return _like(x, 1, dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One number in the shape of `x`."""
    return _like(x, fill_value, dtype)


def _like(x: Any, value: Any, dtype: Any) -> Any:
    from swiftconv._core import Tensor

    x = array_like(x)
    wanted = as_dtype(x.dtype if dtype is None else dtype).name
    if kind_of(x) == KERAS and None in x.shape:
        # the shape is known when the model runs: nothing is less than itself, not even NaN
        never = less(x, x)
        filled = cast(logical_not(never), wanted)
        if value == 1:
            return filled
        from swiftconv.ops.elementwise import multiply

        return cast(never, wanted) if value == 0 else multiply(filled, value)
    array = np.full(tuple(x.shape), value, wanted)
    return array if kind_of(x) in (PLAIN, KERAS, SYMBOL) else Tensor._wrap(array)


__all__ = [
    "arange",
    "broadcast_to",
    "concatenate",
    "empty",
    "expand_dims",
    "eye",
    "flip",
    "full",
    "full_like",
    "linspace",
    "moveaxis",
    "ndim",
    "one_hot",
    "ones",
    "ones_like",
    "pad",
    "ravel",
    "repeat",
    "reshape",
    "shape",
    "size",
    "split",
    "squeeze",
    "stack",
    "stop_gradient",
    "swapaxes",
    "take",
    "tile",
    "transpose",
    "unstack",
    "zeros",
    "zeros_like",
]
