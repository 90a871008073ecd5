"""Which of the four kinds a value is: its class carries a number, so that no module needs to know all classes."""

from __future__ import annotations

from typing import Any

from swiftconv._core.state import state

#: Arrays, lists, scalars and the arrays of other libraries.
PLAIN = 0
#: `Tensor`.
TENSOR = 1
#: `Variable`.
VARIABLE = 2
#: `Symbol`.
SYMBOL = 3
#: `KerasTensor`.
KERAS = 4


def kind_of(value: Any) -> int:
    """The number of the kind of `value`."""
    return getattr(type(value), "_kind", PLAIN)


def is_at_hand(value: Any) -> bool:
    """Whether `value` has numbers now, so that an op on it is computed at once."""
    kind = kind_of(value)
    return kind < VARIABLE or (kind == VARIABLE and state.trace is None)


def traced() -> bool:
    """Whether reads and assignments of variables are symbolic now."""
    return state.trace is not None
