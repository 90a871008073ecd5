"""In which type a layer computes and keeps its weights."""

from __future__ import annotations

from typing import Any

from swiftconv._core import floatx, standardize_dtype
from swiftconv.utils.registry import builtin


@builtin("keras", "keras.dtype_policies")
class DTypePolicy:
    """One type for computing and for weights.

    Args:
        name: `"float32"` or `"float64"` (integer types for layers that compute nothing).
    """

    def __init__(self, name: Any = "float32") -> None:
        self._name = str(standardize_dtype(name).name)

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The type of computations."""
        return self._name

    @property
    def variable_dtype(self) -> str:
        """The type of weights."""
        return self._name

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """A policy from its configuration."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other._name == self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


_global: list[DTypePolicy | None] = [None]


def dtype_policy() -> DTypePolicy:
    """The policy of layers that were given none."""
    if _global[0] is not None:
        return _global[0]
    return DTypePolicy(floatx())


def set_dtype_policy(policy: Any) -> None:
    """Sets the policy of layers that are given none (None: that of `floatx`)."""
    _global[0] = None if policy is None else get_policy(policy)


def get_policy(identifier: Any) -> DTypePolicy:
    """The policy of a name, a config or a policy.

    Raises:
        ValueError: an unknown type.
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return DTypePolicy((identifier.get("config") or {}).get("name"))
    return DTypePolicy(identifier)
