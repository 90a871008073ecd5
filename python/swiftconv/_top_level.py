"""TensorFlow's functions at the top of the package. They give `Tensor`s, whatever they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import Tensor, apply, as_dtype, convert_to_tensor, is_symbolic
from swiftconv._core import cast as cast_any
from swiftconv._core.arguments import integer, sizes
from swiftconv._core.convert import as_array
from swiftconv._core.kinds import TENSOR, kind_of
from swiftconv._core.operators import binary
from swiftconv.errors import InvalidArgumentError, UnimplementedError


def tensor_of(value: Any) -> Any:
    """A result as a `Tensor`: arrays are wrapped, symbolic values stay."""
    return Tensor._wrap(np.require(value, requirements=["C", "O"])) if isinstance(value, (np.ndarray, np.generic)) else value


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Any:
    """A `Tensor` with the content of `value`.

    Args:
        value: a number, nested lists, or an array.
        dtype: the element type.
        shape: the shape; one number fills it.
        name: accepted for TensorFlow's sake.

    Raises:
        TypeError: not numbers, or another number of elements than `shape` has.

    Example:
        >>> import swiftconv as tf
        >>> tf.constant([1, 2, 3])
        <tf.Tensor: shape=(3,), dtype=int32, numpy=array([1, 2, 3], dtype=int32)>
    """
    if is_symbolic(value):
        raise TypeError(f"constant: value: expected numbers, received the symbolic value {value!r}")
    tensor = convert_to_tensor(value, dtype)
    if shape is None:
        return tensor
    wanted = sizes("constant", "shape", shape)
    count = int(np.prod(wanted, dtype=np.int64))
    if tensor.size not in (1, count):
        raise TypeError(f"constant: shape: expected {tensor.size} elements as the value has, received shape {wanted}")
    array = np.broadcast_to(tensor._array.reshape(-1), (count,)) if tensor.size == 1 else tensor._array
    return Tensor._wrap(np.array(array.reshape(wanted)))


def _wrapped(fn: Callable[..., Any], name: str | None = None) -> Callable[..., Any]:
    def function(*args: Any, name: str | None = None, **kwargs: Any) -> Any:
        result = fn(*args, **kwargs)
        return [tensor_of(r) for r in result] if isinstance(result, list) else tensor_of(result)

    function.__name__ = function.__qualname__ = name or fn.__name__
    function.__doc__ = fn.__doc__
    return function


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """`x` with its elements converted to `dtype`.

    Raises:
        TypeError: there is no such type here.
    """
    return tensor_of(cast_any(x, dtype))


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """The same elements in another shape; one size may be -1.

    Raises:
        InvalidArgumentError: another number of elements.
    """
    return tensor_of(apply("reshape", [convert_to_tensor(tensor)], shape=sizes("reshape", "shape", shape)))


def expand_dims(input: Any, axis: Any, name: str | None = None) -> Any:
    """With one more axis of size 1 at `axis` of the result."""
    return tensor_of(ops.expand_dims(convert_to_tensor(input), integer("expand_dims", "axis", axis)))


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Any:
    """Without the axes of size 1 (all, or those named)."""
    return tensor_of(ops.squeeze(convert_to_tensor(input), axis))


def zeros(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """A `Tensor` of zeros."""
    return fill(shape, np.zeros((), as_dtype(dtype).name))


def ones(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """A `Tensor` of ones."""
    return fill(shape, np.ones((), as_dtype(dtype).name))


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A `Tensor` of one number."""
    wanted = sizes("fill", "dims", dims)
    if any(n < 0 for n in wanted):
        raise InvalidArgumentError(f"fill: dims: expected sizes of at least 0, received {wanted}")
    return Tensor._wrap(np.full(wanted, as_array(value)))


def eye(
    num_rows: int, num_columns: int | None = None, batch_shape: Any = None, dtype: Any = "float32", name: str | None = None
) -> Tensor:
    """The unit matrix, repeated over `batch_shape`."""
    matrix = np.eye(num_rows, num_columns, dtype=as_dtype(dtype).name)
    return Tensor._wrap(np.array(np.broadcast_to(matrix, (*(batch_shape or ()), *matrix.shape))))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = None) -> Tensor:
    """Evenly spaced numbers from `start` (0 if only one is given) to before `limit`."""
    if limit is None:
        start, limit = 0, start
    numbers = [n.item() if kind_of(n) == TENSOR else n for n in (start, limit, delta)]
    values = np.arange(*numbers)
    wanted = as_dtype(dtype).name if dtype is not None else "int32" if values.dtype.kind in "iu" else "float32"
    return Tensor._wrap(values.astype(wanted))


def linspace(start: Any, stop: Any, num: int, name: str | None = None, axis: int = 0) -> Tensor:
    """Evenly spaced numbers from `start` to `stop`."""
    values = np.linspace(as_array(start), as_array(stop), num, axis=axis)
    return Tensor._wrap(values.astype(as_array(start).dtype if as_array(start).dtype.kind == "f" else "float64"))


