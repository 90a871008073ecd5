"""What programs for TensorFlow say besides arithmetic."""

from __future__ import annotations

import builtins
import sys
from typing import Any

from swiftconv._core.kinds import TENSOR, VARIABLE, kind_of

#: In an index: one more axis of size 1.
newaxis = None


def function(func: Any = None, **options: Any) -> Any:
    """TensorFlow's decorator: the function as it is (it runs eagerly)."""
    return func if func is not None else (lambda f: f)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor, variable or symbolic value."""
    return kind_of(x) != 0


def print(*inputs: Any, output_stream: Any = None, sep: str = " ", end: str = "\n", **options: Any) -> None:
    """Prints values, tensors as their numbers, to the standard error as TensorFlow does.

    Args:
        inputs: what to print.
        output_stream: a file, by default `sys.stderr`.
        sep, end: between the values, and after them.
        options: `summarize`, `name`: accepted for TensorFlow's sake.
    """
    shown = [value.numpy() if kind_of(value) in (TENSOR, VARIABLE) else value for value in inputs]
    builtins.print(*shown, file=output_stream or sys.stderr, sep=sep, end=end, flush=True)


__all__ = ["function", "is_tensor", "newaxis", "print"]
