"""Elementwise ops: one input and two, with broadcasting, at special values, and the backwards that are kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .record import record
from .writer import Family, draw, generator

nn, math = tf.nn, tf.math
SHAPE = (3, 5, 7)  # 105 elements: whole vectors and a tail on every level

# op: (function, attributes, domain) where domain is "all", "positive" or "above -1"
UNARY: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "relu": (nn.relu, {}, "all"), "relu6": (lambda x: nn.relu6(x), {}, "all"),
    "leaky_relu": (lambda x: nn.leaky_relu(x, 0.25), {"alpha": 0.25}, "all"), "elu": (nn.elu, {"alpha": 1.0}, "all"),
    "selu": (nn.selu, {}, "all"), "gelu": (lambda x: x * 0.5 * (1 + math.erf(x / tf.cast(tf.sqrt(tf.constant(2.0, tf.float64)), x.dtype))), {}, "all"),
    "silu": (nn.silu, {}, "all"), "sigmoid": (tf.sigmoid, {}, "all"), "tanh": (tf.tanh, {}, "all"), "softplus": (nn.softplus, {}, "all"),
    "softsign": (nn.softsign, {}, "all"), "mish": (lambda x: x * tf.tanh(nn.softplus(x)), {}, "all"),
    "hard_sigmoid": (keras.ops.hard_sigmoid, {}, "all"), "hard_silu": (keras.ops.hard_silu, {}, "all"), "exp": (tf.exp, {}, "all"),
    "expm1": (math.expm1, {}, "all"), "log": (math.log, {}, "positive"), "log1p": (math.log1p, {}, "above -1"), "sqrt": (tf.sqrt, {}, "positive"),
    "rsqrt": (math.rsqrt, {}, "positive"), "square": (tf.square, {}, "all"), "abs": (tf.abs, {}, "all"), "negative": (tf.negative, {}, "all"),
    "sign": (tf.sign, {}, "all"), "reciprocal": (math.reciprocal, {}, "positive"), "floor": (tf.floor, {}, "all"), "ceil": (math.ceil, {}, "all"),
    "round": (tf.round, {}, "all"), "erf": (math.erf, {}, "all"), "sin": (tf.sin, {}, "all"), "cos": (tf.cos, {}, "all"),
    "clip": (lambda x: tf.clip_by_value(x, -0.5, 1.25), {"min": -0.5, "max": 1.25}, "all"),
}  # fmt: skip
INTEGER = ("square", "abs", "negative", "sign")
SPECIAL = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    1.25,
    3.0,
    -3.0,
    6.0,
    1e-20,
    -1e-20,
    20.0,
    -20.0,
    80.0,
    -80.0,
    100.0,
    -100.0,
    1e4,
    -1e4,
    1e20,
    -1e20,
]
UNBOUNDED = [np.inf, -np.inf, np.nan]


def build(family: Family) -> None:
    for op, entry in UNARY.items():
        unary(family, op, *entry)
    record(
        family,
        "gelu/approximate",
        "gelu",
        [draw(generator("gelu"), SHAPE)],
        {"approximate": 1},
        lambda x: nn.gelu(x, approximate=True),
    )
    record(family, "elu/alpha", "elu", [draw(generator("elu"), SHAPE)], {"alpha": 0.5}, lambda x: keras.ops.elu(x, alpha=0.5))
    wide = draw(generator("clip"), SHAPE) * 4
    record(family, "relu6/wide", "relu6", [wide], {}, lambda x: nn.relu6(x))
    flags(family)
    backwards(family)
    binary(family)
    comparisons(family)


def unary(family: Family, op: str, function: Callable[..., Any], attributes: dict[str, Any], domain: str) -> None:
    for dtype in ("float32", "float64"):
        x = draw(generator(op), SHAPE, dtype) * 2
        if domain == "positive":
            x = np.abs(x) + np.asarray(1 / 64, dtype)
        elif domain == "above -1":
            x = np.abs(x) - np.asarray(0.5, dtype)
        record(family, f"{op}/{dtype}", op, [x], attributes, function)
        # Where a formula with infinities or huge numbers in it gives NaN for a number, TensorFlow's NaN is no contract: left out
        values = np.array([v for v in SPECIAL + UNBOUNDED if domain == "all" or not v < 0], dtype)
        given = function(tf.constant(values)).numpy()
        values = values[~(np.isnan(given) & ~np.isnan(values))]
        if op in ("sin", "cos"):
            values = values[~(np.abs(values) > 1e5)]
        record(family, f"{op}/special-{dtype}", op, [values], attributes, function, gradients=False)
        finite = values[np.isfinite(values) & (np.abs(values) < 50)]
        if op == "selu":
            finite = finite[
                (finite == 0) | (np.abs(finite) > 1e-10)
            ]  # TensorFlow's own gradient takes tiny negative numbers for positive ones
        if op != "rsqrt" and op != "log" and op != "reciprocal":
            with tf.GradientTape() as tape:
                t = tf.constant(finite)
                tape.watch(t)
                y = function(t)
            slope = tape.gradient(y, t, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            finite = finite[np.isfinite(tf.convert_to_tensor(slope).numpy())]
            record(family, f"{op}/special-gradient-{dtype}", op, [finite], attributes, function)
    if op in INTEGER:
        for dtype in ("int32", "int64"):
            x = generator(op).randint(-50, 50, SHAPE).astype(dtype)
            record(family, f"{op}/{dtype}", op, [x], attributes, function)
    record(family, f"{op}/empty", op, [np.zeros((0, 3), "float32")], attributes, function)
    record(family, f"{op}/scalar", op, [np.float32(0.75)], attributes, function)


def flags(family: Family) -> None:
    for dtype in ("float32", "float64"):
        x = np.array(SPECIAL + UNBOUNDED, dtype)
        record(family, f"is_nan/{dtype}", "is_nan", [x], {}, math.is_nan)
        record(family, f"is_finite/{dtype}", "is_finite", [x], {}, math.is_finite)
    record(family, "logical_not/bool", "logical_not", [generator("not").randint(0, 2, SHAPE).astype(bool)], {}, math.logical_not)


def backwards(family: Family) -> None:
    """The second input is y for relu, relu6, sigmoid, tanh, and x for the others."""
    for op in ("relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "sigmoid", "tanh", "softplus", "clip"):
        function, attributes, _ = UNARY[op]
        for dtype in ("float32", "float64"):
            x = np.concatenate([draw(generator(op), (97,), dtype) * 3, np.array([0, -0.0, 6, 1.25, -0.5], dtype)])
            dy = draw(generator(op + " dy"), x.shape, dtype)
            given = function(tf.constant(x)).numpy() if op in ("relu", "relu6", "sigmoid", "tanh") else x

            def gradient(dy: tf.Tensor, _: tf.Tensor, x: np.ndarray = x, function: Callable[..., Any] = function) -> Any:
                with tf.GradientTape() as tape:
                    t = tf.constant(x)
                    tape.watch(t)
                    y = function(t)
                return tape.gradient(y, t, dy)

            record(family, f"{op}_backward/{dtype}", f"{op}_backward", [dy, given], attributes, gradient, gradients=False)


BINARY: dict[str, Callable[..., Any]] = {
    "add": tf.add, "subtract": tf.subtract, "multiply": tf.multiply, "divide": math.divide, "power": tf.pow, "maximum": tf.maximum,
    "minimum": tf.minimum, "squared_difference": math.squared_difference, "floor_divide": math.floordiv, "mod": math.floormod,
}  # fmt: skip
BROADCASTS = [
    ((3, 5, 7), (3, 5, 7)), ((3, 5, 7), (7,)), ((3, 5, 7), ()), ((), (4, 9)), ((3, 1, 7), (1, 5, 1)), ((6, 1), (6, 17)), ((2, 1, 3, 1), (4, 1, 5)),
    ((0, 3), (1, 3)),
]  # fmt: skip


def binary(family: Family) -> None:
    for op, function in BINARY.items():
        for a, b in BROADCASTS:
            for dtype in ("float32", "float64") if a == b or b == (7,) else ("float32",):
                name = f"{op}/{'x'.join(map(str, a)) or 'scalar'}-{'x'.join(map(str, b)) or 'scalar'}-{dtype}"
                random = generator(f"{a}{b}")
                x, y = (draw(random, shape, dtype, step=0.25) for shape in (a, b))
                if op == "power":
                    x = np.abs(x) + np.asarray(0.25, dtype)
                if op in ("divide", "floor_divide", "mod"):
                    y = np.where(np.abs(y) < 0.25, np.asarray(0.75, dtype), y)
                record(family, name, op, [x, y], {}, function, gradients=op not in ("floor_divide", "mod"))
        for dtype in ("int32", "int64"):
            if op == "divide":
                continue
            random = generator(op + "int")
            x, y = random.randint(-20, 20, (5, 6)).astype(dtype), random.randint(-20, 20, (6,)).astype(dtype)
            x, y = (np.abs(x), np.abs(y) % 4) if op == "power" else (x, np.where(y == 0, 7, y).astype(dtype))
            record(family, f"{op}/{dtype}", op, [x, y.astype(dtype)], {}, function)
    for op in ("add", "multiply", "maximum", "minimum", "divide", "power"):
        x = np.array([np.nan, np.inf, -np.inf, 1, np.nan, 0, 2, 0, 4], "float32")
        y = np.array([1, 1, np.inf, np.nan, np.nan, 0, 0, 3, 0.5], "float32")
        record(family, f"{op}/special", op, [x, y], {}, BINARY[op], gradients=False)
    random = generator("bias_add")
    for shape in ((2, 3, 4, 5), (7, 33), (1, 2, 2, 17)):
        x, bias = draw(random, shape), draw(random, shape[-1:])
        record(family, f"bias_add/{'x'.join(map(str, shape))}", "bias_add", [x, bias], {}, nn.bias_add)


def comparisons(family: Family) -> None:
    for op in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
        for dtype in ("float32", "float64", "int32", "int64", "uint8"):
            random = generator(op + dtype)
            x, y = (random.randint(0, 4, shape).astype(dtype) for shape in ((4, 9), (9,)))
            if dtype == "float32":
                x[0, 0] = x[1, 2] = y[2] = np.nan
            record(family, f"{op}/{dtype}", op, [x, y], {}, getattr(tf, op))
    for op in ("logical_and", "logical_or", "logical_xor"):
        random = generator(op)
        x, y = (random.randint(0, 2, shape).astype(bool) for shape in ((4, 9), (4, 1)))
        record(family, f"{op}/bool", op, [x, y], {}, getattr(math, op))
    random = generator("select")
    for c, a, b in (((4, 9), (4, 9), (4, 9)), ((4, 1), (9,), (4, 9)), ((), (3,), (3,))):
        for dtype in ("float32", "float64"):
            condition = random.randint(0, 2, c).astype(bool)
            inputs = [condition, draw(random, a, dtype), draw(random, b, dtype)]
            record(family, f"select/{'x'.join(map(str, c)) or 'scalar'}-{dtype}", "select", inputs, {}, tf.where)
