"""Element types under TensorFlow's names. A `DType` is a string, so that it goes into configs, files and messages as it is."""

from __future__ import annotations

from typing import Any

import numpy as np

#: What the engine computes with.
ENGINE_DTYPES = frozenset({"float32", "float64", "int32", "int64", "uint8", "bool"})


class DType(str):
    """An element type: a string such as `"float32"` that also equals `np.float32` and NumPy's dtype object.

    Example:
        >>> import swiftconv as tf
        >>> tf.float32 == "float32", tf.float32 == np.float32, tf.float32.size
        (True, True, 4)
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """The name: `"float32"`."""
        return str.__str__(self)

    @property
    def as_numpy_dtype(self) -> type:
        """NumPy's scalar type: `np.float32`."""
        return np.dtype(self.name).type

    @property
    def as_datatype_enum(self) -> int:
        """A number for the type, as NumPy counts."""
        return int(np.dtype(self.name).num)

    @property
    def base_dtype(self) -> DType:
        """The type itself (there are no reference types)."""
        return self

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return int(np.dtype(self.name).itemsize)

    @property
    def is_floating(self) -> bool:
        """Whether it is a floating-point type."""
        return np.dtype(self.name).kind == "f"

    @property
    def is_integer(self) -> bool:
        """Whether it is a signed or unsigned integer type."""
        return np.dtype(self.name).kind in "iu"

    @property
    def is_bool(self) -> bool:
        """Whether it is the truth type."""
        return self.name == "bool"

    @property
    def is_complex(self) -> bool:
        """Always false: there are no complex types here."""
        return False

    @property
    def min(self) -> Any:
        """The smallest finite value."""
        return np.finfo(self.name).min if self.is_floating else (False if self.is_bool else np.iinfo(self.name).min)

    @property
    def max(self) -> Any:
        """The largest finite value."""
        return np.finfo(self.name).max if self.is_floating else (True if self.is_bool else np.iinfo(self.name).max)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return str.__eq__(self, other)
        if other is None:
            return False
        try:
            return bool(np.dtype(self.name) == np.dtype(other))  # type: ignore[call-overload]
        except TypeError:
            return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __repr__(self) -> str:
        return f"tf.{self.name}"


float16 = DType("float16")
float32 = DType("float32")
float64 = DType("float64")
int8 = DType("int8")
int16 = DType("int16")
int32 = DType("int32")
int64 = DType("int64")
uint8 = DType("uint8")
bool_ = DType("bool")

_KNOWN: dict[Any, DType] = {
    d.name: d for d in (float16, float32, float64, int8, int16, int32, int64, uint8, bool_, DType("uint16"), DType("uint32"))
}
_KNOWN |= {np.dtype(name): dtype for name, dtype in list(_KNOWN.items())}
_KNOWN |= {np.dtype(name).type: dtype for name, dtype in list(_KNOWN.items()) if isinstance(name, str)}
_KNOWN |= {"half": float16, "float": float32, "double": float64, "int": int32, float: float32, int: int32, bool: bool_}


def as_dtype(dtype: Any) -> DType:
    """The `DType` that a string, a NumPy type or dtype, a Python type or a `DType` names.

    Raises:
        TypeError: there is no such type here.
    """
    try:
        found = _KNOWN.get(dtype)
    except TypeError:
        found = None
    if found is None:
        inner = getattr(dtype, "name", None) or getattr(dtype, "__name__", None)
        found = _KNOWN.get(inner) if isinstance(inner, str) else None
    if found is None:
        try:
            found = _KNOWN.get(np.dtype(dtype).newbyteorder("="))
        except (TypeError, ValueError):
            found = None
    if found is None:
        raise TypeError(f"dtype: expected one of {sorted(ENGINE_DTYPES)}, received {dtype!r}")
    return found


def standardize_dtype(dtype: Any) -> DType:
    """The type's name in its standard spelling; None gives `floatx()`.

    Raises:
        ValueError: there is no such type here.
    """
    if dtype is None:
        from swiftconv._core.settings import floatx

        return as_dtype(floatx())
    try:
        return as_dtype(dtype)
    except TypeError as error:
        raise ValueError(str(error)) from None


def engine_dtype(dtype: np.dtype) -> str:
    """The type that arrays of `dtype` are computed in: itself, or the nearest one that the engine has.

    Raises:
        TypeError: there is no sensible one (objects, strings, complex numbers, dates).
    """
    name = dtype.name
    if name in ENGINE_DTYPES:
        return name
    if dtype.kind == "f" and dtype.itemsize == 2:
        return "float32"
    if dtype.kind in "iu" and (dtype.itemsize < 8 or dtype.kind == "i"):
        return "int32" if dtype.itemsize < 4 else "int64"
    raise TypeError(f"expected an array of {', '.join(sorted(ENGINE_DTYPES))}, received dtype {dtype}")
