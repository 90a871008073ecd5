"""Outputs that the caches cannot hold are written past them: the same bits as in pieces that the caches hold."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import swiftconv as tf

CHANNELS = 64
SCALE = np.linspace(0.5, 2, CHANNELS, dtype=np.float32)
OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": tf.nn.relu,
    "add": lambda x: x + x,
    "bias_add": lambda x: tf.nn.bias_add(x, SCALE),
    "softmax": tf.nn.softmax,
    "log_softmax": tf.nn.log_softmax,
    "max_pool": lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"),
    "avg_pool": lambda x: tf.nn.avg_pool2d(x, 3, 1, "SAME"),
    "batch_norm": lambda x: tf.nn.batch_normalization(x, SCALE, SCALE, SCALE, SCALE, 1e-3),
    "greater": lambda x: x > 0,
}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """48 MB: with any output more than common last-level caches."""
    small = np.random.default_rng(0).standard_normal((1, 63, 61, CHANNELS), dtype=np.float32)
    return np.ascontiguousarray(np.broadcast_to(small, (48, *small.shape[1:])))


@pytest.mark.parametrize("name", OPERATIONS)
def test_bits_do_not_depend_on_the_size(name: str, images: np.ndarray) -> None:
    whole = np.asarray(OPERATIONS[name](images))
    part = np.asarray(OPERATIONS[name](images[:1]))
    assert whole.shape == (len(images), *part.shape[1:])
    np.testing.assert_array_equal(whole, np.broadcast_to(part, whole.shape))
