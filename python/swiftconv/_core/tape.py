"""`GradientTape`: records eager ops and differentiates them with the engine's own autodiff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from swiftconv import _native
from swiftconv._core.convert import as_array, dense
from swiftconv._core.kinds import PLAIN, SYMBOL, TENSOR, VARIABLE, kind_of
from swiftconv._core.state import state
from swiftconv._core.tensor import Tensor
from swiftconv._core.trace import gradients, map_structure
from swiftconv._core.variable import Variable, VariableRead

_plans: dict[Any, _Plan] = {}
_MOST_PLANS = 256


class _Record:
    """One op that was applied: inputs are `Tensor`s, `VariableRead`s and arrays; outputs are `Tensor`s."""

    __slots__ = ("inputs", "op", "outputs")

    def __init__(self, op: Any, inputs: Sequence[Any], outputs: Sequence[Tensor]) -> None:
        self.op = op
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)


def _content(value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value
    return value.array if isinstance(value, VariableRead) else dense(value._array)


class _Structure:
    """The shape of a recorded calculation without its numbers, so that equal ones share a plan.

    Values are numbered: the leaves in the order in which they are met, and the outputs of the steps.
    """

    def __init__(self, records: list[_Record], targets: list[Any], sources: list[list[Any]], seeded: tuple[bool, ...]) -> None:
        numbers: dict[int, int] = {}
        self.leaves: list[Any] = []
        self.inner: list[Any] = []
        leaf_numbers: list[int] = []
        inner_numbers: list[int] = []

        def number(value: Any) -> int:
            if id(value) not in numbers:
                numbers[id(value)] = len(numbers)
                leaf_numbers.append(numbers[id(value)])
                self.leaves.append(value)
            return numbers[id(value)]

        steps = []
        for record in records:
            inputs = tuple(number(value) for value in record.inputs)
            outputs = []
            for value in record.outputs:
                numbers[id(value)] = len(numbers)
                outputs.append(numbers[id(value)])
                inner_numbers.append(numbers[id(value)])
                self.inner.append(value)
            steps.append((record.op, inputs, tuple(outputs)))
        target_numbers = tuple(number(t) for t in targets)
        self.key = (
            tuple(steps),
            tuple(leaf_numbers),
            tuple(inner_numbers),
            tuple((_content(v).dtype.name, _content(v).shape) for v in self.leaves),
            target_numbers,
            tuple(tuple(numbers[id(v)] for v in group if id(v) in numbers) for group in sources),
            seeded,
        )


class _Plan:
    """Graph and executable for one structure of recorded ops."""

    def __init__(self, key: Any, inner_specs: list[tuple[str, tuple[int, ...]]]) -> None:
        _, leaves, inner, leaf_specs, targets, _, seeded = key
        graph = _native.Graph()
        ids = {n: graph.placeholder(*spec) for n, spec in zip(leaves, leaf_specs, strict=True)}
        specs = dict(zip((*leaves, *inner), (*leaf_specs, *inner_specs), strict=True))
        seeds = [graph.placeholder(*specs[t]) if given else None for t, given in zip(targets, seeded, strict=True)]
        self.found = emit_gradient(graph, key, ids, seeds)
        # the recorded forward values are fed, so that nothing is calculated twice
        feeds = [ids[n] for n in (*leaves, *inner)] + [s for s in seeds if s is not None]
        fetches = [g for g in self.found if g is not None]
        fed = list(dict.fromkeys(feeds))
        self.picks = [feeds.index(f) for f in fed]
        self.fetched = list(dict.fromkeys(fetches))
        self.executable = _native.Executable(graph, fed, self.fetched) if fetches else None


def emit_gradient(graph: Any, key: Any, ids: dict[int, int], seeds: Sequence[int | None]) -> list[int | None]:
    """Writes the steps and their gradients into a graph whose `ids` hold the leaves; the gradient of each source."""
    steps, _, _, _, targets, sources, _ = key
    for op, inputs, outputs in steps:
        given = [ids[n] for n in inputs]
        made = op.emit(graph, given) if isinstance(op, _GradientOp) else graph.apply(op, given)
        ids.update(zip(outputs, made, strict=True))
    flat = [n for group in sources for n in group]
    found = dict(zip(flat, graph.gradient([ids[t] for t in targets], list(seeds), [ids[n] for n in flat]), strict=True))
    add = None
    result: list[int | None] = []
    for group in sources:
        total: int | None = None
        for part in (found[n] for n in group):
            if total is None or part is None:
                total = part if total is None else total
            else:
                add = add or _native.Op("add", {})
                total = graph.apply(add, [total, part])[0]
        result.append(total)
    return result


class _GradientOp:
    """A gradient that was itself recorded by an outer tape: in the outer graph it is replayed, then differentiated again."""

    name = "gradient"

    def __init__(self, key: Any, found: list[bool]) -> None:
        self.key = key
        self.kept = found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _GradientOp) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def emit(self, graph: Any, inputs: list[int]) -> list[int]:
        leaves, seeded = self.key[1], self.key[6]
        ids = dict(zip(leaves, inputs, strict=False))
        rest = iter(inputs[len(leaves) :])
        seeds = [next(rest) if given else None for given in seeded]
        found = emit_gradient(graph, self.key, ids, seeds)
        return [g for g, kept in zip(found, self.kept, strict=True) if kept and g is not None]


class GradientTape:
    """Records what is calculated from watched tensors and variables, and differentiates it.

    Args:
        persistent: whether `gradient` may be called more than once.
        watch_accessed_variables: whether trainable variables are watched when they are read.

    Example:
        >>> import swiftconv as tf
        >>> x = tf.constant(3.0)
        >>> with tf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> float(tape.gradient(y, x))
        6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watch_variables = watch_accessed_variables
        self._recording = False
        self._used = False
        self.reset()

    def reset(self) -> None:
        """Forgets all that was recorded and watched."""
        self._records: list[_Record] = []
        self._tracked: dict[int, Any] = {}
        self._watched_variables: dict[int, Variable] = {}
        self._reads: dict[int, list[VariableRead]] = {}

    def __enter__(self) -> GradientTape:
        if self._recording:
            raise ValueError("GradientTape: the tape is already recording")
        self._recording = True
        state.tapes = (*state.tapes, self)
        return self

    def __exit__(self, *exception: Any) -> None:
        self._recording = False
        state.tapes = tuple(tape for tape in state.tapes if tape is not self)

    def watch(self, tensor: Any) -> None:
        """Follows what is calculated from `tensor` (or from nested lists of tensors and variables).

        Raises:
            ValueError: neither a tensor nor a variable.
        """

        def follow(value: Any) -> None:
            kind = kind_of(value)
            if kind == TENSOR:
                self._tracked[id(value)] = value
            elif kind == VARIABLE:
                self._watched_variables[id(value)] = value
            elif kind != SYMBOL:
                raise ValueError(f"GradientTape.watch: tensor: expected a Tensor or Variable, received {type(value).__name__}")

        map_structure(follow, tensor)

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables watched so far."""
        return tuple(self._watched_variables.values())

    def stop_recording(self) -> _Pause:
        """A context in which nothing is recorded."""
        if not self._recording:
            raise ValueError("GradientTape.stop_recording: the tape is not recording")
        return _Pause(self)

    # ---- called by apply -----------------------------------------------------------------------------------------------------

    def _follows(self, inputs: Sequence[Any]) -> bool:
        followed = False
        for value in inputs:
            kind = getattr(type(value), "_kind", PLAIN)
            if kind == TENSOR:
                followed = followed or id(value) in self._tracked
            elif kind == VARIABLE:
                if self._watch_variables and value.trainable:
                    self._watched_variables[id(value)] = value
                followed = followed or id(value) in self._watched_variables
        return followed

    def _record(self, op: Any, inputs: Sequence[Any], arrays: Sequence[np.ndarray], outputs: Sequence[Tensor]) -> None:
        values: list[Any] = []
        for value, array in zip(inputs, arrays, strict=True):
            kind = getattr(type(value), "_kind", PLAIN)
            if kind == TENSOR:
                values.append(value)
            elif kind == VARIABLE:
                read = value.tape_read()
                known = self._reads.setdefault(id(value), [])
                if not any(r is read for r in known):
                    known.append(read)
                values.append(read)
            else:
                # an array of the caller's may change before the gradient is asked for
                values.append(array.copy() if array is value else array)
        self._records.append(_Record(op, values, outputs))
        for output in outputs:
            self._tracked[id(output)] = output

    # ---- gradients -----------------------------------------------------------------------------------------------------------

    def gradient(self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: Any = "none") -> Any:
        """The gradient of `target` with respect to `sources`.

        Args:
            target: a tensor or nested tensors; their elements are summed.
            sources: a tensor or variable, or nested ones.
            output_gradients: weights of the target's elements, in its structure; ones by default.
            unconnected_gradients: `"none"` or `"zero"`: what stands for a source that the target does not depend on.

        Returns:
            `Tensor`s (or None) in the structure of `sources`.

        Raises:
            RuntimeError: asked twice of a tape that is not persistent.
            ValueError: an unknown word for `unconnected_gradients`.
        """
        word = str(getattr(unconnected_gradients, "value", unconnected_gradients)).lower()
        if word not in ("none", "zero"):
            raise ValueError(f"gradient: unconnected_gradients: expected 'none' or 'zero', received {unconnected_gradients!r}")
        if self._used and not self._persistent:
            raise RuntimeError("GradientTape.gradient: called twice; make the tape with persistent=True")
        flat_targets = _flat(target)
        flat_sources = _flat(sources)
        seeds = [None] * len(flat_targets) if output_gradients is None else _flat(output_gradients)
        if len(seeds) != len(flat_targets):
            raise ValueError(f"gradient: output_gradients: expected {len(flat_targets)} values, received {len(seeds)}")
        if any(kind_of(t) == SYMBOL for t in flat_targets):
            found: list[Any] = list(gradients(flat_targets, flat_sources, seeds))
        else:
            found = self._differentiate(flat_targets, flat_sources, seeds)
            if not self._persistent:
                self._used = True
                recording, self._recording = self._recording, False
                self.reset()
                self._recording = recording
        if word == "zero":
            found = [_zeros(s) if g is None else g for g, s in zip(found, flat_sources, strict=True)]
        rest = iter(found)
        return map_structure(lambda _: next(rest), sources)

    def _differentiate(self, targets: list[Any], sources: list[Any], seeds: list[Any]) -> list[Tensor | None]:
        for value in (*targets, *sources):
            if kind_of(value) not in (TENSOR, VARIABLE) and value is not None:
                raise TypeError(f"gradient: expected Tensors or Variables, received {type(value).__name__}")
        pairs = [(self._latest(t), s) for t, s in zip(targets, seeds, strict=True) if t is not None]
        groups = [self._known(s) for s in sources]
        records = self._ancestors([t for t, _ in pairs])
        seeded = tuple(s is not None for _, s in pairs)
        structure = _Structure(records, [t for t, _ in pairs], groups, seeded)
        plan = _plans.get(structure.key)
        if plan is None:
            if len(_plans) >= _MOST_PLANS:
                _plans.clear()
            inner = [(_content(v).dtype.name, _content(v).shape) for v in structure.inner]
            plan = _plans[structure.key] = _Plan(structure.key, inner)
        weights = [_seed(s, t) for t, s in pairs if s is not None]
        values = [_content(v) for v in (*structure.leaves, *structure.inner, *weights)]
        results: dict[int, Tensor] = {}
        if plan.executable is not None:
            arrays = plan.executable.run(*(values[i] for i in plan.picks))
            results = {identifier: Tensor._wrap(a) for identifier, a in zip(plan.fetched, arrays, strict=True)}
        # two sources with one gradient still get tensors of their own
        found = [None if g is None else Tensor._wrap(results[g]._array) for g in plan.found]
        self._show_outer(structure, weights, found)
        return found

    def _known(self, source: Any) -> list[Any]:
        """What the tape recorded of a source: the reads of a variable, or the tensor; nothing if it is not watched."""
        if kind_of(source) == VARIABLE:
            return self._reads.get(id(source), []) if id(source) in self._watched_variables else []
        return [source] if id(source) in self._tracked else []

    def _latest(self, target: Any) -> Any:
        return target.tape_read() if kind_of(target) == VARIABLE else target

    def _ancestors(self, targets: list[Any]) -> list[_Record]:
        needed = {id(t) for t in targets}
        kept = []
        for record in reversed(self._records):
            if any(id(output) in needed for output in record.outputs):
                kept.append(record)
                needed.update(id(value) for value in record.inputs)
        return kept[::-1]

    def _show_outer(self, structure: _Structure, weights: list[Tensor], found: list[Tensor | None]) -> None:
        """Records the gradient itself on the tapes that are still running, for derivatives of higher order."""
        outputs = [g for g in found if g is not None]
        if not outputs or not state.tapes:
            return
        inputs = [v.variable if isinstance(v, VariableRead) else v for v in (*structure.leaves, *weights)]
        op = _GradientOp(structure.key, [g is not None for g in found])
        for tape in state.tapes:
            if tape._follows(inputs):
                tape._record(op, inputs, [_content(v) for v in (*structure.leaves, *weights)], outputs)

    def jacobian(self, target: Any, sources: Any, **options: Any) -> Any:
        """The derivative of every element of `target` with respect to `sources`: shape `target.shape + source.shape`.

        Raises:
            RuntimeError: the tape is not persistent.
        """
        if not self._persistent:
            raise RuntimeError("GradientTape.jacobian: make the tape with persistent=True")
        word = options.get("unconnected_gradients", "none")
        rows = []
        for place in range(target.size):
            seed = np.zeros(target.size, target._array.dtype)
            seed[place] = 1
            rows.append(_flat(self.gradient(target, sources, Tensor._wrap(seed.reshape(target.shape)), word)))
        columns: list[Any] = []
        for i, source in enumerate(_flat(sources)):
            if not rows or rows[0][i] is None:
                columns.append(None if rows else _zeros(source))
                continue
            stacked = np.stack([row[i]._array for row in rows])
            columns.append(Tensor._wrap(stacked.reshape((*target.shape, *source.shape))))
        rest = iter(columns)
        return map_structure(lambda _: next(rest), sources)


class _Pause:
    def __init__(self, tape: GradientTape) -> None:
        self._tape = tape

    def __enter__(self) -> None:
        self._tape.__exit__()

    def __exit__(self, *exception: Any) -> None:
        self._tape.__enter__()


def _flat(value: Any) -> list[Any]:
    found: list[Any] = []
    map_structure(found.append, value)
    return found


def _zeros(source: Any) -> Any:
    return Tensor._wrap(np.zeros(tuple(source.shape), str(source.dtype)))


def _seed(value: Any, target: Any) -> Tensor:
    if kind_of(value) == TENSOR and value._array.dtype == _content(target).dtype and value.shape == _content(target).shape:
        return value  # type: ignore[no-any-return]
    array = as_array(value, _content(target).dtype)
    return Tensor._wrap(np.array(np.broadcast_to(array, _content(target).shape), order="C"))
