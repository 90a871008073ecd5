"""What is done to weights after each step of an optimizer."""

from __future__ import annotations

from typing import Any

from swiftconv import ops
from swiftconv._core import epsilon
from swiftconv.utils.registry import builtin
from swiftconv.utils.serialization import deserialize_keras_object, get_from, serialize_keras_object

__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "serialize"]


def _norm(w: Any, axis: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


class Constraint:
    """Base class: `__call__(w)` returns the allowed weights nearest to `w`."""

    def __call__(self, w: Any) -> Any:
        """The weights after the constraint."""
        return w

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """A constraint from its configuration."""
        return cls(**config)


@builtin("keras.constraints", "max_norm")
class MaxNorm(Constraint):
    """The norm along `axis` is at most `max_value`."""

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The weights after the constraint."""
        norms = _norm(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"max_value": self.max_value, "axis": self.axis}


@builtin("keras.constraints", "non_neg")
class NonNeg(Constraint):
    """Negative weights become zero."""

    def __call__(self, w: Any) -> Any:
        """The weights after the constraint."""
        return ops.relu(w)


@builtin("keras.constraints", "unit_norm")
class UnitNorm(Constraint):
    """The norm along `axis` is one."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The weights after the constraint."""
        return w / (epsilon() + _norm(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"axis": self.axis}


@builtin("keras.constraints", "min_max_norm")
class MinMaxNorm(Constraint):
    """The norm along `axis` is drawn into [min_value, max_value] at `rate`."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The weights after the constraint."""
        norms = _norm(w, self.axis)
        wanted = self.rate * ops.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


max_norm = MaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
min_max_norm = MinMaxNorm


def serialize(constraint: Any) -> Any:
    """The config of a constraint."""
    return serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The constraint of a config."""
    return deserialize_keras_object(config, custom_objects)


def get(identifier: Any) -> Any:
    """The constraint that a name, config, class or callable stands for.

    Raises:
        ValueError: an unknown name, or something else.
    """
    return get_from(identifier, "keras.constraints", "constraint")
