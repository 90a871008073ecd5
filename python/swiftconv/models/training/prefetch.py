"""`Prefetch`: an iterator whose items are made by a thread of its own, a bounded number ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

#: Batches that are made before they are asked for.
AHEAD = 2
#: How long the end of an iteration waits for a thread that is within the user's code; it ends by itself later.
_PATIENCE_SECONDS = 5.0

_ITEM, _END, _ERROR = range(3)


def _make(items: Iterator[Any], tokens: Any, ready: Any, stop: threading.Event) -> None:
    """The thread: one item for each token. It holds no reference to its `Prefetch`, which may thus be let go."""
    try:
        while tokens.get() and not stop.is_set():
            try:
                item = next(items)
            except StopIteration:
                ready.put((_END, None))
                return
            ready.put((_ITEM, item))
            del item
    except BaseException as error:
        ready.put((_ERROR, error))
    finally:
        if stop.is_set():
            close = getattr(items, "close", None)
            if close is not None:
                close()


class Prefetch(Iterator[Any]):
    """The items of an iterator in their order, at most `ahead` of them made before they are taken.

    Args:
        items: the iterator. An exception that it raises is raised here, in its turn.
        ahead: how many.

    Example:
        >>> list(Prefetch(iter([1, 2, 3])))
        [1, 2, 3]
    """

    def __init__(self, items: Iterator[Any], ahead: int = AHEAD) -> None:
        self._tokens: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._ready: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._ended = False
        for _ in range(max(1, ahead)):
            self._tokens.put(True)
        arguments = (items, self._tokens, self._ready, self._stop)
        self._thread = threading.Thread(target=_make, args=arguments, name="swiftconv-prefetch", daemon=True)
        self._thread.start()

    def __next__(self) -> Any:
        if self._ended:
            raise StopIteration
        kind, item = self._ready.get()
        if kind == _ITEM:
            self._tokens.put(True)
            return item
        self._ended = True
        self._thread.join(_PATIENCE_SECONDS)
        if kind == _ERROR:
            raise item
        raise StopIteration

    def close(self) -> None:
        """Ends the thread, and lets go what it has made."""
        self._ended = True
        self._stop.set()
        self._tokens.put(False)
        if self._thread is not threading.current_thread():
            self._thread.join(_PATIENCE_SECONDS)

    def __del__(self) -> None:
        if not self._ended:
            self._ended = True
            self._stop.set()
            self._tokens.put(False)
