"""The functional graph: which layer was called on what."""

from __future__ import annotations

from typing import Any

from swiftconv._core import KerasTensor
from swiftconv.utils import nest
from swiftconv.utils.registry import builtin

builtin("keras")(KerasTensor)


def is_keras_tensor(value: Any) -> bool:
    """Whether `value` is symbolic in a functional model."""
    return isinstance(value, KerasTensor)


class Node:
    """One call of a layer on `KerasTensor`s.

    Attributes:
        operation: the layer.
        args, kwargs: what it was called with.
        inputs: the `KerasTensor`s among them.
        outputs: what came out, flat.
    """

    def __init__(
        self, operation: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None, outputs: Any = ()
    ) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs or {}
        self.inputs = [leaf for leaf in nest.flatten([list(args), self.kwargs]) if is_keras_tensor(leaf)]
        self.structure = outputs
        self.outputs = nest.flatten(outputs)
        for index, output in enumerate(self.outputs):
            output._history = (self, index)
        operation._inbound_nodes.append(self)

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.operation.name)

    def fill(self, values: dict[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with `values[id(tensor)]` in place of the `KerasTensor`s."""

        def put(leaf: Any) -> Any:
            return values[id(leaf)] if is_keras_tensor(leaf) else leaf

        return nest.map_structure(put, self.args), nest.map_structure(put, self.kwargs)

    def index(self) -> int:
        """Which of the layer's calls it is."""
        return next(i for i, node in enumerate(self.operation._inbound_nodes) if node is self)
