"""Reductions, argmax, softmax and its relatives, cumsum."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from .record import record
from .writer import Family, draw, generator

CASES: list[tuple[tuple[int, ...], list[int], int]] = [
    ((4, 5, 6), [], 0), ((4, 5, 6), [2], 0), ((4, 5, 6), [0], 1), ((4, 5, 6), [1], 0), ((3, 4, 5, 2), [1, 2], 0), ((3, 4, 5, 2), [0, 1, 2], 0),
    ((3, 4, 5, 2), [0, 3], 1), ((37,), [0], 0), ((2, 33), [-1], 1), ((5, 1, 3), [1], 0), ((3, 4, 5, 2), [-1, -3], 0),
]  # fmt: skip
NAMES = ("sum", "mean", "max", "min", "prod")


def build(family: Family) -> None:
    for kind in NAMES:
        function = getattr(tf, f"reduce_{kind}")
        for k, (shape, axes, keep) in enumerate(CASES):
            for dtype in ("float32", "float64") if k % 3 == 0 else ("float32",):
                name = (
                    f"reduce_{kind}/{'x'.join(map(str, shape))}-axes{'_'.join(map(str, axes))}{'-keep' if keep else ''}-{dtype}"
                )
                x = draw(generator(str(shape)), shape, dtype, step=0.25)
                if kind == "prod":
                    x = x / 4 + np.where(x < 0, -1, 1).astype(dtype)
                record(
                    family, name, f"reduce_{kind}", [x], {"axes": axes, "keepdims": keep},
                    lambda x, f=function, a=axes, k=keep: f(x, axis=a or None, keepdims=bool(k)),
                )  # fmt: skip
        for dtype in ("int32", "int64"):
            if kind == "mean":
                continue
            x = generator(kind).randint(-9, 9, (4, 7)).astype(dtype)
            record(family, f"reduce_{kind}/{dtype}", f"reduce_{kind}", [x], {"axes": [1]}, lambda x, f=function: f(x, axis=1))
    edges(family)
    arguments(family)
    rows(family)


def edges(family: Family) -> None:
    ties = np.array([[1, 3, 3, 2], [0, 0, 0, 0], [-1, -5, -1, -5]], "float32")
    zeros = np.array([[1, 0, 3, 2], [0, 0, 1, 4], [-1, -5, 2, 2]], "float32")
    for kind, x in (("max", ties), ("min", ties), ("prod", zeros)):
        record(
            family,
            f"reduce_{kind}/ties",
            f"reduce_{kind}",
            [x],
            {"axes": [1]},
            lambda x, f=getattr(tf, f"reduce_{kind}"): f(x, axis=1),
        )
    for kind in ("sum", "prod"):
        empty = np.zeros((0, 3), "float32")
        record(
            family,
            f"reduce_{kind}/empty",
            f"reduce_{kind}",
            [empty],
            {"axes": [0]},
            lambda x, f=getattr(tf, f"reduce_{kind}"): f(x, axis=0),
        )
    x = np.array([[1, np.nan, 3], [np.inf, 1, 2], [-np.inf, np.inf, 1]], "float32")
    for kind in ("sum", "mean", "max", "min"):
        record(
            family, f"reduce_{kind}/special", f"reduce_{kind}", [x], {"axes": [1]}, lambda x, f=getattr(tf, f"reduce_{kind}"): f(x, axis=1),
            gradients=False,
        )  # fmt: skip
    flags = generator("flags").randint(0, 3, (5, 3, 2)) > 0
    for kind in ("any", "all"):
        for axes in ([], [1], [0, 2]):
            record(
                family, f"reduce_{kind}/axes{'_'.join(map(str, axes))}", f"reduce_{kind}", [flags], {"axes": axes},
                lambda x, f=getattr(tf, f"reduce_{kind}"), a=axes: f(x, axis=a or None),
            )  # fmt: skip


def arguments(family: Family) -> None:
    for op in ("argmax", "argmin"):
        for shape, axis in (((4, 10), -1), ((4, 10), 0), ((3, 4, 5), 1), ((33,), 0)):
            for dtype in ("float32", "float64", "int32"):
                x = draw(generator(str(shape)), shape, "float32", step=0.5)  # with ties: the first wins
                x = (x * 2).astype(dtype)
                name = f"{op}/{'x'.join(map(str, shape))}-axis{axis}-{dtype}"
                record(
                    family, name, op, [x], {"axis": axis}, lambda x, f=getattr(tf, op), a=axis: f(x, axis=a, output_type=tf.int64)
                )


def rows(family: Family) -> None:
    functions: dict[str, Any] = {
        "softmax": tf.nn.softmax, "log_softmax": tf.nn.log_softmax, "logsumexp": lambda x: tf.reduce_logsumexp(x, axis=-1),
    }  # fmt: skip
    for op, function in functions.items():
        for shape in ((4, 10), (7,), (2, 3, 33), (5, 1), (3, 17), (0, 4)):
            for dtype in ("float32", "float64"):
                x = draw(generator(f"{op}{shape}"), shape, dtype) * 3
                record(family, f"{op}/{'x'.join(map(str, shape))}-{dtype}", op, [x], {}, function)
        large = np.array([[1000, 1001, 999], [-1000, -1001, -1002], [0, 500, -500], [1e30, 0, -1e30]], "float32")
        record(family, f"{op}/large", op, [large], {}, function)
    for op, function in list(functions.items())[:2]:
        for dtype in ("float32", "float64"):
            x = draw(generator(op), (5, 13), dtype)
            y, dy = function(tf.constant(x)).numpy(), draw(generator(op + " dy"), (5, 13), dtype)

            def gradient(dy: tf.Tensor, _: tf.Tensor, x: np.ndarray = x, function: Any = function) -> Any:
                with tf.GradientTape() as tape:
                    t = tf.constant(x)
                    tape.watch(t)
                    y = function(t)
                return tape.gradient(y, t, dy)

            record(family, f"{op}_backward/{dtype}", f"{op}_backward", [dy, y], {}, gradient, gradients=False)
    for shape, axis in (((4, 5), 0), ((4, 5), 1), ((2, 3, 4), -2)):
        x = draw(generator(f"cumsum{shape}"), shape)
        record(
            family,
            f"cumsum/{'x'.join(map(str, shape))}-axis{axis}",
            "cumsum",
            [x],
            {"axis": axis},
            lambda x, a=axis: tf.cumsum(x, axis=a),
        )
