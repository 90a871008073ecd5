"""matmul, with its epilogue."""

from __future__ import annotations

import tensorflow as tf

from .convolution import ACTIVATIONS
from .record import record
from .writer import Family, draw, generator

# a, b, transpose_a, transpose_b
SHAPES = [
    ((1, 1), (1, 1), 0, 0), ((3, 5), (5, 4), 0, 0), ((17, 9), (9, 33), 0, 0), ((5, 3), (5, 7), 1, 0), ((6, 31), (19, 31), 0, 1),
    ((9, 6), (4, 9), 1, 1), ((1, 40), (40, 10), 0, 0), ((13, 1), (1, 11), 0, 0), ((32, 16), (16, 64), 0, 0), ((2, 70), (70, 1), 0, 0),
    ((0, 4), (4, 3), 0, 0), ((3, 0), (0, 4), 0, 0), ((2, 3, 5), (2, 5, 4), 0, 0), ((2, 2, 3, 4), (2, 2, 5, 4), 0, 1),
    ((3, 4, 2), (3, 4, 5), 1, 0), ((2, 3, 6), (6, 5), 0, 0), ((2, 2, 3, 6), (6, 7), 0, 0),
]  # fmt: skip


def multiply(a: tf.Tensor, b: tf.Tensor, ta: int, tb: int) -> tf.Tensor:
    return tf.matmul(a, b, transpose_a=bool(ta), transpose_b=bool(tb))


def build(family: Family) -> None:
    for k, (a, b, ta, tb) in enumerate(SHAPES):
        for dtype in ("float32", "float64") if k % 2 else ("float32",):
            flags = "".join(f for f, on in (("-ta", ta), ("-tb", tb)) if on)
            name = f"matmul/{'x'.join(map(str, a))}-{'x'.join(map(str, b))}{flags}-{dtype}"
            random = generator(name)
            inputs = [draw(random, a, dtype), draw(random, b, dtype)]
            attributes = {"transpose_a": ta, "transpose_b": tb}
            record(family, name, "matmul", inputs, attributes, lambda a, b, ta=ta, tb=tb: multiply(a, b, ta, tb))
    for activation in ACTIVATIONS:
        for a, b in (((7, 9), (9, 21)), ((2, 3, 4), (4, 5))):
            name = f"matmul/{'x'.join(map(str, a))}-bias-{activation}"
            random = generator(name)
            inputs = [draw(random, a), draw(random, b), draw(random, b[-1:])]
            alpha = {"leaky_relu": 0.3}.get(activation)
            attributes = {"activation": activation, **({} if alpha is None else {"alpha": alpha})}
            record(
                family, name, "matmul", inputs, attributes,
                lambda a, b, c, activation=activation: ACTIVATIONS[activation](multiply(a, b, 0, 0) + c),
            )  # fmt: skip
