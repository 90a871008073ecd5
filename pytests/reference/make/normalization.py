"""Batch normalization, training and inference, and the backwards."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from .record import record
from .writer import Family, draw, generator

SHAPES = [(4, 3, 5, 2), (2, 4, 4, 17), (8, 6), (1, 2, 2, 1), (3, 5, 2, 33), (16, 3)]


def training(x: Any, gamma: Any, beta: Any, epsilon: float) -> list[Any]:
    mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
    return [tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon), mean, variance]


def inference(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, epsilon: float) -> Any:
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


def build(family: Family) -> None:
    for k, shape in enumerate(SHAPES):
        for dtype in ("float32", "float64") if k < 3 else ("float32",):
            epsilon = (1e-3, 1e-5)[k % 2]
            label = f"{'x'.join(map(str, shape))}-{dtype}"
            random = generator(label)
            x = draw(random, shape, dtype) * (1 + k) + k
            gamma, beta, mean = (draw(random, shape[-1:], dtype) for _ in range(3))
            variance = draw(random, shape[-1:], dtype) ** 2 + 0.25
            options = {"epsilon": epsilon}
            record(
                family, f"batch_norm_training/{label}", "batch_norm_training", [x, gamma, beta], options,
                lambda x, g, b, e=epsilon: training(x, g, b, e), flowing=[True, False, False], seed=label,
            )  # fmt: skip
            record(
                family, f"batch_norm_inference/{label}", "batch_norm_inference", [x, gamma, beta, mean, variance], options,
                lambda x, g, b, m, v, e=epsilon: inference(x, g, b, m, v, e), seed=label,
            )  # fmt: skip
            backwards(family, label, x, gamma, beta, mean, variance, epsilon)


def backwards(family: Family, label: str, x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, epsilon: float) -> None:
    dy = draw(generator(label + " gradient"), x.shape, str(x.dtype))
    batch_mean, batch_variance = (v.numpy() for v in training(tf.constant(x), gamma, beta, epsilon)[1:])

    def of_training(x: Any, gamma: Any, mean: Any, variance: Any, dy: Any) -> Any:
        b = tf.zeros_like(gamma)
        with tf.GradientTape() as tape:
            tape.watch([x, gamma, b])
            y = training(x, gamma, b, epsilon)[0]
        return tape.gradient(y, [x, gamma, b], dy)

    def of_inference(x: Any, gamma: Any, mean: Any, variance: Any, dy: Any) -> Any:
        b = tf.zeros_like(gamma)
        sources = [x, gamma, b, mean, variance]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            y = inference(*sources, epsilon)
        return tape.gradient(y, sources, dy)

    options: dict[str, Any] = {"epsilon": epsilon}
    record(
        family, f"batch_norm_training_backward/{label}", "batch_norm_training_backward", [x, gamma, batch_mean, batch_variance, dy], options,
        of_training, gradients=False,
    )  # fmt: skip
    record(
        family, f"batch_norm_inference_backward/{label}", "batch_norm_inference_backward", [x, gamma, mean, variance, dy], options,
        of_inference, gradients=False,
    )  # fmt: skip
