"""What is under way in this thread: the trace, the tapes, whether functional models record operations."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swiftconv._core.tape import GradientTape
    from swiftconv._core.trace import Trace


class _State(threading.local):
    def __init__(self) -> None:
        self.trace: Trace | None = None
        self.tapes: tuple[GradientTape, ...] = ()
        self.record_history = True


state = _State()


def in_trace() -> bool:
    """Whether a function is being traced into a graph in this thread."""
    return state.trace is not None


@contextlib.contextmanager
def history_disabled() -> Iterator[None]:
    """Inside, ops on `KerasTensor`s infer shapes but add no node to the functional graph (layers call `call` in it)."""
    before = state.record_history
    state.record_history = False
    try:
        yield
    finally:
        state.record_history = before
