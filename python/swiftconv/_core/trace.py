"""Tracing: a Python function, called once on `Symbol`s, becomes one graph that runs in one crossing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from swiftconv import _native
from swiftconv._core.apply import weak_input
from swiftconv._core.convert import cast, dense, foreign_array, is_weak, weak_array
from swiftconv._core.dtypes import DType, as_dtype
from swiftconv._core.kinds import KERAS, PLAIN, SYMBOL, TENSOR, VARIABLE, kind_of
from swiftconv._core.operators import Operators
from swiftconv._core.shape import TensorShape
from swiftconv._core.state import state
from swiftconv._core.tensor import Reference, _compared
from swiftconv._core.variable import Variable
from swiftconv.errors import InvalidArgumentError


class Symbol(Operators):
    """A value of the graph that is being traced: it has a type and a shape, but no numbers yet."""

    __slots__ = ("__weakref__", "_dtype", "_id", "_shape", "_trace")
    _kind = SYMBOL

    def __init__(self, trace: Trace, identifier: int) -> None:
        dtype, shape = trace.graph.spec(identifier)
        self._trace = trace
        self._id = identifier
        self._dtype = as_dtype(dtype)
        self._shape = TensorShape(shape)

    @property
    def shape(self) -> TensorShape:
        """The sizes, a tuple."""
        return self._shape

    def get_shape(self) -> TensorShape:
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
        return self._shape.num_elements()

    def ref(self) -> Reference:
        """A hashable stand-in for the symbol itself."""
        return Reference(self)

    def _refuse(self, what: str) -> Any:
        raise TypeError(
            f"{what}: the value ({self._dtype} of shape {self._shape}) has no numbers yet: the function around it is being "
            "traced into a graph; use ops, or run eagerly (compile(run_eagerly=True))"
        )

    def numpy(self) -> Any:
        """Refused: there are no numbers yet."""
        return self._refuse("numpy()")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._refuse("use as an array")  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return self._refuse("use as a truth value")  # type: ignore[no-any-return]

    def __float__(self) -> float:
        return self._refuse("float()")  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return self._refuse("int()")  # type: ignore[no-any-return]

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("a scalar has no len()")
        return self._shape[0]  # type: ignore[no-any-return]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __eq__(self, other: object) -> Any:
        return _compared("equal", self, other, False)

    def __ne__(self, other: object) -> Any:
        return _compared("not_equal", self, other, True)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<Symbol %{self._id} shape={self._shape}, dtype={self._dtype.name}>"


class Trace:
    """A graph in the making: its nodes, the variables read in it, the values assigned to them."""

    def __init__(self) -> None:
        self.graph = _native.Graph()
        self.reads: dict[Variable, Symbol] = {}
        self.assigned: dict[Variable, Symbol] = {}
        self.label = ""

    def set_label(self, label: str) -> None:
        """Whose work the nodes are that are added from now on: a layer's name, for reports."""
        if label != self.label:
            self.label = label
            self.graph.label(label)

    def placeholder(self, dtype: Any, shape: Iterable[int]) -> Symbol:
        """A value that every run is fed with."""
        return Symbol(self, self.graph.placeholder(as_dtype(dtype).name, tuple(shape)))

    def source(self, variable: Variable) -> Symbol:
        """The content of a variable when the run begins."""
        if variable not in self.reads:
            self.reads[variable] = Symbol(self, self.graph.variable(variable._native))
        return self.reads[variable]

    def read(self, variable: Variable) -> Symbol:
        """The content of a variable at this point of the function."""
        return self.assigned[variable] if variable in self.assigned else self.source(variable)

    def constant(self, array: np.ndarray) -> Symbol:
        """An array as a node."""
        return Symbol(self, self.graph.constant(dense(array)))

    def coerce(self, value: Any, dtype: Any = None) -> Symbol:
        """Any value as a `Symbol` of this graph, cast to `dtype` if given."""
        kind = kind_of(value)
        symbol: Symbol
        if kind == SYMBOL:
            if value._trace is not self:
                raise InvalidArgumentError(f"{value!r} belongs to a function whose trace is over; return it from there")
            symbol = value
        elif kind == VARIABLE:
            symbol = self.read(value)
        elif kind == TENSOR:
            symbol = self.constant(value._array)
        elif kind == KERAS:
            raise TypeError(f"a KerasTensor cannot be used inside a traced function: {value!r}")
        elif isinstance(value, np.ndarray):
            symbol = self.constant(value)
        elif is_weak(value):
            array = weak_array(value, None)
            symbol = self.constant(array if dtype is None else array.astype(as_dtype(dtype).name))
        else:
            symbol = self.constant(foreign_array(value))
        if dtype is not None and symbol.dtype != dtype:
            symbol = cast(symbol, dtype)
        return symbol

    def assign(self, variable: Variable, value: Any) -> None:
        """Notes that the variable takes over `value` at the end of the run."""
        symbol = self.coerce(value, variable.dtype)
        if symbol.shape != variable.shape:
            raise InvalidArgumentError(
                f"variable {variable.name}: assign: value: expected shape {variable.shape}, received shape {symbol.shape}"
            )
        self.source(variable)
        self.assigned[variable] = symbol


