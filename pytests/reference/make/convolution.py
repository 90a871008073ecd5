"""conv2d and its two backwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from . import plain
from .record import record
from .writer import Family, draw, generator

# x shape, filter shape, strides, dilations, padding
GEOMETRIES: list[tuple[Any, ...]] = [
    ((1, 5, 5, 1), (3, 3, 1, 1), (1, 1), (1, 1), "VALID"),
    ((2, 7, 6, 3), (3, 3, 3, 5), (1, 1), (1, 1), "SAME"),
    ((1, 8, 9, 4), (3, 3, 4, 16), (1, 1), (1, 1), "SAME"),
    ((1, 7, 8, 8), (3, 3, 8, 33), (1, 1), (1, 1), "VALID"),
    ((1, 8, 9, 16), (3, 3, 16, 16), (1, 1), (1, 1), "SAME"),
    ((3, 9, 9, 5), (3, 3, 5, 7), (1, 1), (1, 1), [1, 0, 2, 1]),
    ((2, 6, 5, 7), (1, 1, 7, 9), (1, 1), (1, 1), "VALID"),
    ((1, 7, 7, 17), (1, 1, 17, 19), (1, 1), (1, 1), "SAME"),
    ((2, 7, 8, 6), (1, 1, 6, 10), (2, 2), (1, 1), "VALID"),
    ((2, 7, 8, 6), (1, 1, 6, 10), (2, 3), (1, 1), "SAME"),
    ((1, 9, 8, 3), (3, 3, 3, 8), (2, 2), (1, 1), "SAME"),
    ((1, 9, 8, 3), (3, 3, 3, 8), (2, 2), (1, 1), "VALID"),
    ((1, 10, 9, 2), (3, 3, 2, 4), (1, 2), (1, 1), "SAME"),
    ((1, 10, 9, 2), (3, 3, 2, 4), (3, 1), (1, 1), "VALID"),
    ((1, 9, 8, 3), (5, 5, 3, 6), (1, 1), (1, 1), "SAME"),
    ((1, 11, 10, 3), (5, 5, 3, 6), (2, 2), (1, 1), [2, 2, 2, 2]),
    ((1, 11, 12, 3), (7, 7, 3, 5), (2, 2), (1, 1), "SAME"),
    ((1, 8, 8, 3), (2, 2, 3, 4), (1, 1), (1, 1), "SAME"),
    ((1, 8, 8, 3), (2, 2, 3, 4), (2, 2), (1, 1), "VALID"),
    ((1, 9, 9, 3), (4, 2, 3, 5), (3, 2), (1, 1), "SAME"),
    ((2, 8, 7, 3), (1, 5, 3, 4), (1, 1), (1, 1), "SAME"),
    ((2, 8, 7, 3), (5, 1, 3, 4), (1, 1), (1, 1), "VALID"),
    ((1, 9, 10, 3), (3, 3, 3, 4), (1, 1), (2, 2), "SAME"),
    ((1, 9, 10, 3), (3, 3, 3, 4), (1, 1), (2, 2), "VALID"),
    ((1, 11, 10, 2), (3, 2, 2, 5), (1, 1), (3, 1), "SAME"),
    ((1, 11, 12, 2), (3, 3, 2, 3), (2, 2), (2, 2), "VALID"),
    ((1, 11, 12, 2), (3, 3, 2, 3), (2, 1), (1, 3), "SAME"),
    ((1, 10, 10, 3), (3, 3, 3, 4), (1, 1), (2, 3), [3, 2, 1, 4]),
    ((2, 6, 7, 6), (3, 3, 3, 4), (1, 1), (1, 1), "SAME"),
    ((2, 6, 7, 6), (3, 3, 2, 9), (2, 2), (1, 1), "SAME"),
    ((1, 6, 6, 16), (3, 3, 4, 16), (1, 1), (1, 1), "VALID"),
    ((1, 7, 8, 6), (3, 3, 2, 6), (1, 1), (2, 2), "SAME"),
    ((1, 7, 8, 8), (1, 1, 2, 12), (1, 1), (1, 1), "VALID"),
    ((2, 7, 6, 5), (3, 3, 1, 5), (1, 1), (1, 1), "SAME"),
    ((1, 7, 8, 16), (3, 3, 1, 16), (1, 1), (1, 1), "SAME"),
    ((1, 8, 9, 19), (3, 3, 1, 19), (2, 2), (1, 1), "VALID"),
    ((1, 8, 9, 4), (3, 3, 1, 12), (1, 1), (1, 1), "SAME"),
    ((1, 8, 9, 3), (5, 3, 1, 6), (2, 1), (1, 1), "SAME"),
    ((1, 9, 8, 7), (3, 3, 1, 7), (1, 1), (2, 2), "SAME"),
    ((1, 9, 8, 7), (3, 3, 1, 14), (2, 2), (2, 1), "VALID"),
    ((1, 6, 6, 9), (2, 2, 1, 9), (1, 2), (1, 1), [1, 1, 0, 1]),
    ((1, 1, 1, 3), (1, 1, 3, 2), (1, 1), (1, 1), "SAME"),
    ((1, 2, 3, 2), (5, 5, 2, 3), (1, 1), (1, 1), "SAME"),
    ((1, 3, 3, 2), (3, 3, 2, 4), (5, 5), (1, 1), "VALID"),
    ((1, 6, 6, 2), (2, 2, 2, 3), (4, 4), (1, 1), "VALID"),
    ((1, 4, 1, 3), (3, 1, 3, 4), (1, 1), (1, 1), "SAME"),
    ((0, 5, 6, 3), (3, 3, 3, 4), (1, 1), (1, 1), "SAME"),
    ((2, 2, 5, 3), (3, 3, 3, 4), (1, 1), (1, 1), "VALID"),
    ((1, 6, 5, 3), (3, 3, 3, 4), (1, 1), (1, 1), [0, 0, 5, 4]),
    ((1, 18, 17, 3), (3, 3, 3, 4), (1, 1), (1, 1), "SAME"),
]
IN_FLOAT64 = {0, 1, 5, 8, 10, 15, 22, 25, 28, 31, 33, 36, 39, 46, 48}


def text(g: tuple[Any, ...]) -> str:
    x, f, s, d, p = g
    parts = ["x".join(map(str, x)), "f" + "x".join(map(str, f))]
    parts += ["s" + "x".join(map(str, s))] if s != (1, 1) else []
    parts += ["d" + "x".join(map(str, d))] if d != (1, 1) else []
    return "-".join([*parts, p.lower() if isinstance(p, str) else "pad" + "_".join(map(str, p))])


def tf_padding(p: Any) -> Any:
    return p if isinstance(p, str) else [[0, 0], p[0:2], p[2:4], [0, 0]]


def raw_padding(p: Any) -> dict[str, Any]:
    return {"padding": p} if isinstance(p, str) else {"padding": "EXPLICIT", "explicit_paddings": [0, 0, *p, 0, 0]}


def options(g: tuple[Any, ...]) -> dict[str, Any]:
    return {"strides": list(g[2]), "dilations": list(g[3]), "padding": g[4]}


def build(family: Family) -> None:
    for i, g in enumerate(GEOMETRIES):
        for dtype in ["float32", "float64"] if i in IN_FLOAT64 else ["float32"]:
            forward(family, g, dtype)
            if i % 2 == 0 or dtype == "float64":
                backwards(family, g, dtype)
    epilogues(family)
    integers(family)


def forward(family: Family, g: tuple[Any, ...], dtype: str) -> None:
    _, f, s, d, p = g
    name = f"conv2d/{text(g)}-{dtype}"
    random = generator(text(g))
    x, w = draw(random, g[0], dtype), draw(random, f, dtype)
    record(
        family, name, "conv2d", [x, w], options(g),
        lambda x, w: tf.nn.conv2d(x, w, list(s), tf_padding(p), dilations=list(d)),
        lambda x, w: plain.conv2d(x, w, s, d, p),
        lambda x, w, dy: [
            plain.conv2d_backward_input(w, dy, x.shape, s, d, p), plain.conv2d_backward_filter(x, dy, w.shape, s, d, p),
        ],
        seed=text(g),
    )  # fmt: skip


def backwards(family: Family, g: tuple[Any, ...], dtype: str) -> None:
    """The two backwards as ops of their own, with their gradients (the transposed convolution is the first of them)."""
    xs, fs, s, d, p = g
    raw = {"strides": [1, *s, 1], "dilations": [1, *d, 1], **raw_padding(p)}
    random = generator(text(g))
    x, w = draw(random, xs, dtype), draw(random, fs, dtype)
    dy = draw(generator(text(g) + " gradient"), plain.conv2d(x, w, s, d, p).shape, dtype)  # as in `forward`: stored once
    record(
        family, f"conv2d_backward_input/{text(g)}-{dtype}", "conv2d_backward_input", [w, dy],
        {"input_shape": list(xs), **options(g)},
        lambda w, dy: tf.raw_ops.Conv2DBackpropInput(input_sizes=list(xs), filter=w, out_backprop=dy, **raw),
        lambda w, dy: plain.conv2d_backward_input(w, dy, xs, s, d, p),
        lambda w, dy, t: [plain.conv2d_backward_filter(t, dy, fs, s, d, p), plain.conv2d(t, w, s, d, p)],
    )  # fmt: skip
    record(
        family, f"conv2d_backward_filter/{text(g)}-{dtype}", "conv2d_backward_filter", [x, dy],
        {"filter_shape": list(fs), **options(g)},
        # TensorFlow dies of an empty output here
        None if dy.size == 0 else
        lambda x, dy: tf.raw_ops.Conv2DBackpropFilter(input=x, filter_sizes=list(fs), out_backprop=dy, **raw),
        lambda x, dy: plain.conv2d_backward_filter(x, dy, fs, s, d, p),
        lambda x, dy, t: [plain.conv2d_backward_input(t, dy, xs, s, d, p), plain.conv2d(x, t, s, d, p)],
    )  # fmt: skip


# what an epilogue may be: its gradient needs y alone
ACTIVATIONS = {
    "linear": tf.identity, "relu": tf.nn.relu, "relu6": tf.nn.relu6, "leaky_relu": lambda x: tf.nn.leaky_relu(x, 0.3),
}  # fmt: skip


def epilogues(family: Family) -> None:
    """Bias and activation in the op itself, over 3×3, 1×1, depthwise and strided convolutions."""
    for k, g in enumerate([GEOMETRIES[i] for i in (1, 6, 10, 34)]):
        _, f, s, d, p = g
        for activation in ACTIVATIONS if k == 0 else ("linear", "relu"):
            name = f"conv2d/{text(g)}-bias-{activation}"
            random = generator(name)
            inputs = [draw(random, g[0]), draw(random, f), draw(random, (f[3],))]
            alpha = {"leaky_relu": 0.3}.get(activation)
            record(
                family, name, "conv2d", inputs,
                {**options(g), "activation": activation, **({} if alpha is None else {"alpha": alpha})},
                lambda x, w, b, activation=activation, s=s, p=p: ACTIVATIONS[activation](
                    tf.nn.bias_add(tf.nn.conv2d(x, w, list(s), tf_padding(p)), b)
                ) if x.shape[3] == w.shape[2] else ACTIVATIONS[activation](
                    tf.nn.bias_add(tf.nn.depthwise_conv2d(x, tf.transpose(w, [0, 1, 3, 2]), [1, *s, 1], tf_padding(p)), b)
                ),
            )  # fmt: skip


def integers(family: Family) -> None:
    """int32 is exact."""
    for i in (1, 10, 22):
        g = GEOMETRIES[i]
        random = generator(text(g) + "int32")
        x, w = (random.randint(-99, 99, shape).astype("int32") for shape in (g[0], g[1]))
        _, _, s, d, p = g
        record(
            family, f"conv2d/{text(g)}-int32", "conv2d", [x, w], options(g),
            lambda x, w, s=s, d=d, p=p: tf.nn.conv2d(x, w, list(s), tf_padding(p), dilations=list(d)),
            lambda x, w, s=s, d=d, p=p: np.rint(plain.conv2d(x, w, s, d, p)).astype("int32"), gradients=False,
        )  # fmt: skip
