"""`KerasTensor`: a shape with unknown sizes, for building functional models; ops on it infer shapes and record themselves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from swiftconv._core.apply import apply_op, weak_input
from swiftconv._core.convert import is_weak
from swiftconv._core.dtypes import DType, engine_dtype, standardize_dtype
from swiftconv._core.kinds import KERAS, PLAIN, SYMBOL, kind_of
from swiftconv._core.operators import Operators
from swiftconv._core.state import history_disabled, state
from swiftconv._core.trace import Trace, map_structure

_counter = itertools.count()
#: What stands for an unknown size while shapes are inferred: twice, so that sizes which depend on it show themselves.
_STAND_INS = (2520, 1260)


class KerasTensor(Operators):
    """A symbolic tensor: sizes (None = unknown), a type, and the node of the functional graph that makes it.

    Args:
        shape: the sizes.
        dtype: the element type.
        sparse: accepted for Keras's sake; only False.
        name: for people.
        record_history: accepted for Keras's sake.

    Raises:
        ValueError: an unknown type.

    Example:
        >>> from swiftconv import KerasTensor, ops
        >>> ops.relu(KerasTensor((None, 28, 28, 3))).shape
        (None, 28, 28, 3)
    """

    _kind = KERAS

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
    ) -> None:
        if sparse or ragged:
            raise ValueError("KerasTensor: expected a dense tensor, received sparse or ragged")
        self._shape = tuple(None if n is None else int(n) for n in shape)
        self._dtype = standardize_dtype(dtype)
        self.sparse = False
        self.ragged = False
        self.name = name or f"keras_tensor_{next(_counter)}"
        #: The node that makes it and its place among the node's outputs; None for an input.
        self._history: tuple[Any, int] | None = None

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The sizes; None where unknown."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self._dtype

    @property
    def ndim(self) -> int:
        """How many dimensions there are."""
        return len(self._shape)

    def _refuse(self, what: str) -> Any:
        raise ValueError(
            f"{what}: a KerasTensor is symbolic: it stands for a shape in a functional model and holds no numbers. "
            "Use it as the input of layers and ops only"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._refuse("use as an array")  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        raise TypeError("a symbolic KerasTensor cannot be used as a truth value")

    def __float__(self) -> float:
        return self._refuse("float()")  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return self._refuse("int()")  # type: ignore[no-any-return]

    def __iter__(self) -> Any:
        raise NotImplementedError("iterating over a symbolic KerasTensor is not supported")

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self._shape}, dtype={self._dtype.name}, name={self.name}>"


class OperationNode:
    """An op in a functional graph: what it was applied to, and how to apply it to values.

    Attributes:
        op: the native op.
        arguments: its inputs in order: `KerasTensor`s, and whatever else was given (variables, arrays, numbers).
        inputs: the `KerasTensor`s among them.
        outputs: the `KerasTensor`s it makes.
    """

    def __init__(self, op: Any, arguments: Sequence[Any]) -> None:
        self.op = op
        self.arguments = list(arguments)
        self.inputs = [value for value in self.arguments if kind_of(value) == KERAS]
        self.outputs: list[KerasTensor] = []

    @property
    def name(self) -> str:
        """The op's name."""
        return self.op.name  # type: ignore[no-any-return]

    def __call__(self, values: Sequence[Any]) -> Any:
        """The op applied to `values` in place of `inputs`: one value, or a tuple."""
        rest = iter(values)
        return apply_op(self.op, [next(rest) if kind_of(value) == KERAS else value for value in self.arguments])


def _spec(op: Any, position: int, value: Any, inputs: Sequence[Any], stand_in: int) -> tuple[str, tuple[int, ...]]:
    if kind_of(value) == PLAIN and is_weak(value):
        array = weak_input(op, position, value, inputs)
        return array.dtype.name, array.shape
    if kind_of(value) == SYMBOL:
        raise TypeError(f"{op.name}: a KerasTensor and a value of a traced function cannot meet")
    if kind_of(value) == PLAIN:
        value = np.asarray(value)
    return engine_dtype(np.dtype(str(value.dtype))), tuple(stand_in if n is None else n for n in value.shape)


def apply_inferred(op: Any, inputs: Sequence[Any]) -> Any:
    """`apply` on `KerasTensor`s: the shape rule alone, and a node of the functional graph unless a layer is being called."""
    unknown = any(kind_of(value) == KERAS and None in value.shape for value in inputs)
    found = []
    for stand_in in _STAND_INS if unknown else _STAND_INS[:1]:
        try:
            found.append(op.infer([_spec(op, i, value, inputs, stand_in) for i, value in enumerate(inputs)]))
        except Exception as error:
            text = str(error).replace(str(stand_in), "None")
            raise type(error)(text) from None
    outputs = [
        KerasTensor([a if a == b else None for a, b in zip(first[1], second[1], strict=True)], first[0])
        for first, second in zip(found[0], found[-1], strict=True)
    ]
    if state.record_history:
        node = OperationNode(op, inputs)
        node.outputs = outputs
        for position, output in enumerate(outputs):
            output._history = (node, position)
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


def any_symbolic_tensors(args: Any = (), kwargs: Any = None) -> bool:
    """Whether nested arguments hold a `KerasTensor`."""
    found = False

    def look(leaf: Any) -> Any:
        nonlocal found
        found = found or kind_of(leaf) == KERAS
        return leaf

    map_structure(look, list(args))
    map_structure(look, dict(kwargs or {}))
    return found


def compute_output_spec(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Runs `fn` on `KerasTensor`s for the shapes of its result, without adding to a functional graph."""
    with history_disabled():
        return fn(*args, **kwargs)


class FunctionNode(OperationNode):
    """A Python function in a functional graph, for what needs to know all sizes; `outputs` as in `OperationNode`."""

    def __init__(self, name: str, fn: Callable[..., Any], arguments: Sequence[Any]) -> None:
        super().__init__(None, arguments)
        self.fn = fn
        self._name = name

    @property
    def name(self) -> str:
        """The function's name."""
        return self._name

    def __call__(self, values: Sequence[Any]) -> Any:
        """The function applied to `values` in place of `inputs`."""
        rest = iter(values)
        return self.fn(*[next(rest) if kind_of(value) == KERAS else value for value in self.arguments])


def apply_function(name: str, fn: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    """`fn(*inputs)` for a function that composes ops and needs known sizes: on `KerasTensor`s it is traced for its shapes.

    Args:
        name: for reports.
        fn: of as many values as there are inputs; gives one value or a tuple.
        inputs: values of any kind.
    """
    if not any(kind_of(value) == KERAS for value in inputs):
        return fn(*inputs)
    found = []
    for stand_in in _STAND_INS:
        trace, outer = Trace(), state.trace
        state.trace = trace
        try:
            values = [
                trace.placeholder(v.dtype, [stand_in if n is None else n for n in v.shape]) if kind_of(v) == KERAS else v
                for v in inputs
            ]
            result = fn(*values)
        finally:
            state.trace = outer
        found.append([(r.dtype, r.shape) for r in (result if isinstance(result, tuple) else (result,))])
    outputs = [
        KerasTensor([a if a == b else None for a, b in zip(first[1], second[1], strict=True)], first[0])
        for first, second in zip(*found, strict=True)
    ]
    if state.record_history:
        node = FunctionNode(name, fn, inputs)
        node.outputs = outputs
        for position, output in enumerate(outputs):
            output._history = (node, position)
    return outputs[0] if len(outputs) == 1 else tuple(outputs)
