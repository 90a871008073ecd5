"""From what users hold (lists, scalars, odd arrays, tensors of others) to dense arrays that the engine reads, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from swiftconv import _native
from swiftconv._core.dtypes import ENGINE_DTYPES, as_dtype, engine_dtype
from swiftconv._core.kinds import KERAS, PLAIN, SYMBOL, TENSOR, VARIABLE, kind_of, traced

_ENGINE_NUMPY = frozenset(np.dtype(name) for name in ENGINE_DTYPES)


def dense(array: np.ndarray) -> np.ndarray:
    """The array itself if the engine can read it in place, else a row-major, aligned copy in the machine's byte order.

    Raises:
        TypeError: the engine has no type for the elements.
    """
    flags = array.flags
    plain = type(array) is np.ndarray and array.dtype in _ENGINE_NUMPY and array.dtype.isnative
    if plain and flags.c_contiguous and flags.aligned:
        return array
    return np.require(np.asarray(array), dtype=engine_dtype(array.dtype), requirements=["C", "A"])


def is_weak(value: Any) -> bool:
    """Whether `value` takes the type of what it meets: Python's and NumPy's scalars, and lists."""
    return isinstance(value, (int, float, bool, list, tuple, np.generic))


def _unpack(value: Any) -> Any:
    """Nested lists with tensors inside become nested lists of arrays."""
    if isinstance(value, (list, tuple)):
        return [_unpack(item) for item in value]
    kind = kind_of(value)
    if kind in (TENSOR, VARIABLE):
        return value._array
    if kind != PLAIN:
        raise TypeError(f"expected numbers, received a symbolic value in a list: {value!r}")
    return value


def _from_python(value: Any) -> np.ndarray:
    try:
        array = np.array(_unpack(value) if isinstance(value, (list, tuple)) else value)
    except ValueError as error:
        raise ValueError(f"expected nested lists of equal lengths, received {str(value)[:80]}: {error}") from None
    if array.dtype.kind not in "fiub":
        if array.dtype.kind == "O" and isinstance(value, int):
            raise ValueError(f"expected a number that fits into 64 bits, received {value}")
        raise TypeError(f"expected numbers, received {type(value).__name__} {str(value)[:80]} (dtype {array.dtype})")
    return array


def _holds_arrays(value: Any) -> bool:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (np.ndarray, np.generic)) or kind_of(value) != PLAIN


def weak_array(value: Any, dtype: str | None) -> np.ndarray:
    """A list or scalar as an array of `dtype`; of float32, int32 or bool, as Python's type says, where `dtype` is None.

    Raises:
        TypeError: not numbers, or numbers with a fraction where integers are needed.
    """
    array = _from_python(value)
    if dtype is None:
        if isinstance(value, np.generic) or _holds_arrays(value):
            return dense(array)
        if array.dtype.kind == "f":
            return _narrowed(array, np.float32)
        if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
            small = array.size == 0 or (array.min() >= -(2**31) and array.max() < 2**31)
            return array.astype(np.int32) if small else dense(array)
        return dense(array)
    wanted = np.dtype(dtype)
    if array.dtype == wanted:
        return array
    if array.dtype.kind == "f" and wanted.kind != "f" and array.size:
        raise TypeError(f"expected numbers of type {dtype}, received {str(value)[:80]}")
    if wanted.kind in "iu" and array.size:
        limits = np.iinfo(wanted)
        if array.min() < limits.min or array.max() > limits.max:
            raise ValueError(f"expected numbers that fit into {dtype}, received {str(value)[:80]}")
    return _narrowed(array, wanted)


def _narrowed(array: np.ndarray, dtype: Any) -> np.ndarray:
    with np.errstate(over="ignore"):
        return array.astype(dtype)


def as_array(value: Any, dtype: Any = None) -> np.ndarray:
    """Any eager value as an array (no copy where none is needed); scalars and lists get TensorFlow's default types.

    Raises:
        TypeError: not numbers, or a symbolic value.
    """
    kind = kind_of(value)
    array: np.ndarray
    if kind in (TENSOR, VARIABLE):
        array = value._array
    elif kind != PLAIN:
        raise TypeError(f"expected an array, received the symbolic value {value!r}, which holds no numbers")
    elif isinstance(value, np.ndarray):
        array = value
    elif is_weak(value):
        array = weak_array(value, None)
        if dtype is not None and array.dtype != np.dtype(as_dtype(dtype).name):
            array = _from_python(value)
    else:
        array = foreign_array(value)
    if dtype is None:
        return array
    name = as_dtype(dtype).name
    return array if array.dtype == np.dtype(name) and array.dtype.isnative else array.astype(name)


def foreign_array(value: Any) -> np.ndarray:
    """The array that another library's object exports."""
    if value is None or isinstance(value, (str, bytes, dict, set)):
        raise TypeError(f"expected an array, received {type(value).__name__} {str(value)[:80]!r}")
    if hasattr(value, "__array__"):
        array = np.asarray(value)
    elif hasattr(value, "__dlpack__"):
        array = np.from_dlpack(value)
    else:
        try:
            array = np.asarray(value)
        except Exception as error:
            raise TypeError(f"expected an array, received {type(value).__name__}: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"expected an array of numbers, received {type(value).__name__} of dtype {array.dtype}")
    return array


def is_sequence_with(value: Any, test: Any) -> bool:
    """Whether a (nested) list holds an item that passes `test`."""
    return isinstance(value, (list, tuple)) and any(test(item) or is_sequence_with(item, test) for item in value)


def convert_to_numpy(x: Any) -> np.ndarray:
    """Any eager value as a NumPy array of its own.

    Raises:
        TypeError: `x` is symbolic and holds no numbers.

    Example:
        >>> import swiftconv as tf
        >>> tf.convert_to_numpy(tf.constant([1.0, 2.0]))
        array([1., 2.], dtype=float32)
    """
    array = as_array(x)
    return array.copy() if kind_of(x) in (TENSOR, VARIABLE) else array


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Any:
    """A `Tensor` with the content of `value`; symbolic values stay symbolic and are cast where `dtype` says so.

    Args:
        value: a number, nested lists, an array, a `Tensor`, a `Variable`, or what exports an array.
        dtype: the type wanted; by default the type of `value`, and float32 or int32 for Python's numbers.
        dtype_hint: the type preferred where `value` has none of its own.
        name: accepted for TensorFlow's sake.

    Returns:
        A `Tensor`.

    Raises:
        TypeError: not numbers.

    Example:
        >>> import swiftconv as tf
        >>> tf.convert_to_tensor([[1, 2]], dtype="float32").shape
        TensorShape([1, 2])
    """
    from swiftconv._core.apply import apply
    from swiftconv._core.tensor import Tensor

    kind = kind_of(value)
    wanted = None if dtype is None else as_dtype(dtype)
    if kind in (SYMBOL, KERAS) or (kind == VARIABLE and traced()):
        symbol = value.value if kind == VARIABLE else value
        return symbol if wanted is None or symbol.dtype == wanted else apply("cast", [symbol], dtype=wanted.name)
    if kind == VARIABLE:
        tensor = apply("identity", [value])
        return tensor if wanted is None or tensor.dtype == wanted else cast(tensor, wanted)
    if kind == TENSOR:
        return value if wanted is None or value.dtype == wanted else cast(value, wanted)
    if isinstance(value, (list, tuple)) and is_sequence_with(value, lambda item: kind_of(item) != PLAIN):
        return _stacked(value, wanted)
    if wanted is None and dtype_hint is not None and is_weak(value):
        try:
            return Tensor._wrap(weak_array(value, as_dtype(dtype_hint).name))
        except (TypeError, ValueError):
            pass
    if wanted is not None and is_weak(value) and wanted.name in ENGINE_DTYPES:
        return Tensor._wrap(_owned(weak_array(value, wanted.name)))
    array = as_array(value, wanted)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise TypeError(f"convert_to_tensor: expected an array of numbers, received dtype {array.dtype}")
    return Tensor._wrap(_owned(array))


#: Copies arrays into the library's memory.
_copy = _native.Op("identity", {}).apply
#: Smaller ones are not worth a call.
_SMALL = 4096


def _owned(array: np.ndarray) -> np.ndarray:
    """A copy in row-major order and native byte order; large ones in the library's memory, aligned for vectors."""
    dtype = array.dtype.newbyteorder("=")
    if array.nbytes < _SMALL or dtype.name not in ENGINE_DTYPES:
        return np.array(array, dtype=dtype, order="C", copy=True)
    return _copy(np.ascontiguousarray(array, dtype))  # type: ignore[no-any-return]


def _stacked(value: Sequence[Any], wanted: Any) -> Any:
    """A list with tensors inside, joined by ops so that gradients pass."""
    from swiftconv._core.apply import apply

    parts = [convert_to_tensor(item, wanted) for item in value]
    dtypes = {str(part.dtype) for part in parts}
    if len(dtypes) > 1:
        strong = next(str(p.dtype) for p, item in zip(parts, value, strict=True) if not is_weak(item))
        parts = [convert_to_tensor(item, strong) for item in value]
    rows = [apply("reshape", [part], shape=(1, *part.shape)) for part in parts]
    return apply("concat", rows, axis=0)


def cast(x: Any, dtype: Any) -> Any:
    """`x` with its elements converted to `dtype`; gradients pass between float types.

    Raises:
        TypeError: there is no such type here.
    """
    from swiftconv._core.apply import apply
    from swiftconv._core.tensor import Tensor

    wanted = as_dtype(dtype)
    kind = kind_of(x)
    if kind in (SYMBOL, KERAS):
        return x if x.dtype == wanted else apply("cast", [x], dtype=wanted.name)
    source = as_array(x)
    if wanted.name in ENGINE_DTYPES and source.dtype.name in ENGINE_DTYPES:
        if kind == TENSOR and x.dtype == wanted:
            return x
        return apply("cast", [source if kind == PLAIN else x], dtype=wanted.name)
    result = source.astype(wanted.name)
    return result if kind == PLAIN else Tensor._wrap(result)
