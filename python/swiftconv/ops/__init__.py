"""Keras's `ops`, as far as layers, losses, metrics and their users need them, on values of every kind."""

# ruff: noqa: F401
from swiftconv._core import cast, convert_to_numpy, convert_to_tensor, is_tensor, standardize_dtype
from swiftconv.ops.elementwise import *  # noqa: F403
from swiftconv.ops.movement import *  # noqa: F403
from swiftconv.ops.neural import *  # noqa: F403
from swiftconv.ops.reduction import *  # noqa: F403
