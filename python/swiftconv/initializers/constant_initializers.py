"""Initializers that draw nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv._core import convert_to_tensor, standardize_dtype
from swiftconv.initializers.initializer import Initializer
from swiftconv.utils.registry import builtin
from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object


def _full(shape: Any, value: Any, dtype: Any) -> Any:
    return convert_to_tensor(np.full(tuple(shape), value, dtype=standardize_dtype(dtype).name))


@builtin("keras.initializers", "zeros")
class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the content."""
        return _full(shape, 0, dtype)


@builtin("keras.initializers", "ones")
class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the content."""
        return _full(shape, 1, dtype)


@builtin("keras.initializers")
class Constant(Initializer):
    """One number, or numbers of the variable's shape.

    Args:
        value: the content.
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = deserialize_keras_object(value) if isinstance(value, dict) else value

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the content."""
        value = np.asarray(self.value, dtype=standardize_dtype(dtype).name)
        return convert_to_tensor(np.broadcast_to(value, tuple(shape)).copy())

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"value": serialize_keras_object(self.value)}


@builtin("keras.initializers", "IdentityInitializer", "identity", "eye")
class Identity(Initializer):
    """A multiple of the identity matrix.

    Args:
        gain: the factor.
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the content; the shape must be of rank 2."""
        if len(shape) != 2:
            raise ValueError(f"Identity: shape: expected rank 2, received {tuple(shape)}")
        return convert_to_tensor(self.gain * np.eye(shape[0], shape[1], dtype=standardize_dtype(dtype).name))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"gain": self.gain}
