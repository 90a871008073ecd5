"""Finds the layers, variables, metrics and seeds that an object holds, also inside lists, tuples and dicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from swiftconv._core import Variable

#: Attributes that refer to other objects without owning them.
NOT_OWNED = frozenset(
    {"_inbound_nodes", "_optimizer", "optimizer", "_compile_loss", "_compile_metrics", "_loss_tracker", "history", "_losses"}
    | {"_compiled", "_steps", "_compile_config", "_init_arguments", "_functional", "_own_variables", "_nodes"}
    | {"_inputs", "_outputs", "inputs", "outputs", "_inputs_struct", "_outputs_struct", "input_spec", "_operations"}
)


def owned(thing: Any) -> Iterator[Any]:
    """Leaves of the attributes of `thing`, in the order in which they were first set."""
    for name, value in list(thing.__dict__.items()):
        if name not in NOT_OWNED:
            yield from leaves(value, set())


def leaves(value: Any, seen: set[int]) -> Iterator[Any]:
    """Leaves of nested lists, tuples and dicts."""
    if isinstance(value, (list, tuple)):
        if id(value) in seen:
            return
        seen.add(id(value))
        for item in value:
            yield from leaves(item, seen)
    elif isinstance(value, dict):
        if id(value) in seen:
            return
        seen.add(id(value))
        for item in list(value.values()):
            yield from leaves(item, seen)
    elif value is not None and not isinstance(value, (str, int, float, bool)):
        yield value


def owned_of(thing: Any, kind: type | tuple[type, ...]) -> list[Any]:
    """Owned objects of a class, each once."""
    found: dict[int, Any] = {}
    for leaf in owned(thing):
        if isinstance(leaf, kind):
            found.setdefault(id(leaf), leaf)
    return list(found.values())


def unique(variables: Any) -> list[Variable]:
    """Each variable once, in order."""
    found: dict[int, Variable] = {}
    for variable in variables:
        found.setdefault(id(variable), variable)
    return list(found.values())
