"""What programs call as `keras.backend`: settings and the session."""

from swiftconv._core import (
    epsilon,
    floatx,
    image_data_format,
    is_tensor,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    standardize_dtype,
)
from swiftconv.utils import clear_session, get_uid

is_keras_tensor = is_tensor

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_keras_tensor",
    "is_tensor",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]


def backend() -> str:
    """The name of what computes."""
    return "swiftconv"
