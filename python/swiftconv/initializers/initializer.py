"""The base class of initializers, and seeds."""

from __future__ import annotations

import random as _python_random
from typing import Any

from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object


class Initializer:
    """Gives a variable its first content: `initializer(shape, dtype=None)`."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the content."""
        raise NotImplementedError(f"{type(self).__name__}: expected a subclass with its own __call__(shape, dtype)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """An initializer from its configuration."""
        return cls(**config)

    def clone(self) -> Initializer:
        """An initializer of the same configuration."""
        return type(self).from_config(self.get_config())


class RandomInitializer(Initializer):
    """An initializer that draws; one object gives equal values whenever it is called."""

    def __init__(self, seed: Any = None) -> None:
        self._init_seed = seed
        if seed is None:
            seed = _python_random.randint(1, 1_000_000_000)
        elif isinstance(seed, dict):
            seed = deserialize_keras_object(seed)
        if not isinstance(seed, int) and type(seed).__name__ != "SeedGenerator":
            raise ValueError(f"{type(self).__name__}: seed: expected an integer or a SeedGenerator, received {seed!r}")
        self.seed = seed

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"seed": serialize_keras_object(self._init_seed)}
