"""Arithmetic, comparison and functions element by element. Inputs of several types meet in the widest one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from swiftconv._core import apply, cast, floatx, is_tensor, promote
from swiftconv._core.convert import as_array

FLOATS = ("float32", "float64")


def array_like(x: Any) -> Any:
    """Lists and scalars as arrays; everything else as it is."""
    return x if is_tensor(x) or isinstance(x, np.ndarray) else as_array(x)


def floating(x: Any) -> Any:
    """`x`, cast to the default float type unless it is of one."""
    x = array_like(x)
    return x if str(x.dtype) in FLOATS else cast(x, floatx())


def boolean(x: Any) -> Any:
    """`x` as truth values: whether each element is not 0."""
    x = array_like(x)
    return x if str(x.dtype) == "bool" else cast(x, "bool")


def _binary(op: str, text: str, floats: bool = False) -> Callable[..., Any]:
    def function(x1: Any, x2: Any) -> Any:
        x1, x2 = promote(x1, x2)
        if floats and str(x1.dtype) not in FLOATS:
            x1, x2 = cast(x1, floatx()), cast(x2, floatx())
        return apply(op, [x1, x2])

    function.__doc__ = f"{text}, element by element, with NumPy's broadcasting."
    return function


def _unary(op: str, text: str, floats: bool = True) -> Callable[..., Any]:
    def function(x: Any) -> Any:
        return apply(op, [floating(x) if floats else array_like(x)])

    function.__doc__ = f"{text}, element by element."
    return function


def _logical(op: str, text: str) -> Callable[..., Any]:
    def function(x1: Any, x2: Any) -> Any:
        return apply(op, [boolean(x1), boolean(x2)])

    function.__doc__ = f"{text} of truth values, element by element."
    return function


add = _binary("add", "x1 + x2")
subtract = _binary("subtract", "x1 - x2")
multiply = _binary("multiply", "x1 · x2")
divide = true_divide = _binary("divide", "x1 / x2", floats=True)
floor_divide = _binary("floor_divide", "The quotient, rounded down")
mod = _binary("mod", "The remainder, of the sign of x2")
power = _binary("power", "x1 to the power of x2")
maximum = _binary("maximum", "The larger one")
minimum = _binary("minimum", "The smaller one")
squared_difference = _binary("squared_difference", "(x1 - x2)²")
equal = _binary("equal", "Whether x1 = x2")
not_equal = _binary("not_equal", "Whether x1 ≠ x2")
less = _binary("less", "Whether x1 < x2")
less_equal = _binary("less_equal", "Whether x1 ≤ x2")
greater = _binary("greater", "Whether x1 > x2")
greater_equal = _binary("greater_equal", "Whether x1 ≥ x2")
logical_and = _logical("logical_and", "And")
logical_or = _logical("logical_or", "Or")
logical_xor = _logical("logical_xor", "Exclusive or")

negative = _unary("negative", "-x", floats=False)
sign = _unary("sign", "-1, 0 or 1", floats=False)
square = _unary("square", "x²", floats=False)
absolute = _unary("abs", "The absolute value", floats=False)
abs = absolute
sqrt = _unary("sqrt", "The square root")
rsqrt = _unary("rsqrt", "1 / sqrt(x)")
reciprocal = _unary("reciprocal", "1 / x")
exp = _unary("exp", "exp(x)")
expm1 = _unary("expm1", "exp(x) - 1")
log = _unary("log", "The natural logarithm")
log1p = _unary("log1p", "log(1 + x)")
sin = _unary("sin", "The sine")
cos = _unary("cos", "The cosine")
erf = _unary("erf", "The error function")
floor = _unary("floor", "Rounded down")
ceil = _unary("ceil", "Rounded up")


def tanh(x: Any) -> Any:
    """The hyperbolic tangent, element by element."""
    return apply("tanh", [floating(x)])


def round(x: Any, decimals: int = 0) -> Any:
    """Rounded to the nearest number with `decimals` decimals, halves to even."""
    x = floating(x)
    if not decimals:
        return apply("round", [x])
    scale = 10.0**decimals
    return divide(apply("round", [multiply(x, scale)]), scale)


def isnan(x: Any) -> Any:
    """Whether each element is NaN."""
    return apply("is_nan", [floating(x)])


def isfinite(x: Any) -> Any:
    """Whether each element is finite."""
    return apply("is_finite", [floating(x)])


def isinf(x: Any) -> Any:
    """Whether each element is infinite."""
    x = floating(x)
    return logical_not(logical_or(apply("is_finite", [x]), apply("is_nan", [x])))


def logical_not(x: Any) -> Any:
    """Not, of truth values, element by element."""
    return apply("logical_not", [boolean(x)])


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """`x`, raised to `x_min` and lowered to `x_max`."""
    x = array_like(x)
    plain = all(isinstance(limit, (int, float)) for limit in (x_min, x_max))
    if plain and str(x.dtype) in FLOATS:
        return apply("clip", [x], min=float(x_min), max=float(x_max))
    low = x if x_min is None else maximum(x, x_min)
    return low if x_max is None else minimum(low, x_max)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """`x1` where `condition` holds, else `x2`; with the condition alone, where it holds."""
    if x1 is None and x2 is None:
        return np.nonzero(as_array(condition))
    if x1 is None or x2 is None:
        raise ValueError("where: x1, x2: expected both or none")
    x1, x2 = promote(x1, x2)
    return apply("select", [boolean(condition), x1, x2])


def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether the elements differ by no more than atol + rtol · |x2|."""
    near = less_equal(abs(subtract(x1, x2)), add(multiply(abs(array_like(x2)), rtol), atol))
    return logical_or(near, logical_and(isnan(x1), isnan(x2))) if equal_nan else near


__all__ = [
    "abs",
    "absolute",
    "add",
    "ceil",
    "clip",
    "cos",
    "divide",
    "equal",
    "erf",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "log",
    "log1p",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "negative",
    "not_equal",
    "power",
    "reciprocal",
    "round",
    "rsqrt",
    "sign",
    "sin",
    "sqrt",
    "square",
    "squared_difference",
    "subtract",
    "tanh",
    "true_divide",
    "where",
]
