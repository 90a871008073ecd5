"""Max and average pooling, pooling with argmax, upsampling, and their backwards."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from . import plain
from .convolution import tf_padding
from .record import record
from .writer import Family, draw, generator

# x shape, ksize, strides, padding
GEOMETRIES: list[tuple[Any, ...]] = [
    ((2, 6, 8, 3), (2, 2), (2, 2), "VALID"), ((2, 7, 9, 5), (2, 2), (2, 2), "SAME"), ((1, 7, 8, 17), (3, 3), (2, 2), "SAME"),
    ((1, 7, 8, 4), (3, 3), (1, 1), "VALID"), ((1, 9, 7, 2), (3, 2), (2, 3), "SAME"), ((1, 9, 7, 2), (3, 2), (2, 3), "VALID"),
    ((1, 6, 7, 1), (1, 1), (2, 2), "VALID"), ((1, 6, 7, 3), (2, 3), (3, 4), "VALID"), ((1, 5, 5, 33), (5, 5), (1, 1), "SAME"),
    ((3, 4, 4, 2), (4, 4), (4, 4), "VALID"), ((0, 6, 6, 2), (2, 2), (2, 2), "SAME"), ((1, 5, 6, 2), (1, 3), (1, 2), "SAME"),
    ((1, 1, 1, 3), (2, 2), (2, 2), "SAME"), ((1, 2, 3, 2), (3, 3), (1, 1), "SAME"),
]  # fmt: skip
PADDED = [
    ((1, 7, 8, 3), (3, 3), (2, 2), [1, 1, 1, 1]),
    ((2, 6, 5, 2), (3, 2), (1, 2), [2, 0, 1, 0]),
    ((1, 5, 6, 4), (2, 2), (2, 2), [0, 1, 1, 0]),
]
IN_FLOAT64 = {1, 4, 9}


def text(g: tuple[Any, ...]) -> str:
    x, k, s, p = g
    padding = p.lower() if isinstance(p, str) else "pad" + "_".join(map(str, p))
    return f"{'x'.join(map(str, x))}-k{k[0]}x{k[1]}-s{s[0]}x{s[1]}-{padding}"


def build(family: Family) -> None:
    for i, g in enumerate(GEOMETRIES + PADDED):
        for dtype in ("float32", "float64") if i in IN_FLOAT64 else ("float32",):
            maximum(family, g, dtype)
            if isinstance(g[3], str):
                average(family, g, dtype)
                argmax(family, g, dtype)
    special(family)
    upsampling(family)


def maximum(family: Family, g: tuple[Any, ...], dtype: str) -> None:
    shape, k, s, p = g
    attributes = {"ksize": list(k), "strides": list(s), "padding": p}
    x = draw(generator(text(g)), shape, dtype, step=0.5)
    y = plain.max_pool2d(x, k, s, p).astype(dtype)
    record(
        family, f"max_pool2d/{text(g)}-{dtype}", "max_pool2d", [x], attributes,
        lambda x: tf.nn.max_pool2d(x, list(k), list(s), tf_padding(p)),
        lambda x: plain.max_pool2d(x, k, s, p), lambda x, dy: plain.max_pool2d_backward(x, dy, k, s, p), seed=text(g),
    )  # fmt: skip
    dy = draw(generator(text(g) + " gradient"), y.shape, dtype)
    record(
        family, f"max_pool2d_backward/{text(g)}-{dtype}", "max_pool2d_backward", [x, y, dy], attributes, None,
        lambda x, y, dy: plain.max_pool2d_backward(x, dy, k, s, p), gradients=False,
    )  # fmt: skip


def average(family: Family, g: tuple[Any, ...], dtype: str) -> None:
    shape, k, s, p = g
    attributes = {"ksize": list(k), "strides": list(s), "padding": p}
    x = draw(generator(text(g)), shape, dtype, step=0.5)
    record(
        family, f"avg_pool2d/{text(g)}-{dtype}", "avg_pool2d", [x], attributes,
        lambda x: tf.nn.avg_pool2d(x, list(k), list(s), p),
        lambda x: plain.avg_pool2d(x, k, s, p), lambda x, dy: plain.avg_pool2d_backward(dy, x.shape, k, s, p), seed=text(g),
    )  # fmt: skip
    dy = draw(generator(text(g) + " gradient"), plain.avg_pool2d(x, k, s, p).shape, dtype)
    record(
        family, f"avg_pool2d_backward/{text(g)}-{dtype}", "avg_pool2d_backward", [dy], {"input_shape": list(shape), **attributes}, None,
        lambda dy: plain.avg_pool2d_backward(dy, shape, k, s, p), gradients=False,
    )  # fmt: skip


def argmax(family: Family, g: tuple[Any, ...], dtype: str) -> None:
    shape, k, s, p = g
    if shape[0] == 0:
        return  # refused by TensorFlow; tested apart
    x = draw(generator(text(g)), shape, dtype, step=0.5)
    for batch in (0, 1) if shape[0] > 1 else (0,):
        attributes = {"ksize": list(k), "strides": list(s), "padding": p, "include_batch_in_index": batch}
        suffix = "-batch" if batch else ""

        def forward(x: tf.Tensor, batch: int = batch) -> Any:
            return tf.nn.max_pool_with_argmax(x, list(k), list(s), p, include_batch_in_index=bool(batch))

        record(
            family, f"max_pool2d_with_argmax/{text(g)}-{dtype}{suffix}", "max_pool2d_with_argmax", [x], attributes, forward,
            # TensorFlow's gradient ignores `include_batch_in_index`
            plain_gradients=lambda x, dy: plain.max_pool2d_backward(x, dy, k, s, p), flowing=[True, False], seed=text(g),
        )  # fmt: skip
        y, where = forward(tf.constant(x))
        dy = draw(generator(text(g) + " gradient"), y.shape, dtype)
        record(
            family, f"max_pool2d_argmax_backward/{text(g)}-{dtype}{suffix}", "max_pool2d_argmax_backward", [where.numpy(), dy],
            {"input_shape": list(shape), "include_batch_in_index": batch}, None,
            lambda where, dy: plain.max_pool2d_backward(x, dy, k, s, p).astype(dtype), gradients=False,
        )  # fmt: skip


def special(family: Family) -> None:
    """A maximum of NaN, of infinities; NaN propagates (TensorFlow skips it)."""
    x = draw(generator("special"), (1, 6, 6, 5))
    x[0, 1, 2, :3] = np.nan
    x[0, 4, 4, 3] = np.inf
    x[0, :2, :2, 4] = -np.inf
    for k, s, p in (((2, 2), (2, 2), "VALID"), ((3, 3), (2, 2), "SAME")):
        record(
            family, f"max_pool2d/special-k{k[0]}-{p.lower()}", "max_pool2d", [x], {"ksize": list(k), "strides": list(s), "padding": p}, None,
            lambda x, k=k, s=s, p=p: plain.max_pool2d(x, k, s, p), gradients=False,
        )  # fmt: skip


def upsampling(family: Family) -> None:
    for shape, size in (
        ((1, 2, 3, 1), (2, 2)),
        ((2, 3, 2, 5), (3, 2)),
        ((1, 4, 3, 17), (1, 3)),
        ((1, 1, 1, 2), (4, 3)),
        ((0, 2, 2, 3), (2, 2)),
    ):
        for interpolation in ("nearest", "bilinear"):
            for dtype in ("float32", "float64"):
                if (interpolation == "bilinear" and dtype == "float64") or (shape[0] == 0 and interpolation == "bilinear"):
                    continue  # TensorFlow resizes in float32 only
                name = f"upsample2d/{'x'.join(map(str, shape))}-{size[0]}x{size[1]}-{interpolation}-{dtype}"
                layer = keras.layers.UpSampling2D(size, interpolation=interpolation, dtype=dtype)
                x = draw(generator(name), shape, dtype)
                record(family, name, "upsample2d", [x], {"size": list(size), "interpolation": interpolation}, layer)
