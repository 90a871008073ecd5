"""Ops that move elements and do no arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from .record import record
from .writer import Family, draw, generator

TYPES = ("float32", "float64", "int32", "int64", "uint8", "bool")


def some(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    random = generator(f"{shape}{dtype}")
    return draw(random, shape, dtype) if dtype.startswith("float") else random.randint(0, 9, shape).astype(dtype)


def build(family: Family) -> None:
    for dtype in TYPES:
        x = some((2, 3, 4), dtype)
        record(family, f"reshape/{dtype}", "reshape", [x], {"shape": [4, -1]}, lambda x: tf.reshape(x, [4, -1]))
        record(family, f"transpose/{dtype}", "transpose", [x], {"perm": [2, 0, 1]}, lambda x: tf.transpose(x, [2, 0, 1]))
        record(family, f"concat/{dtype}", "concat", [x, some((2, 5, 4), dtype)], {"axis": 1}, lambda x, y: tf.concat([x, y], 1))
        record(family, f"tile/{dtype}", "tile", [x], {"multiples": [2, 1, 3]}, lambda x: tf.tile(x, [2, 1, 3]))
        record(family, f"identity/{dtype}", "identity", [x], {}, tf.identity)
        record(
            family,
            f"broadcast_to/{dtype}",
            "broadcast_to",
            [some((3, 1), dtype)],
            {"shape": [2, 3, 4]},
            lambda x: tf.broadcast_to(x, [2, 3, 4]),
        )
    record(family, "stop_gradient/float32", "stop_gradient", [some((3, 4), "float32")], {}, tf.stop_gradient)
    for perm in ([0, 1], [1, 0], [0, 2, 1], [1, 2, 0], [0, 3, 1, 2], [0, 2, 3, 1], [3, 2, 1, 0], [4, 0, 2, 1, 3]):
        x = some((3, 5, 2, 7, 2)[: len(perm)], "float32")
        record(
            family,
            f"transpose/perm{''.join(map(str, perm))}",
            "transpose",
            [x],
            {"perm": perm},
            lambda x, p=perm: tf.transpose(x, p),
        )
    wide = some((1, 33, 35), "float32")
    record(family, "transpose/wide", "transpose", [wide], {"perm": [0, 2, 1]}, lambda x: tf.transpose(x, [0, 2, 1]))
    for axis in (0, 2, -1):
        parts = [some(tuple(n if i == axis % 3 else 3 for i in range(3)), "float32") for n in (1, 4, 2)]
        record(family, f"concat/axis{axis}", "concat", parts, {"axis": axis}, lambda *xs, a=axis: tf.concat(xs, a))
    padding(family)
    slices(family)
    gathering(family)
    casts(family)


def padding(family: Family) -> None:
    for mode in ("constant", "reflect", "symmetric"):
        for shape, pads in (((3, 4), [1, 2, 0, 1]), ((2, 5, 4, 3), [0, 0, 2, 1, 1, 3, 0, 0])):
            for dtype in ("float32", "float64"):
                pairs = np.reshape(pads, (-1, 2))
                value = 0.5 if mode == "constant" and len(shape) == 2 else 0
                record(
                    family, f"pad/{mode}-{'x'.join(map(str, shape))}-{dtype}", "pad", [some(shape, dtype)],
                    {"paddings": pads, "mode": mode, "value": value},
                    lambda x, m=mode, p=pairs, v=value: tf.pad(x, p, m.upper(), constant_values=tf.cast(v, x.dtype)),
                )  # fmt: skip


def slices(family: Family) -> None:
    cases: list[tuple[tuple[int, ...], list[int], list[int], list[int]]] = [
        ((6, 7), [1, 2], [3, 4], [1, 1]), ((6, 7), [0, 1], [3, 3], [2, 2]), ((6, 7), [5, 6], [6, 4], [-1, -2]),
        ((2, 5, 3, 4), [0, 1, 0, 1], [2, 3, 3, 2], [1, 1, 1, 2]), ((5,), [2], [0], [1]), ((9,), [8], [3], [-3]),
    ]  # fmt: skip
    for shape, begin, size, strides in cases:
        label = f"{'x'.join(map(str, shape))}-{'_'.join(map(str, begin))}-{'_'.join(map(str, strides))}"

        def take(x: Any, begin: Any = begin, size: Any = size, strides: Any = strides) -> Any:
            for axis in range(len(begin)):
                x = tf.gather(x, [begin[axis] + i * strides[axis] for i in range(size[axis])] or np.zeros(0, int), axis=axis)
            return x

        options = {"begin": begin, "size": size, "strides": strides}
        for dtype in ("float32", "int64"):
            record(family, f"slice/{label}-{dtype}", "slice", [some(shape, dtype)], options, take)
        dy = some(tuple(size), "float32")

        def back(dy: Any, shape: Any = shape, take: Any = take) -> Any:
            x = tf.zeros(shape)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = take(x)
            return tf.convert_to_tensor(tape.gradient(y, x, dy))

        record(
            family,
            f"slice_backward/{label}",
            "slice_backward",
            [dy],
            {"input_shape": list(shape), **options},
            back,
            gradients=False,
        )


def gathering(family: Family) -> None:
    for shape, axis, where in (((5, 3), 0, [4, 0, 0, 2]), ((2, 4, 3), 1, [[1, 3], [0, 1]]), ((2, 4, 3), -1, [2, 2, 0])):
        for index in ("int32", "int64"):
            indices = np.array(where, index)
            name = f"gather/{'x'.join(map(str, shape))}-axis{axis}-{index}"
            record(
                family,
                name,
                "gather",
                [some(shape, "float32"), indices],
                {"axis": axis},
                lambda x, i, a=axis: tf.gather(x, i, axis=a),
            )

            def back(indices: Any, dy: Any, shape: Any = shape, axis: Any = axis) -> Any:
                x = tf.zeros(shape)
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    y = tf.gather(x, indices, axis=axis)
                return tf.convert_to_tensor(tape.gradient(y, x, dy))

            dy = some(tf.gather(tf.zeros(shape), indices, axis=axis).shape, "float32")
            options = {"input_shape": list(shape), "axis": axis}
            record(family, f"gather_backward/{name[7:]}", "gather_backward", [indices, dy], options, back, gradients=False)
    for index in ("int32", "int64", "uint8"):
        labels = np.array([[0, 3], [2, 1]], index)
        for dtype in ("float32", "float64", "int32"):
            options: dict[str, Any] = {"depth": 4, "dtype": dtype}
            record(family, f"one_hot/{index}-{dtype}", "one_hot", [labels], options, lambda i, d=dtype: tf.one_hot(i, 4, dtype=d))
    outside = np.array([0, -1, 4, 9], "int32")
    options = {"depth": 4, "dtype": "float32", "on_value": 0.9, "off_value": 0.025}
    record(
        family, "one_hot/values-outside", "one_hot", [outside], options, lambda i: tf.one_hot(i, 4, 0.9, 0.025, dtype="float32")
    )


def casts(family: Family) -> None:
    values = np.array([0, 1, -1, 2.5, -2.5, 3.999, 100, 7, -0.0, 0.25])
    for a in TYPES:
        x = values.astype(a) if a not in ("uint8", "bool") else np.abs(values).astype(a)
        for b in TYPES:
            if b == "uint8" and np.any(np.asarray(x, float) < 0):
                continue  # of a negative number: undefined
            record(
                family,
                f"cast/{a}-{b}",
                "cast",
                [x],
                {"dtype": b},
                lambda x, b=b: tf.cast(x, b),
                gradients=a[:5] == b[:5] == "float",
            )
