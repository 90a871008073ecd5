"""Where random numbers come from: a seed and a counter."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from swiftconv._core import Variable, apply, in_trace
from swiftconv._core.arguments import integer


class SeedGenerator:
    """A stream of random numbers; its state is a variable, so graphs advance it too.

    Args:
        seed: an integer, or None for one that is drawn from Python's `random`.
        name: for people.

    Raises:
        TypeError: a seed that is no integer.

    Example:
        >>> from swiftconv import random
        >>> a, b = (random.normal((2,), seed=random.SeedGenerator(7)) for _ in range(2))
        >>> bool((a.numpy() == b.numpy()).all())
        True
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        drawn = python_random.getrandbits(31) if seed is None else integer("SeedGenerator", "seed", seed)
        # folded into 64 signed bits, whatever the integer
        drawn = (drawn + 2**63) % 2**64 - 2**63
        self.name = name or "seed_generator"
        self._initial_seed = seed
        state = np.array([drawn, 0], np.int64)
        self.state = Variable(state, trainable=False, name="seed_generator_state", path=f"{self.name}/seed_generator_state")

    @property
    def initial_seed(self) -> int | None:
        """The seed that was given."""
        return self._initial_seed

    def advance(self, count: int) -> None:
        """Moves the counter on by the numbers that were drawn."""
        step = np.array([0, count], np.int64)
        if in_trace():
            self.state.assign(apply("add", [self.state, step]))
        else:
            self.state.assign_add(step)

    def next(self, ordered: bool = True) -> Any:
        """The present state; the next call gives another one."""
        state = self.state.value
        self.advance(1)
        return state

    def get_config(self) -> dict[str, Any]:
        """The seed."""
        return {"seed": self._initial_seed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """A generator from `get_config`."""
        return cls(**config)


_global: SeedGenerator | None = None


def global_generator() -> SeedGenerator:
    """The generator of the calls that name no seed."""
    global _global
    if _global is None:
        _global = SeedGenerator()
    return _global


def set_seed(seed: int) -> None:
    """Starts the global generator anew.

    Args:
        seed: an integer.

    Raises:
        TypeError: it is no integer.
    """
    global _global
    fresh = SeedGenerator(integer("set_seed", "seed", seed))
    if _global is None:
        _global = fresh
    else:
        # in place: graphs that were traced hold the variable
        _global.state.assign(fresh.state)


def set_random_seed(seed: int) -> None:
    """Seeds Python's, NumPy's and this package's random numbers.

    Args:
        seed: an integer from 0 to 2³² - 1.

    Raises:
        ValueError: out of range.
        TypeError: no integer.
    """
    number = integer("set_random_seed", "seed", seed)
    if not 0 <= number < 2**32:
        raise ValueError(f"set_random_seed: seed: expected an integer from 0 to 2**32 - 1, received {seed!r}")
    python_random.seed(number)
    np.random.seed(number)
    set_seed(number)
