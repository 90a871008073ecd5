"""Penalties on weights or outputs that are added to the loss."""

from __future__ import annotations

import math
from typing import Any

from swiftconv import ops
from swiftconv.utils.registry import builtin
from swiftconv.utils.serialization import deserialize_keras_object, get_from, serialize_keras_object

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "l1", "l1_l2", "l2", "serialize"]


def _factor(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{name}: expected a finite number >= 0, received {value!r}")
    return float(value)


class Regularizer:
    """Base class: `__call__(x)` returns a scalar."""

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        return 0.0

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """A regularizer from its configuration."""
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__} has no get_config()")


@builtin("keras.regularizers", "l1_l2")
class L1L2(Regularizer):
    """`l1 · Σ|x| + l2 · Σx²`.

    Args:
        l1, l2: the factors.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor(0.0 if l1 is None else l1, "L1L2: l1")
        self.l2 = _factor(0.0 if l2 is None else l2, "L1L2: l2")

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        total: Any = 0.0
        if self.l1:
            total = self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            total = total + self.l2 * ops.sum(ops.square(x))
        return total

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l1": self.l1, "l2": self.l2}


@builtin("keras.regularizers", "l1")
class L1(Regularizer):
    """`l1 · Σ|x|`.

    Args:
        l1: the factor.
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor(0.01 if l1 is None else l1, "L1: l1")

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        return self.l1 * ops.sum(ops.abs(x))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l1": self.l1}


@builtin("keras.regularizers", "l2")
class L2(Regularizer):
    """`l2 · Σx²`.

    Args:
        l2: the factor.
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor(0.01 if l2 is None else l2, "L2: l2")

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l2": self.l2}


@builtin("keras.regularizers", "orthogonal_regularizer")
class OrthogonalRegularizer(Regularizer):
    """Draws the rows (or columns) of a matrix towards being orthogonal.

    Args:
        factor: the strength.
        mode: `"rows"` or `"columns"`.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(f"OrthogonalRegularizer: mode: expected 'rows' or 'columns', received {mode!r}")
        self.factor = _factor(factor, "OrthogonalRegularizer: factor")
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """The penalty."""
        if len(x.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer: expected a matrix, received shape {tuple(x.shape)}")
        rows = self.mode == "rows"
        axis, size = (1, x.shape[0]) if rows else (0, x.shape[1])
        unit = x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))
        product = ops.matmul(unit, ops.transpose(unit)) if rows else ops.matmul(ops.transpose(unit), unit)
        pairs = size * (size - 1) / 2.0
        off = ops.sum(ops.abs(product)) - ops.sum(ops.abs(ops.square(unit)))
        return self.factor * 0.5 * off / pairs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"factor": self.factor, "mode": self.mode}


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer


def serialize(regularizer: Any) -> Any:
    """The config of a regularizer."""
    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The regularizer of a config."""
    return deserialize_keras_object(config, custom_objects)


def get(identifier: Any) -> Any:
    """The regularizer that a name, config, class or callable stands for.

    Raises:
        ValueError: an unknown name, or something else.
    """
    return get_from(identifier, "keras.regularizers", "regularizer")
