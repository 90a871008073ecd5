"""TensorFlow's `linalg`, as far as networks need it."""

from __future__ import annotations

from typing import Any

from swiftconv import ops
from swiftconv._core import convert_to_tensor
from swiftconv._top_level.arithmetic import matmul, norm
from swiftconv._top_level.making import eye, tensor_of


def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Any:
    """The last two axes exchanged."""
    return tensor_of(ops.swapaxes(convert_to_tensor(a), -1, -2))


__all__ = ["eye", "matmul", "matrix_transpose", "norm"]