def shape(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """The sizes of `input` as a `Tensor`."""
    given = input.shape if hasattr(input, "shape") else np.shape(input)
    return Tensor._wrap(np.array(tuple(given), as_dtype(out_type).name))


def size(input: Any, out_type: Any = "int32", name: str | None = None) -> Tensor:
    """How many elements `input` has, as a `Tensor`."""
    return Tensor._wrap(np.array(as_array(input).size, as_dtype(out_type).name))


def rank(input: Any, name: str | None = None) -> Tensor:
    """How many dimensions `input` has, as a `Tensor`."""
    return Tensor._wrap(np.array(len(input.shape) if hasattr(input, "shape") else np.ndim(input), "int32"))


def concat(values: Any, axis: int, name: str = "concat") -> Any:
    """Values one after the other along `axis`.

    Raises:
        InvalidArgumentError: shapes that do not fit.
    """
    tensors = [convert_to_tensor(v) for v in values]
    return tensor_of(ops.concatenate(tensors, integer("concat", "axis", axis)))


def stack(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """Values of one shape beside each other along a new axis."""
    return tensor_of(ops.stack([convert_to_tensor(v) for v in values], axis))


def split(value: Any, num_or_size_splits: Any, axis: int = 0, num: int | None = None, name: str = "split") -> list[Any]:
    """`value` cut into equal parts (an int) or into parts of the given sizes (a list)."""
    value = convert_to_tensor(value)
    if isinstance(num_or_size_splits, (list, tuple)):
        ends = np.cumsum(num_or_size_splits)
        if ends[-1] != value.shape[axis]:
            raise InvalidArgumentError(f"split: expected sizes that sum to {value.shape[axis]}, received {num_or_size_splits}")
        return ops.split(value, [int(e) for e in ends[:-1]], axis)
    return ops.split(value, integer("split", "num_or_size_splits", num_or_size_splits), axis)


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: str = "transpose") -> Any:
    """The axes in another order; reversed by default."""
    return tensor_of(ops.transpose(convert_to_tensor(a), None if perm is None else sizes("transpose", "perm", perm)))


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None) -> Any:
    """`tensor` with elements added before and after each axis; `mode` is CONSTANT, REFLECT or SYMMETRIC."""
    word = str(mode).lower()
    value = constant_values if word == "constant" else None
    return tensor_of(ops.pad(convert_to_tensor(tensor), as_array(paddings), word, value))


def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """`input` repeated along its axes."""
    return tensor_of(ops.tile(convert_to_tensor(input), list(sizes("tile", "multiples", multiples))))


def gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: Any = 0, batch_dims: int = 0, name: str | None = None
) -> Any:
    """The slices along `axis` at `indices`."""
    if batch_dims:
        raise UnimplementedError(f"gather: batch_dims: expected 0, received {batch_dims}")
    return tensor_of(ops.take(convert_to_tensor(params), indices, 0 if axis is None else axis))


def one_hot(
    indices: Any,
    depth: int,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """Rows with `on_value` (1) at the place that an integer names, else `off_value` (0)."""
    wanted = as_dtype("float32" if dtype is None else dtype).name
    on, off = float(1 if on_value is None else on_value), float(0 if off_value is None else off_value)
    y = apply("one_hot", [convert_to_tensor(indices)], depth=int(depth), on_value=on, off_value=off, dtype=wanted)
    return y if axis in (None, -1) else ops.moveaxis(y, -1, axis)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """`x` where `condition` holds, else `y`; with the condition alone, the places where it holds."""
    if x is None and y is None:
        return Tensor._wrap(np.argwhere(as_array(condition)))
    return tensor_of(ops.where(condition, x, y))


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """`t`, raised to the minimum and lowered to the maximum."""
    return tensor_of(ops.clip(convert_to_tensor(t), clip_value_min, clip_value_max))


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, **options: Any) -> Any:
    """The product of matrices, over leading batch dimensions.

    Raises:
        InvalidArgumentError: inner sizes that differ, or fewer than 2 dimensions.
        TypeError: element types that differ.
    """
    options.pop("name", None)
    if any(options.values()):
        raise TypeError(f"matmul: unexpected arguments {sorted(options)}")
    a, b = convert_to_tensor(a), convert_to_tensor(b)
    if len(a.shape) < 2 or len(b.shape) < 2:
        raise InvalidArgumentError(f"matmul: expected at least 2 dimensions, received shapes {a.shape} and {b.shape}")
    if a.dtype != b.dtype:
        raise TypeError(f"matmul: expected operands of one type, received {a.dtype} and {b.dtype}; use cast")
    if str(a.dtype) not in ("float32", "float64"):
        a, b = (ops.swapaxes(v, -1, -2) if t else v for v, t in ((a, transpose_a), (b, transpose_b)))
        return tensor_of(ops.matmul(a, b))
    return tensor_of(apply("matmul", [a, b], transpose_a=int(bool(transpose_a)), transpose_b=int(bool(transpose_b))))


def argmax(input: Any, axis: Any = None, output_type: Any = "int64", name: str | None = None) -> Any:
    """The place of the largest element along `axis` (0 by default, as in TensorFlow)."""
    return cast(apply("argmax", [convert_to_tensor(input)], axis=0 if axis is None else int(axis)), output_type)


