"""The exceptions of the engine, under the names that TensorFlow's users know."""

__all__ = ["InvalidArgumentError", "OutOfRangeError", "UnimplementedError"]


class InvalidArgumentError(ValueError):
    """An argument has a value that the op cannot take: a shape, a stride, an unknown word, a label out of range."""

    @property
    def message(self) -> str:
        """The text, under TensorFlow's name."""
        return str(self)


class OutOfRangeError(InvalidArgumentError):
    """An index lies outside the range that it indexes."""


class UnimplementedError(NotImplementedError):
    """The op is known but does not do this case."""

    @property
    def message(self) -> str:
        """The text, under TensorFlow's name."""
        return str(self)
