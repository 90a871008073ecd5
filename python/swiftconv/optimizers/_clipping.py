"""Limits of gradients."""

from __future__ import annotations

import functools
from typing import Any

from swiftconv import ops


def clipped(grads: list[Any], norm: float | None, global_norm: float | None, value: float | None) -> list[Any]:
    """Gradients within the limit that is given: of each one's norm, of the norm of all, or of each element; None stays."""
    if norm:
        return [_within(g, norm) for g in grads]
    if global_norm and global_norm > 0:
        total = ops.sqrt(functools.reduce(ops.add, [ops.sum(ops.square(g)) for g in grads if g is not None]))
        factor = global_norm / ops.maximum(total, float(global_norm))
        return [None if g is None else g * factor for g in grads]
    if value and value > 0:
        return [None if g is None else ops.clip(g, -float(value), float(value)) for g in grads]
    return grads


def _within(gradient: Any, limit: float) -> Any:
    if gradient is None:
        return None
    norm = ops.sqrt(ops.sum(ops.square(gradient)))
    return gradient * (limit / ops.maximum(norm, float(limit)))
