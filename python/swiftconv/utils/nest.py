"""Nested structures of lists, tuples and dicts: flatten, rebuild, map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def is_nested(value: Any) -> bool:
    """Whether `value` is a list, tuple or dict."""
    return isinstance(value, (list, tuple, dict))


def _collect(value: Any, leaves: list[Any]) -> None:
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            _collect(value[key], leaves)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _collect(item, leaves)
    else:
        leaves.append(value)


def flatten(value: Any) -> list[Any]:
    """The leaves from left to right; dicts in the order of their sorted keys. None is a leaf."""
    leaves: list[Any] = []
    _collect(value, leaves)
    return leaves


def _rebuild(like: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(like, dict):
        rebuilt = {key: _rebuild(like[key], leaves) for key in sorted(like, key=str)}
        return {key: rebuilt[key] for key in like}
    if isinstance(like, tuple):
        items = [_rebuild(item, leaves) for item in like]
        return type(like)(*items) if hasattr(like, "_fields") else tuple(items)
    if isinstance(like, list):
        return [_rebuild(item, leaves) for item in like]
    return next(leaves)


def pack_like(like: Any, leaves: Any) -> Any:
    """The structure of `like` with other leaves.

    Raises:
        ValueError: the number of leaves differs.
    """
    leaves = list(leaves)
    expected = len(flatten(like))
    if expected != len(leaves):
        raise ValueError(f"pack_like: expected {expected} leaves, received {len(leaves)}")
    return _rebuild(like, iter(leaves))


def map_structure(function: Callable[..., Any], *structures: Any) -> Any:
    """Applies `function` to the leaves of structures of one form."""
    if len(structures) == 1 and not isinstance(structures[0], (list, tuple, dict)):
        return function(structures[0])  # most often; a call of `predict` comes here many times
    flat = [flatten(structure) for structure in structures]
    if any(len(leaves) != len(flat[0]) for leaves in flat):
        raise ValueError(f"map_structure: structures differ: {[len(leaves) for leaves in flat]} leaves")
    return pack_like(structures[0], [function(*leaves) for leaves in zip(*flat, strict=True)])


def assert_same_structure(a: Any, b: Any) -> None:
    """Raises ValueError when `a` and `b` are not nested alike."""
    if is_nested(a) != is_nested(b) or (is_nested(a) and len(a) != len(b)):
        raise ValueError(f"structures differ: {a!r} and {b!r}")
    if isinstance(a, dict):
        if not isinstance(b, dict) or set(a) != set(b):
            raise ValueError(f"structures differ: {a!r} and {b!r}")
        for key in a:
            assert_same_structure(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        if isinstance(b, dict):
            raise ValueError(f"structures differ: {a!r} and {b!r}")
        for x, y in zip(a, b, strict=True):
            assert_same_structure(x, y)