@contextlib.contextmanager
def labelled(label: str) -> Iterator[None]:
    """Inside, nodes of the trace, if there is one, carry `label`."""
    trace = state.trace
    if trace is None:
        yield
        return
    before = trace.label
    trace.set_label(label)
    try:
        yield
    finally:
        trace.set_label(before)


def apply_traced(op: Any, inputs: Sequence[Any]) -> Any:
    """`apply` inside a trace: a node of the graph."""
    trace = state.trace
    if trace is None:
        raise InvalidArgumentError(f"{op.name}: a Symbol was used after the trace of its function had ended")
    ids = [
        trace.constant(weak_input(op, i, value, inputs))._id
        if kind_of(value) == PLAIN and is_weak(value)
        else trace.coerce(value)._id
        for i, value in enumerate(inputs)
    ]
    outputs = [Symbol(trace, identifier) for identifier in trace.graph.apply(op, ids)]
    return outputs[0] if len(outputs) == 1 else tuple(outputs)


def gradients(target: Any, sources: Sequence[Any], seeds: Any = None) -> list[Symbol | None]:
    """The gradients of `target` (a Symbol, or a list of them) with respect to variables and symbols, inside a trace.

    Args:
        target: what is differentiated; the sum over its elements unless `seeds` weighs them.
        sources: `Variable`s or `Symbol`s.
        seeds: of the target's shape, or None for ones.

    Returns:
        One `Symbol` for each source, None where the target does not depend on it.
    """
    trace = state.trace
    if trace is None:
        raise InvalidArgumentError("gradients: expected to be called inside a traced function; elsewhere use GradientTape")
    targets = target if isinstance(target, (list, tuple)) else [target]
    weights = [None] * len(targets) if seeds is None else seeds if isinstance(seeds, (list, tuple)) else [seeds]
    found = trace.graph.gradient(
        [trace.coerce(t)._id for t in targets],
        [None if w is None else trace.coerce(w, t.dtype)._id for w, t in zip(weights, targets, strict=True)],
        [trace.source(s)._id if kind_of(s) == VARIABLE else trace.coerce(s)._id for s in sources],
    )
    return [None if identifier is None else Symbol(trace, identifier) for identifier in found]


def _is_spec(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and isinstance(value[0], (str, np.dtype, type))
        and isinstance(value[1], (tuple, list))
        and all(isinstance(n, (int, np.integer)) for n in value[1])
    )


def map_structure(fn: Callable[[Any], Any], value: Any, is_leaf: Callable[[Any], bool] | None = None) -> Any:
    """`fn` of every leaf of nested lists, tuples and dicts, in the same structure."""
    if is_leaf is not None and is_leaf(value):
        return fn(value)
    if isinstance(value, dict):
        return {key: map_structure(fn, item, is_leaf) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_structure(fn, item, is_leaf) for item in value))
    if isinstance(value, (list, tuple)) and not isinstance(value, TensorShape):
        return type(value)(map_structure(fn, item, is_leaf) for item in value)
    return fn(value)


