"""Walking a functional graph: which nodes lead from inputs to outputs, in which order they run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from swiftconv import _core
from swiftconv.layers._node import Node, is_keras_tensor
from swiftconv.layers.layer import Layer
from swiftconv.utils import naming
from swiftconv.utils.registry import builtin


@contextlib.contextmanager
def history_enabled() -> Iterator[None]:
    """Inside, calls on `KerasTensor`s are recorded, whatever holds around."""
    state = _core.state.state
    before = (state.record_history, state.trace, state.tapes)
    state.record_history, state.trace, state.tapes = True, None, ()
    try:
        yield
    finally:
        state.record_history, state.trace, state.tapes = before


@builtin("swiftconv.layers")
class EngineOp(Layer):
    """An op of the engine in a functional graph, such as the addition in `a + b`.

    Args:
        op: the op's name.
        attributes: its attributes.
    """

    _takes_numbers = True

    def __init__(self, op: str, attributes: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("autocast", False)
        kwargs.setdefault("name", naming.auto_name(op))
        super().__init__(**kwargs)
        self.op = op
        self.attributes = dict(attributes or {})
        self._function: Any = None
        self.built = True

    def call(self, *inputs: Any) -> Any:
        """The op's result."""
        if self._function is not None:
            return self._function(*inputs)
        if self.op == "getitem":
            return inputs[0][tuple(self.attributes["key"])]
        return _core.apply(self.op, list(inputs), **self.attributes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments.

        Raises:
            ValueError: a function of several ops, which cannot be saved.
        """
        if self._function is not None:
            raise ValueError(f"the function {self.op!r} in the graph cannot be saved: put it into a layer of its own")
        return {**super().get_config(), "op": self.op, "attributes": self.attributes}


def node_of(tensor: Any) -> Any:
    """The node that makes a `KerasTensor`: ops outside of layers are given a layer of their own the first time.

    Raises:
        ValueError: the tensor comes from nowhere.
    """
    history = getattr(tensor, "_history", None)
    if history is None:
        raise ValueError(f"the graph is disconnected: {tensor!r} does not come from an Input")
    node, _ = history
    if isinstance(node, Node):
        return node
    function = getattr(node, "fn", None)
    if function is None:
        layer = EngineOp(node.name, dict(node.op.attributes))
    elif node.name == "getitem":
        layer = EngineOp("getitem", {"key": list(function.parts)})
    else:
        layer = EngineOp(node.name)
        layer._function = function
    replaced = Node(layer, tuple(node.arguments), {}, node.outputs[0] if len(node.outputs) == 1 else tuple(node.outputs))
    return replaced


class Graph:
    """The nodes between inputs and outputs, sorted.

    Raises:
        ValueError: an output does not depend on the inputs alone.
    """

    def __init__(self, inputs: list[Any], outputs: list[Any]) -> None:
        self.inputs = inputs
        self.outputs = outputs
        known = {id(t) for t in inputs}
        self.order: list[Node] = []
        state: dict[int, int] = {}
        for output in outputs:
            if is_keras_tensor(output):
                self._visit(output, known, state)
        self._sort()

    def _visit(self, output: Any, known: set[int], state: dict[int, int]) -> None:
        """Depth first, without recursion: deep models are long chains."""
        stack: list[tuple[Any, int]] = [(output, 0)]
        while stack:
            tensor, step = stack.pop()
            if id(tensor) in known:
                continue
            node = node_of(tensor)
            if state.get(id(node)) == 2:
                continue
            if not node.inputs:
                raise ValueError(
                    f"the graph is disconnected: the outputs depend on {tensor!r} of layer {node.operation.name!r}, which is "
                    "not among the inputs"
                )
            if step < len(node.inputs):
                stack.append((tensor, step + 1))
                stack.append((node.inputs[step], 0))
                continue
            state[id(node)] = 2
            self.order.append(node)

    def _sort(self) -> None:
        """Layers by their distance from the outputs, then by when they were met."""
        depth: dict[int, int] = {}
        made = {id(t): node for node in self.order for t in node.outputs}
        for node in reversed(self.order):
            mine = depth.setdefault(id(node), 0)
            for tensor in node.inputs:
                before = made.get(id(tensor))
                if before is not None:
                    depth[id(before)] = max(depth.get(id(before), 0), mine + 1)
        layer_depth: dict[int, int] = {}
        layers: dict[int, Any] = {}
        input_nodes = [node_of(t) for t in self.inputs if getattr(t, "_history", None) is not None]
        tops = max(depth.values(), default=-1) + 1
        for node in input_nodes:
            if not node.inputs:
                layers.setdefault(id(node.operation), node.operation)
                layer_depth[id(node.operation)] = tops
        for node in self.order:
            layers.setdefault(id(node.operation), node.operation)
            key = id(node.operation)
            layer_depth[key] = max(layer_depth.get(key, 0), depth[id(node)])
        index = {key: i for i, key in enumerate(layers)}
        self.layers = [layers[key] for key in sorted(layers, key=lambda k: (-layer_depth[k], index[k]))]
        last: dict[int, int] = {}
        for position, node in enumerate(self.order):
            for tensor in node.inputs:
                last[id(tensor)] = position
        kept = {id(t) for t in self.outputs}
        self.drops: list[list[int]] = [[] for _ in self.order]
        for tensor, position in last.items():
            if tensor not in kept:
                self.drops[position].append(tensor)

    def run(self, values: dict[int, Any], training: Any = None) -> list[Any]:
        """The outputs for `values[id(input)]`; intermediate values are let go as soon as nobody needs them."""
        from swiftconv.utils import nest

        for node, drops in zip(self.order, self.drops, strict=True):
            args, kwargs = node.fill(values)
            results = nest.flatten(node.operation(*args, **kwargs))
            for tensor, result in zip(node.outputs, results, strict=True):
                values[id(tensor)] = result
            for key in drops:
                values.pop(key, None)
        return [values[id(t)] if is_keras_tensor(t) else t for t in self.outputs]
