"""`Tensor`: an eager, immutable array under TensorFlow's names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from swiftconv._core.dtypes import DType, as_dtype
from swiftconv._core.kinds import KERAS, PLAIN, SYMBOL, TENSOR, kind_of
from swiftconv._core.operators import Operators, binary
from swiftconv._core.shape import TensorShape


class Tensor(Operators):
    """An immutable array of numbers, made by `constant`, `convert_to_tensor` and by ops on tensors.

    Args:
        value: a number, nested lists, or an array; copied.
        dtype: the element type; by default that of `value`, and float32 or int32 for Python's numbers.

    Raises:
        TypeError: not numbers.

    Example:
        >>> import swiftconv as tf
        >>> tf.Tensor([[1.0, 2.0]]) * 2
        <tf.Tensor: shape=(1, 2), dtype=float32, numpy=array([[2., 4.]], dtype=float32)>
    """

    __slots__ = ("__weakref__", "_array", "_packed", "_reshaped")
    _kind = TENSOR
    _array: np.ndarray
    _packed: list[Any]
    _reshaped: Tensor

    def __init__(self, value: Any, dtype: Any = None) -> None:
        from swiftconv._core.convert import convert_to_tensor

        tensor = convert_to_tensor(value, dtype)
        if not isinstance(tensor, Tensor):
            raise TypeError(f"Tensor: expected numbers, received the symbolic value {value!r}")
        self._array = tensor._array

    @classmethod
    def _wrap(cls, array: np.ndarray) -> Tensor:
        """A tensor around an array that nobody else writes to."""
        self = object.__new__(cls)
        array.flags.writeable = False
        self._array = array
        return self

    def _kept_forms(self) -> list[Any]:
        """What ops made of this tensor as their filter; they fill it."""
        try:
            return self._packed
        except AttributeError:
            self._packed = []
            return self._packed

    def _kept_reshape(self, shape: tuple[int, ...]) -> Tensor:
        """This tensor in another shape, over the same memory. It is kept, and with it the forms that ops make of it."""
        try:
            if self._reshaped._array.shape == shape:
                return self._reshaped
        except AttributeError:
            pass
        self._reshaped = Tensor._wrap(self._array.reshape(shape))
        return self._reshaped

    @property
    def shape(self) -> TensorShape:
        """The sizes, a tuple."""
        return TensorShape(self._array.shape)

    def get_shape(self) -> TensorShape:
        """The sizes, a tuple."""
        return TensorShape(self._array.shape)

    @property
    def dtype(self) -> DType:
        """The element type."""
        return as_dtype(self._array.dtype)

    @property
    def ndim(self) -> int:
        """How many dimensions there are."""
        return self._array.ndim

    @property
    def size(self) -> int:
        """How many elements there are."""
        return self._array.size

    @property
    def device(self) -> str:
        """Where the numbers lie: always the CPU."""
        return "/job:localhost/replica:0/task:0/device:CPU:0"

    def numpy(self) -> Any:
        """The content as a NumPy array of its own (a NumPy scalar for a tensor without dimensions)."""
        return self._array.copy() if self._array.ndim else self._array[()]

    def item(self) -> Any:
        """The only element as a Python number."""
        return self._array.item()

    def tolist(self) -> Any:
        """The content as nested lists."""
        return self._array.tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if dtype is None or np.dtype(dtype) == self._array.dtype:
            return self._array.copy() if copy else self._array
        if copy is False:
            raise ValueError(f"a tensor of {self.dtype} cannot be seen as {np.dtype(dtype)} without a copy")
        return self._array.astype(dtype)

    def __dlpack__(self, **kwargs: Any) -> Any:
        """The content for another library, by DLPack: in place where the consumer can take read-only memory, else a copy."""
        if (kwargs.get("max_version") or (0,)) >= (1,) and kwargs.get("copy") is not True:
            try:
                return self._array.__dlpack__(**kwargs)
            except (BufferError, TypeError):
                pass
        if kwargs.get("copy") is False:
            raise BufferError("a tensor is read-only: it cannot be lent to a consumer that may write")
        return self._array.copy().__dlpack__(stream=None)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("a scalar tensor has no len()")
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.ndim:
            raise TypeError("a scalar tensor cannot be iterated over")
        return (self[i] for i in range(len(self._array)))

    def __bool__(self) -> bool:
        return bool(self._array)

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        number = self._number()
        if self._array.ndim or self._array.dtype.kind not in "iu":
            raise TypeError(f"expected an integer, received {self!r}")
        return int(number)

    def _number(self) -> Any:
        if self._array.size != 1:
            raise TypeError(f"only a tensor of one element converts to a number, received shape {self.shape}")
        return self._array.item()

    def __round__(self, digits: int | None = None) -> Any:
        return round(self._number(), digits)

    def __eq__(self, other: object) -> Any:
        return _compared("equal", self, other, False)

    def __ne__(self, other: object) -> Any:
        return _compared("not_equal", self, other, True)

    def __hash__(self) -> int:
        return id(self)

    def ref(self) -> Reference:
        """A hashable stand-in for the tensor itself."""
        return Reference(self)

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: Any) -> Tensor:
        return self

    def __reduce__(self) -> Any:
        return _unpickled, (np.array(self._array),)

    def __str__(self) -> str:
        text = np.array2string(self._array) if self._array.ndim else str(self._array[()])
        text = f"\n{text}" if "\n" in text else text
        return f"tf.Tensor({text}, shape={self.shape}, dtype={self.dtype.name})"

    def __repr__(self) -> str:
        text = repr(self._array) if self._array.ndim else _scalar_text(self._array)
        text = f"\n{text}" if "\n" in text else text
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={text}>"


def _scalar_text(array: np.ndarray) -> str:
    return str(array[()])


def _compared(name: str, x: Any, y: Any, otherwise: bool) -> Any:
    if y is None or isinstance(y, (str, dict)):
        return otherwise
    try:
        return binary(name, x, y)
    except TypeError:
        if kind_of(y) == PLAIN and not isinstance(y, (np.ndarray, np.generic, int, float, list, tuple)):
            return NotImplemented
        raise


def _unpickled(array: np.ndarray) -> Tensor:
    return Tensor._wrap(array)


class Reference:
    """A hashable stand-in for a tensor or variable: equal to another one of the same object."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def deref(self) -> Any:
        """The tensor or variable."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._value is other._value

    def __hash__(self) -> int:
        return id(self._value)


def is_symbolic(x: Any) -> bool:
    """Whether `x` holds no numbers: a `Symbol` or a `KerasTensor`."""
    return kind_of(x) in (SYMBOL, KERAS)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a `Tensor`, `Variable`, `Symbol` or `KerasTensor` (an array is none)."""
    return kind_of(x) != PLAIN