class CompiledFunction:
    """A traced and planned function: `run` is one crossing into the engine, with the GIL released."""

    def __init__(self, name: str, trace: Trace, feeds: list[int], structure: Any) -> None:
        self.name = name
        self._variables = list(trace.reads)
        self._assigned = list(trace.assigned)
        self._fetches: list[int] = []
        self._structure = map_structure(self._slot, structure)
        for variable, symbol in trace.assigned.items():
            trace.graph.assign(variable._native, symbol._id)
        self._executable = _native.Executable(trace.graph, feeds, self._fetches)

    def _slot(self, leaf: Any) -> Any:
        if kind_of(leaf) != SYMBOL:
            return leaf
        if leaf._id not in self._fetches:
            self._fetches.append(leaf._id)
        return _Slot(self._fetches.index(leaf._id))

    @property
    def variables(self) -> list[Variable]:
        """The variables that the function reads or assigns."""
        return list(self._variables)

    def run(self, *arrays: Any) -> Any:
        """Runs the function on arrays, one for each of its specs, in order.

        Returns:
            What the traced function returned, with NumPy arrays in place of the `Symbol`s.

        Raises:
            InvalidArgumentError: the number, a shape or the content of the arrays does not fit.
            TypeError: an element type does not fit.
        """
        for variable in self._assigned:
            if variable._read is not None:
                variable.before_write()
        results = self._executable.run(*[_feed(a) for a in arrays])
        return map_structure(lambda leaf: results[leaf.position] if type(leaf) is _Slot else leaf, self._structure)

    @property
    def assigned(self) -> list[Variable]:
        """The variables that a run writes to."""
        return list(self._assigned)

    def profile(self, *arrays: Any) -> list[int]:
        """Runs the function once; the nanoseconds that each node of `plan()` took."""
        for variable in self._assigned:
            if variable._read is not None:
                variable.before_write()
        return self._executable.profile(*[_feed(a) for a in arrays])[1]

    def plan(self) -> dict[str, Any]:
        """The plan: nodes with their algorithms, buffers with their places, the size of the arena, what was fused."""
        import json

        return json.loads(self._executable.describe())  # type: ignore[no-any-return]


class _Slot:
    __slots__ = ("position",)

    def __init__(self, position: int) -> None:
        self.position = position


def _feed(value: Any) -> np.ndarray:
    if type(value) is np.ndarray:
        return dense(value)
    kind = kind_of(value)
    if kind in (TENSOR, VARIABLE):
        return dense(value._array)
    return dense(np.asarray(value)) if kind == PLAIN else np.asarray(value)


def compile_function(fn: Callable[..., Any], specs: Sequence[Any], *, name: str = "function") -> CompiledFunction:
    """Traces `fn` into a graph and plans it.

    Args:
        fn: called once, on nested `Symbol`s in the structure of `specs`; returns nested values.
        specs: one for each argument of `fn`: `(dtype, shape)`, or nested lists, tuples and dicts of those.
        name: for reports.

    Returns:
        A `CompiledFunction`, whose `run` takes the arrays flat, in the order in which the specs are written.

    Raises:
        Whatever `fn` raises. `TypeError` where it uses a `Symbol` as an array.
    """
    trace, feeds, result = _traced(fn, specs)
    return CompiledFunction(name, trace, feeds, result)


def save_function(fn: Callable[..., Any], specs: Sequence[Any], path: str) -> None:
    """Traces `fn` as `compile_function` does and writes the graph to a file for `sc_graph_load` (swiftconv.h).

    What it returns is fetched flat; variables are saved with the content that they have now, and what it assigns is left out.

    Raises:
        InvalidArgumentError: the file cannot be written, or something that is returned is no `Symbol`.
    """
    trace, feeds, result = _traced(fn, specs)
    fetches: list[int] = []

    def fetch(leaf: Any) -> None:
        fetches.append(trace.coerce(leaf)._id)

    map_structure(fetch, result)
    trace.graph.save(feeds, fetches, path)


def _traced(fn: Callable[..., Any], specs: Sequence[Any]) -> tuple[Trace, list[int], Any]:
    """A trace of `fn`, its placeholders, and what it returned."""
    outer = state.trace
    trace = Trace()
    feeds: list[int] = []

    def feed(spec: Any) -> Symbol:
        symbol = trace.placeholder(*spec)
        feeds.append(symbol._id)
        return symbol

    arguments = [map_structure(feed, spec, _is_spec) for spec in specs]
    state.trace = trace
    try:
        result = fn(*arguments)
        result = map_structure(lambda leaf: trace.read(leaf) if kind_of(leaf) == VARIABLE else leaf, result)
    finally:
        state.trace = outer
    return trace, feeds, result
