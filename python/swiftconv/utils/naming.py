"""Names of layers, models, metrics: snake case plus a counter."""

from __future__ import annotations

import functools
import re
import threading
from collections import defaultdict

_lock = threading.Lock()
_counters: dict[str, int] = defaultdict(int)


@functools.lru_cache(maxsize=1024)
def to_snake_case(name: str) -> str:
    """`"MaxPooling2D"` → `"max_pooling2d"`.

    Example:
        >>> to_snake_case("Conv2DTranspose")
        'conv2d_transpose'
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def uniquify(name: str) -> str:
    """`name`, or `name_1`, `name_2` … when it was given out before."""
    with _lock:
        count = _counters[name]
        _counters[name] += 1
    return name if count == 0 else f"{name}_{count}"


def auto_name(prefix: str) -> str:
    """A fresh name for an object of class `prefix`."""
    return uniquify(to_snake_case(prefix))


def get_uid(prefix: str = "") -> int:
    """The next number of a prefix, from 1."""
    with _lock:
        _counters[prefix] += 1
        return _counters[prefix]


def reset_names() -> None:
    """Starts all counters again (`clear_session`)."""
    with _lock:
        _counters.clear()
