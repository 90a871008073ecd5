"""The shape of an eager tensor: a tuple with TensorFlow's extra names."""

from __future__ import annotations

import math
from typing import Any


class TensorShape(tuple[Any, ...]):
    """A tuple of sizes that also answers to `rank`, `as_list()` and `num_elements()`."""

    __slots__ = ()

    @property
    def rank(self) -> int:
        """How many dimensions there are."""
        return len(self)

    @property
    def ndims(self) -> int:
        """How many dimensions there are."""
        return len(self)

    @property
    def dims(self) -> list[int]:
        """The sizes as a list."""
        return list(self)

    def as_list(self) -> list[int]:
        """The sizes as a list."""
        return list(self)

    def num_elements(self) -> int:
        """The product of the sizes."""
        return math.prod(self)

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return None not in self

    def assert_has_rank(self, rank: int) -> None:
        """Raises ValueError unless there are `rank` dimensions."""
        if len(self) != rank:
            raise ValueError(f"expected a shape of rank {rank}, received {self}")

    def is_compatible_with(self, other: Any) -> bool:
        """Whether `other` has the same rank and no known size that differs."""
        other = tuple(other)
        return len(other) == len(self) and all(a is None or b is None or a == b for a, b in zip(self, other, strict=True))

    def __getitem__(self, key: Any) -> Any:
        found = tuple.__getitem__(self, key)
        return TensorShape(found) if isinstance(key, slice) else found

    def __add__(self, other: Any) -> TensorShape:
        return TensorShape(tuple.__add__(self, tuple(other)))

    def __radd__(self, other: Any) -> TensorShape:
        return TensorShape(tuple(other) + tuple(self))

    def __str__(self) -> str:
        return tuple.__repr__(self)

    def __repr__(self) -> str:
        return f"TensorShape({list(self)})"