def argmin(input: Any, axis: Any = None, output_type: Any = "int64", name: str | None = None) -> Any:
    """The place of the smallest element along `axis` (0 by default, as in TensorFlow)."""
    return cast(apply("argmin", [convert_to_tensor(input)], axis=0 if axis is None else int(axis)), output_type)


def _reduction(fn: Callable[..., Any], text: str) -> Callable[..., Any]:
    def function(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
        x = convert_to_tensor(input_tensor)
        over = axis if axis is None or isinstance(axis, (int, list, tuple)) else as_array(axis).reshape(-1).tolist()
        result = fn(x, over, keepdims)
        keep_type = result.dtype != x.dtype and fn in (ops.sum, ops.prod, ops.mean)
        return tensor_of(cast_any(result, x.dtype) if keep_type else result)

    function.__doc__ = f"{text} over `axis` (an axis or several; all by default), as a `Tensor` of the type of the input."
    return function


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


def _binary(op: str, text: str) -> Callable[..., Any]:
    def function(x: Any, y: Any, name: str | None = None) -> Any:
        if kind_of(x) == 0:
            x = convert_to_tensor(x, dtype_hint=getattr(y, "dtype", None))
        return binary(op, x, y)

    function.__doc__ = f"{text}, element by element, with NumPy's broadcasting."
    return function


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


def _unary(op: str, text: str) -> Callable[..., Any]:
    def function(x: Any, name: str | None = None) -> Any:
        return apply(op, [convert_to_tensor(x)])

    function.__doc__ = f"{text}, element by element."
    return function


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
zeros_like = _wrapped(ops.zeros_like)
ones_like = _wrapped(ops.ones_like)
unstack = _wrapped(ops.unstack)


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Any:
    """`input` repeated to a shape."""
    return tensor_of(ops.broadcast_to(convert_to_tensor(input), shape))


def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The norm over `axis`."""
    return tensor_of(ops.norm(convert_to_tensor(tensor), ord, axis, keepdims))


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor, variable or symbolic value."""
    return kind_of(x) != 0


class math:
    """TensorFlow's `math`: the same functions under their other names."""

    abs, negative, sign, square, sqrt, exp, sin, cos, tanh, sigmoid, floor, round = (
        staticmethod(f) for f in (abs, negative, sign, square, sqrt, exp, sin, cos, tanh, sigmoid, floor, round)
    )
    add, subtract, multiply, divide, pow, maximum, minimum = (
        staticmethod(f) for f in (add, subtract, multiply, divide, pow, maximum, minimum)
    )
    equal, not_equal, less, less_equal, greater, greater_equal, squared_difference = (
        staticmethod(f) for f in (equal, not_equal, less, less_equal, greater, greater_equal, squared_difference)
    )
    reduce_sum, reduce_mean, reduce_max, reduce_min, reduce_prod, reduce_any, reduce_all = (
        staticmethod(f) for f in (reduce_sum, reduce_mean, reduce_max, reduce_min, reduce_prod, reduce_any, reduce_all)
    )
    reduce_variance, reduce_std, reduce_logsumexp = (staticmethod(f) for f in (reduce_variance, reduce_std, reduce_logsumexp))
    argmax, argmin = staticmethod(argmax), staticmethod(argmin)
    log = staticmethod(_unary("log", "The natural logarithm"))
    log1p = staticmethod(_unary("log1p", "log(1 + x)"))
    expm1 = staticmethod(_unary("expm1", "exp(x) - 1"))
    rsqrt = staticmethod(_unary("rsqrt", "1 / sqrt(x)"))
    reciprocal = staticmethod(_unary("reciprocal", "1 / x"))
    erf = staticmethod(_unary("erf", "The error function"))
    ceil = staticmethod(_unary("ceil", "Rounded up"))
    softplus = staticmethod(_unary("softplus", "log(exp(x) + 1)"))
    is_nan = staticmethod(_unary("is_nan", "Whether each element is NaN"))
    is_finite = staticmethod(_unary("is_finite", "Whether each element is finite"))


def function(func: Any = None, **options: Any) -> Any:
    """TensorFlow's decorator: the function as it is (it runs eagerly)."""
    return func if func is not None else (lambda f: f)


__all__ = [
    "abs",
    "add",
    "argmax",
    "argmin",
    "broadcast_to",
    "cast",
    "clip_by_value",
    "concat",
    "constant",
    "cos",
    "divide",
    "equal",
    "exp",
    "expand_dims",
    "eye",
    "fill",
    "floor",
    "function",
    "gather",
    "greater",
    "greater_equal",
    "identity",
    "is_tensor",
    "less",
    "less_equal",
    "linspace",
    "math",
    "matmul",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "norm",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "pad",
    "pow",
    "range",
    "rank",
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
    "reshape",
    "round",
    "shape",
    "sigmoid",
    "sign",
    "sin",
    "size",
    "split",
    "sqrt",
    "square",
    "squared_difference",
    "squeeze",
    "stack",
    "stop_gradient",
    "subtract",
    "tanh",
    "tile",
    "transpose",
    "unstack",
    "where",
    "zeros",
    "zeros_like",
]
