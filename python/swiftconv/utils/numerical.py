"""Label tools on NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """One-hot rows of class numbers.

    Args:
        x: class numbers from 0; a last axis of size 1 is dropped.
        num_classes: how many there are; the greatest plus one by default.

    Returns:
        A float32 array with a new last axis of size `num_classes`.

    Raises:
        ValueError: a number is negative or not below `num_classes`.

    Example:
        >>> to_categorical([0, 2], 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    x = np.asarray(x)
    labels = x.astype("int64")
    shape = labels.shape[:-1] if labels.ndim > 1 and labels.shape[-1] == 1 else labels.shape
    flat = labels.reshape(-1)
    if num_classes is None:
        num_classes = int(flat.max()) + 1 if flat.size else 0
    if flat.size and (flat.min() < 0 or flat.max() >= num_classes):
        raise ValueError(
            f"to_categorical: x: expected class numbers in [0, {num_classes}), received {flat.min()} to {flat.max()}"
        )
    out = np.zeros((flat.size, num_classes), dtype="float32")
    out[np.arange(flat.size), flat] = 1.0
    return out.reshape((*shape, num_classes))


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """`x` divided by its norm along `axis`; zero rows stay zero."""
    x = np.asarray(x)
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return np.asarray(x / np.expand_dims(norm, axis))
