"""Cross-entropies with logits: the loss and the gradient that comes with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from .record import record
from .writer import Family, draw, generator

SHAPES = [(4, 10), (1, 2), (7, 33), (3, 1), (0, 5), (16, 17)]


def dense(logits: Any, labels: Any) -> list[Any]:
    loss, backprop = tf.raw_ops.SoftmaxCrossEntropyWithLogits(features=logits, labels=labels)
    return [loss, backprop]


def sparse(logits: Any, labels: Any) -> list[Any]:
    labels = tf.cast(labels, tf.int64)
    loss, backprop = tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(features=logits, labels=labels)
    return [loss, backprop]


def build(family: Family) -> None:
    for shape in SHAPES:
        for dtype in ("float32", "float64"):
            label = f"{'x'.join(map(str, shape))}-{dtype}"
            random = generator(str(shape))
            logits = draw(random, shape, dtype) * 3
            target = np.exp(draw(random, shape, dtype))
            target = (target / target.sum(-1, keepdims=True)).astype(dtype)
            classes = random.randint(0, shape[1], shape[0])
            record(
                family, f"softmax_cross_entropy/{label}", "softmax_cross_entropy", [logits, target], {}, dense, flowing=[True, False],
                gradients=[True, False],
            )  # fmt: skip
            record(
                family, f"sparse_softmax_cross_entropy/{label}", "sparse_softmax_cross_entropy", [logits, classes.astype("int64")], {}, sparse,
                flowing=[True, False],
            )  # fmt: skip
            record(
                family, f"sigmoid_cross_entropy/{label}", "sigmoid_cross_entropy", [logits, target], {},
                lambda x, z: tf.nn.sigmoid_cross_entropy_with_logits(labels=z, logits=x), gradients=[True, False],
            )  # fmt: skip
    logits = draw(generator("labels"), (5, 4))
    for dtype in ("int32", "uint8"):
        classes = np.array([3, 0, 1, 1, 2], dtype)
        record(
            family,
            f"sparse_softmax_cross_entropy/{dtype}",
            "sparse_softmax_cross_entropy",
            [logits, classes],
            {},
            sparse,
            flowing=[True, False],
        )
    record(
        family, "softmax_cross_entropy/labels-of-any-sum", "softmax_cross_entropy", [logits, draw(generator("any"), (5, 4))], {}, dense,
        flowing=[True, False], gradients=[True, False],
    )  # fmt: skip
    extreme = np.array([[1000, 0, -1000], [-1e4, -1e4, -1e4], [1e30, 1, 2]], "float32")
    one_hot = np.eye(3, dtype="float32")
    record(family, "softmax_cross_entropy/extreme", "softmax_cross_entropy", [extreme, one_hot], {}, dense, gradients=False)
    record(
        family, "sigmoid_cross_entropy/extreme", "sigmoid_cross_entropy", [extreme, one_hot], {},
        lambda x, z: tf.nn.sigmoid_cross_entropy_with_logits(labels=z, logits=x), gradients=[True, False],
    )  # fmt: skip
