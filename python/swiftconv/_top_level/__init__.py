"""TensorFlow's functions at the top of the package. They give `Tensor`s, whatever they are given."""

from swiftconv._top_level import arithmetic, linalg, making, math, program, shaping
from swiftconv._top_level.arithmetic import *  # noqa: F403
from swiftconv._top_level.making import *  # noqa: F403
from swiftconv._top_level.program import *  # noqa: F403
from swiftconv._top_level.shaping import *  # noqa: F403

__all__ = [*arithmetic.__all__, *making.__all__, *program.__all__, *shaping.__all__, "linalg", "math"]  # noqa: PLE0604
