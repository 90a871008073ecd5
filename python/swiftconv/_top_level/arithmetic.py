"""Arithmetic, comparisons, reductions and products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import Tensor, apply, convert_to_tensor
from swiftconv._core import cast as cast_any
from swiftconv._core.arguments import integer
from swiftconv._core.convert import as_array
from swiftconv._core.dtypes import ENGINE_DTYPES
from swiftconv._core.kinds import PLAIN, VARIABLE, kind_of
from swiftconv._core.operators import binary
from swiftconv._core.state import state
from swiftconv._top_level.making import tensor_of
from swiftconv._top_level.shaping import cast
from swiftconv.errors import InvalidArgumentError


def _unary(op: str, text: str) -> Callable[..., Any]:
    def function(x: Any, name: str | None = None) -> Any:
        return apply(op, [convert_to_tensor(x)])

    function.__doc__ = f"{text}, element by element."
    return function


def _binary(op: str, text: str) -> Callable[..., Any]:
    def function(x: Any, y: Any, name: str | None = None) -> Any:
        if kind_of(x) == PLAIN:
            x = _borrowed(x) if type(x) is np.ndarray else convert_to_tensor(x, dtype_hint=getattr(y, "dtype", None))
        return binary(op, x, y)

    function.__doc__ = f"{text}, element by element, with NumPy's broadcasting."
    return function


def _borrowed(array: np.ndarray) -> Tensor:
    """The array as the operand of one op. A tape keeps the operands: only for it they are copied."""
    plain = array.flags.c_contiguous and array.dtype.name in ENGINE_DTYPES and array.dtype.isnative and not state.tapes
    return Tensor._wrap(array.view()) if plain else convert_to_tensor(array)


def _reduction(fn: Callable[..., Any], text: str) -> Callable[..., Any]:
    def function(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
        x = convert_to_tensor(input_tensor)
        over = axis if axis is None or isinstance(axis, (int, list, tuple)) else as_array(axis).reshape(-1).tolist()
        result = fn(x, over, keepdims)
        keep_type = result.dtype != x.dtype and fn in (ops.sum, ops.prod, ops.mean)
        return tensor_of(cast_any(result, x.dtype) if keep_type else result)

    function.__doc__ = f"{text} over `axis` (an axis or several; all by default), as a `Tensor` of the type of the input."
    return function


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """`t`, raised to the minimum and lowered to the maximum."""
    return tensor_of(ops.clip(convert_to_tensor(t), clip_value_min, clip_value_max))


def _operand(value: Any) -> Any:
    """A float array or variable as it is (a copy takes as long as a product of few rows), else a `Tensor`."""
    if (isinstance(value, np.ndarray) or kind_of(value) == VARIABLE) and str(value.dtype) in ("float32", "float64"):
        return value
    return convert_to_tensor(value)


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, **options: Any) -> Any:
    """The product of matrices, over leading batch dimensions.

    Raises:
        InvalidArgumentError: inner sizes that differ, or fewer than 2 dimensions.
        TypeError: element types that differ.
    """
    options.pop("name", None)
    if any(options.values()):
        raise TypeError(f"matmul: unexpected arguments {sorted(options)}")
    a, b = _operand(a), _operand(b)
    if len(a.shape) < 2 or len(b.shape) < 2:
        raise InvalidArgumentError(f"matmul: expected at least 2 dimensions, received shapes {a.shape} and {b.shape}")
    if str(a.dtype) != str(b.dtype):
        raise TypeError(f"matmul: expected operands of one type, received {a.dtype} and {b.dtype}; use cast")
    if str(a.dtype) not in ("float32", "float64"):
        a, b = (ops.swapaxes(v, -1, -2) if t else v for v, t in ((a, transpose_a), (b, transpose_b)))
        return tensor_of(ops.matmul(a, b))
    product = apply("matmul", [a, b], transpose_a=int(bool(transpose_a)), transpose_b=int(bool(transpose_b)))
    # a new array that nobody else holds needs no copy
    return Tensor._wrap(product) if type(product) is np.ndarray else tensor_of(product)


def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The norm over `axis`."""
    return tensor_of(ops.norm(convert_to_tensor(tensor), ord, axis, keepdims))


def argmax(input: Any, axis: Any = None, output_type: Any = "int64", name: str | None = None) -> Any:
    """The place of the largest element along `axis` (0 by default, as in TensorFlow)."""
    return cast(
        apply("argmax", [convert_to_tensor(input)], axis=0 if axis is None else integer("argmax", "axis", axis)), output_type
    )


def argmin(input: Any, axis: Any = None, output_type: Any = "int64", name: str | None = None) -> Any:
    """The place of the smallest element along `axis` (0 by default, as in TensorFlow)."""
    return cast(
        apply("argmin", [convert_to_tensor(input)], axis=0 if axis is None else integer("argmin", "axis", axis)), output_type
    )


reduce_sum = _reduction(ops.sum, "The sum")
reduce_mean = _reduction(ops.mean, "The mean")
reduce_max = _reduction(ops.max, "The largest element")
reduce_min = _reduction(ops.min, "The smallest element")
reduce_prod = _reduction(ops.prod, "The product")
reduce_any = _reduction(ops.any, "Whether one holds")
reduce_all = _reduction(ops.all, "Whether all hold")
reduce_variance = _reduction(ops.var, "The variance (with bias)")
reduce_std = _reduction(ops.std, "The standard deviation")
reduce_logsumexp = _reduction(ops.logsumexp, "The logarithm of the sum of exp(x)")
add = _binary("add", "x + y")
subtract = _binary("subtract", "x - y")
multiply = _binary("multiply", "x · y")
divide = _binary("divide", "x / y")
pow = _binary("power", "x to the power of y")
maximum = _binary("maximum", "The larger one")
minimum = _binary("minimum", "The smaller one")
equal = _binary("equal", "Whether x = y")
not_equal = _binary("not_equal", "Whether x ≠ y")
less = _binary("less", "Whether x < y")
less_equal = _binary("less_equal", "Whether x ≤ y")
greater = _binary("greater", "Whether x > y")
greater_equal = _binary("greater_equal", "Whether x ≥ y")
squared_difference = _binary("squared_difference", "(x - y)²")
abs = _unary("abs", "The absolute value")
negative = _unary("negative", "-x")
sign = _unary("sign", "-1, 0 or 1")
square = _unary("square", "x²")
sqrt = _unary("sqrt", "The square root")
exp = _unary("exp", "exp(x)")
sin = _unary("sin", "The sine")
cos = _unary("cos", "The cosine")
tanh = _unary("tanh", "The hyperbolic tangent")
sigmoid = _unary("sigmoid", "1 / (1 + exp(-x))")
floor = _unary("floor", "Rounded down")
round = _unary("round", "Rounded to the nearest integer, halves to even")
identity = _unary("identity", "x itself")
stop_gradient = _unary("stop_gradient", "x, through which no gradient flows")

__all__ = [
    "abs",
    "add",
    "argmax",
    "argmin",
    "clip_by_value",
    "cos",
    "divide",
    "equal",
    "exp",
    "floor",
    "greater",
    "greater_equal",
    "identity",
    "less",
    "less_equal",
    "matmul",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "norm",
    "not_equal",
    "pow",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_std",
    "reduce_sum",
    "reduce_variance",
    "round",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "square",
    "squared_difference",
    "stop_gradient",
    "subtract",
    "tanh",
]
