"""Reductions over axes, and matrix products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from swiftconv._core import apply, cast, floatx, promote
from swiftconv._core.arguments import axis_of
from swiftconv.ops.elementwise import FLOATS, array_like, boolean, divide, floating, multiply, sqrt, square, subtract


def axes_of(op: str, axis: Any, rank: int) -> tuple[int, ...]:
    """The axes meant, counted from the front; none for all."""
    if axis is None:
        return ()
    return tuple(axis_of(op, a, rank) for a in (axis if isinstance(axis, (list, tuple)) else [axis]))


def _reduce(op: str, text: str, prepare: Callable[[Any], Any]) -> Callable[..., Any]:
    def function(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x = prepare(x)
        if axis is not None and isinstance(axis, (list, tuple)) and not axis:
            return x
        return apply(op, [x], axes=axes_of(op, axis, len(x.shape)), keepdims=int(bool(keepdims)))

    function.__doc__ = f"{text} over `axis` (an axis or several; all by default)."
    return function


def _summable(x: Any) -> Any:
    x = array_like(x)
    return cast(x, "int32") if str(x.dtype) in ("bool", "uint8") else x


sum = _reduce("reduce_sum", "The sum", _summable)
prod = _reduce("reduce_prod", "The product", _summable)
mean = _reduce("reduce_mean", "The mean", floating)
max = _reduce("reduce_max", "The largest element", array_like)
min = _reduce("reduce_min", "The smallest element", array_like)
amax, amin = max, min
any = _reduce("reduce_any", "Whether one holds", boolean)
all = _reduce("reduce_all", "Whether all hold", boolean)


def _arg(op: str, x: Any, axis: Any, keepdims: bool) -> Any:
    x = array_like(x)
    rank = len(x.shape)
    if axis is None:
        found = apply(op, [apply("reshape", [x], shape=(-1,))], axis=0)
        return apply("reshape", [cast(found, "int32")], shape=(1,) * rank if keepdims else ())
    place = axis_of(op, axis, rank)
    found = cast(apply(op, [x], axis=place), "int32")
    return expand(found, place) if keepdims else found


def expand(x: Any, place: int) -> Any:
    """`x` with one more axis of size 1."""
    shape = [-1 if n is None else n for n in x.shape]
    return apply("reshape", [x], shape=(*shape[:place], 1, *shape[place:]))


def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The place of the largest element along `axis`, as int32."""
    return _arg("argmax", x, axis, keepdims)


def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The place of the smallest element along `axis`, as int32."""
    return _arg("argmin", x, axis, keepdims)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The variance (with bias) over `axis`."""
    x = floating(x)
    centred = subtract(x, mean(x, axis, True))
    return mean(square(centred), axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The standard deviation over `axis`."""
    return sqrt(var(x, axis, keepdims))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The logarithm of the sum of exp(x) over `axis`, without overflow."""
    x = floating(x)
    top = apply("stop_gradient", [max(x, axis, True)])
    from swiftconv.ops.elementwise import add, exp, log, where

    top = where(apply("is_finite", [top]), top, multiply(cast(apply("is_finite", [top]), str(x.dtype)), 0.0))
    total = add(log(sum(exp(subtract(x, top)), axis, True)), top)
    if keepdims:
        return total
    kept = [n for i, n in enumerate(x.shape) if axis is not None and i not in axes_of("logsumexp", axis, len(x.shape))]
    return apply("reshape", [total], shape=tuple(-1 if n is None else n for n in kept))


def cumsum(x: Any, axis: Any = None) -> Any:
    """The running sum along `axis`."""
    x = array_like(x)
    if axis is None:
        x, axis = apply("reshape", [x], shape=(-1,)), 0
    return apply("cumsum", [x], axis=axis_of("cumsum", axis, len(x.shape)))


def matmul(x1: Any, x2: Any) -> Any:
    """The matrix product, over leading batch dimensions; vectors are rows or columns as in NumPy."""
    x1, x2 = promote(array_like(x1), array_like(x2))
    dtype = str(x1.dtype)
    if dtype not in FLOATS:
        product = matmul(cast(x1, "float64"), cast(x2, "float64"))
        return cast(product, dtype if dtype != "bool" else "int32")
    rank1, rank2 = len(x1.shape), len(x2.shape)
    if rank1 == 1:
        x1 = expand(x1, 0)
    if rank2 == 1:
        x2 = expand(x2, 1)
    y = apply("matmul", [x1, x2])
    shape = list(y.shape)
    if rank1 == 1:
        del shape[-2]
    if rank2 == 1:
        del shape[-1]
    return y if len(shape) == len(y.shape) else apply("reshape", [y], shape=tuple(-1 if n is None else n for n in shape))


def dot(x1: Any, x2: Any) -> Any:
    """The dot product of NumPy: a product of matrices, or with a scalar."""
    x1, x2 = array_like(x1), array_like(x2)
    return multiply(x1, x2) if not len(x1.shape) or not len(x2.shape) else matmul(x1, x2)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The Euclidean norm over `axis` (`ord` None, 2 or "euclidean"), or the sum of absolute values (`ord` 1)."""
    x = floating(x)
    if ord == 1:
        return sum(apply("abs", [x]), axis, keepdims)
    if ord not in (None, 2, "euclidean", "fro"):
        raise ValueError(f"norm: ord: expected None, 1, 2 or 'euclidean', received {ord!r}")
    return sqrt(sum(square(x), axis, keepdims))


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """The mean over `axis`, weighed by `weights`."""
    if weights is None:
        return mean(x, axis)
    x = floating(x)
    return divide(sum(multiply(x, weights), axis), sum(multiply(cast(array_like(weights), floatx()), 1.0), axis))


__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "average",
    "cumsum",
    "dot",
    "logsumexp",
    "matmul",
    "max",
    "mean",
    "min",
    "norm",
    "prod",
    "std",
    "sum",
    "var",
]
