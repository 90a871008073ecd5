"""Dropout in TensorFlow's spelling."""

from __future__ import annotations

from typing import Any


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Any:
    """Sets elements to 0 with probability `rate` and divides the others by 1 - rate.

    Args:
        x: float32 or float64 of any shape.
        rate: from 0 to below 1.
        noise_shape: the shape in which is drawn; it broadcasts to that of `x`.
        seed: an int, a `SeedGenerator`, or None for the global generator.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of the kind and shape of `x`.

    Raises:
        ValueError: a rate out of range.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.dropout(np.ones(3), rate=0)
        array([1., 1., 1.])
    """
    # random stands beside nn and uses only _core
    from swiftconv.random import dropout as draw

    return draw(x, rate, noise_shape, seed)
