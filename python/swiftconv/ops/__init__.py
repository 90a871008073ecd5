"""Keras's `ops`, as far as layers, losses, metrics and their users need them, on values of every kind."""

from swiftconv._core import cast as cast
from swiftconv._core import convert_to_numpy as convert_to_numpy
from swiftconv._core import convert_to_tensor as convert_to_tensor
from swiftconv._core import is_tensor as is_tensor
from swiftconv._core import standardize_dtype as standardize_dtype
from swiftconv.ops.activation import *  # noqa: F403
from swiftconv.ops.elementwise import *  # noqa: F403
from swiftconv.ops.movement import *  # noqa: F403
from swiftconv.ops.neural import *  # noqa: F403
from swiftconv.ops.reduction import *  # noqa: F403
