"""NHWC inside, NCHW at the door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from swiftconv._core import as_array, get_op, is_symbolic, is_tensor
from swiftconv._core.apply import apply_op


def to_nhwc(x: Any) -> Any:
    """Images from channels first to channels last."""
    return get_op("transpose", _NHWC).apply(x)


def to_nchw(x: Any) -> Any:
    """Images from channels last to channels first."""
    return get_op("transpose", _NCHW).apply(x)


_NHWC = {"perm": (0, 2, 3, 1)}
_NCHW = {"perm": (0, 3, 1, 2)}


def rank_of(value: Any) -> int:
    """How many dimensions a value of any kind has."""
    return len(value.shape) if hasattr(value, "shape") else np.ndim(value)


def shape_of(value: Any) -> tuple[Any, ...]:
    """The sizes of a value of any kind; None where unknown."""
    return tuple(value.shape) if hasattr(value, "shape") else as_array(value).shape


def settled(value: Any) -> Any:
    """Lists and scalars become arrays, so that they have a shape; everything else stays as it is."""
    if is_tensor(value) or is_symbolic(value) or isinstance(value, np.ndarray):
        return value
    return as_array(value)


def op_reshape(value: Any, shape: Any) -> Any:
    """`value` in another shape; plain arrays without the engine."""
    if type(value) is np.ndarray:
        return value.reshape(shape)
    return apply_op(get_op("reshape", {"shape": tuple(-1 if n is None else n for n in shape)}), [value])


def images(run: Callable[..., Any], first: bool) -> Callable[..., Any]:
    """`run` for images whose channels stand first: input 0 and the output are transposed."""
    return (lambda x, *rest: to_nchw(run(to_nhwc(x), *rest))) if first else run


def remember(runs: dict[Any, Callable[..., Any]], key: Any, run: Callable[..., Any]) -> Callable[..., Any]:
    """Keeps what a set of arguments came to, if it can be looked up (lists cannot)."""
    try:
        if len(runs) < 4096:
            runs[key] = run
    except TypeError:
        pass
    return run


def known(runs: dict[Any, Callable[..., Any]], key: Any) -> Callable[..., Any] | None:
    """What a set of arguments came to before."""
    try:
        return runs.get(key)
    except TypeError:
        return None
