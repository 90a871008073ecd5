"""What holds during a call: the training flag, the outermost layer; and the names around a layer that is being built."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from swiftconv._core.state import state


class _Context(threading.local):
    def __init__(self) -> None:
        self.entry: Any = None
        self.training: bool | None = None
        self.scopes: list[str] = []
        self.build_depth: dict[int, int] = {}


context = _Context()


def label_of(scopes: list[str]) -> str:
    """Which layer's work it is, in reports: the names around it without the model's, `block/conv`."""
    parts: list[str] = []
    for scope in scopes:
        if not parts or parts[-1] != scope:
            parts.append(scope)
    return "/".join(parts[1:])


@contextlib.contextmanager
def calling(layer: Any, training: bool | None) -> Iterator[None]:
    """Around the `call` of a layer."""
    outer = (context.entry, context.training)
    if context.entry is None:
        context.entry = layer
    context.training = training
    context.scopes.append(layer.name)
    trace = state.trace
    label = "" if trace is None else trace.label
    if trace is not None:
        trace.set_label(label_of(context.scopes))
    try:
        yield
    finally:
        if trace is not None:
            trace.set_label(label)
        context.entry, context.training = outer
        context.scopes.pop()


@contextlib.contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Variables made inside have `name` in their path."""
    context.scopes.append(name)
    try:
        yield
    finally:
        context.scopes.pop()


def variable_path(name: str) -> str:
    """The path of a variable made now."""
    parts: list[str] = []
    for scope in context.scopes:
        if not parts or parts[-1] != scope:
            parts.append(scope)
    return "/".join([*parts, name])
