"""`Variable`: a named array in the engine's memory, which graphs read and update in place."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from swiftconv import _native
from swiftconv._core.apply import apply
from swiftconv._core.convert import as_array, convert_to_tensor, is_weak, weak_array
from swiftconv._core.dtypes import DType, as_dtype, engine_dtype
from swiftconv._core.kinds import KERAS, SYMBOL, VARIABLE, kind_of, traced
from swiftconv._core.operators import Operators
from swiftconv._core.shape import TensorShape
from swiftconv._core.state import state
from swiftconv._core.tensor import Reference, Tensor, _compared
from swiftconv.errors import InvalidArgumentError


class VariableRead:
    """What a tape keeps of a variable: its content when it was read (copied when the variable is about to change)."""

    __slots__ = ("__weakref__", "array", "variable")

    def __init__(self, variable: Variable) -> None:
        self.variable = variable
        self.array = variable._array


class Variable(Operators):
    """A mutable array with a name: the weights of layers, counters, statistics.

    Args:
        initial_value: a number, nested lists, an array, a tensor, or a callable `(shape, dtype=…)` when `shape` is given.
        trainable: whether optimizers update it and tapes watch it.
        name: a name for people; `path` is it too unless given.
        dtype: the element type; by default that of the value.
        shape: for a callable initial value.
        initializer, regularizer, constraint: kept for layers and optimizers.

    Raises:
        ValueError: no initial value.
        TypeError: the initial value holds no numbers.

    Example:
        >>> import swiftconv as tf
        >>> v = tf.Variable([1.0, 2.0])
        >>> v.assign_add([1.0, 1.0]).numpy()
        array([2., 3.], dtype=float32)
    """

    _kind = VARIABLE

    #: Whether it counts among the trainable weights of its layer, even while that is frozen; set by the owner.
    _made_trainable: bool

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = True,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
        *,
        path: str | None = None,
        initializer: Any = None,
        regularizer: Any = None,
    ) -> None:
        if initial_value is None:
            initial_value = initializer
        if initial_value is None:
            raise ValueError("Variable: initial_value: expected numbers or a callable, received None")
        if callable(initial_value) and kind_of(initial_value) == 0 and not isinstance(initial_value, np.ndarray):
            initializer = initializer or initial_value
            wanted = as_dtype("float32" if dtype is None else dtype)
            initial_value = initial_value() if shape is None else initial_value(tuple(shape), dtype=wanted)
        if is_weak(initial_value):
            value = weak_array(initial_value, None if dtype is None else as_dtype(dtype).name)
        else:
            value = as_array(initial_value, dtype)
        if shape is not None and tuple(shape) != value.shape:
            value = np.broadcast_to(value, tuple(shape))
        self._native = _native.Variable(engine_dtype(value.dtype), value.shape)
        self._memory = np.asarray(self._native)
        # everybody but `_write` sees the memory through this, so that no write goes unnoticed
        self._array = self._memory.view()
        self._array.flags.writeable = False
        self._shape = TensorShape(value.shape)
        self._dtype = as_dtype(self._array.dtype)
        self._read: weakref.ref[VariableRead] | None = None
        self._write(value)
        self._name = name or "Variable"
        self._path = path or self._name
        self.trainable = True if trainable is None else bool(trainable)
        self.initializer = initializer
        self.regularizer = regularizer
        self.constraint = constraint

    # ---- what it is -------------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> TensorShape:
        """The sizes, a tuple."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self._dtype

    @property
    def ndim(self) -> int:
        """How many dimensions there are."""
        return len(self._shape)

    @property
    def size(self) -> int:
        """How many elements there are."""
        return self._array.size

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def path(self) -> str:
        """The name with those of the layers around it."""
        return self._path

    @path.setter
    def path(self, value: str) -> None:
        self._path = value

    def get_shape(self) -> TensorShape:
        """The sizes, a tuple."""
        return self._shape

    def ref(self) -> Reference:
        """A hashable stand-in for the variable itself."""
        return Reference(self)

    # ---- reading ----------------------------------------------------------------------------------------------------------

    @property
    def value(self) -> Any:
        """The content now: a `Tensor`, or a `Symbol` inside a trace."""
        return state.trace.read(self) if state.trace is not None else apply("identity", [self])

    def read_value(self) -> Any:
        """The content now."""
        return self.value

    def numpy(self) -> np.ndarray:
        """The content as a NumPy array of its own.

        Raises:
            TypeError: inside a trace, where it has no numbers.
        """
        self._refuse_in_trace("numpy()")
        return self._array.copy() if self._array.ndim else self._array[()]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        self._refuse_in_trace("use as an array")
        return self._array.astype(self._array.dtype if dtype is None else dtype)

    def __dlpack__(self, **kwargs: Any) -> Any:
        return Tensor._wrap(self._array.copy()).__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def _refuse_in_trace(self, what: str) -> None:
        if state.trace is not None and self in state.trace.assigned:
            raise TypeError(f"variable {self._name}: {what}: it was assigned in the function that is being traced")

    def tape_read(self) -> VariableRead:
        """The object by which tapes know the present content."""
        read = self._read() if self._read is not None else None
        if read is None:
            read = VariableRead(self)
            self._read = weakref.ref(read)
        return read

    def before_write(self) -> None:
        """Called before the content changes: what tapes still need is copied."""
        if self._read is not None:
            read = self._read()
            if read is not None:
                read.array = self._array.copy()
            self._read = None

    # ---- writing ----------------------------------------------------------------------------------------------------------

    def _write(self, array: np.ndarray) -> None:
        """The one place where Python changes the content; executables that keep forms of it (packed filters) are told."""
        self.before_write()
        try:
            self._memory[...] = array
        finally:
            self._native.touch()

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Variable:
        """Replaces the content.

        Args:
            value: of the variable's shape; numbers of other types are converted.

        Returns:
            The variable itself.

        Raises:
            InvalidArgumentError: the shape differs.
        """
        if traced():
            state.trace.assign(self, value)  # type: ignore[union-attr]
            return self
        if kind_of(value) in (SYMBOL, KERAS):
            raise TypeError(f"variable {self._name}: assign: expected numbers, received the symbolic value {value!r}")
        array = as_array(value)
        if array.shape != self._array.shape:
            raise InvalidArgumentError(
                f"variable {self._name}: assign: value: expected shape {self._shape}, received shape {array.shape}"
            )
        self._write(array)
        return self

    def _updated(self, op: str, value: Any) -> Variable:
        if traced():
            trace = state.trace
            return self.assign(apply(op, [trace.read(self), trace.coerce(value, self._dtype)]))  # type: ignore[union-attr]
        array = as_array(value)
        if np.broadcast_shapes(array.shape, self._array.shape) != self._array.shape:
            raise InvalidArgumentError(
                f"variable {self._name}: {op}: value: expected shape {self._shape}, received shape {array.shape}"
            )
        self._write(getattr(np, op)(self._array, array))
        return self

    def assign_add(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Variable:
        """Adds `value` to the content; returns the variable."""
        return self._updated("add", value)

    def assign_sub(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Variable:
        """Subtracts `value` from the content; returns the variable."""
        return self._updated("subtract", value)

    # ---- Python's protocols -------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("a scalar variable has no len()")
        return self._shape[0]  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        return convert_to_tensor(self)[key]

    def __bool__(self) -> bool:
        return bool(self._array)

    def __float__(self) -> float:
        return float(self._array.item())

    def __int__(self) -> int:
        return int(self._array.item())

    def __index__(self) -> int:
        return Tensor._wrap(self._array.copy()).__index__()

    def __eq__(self, other: object) -> Any:
        return _compared("equal", self, other, False)

    def __ne__(self, other: object) -> Any:
        return _compared("not_equal", self, other, True)

    def __hash__(self) -> int:
        return id(self)

    def __deepcopy__(self, memo: Any) -> Variable:
        return self._copied(self._array)

    def _copied(self, value: np.ndarray) -> Variable:
        return Variable(
            value,
            trainable=self.trainable,
            name=self._name,
            dtype=self._dtype,
            path=self._path,
            initializer=self.initializer,
            regularizer=self.regularizer,
            constraint=self.constraint,
        )

    def __reduce__(self) -> Any:
        fields = (self.trainable, self._name, self._path, self.initializer, self.regularizer, self.constraint)
        return _unpickled, (np.array(self._array), *fields)

    def __repr__(self) -> str:
        text = repr(self._array) if self._array.ndim else str(self._array[()])
        text = f"\n{text}" if "\n" in text else text
        return f"<tf.Variable '{self._name}:0' shape={self._shape} dtype={self._dtype.name}, numpy={text}>"


def _unpickled(value: np.ndarray, trainable: bool, name: str, path: str, *objects: Any) -> Variable:
    initializer, regularizer, constraint = objects
    return Variable(
        value, trainable=trainable, name=name, path=path, initializer=initializer, regularizer=regularizer, constraint=constraint
    )
