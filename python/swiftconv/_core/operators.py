"""The operators and methods that `Tensor`, `Variable`, `Symbol` and `KerasTensor` share."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv._core.apply import apply
from swiftconv._core.convert import cast, foreign_array, is_weak, weak_array
from swiftconv._core.index import index
from swiftconv._core.kinds import PLAIN, TENSOR, kind_of

_PROMOTION = ("bool", "uint8", "int32", "int64", "float32", "float64")


def promoted(*dtypes: str) -> str:
    """The type in which values of these types meet: the widest, floats above integers."""
    return _PROMOTION[max(_PROMOTION.index(str(d)) if str(d) in _PROMOTION else 4 for d in dtypes)]


def _strict_operand(tensor: Any, other: Any) -> Any:
    """What TensorFlow makes of the other operand of a `Tensor`: it takes the tensor's type, or is refused."""
    dtype = np.dtype(str(tensor.dtype))
    if isinstance(other, (np.ndarray, np.generic)) or not is_weak(other):
        array = other if isinstance(other, (np.ndarray, np.generic)) else foreign_array(other)
        if array.dtype == dtype:
            return array
        if not np.can_cast(array.dtype, dtype, "same_kind"):
            raise TypeError(f"expected an operand of type {dtype}, received {array.dtype}; use cast")
        return array.astype(dtype)
    return weak_array(other, dtype.name)


def binary(name: str, x: Any, y: Any) -> Any:
    """`apply` of a binary op after its operands' types were brought together.

    Raises:
        TypeError: two tensors of different types, or a fraction beside an integer tensor, as in TensorFlow.
    """
    kind_x, kind_y = kind_of(x), kind_of(y)
    if kind_x <= TENSOR and kind_y <= TENSOR and (kind_x == TENSOR or kind_y == TENSOR):
        if kind_x == PLAIN:
            x = _strict_operand(y, x)
        elif kind_y == PLAIN:
            y = _strict_operand(x, y)
        if x.dtype != y.dtype:
            raise TypeError(f"{name}: expected operands of one type, received {x.dtype} and {y.dtype}; use cast")
        if name == "divide" and np.dtype(str(x.dtype)).kind != "f":
            x, y = cast(x, "float64"), cast(y, "float64")
        return apply(name, [x, y])
    x, y = promote(x, y)
    if name == "divide" and str(dtype_of(x, y)) not in ("float32", "float64"):
        x, y = cast(x, "float32"), cast(y, "float32")
    return apply(name, [x, y])


def dtype_of(*values: Any) -> str:
    """The type of the first value that has one."""
    for value in values:
        dtype = getattr(value, "dtype", None)
        if dtype is not None:
            return str(dtype)
    return weak_array(values[0], None).dtype.name


def promote(*values: Any) -> list[Any]:
    """Values of several types, cast to the one in which they meet (Keras's rule); Python's numbers adapt where they can."""
    values = tuple(v if is_weak(v) or hasattr(v, "dtype") else foreign_array(v) for v in values)
    strong = [str(v.dtype) for v in values if not is_weak(v) and hasattr(v, "dtype")]
    if not strong:
        arrays = [weak_array(v, None) for v in values]
        dtype = promoted(*(a.dtype.name for a in arrays))
        return [a.astype(dtype, copy=False) for a in arrays]
    dtype = promoted(*strong)
    if dtype not in ("float32", "float64") and any(is_weak(v) and weak_array(v, None).dtype.kind == "f" for v in values):
        dtype = "float32"
    if dtype == "bool" and any(is_weak(v) and weak_array(v, None).dtype.kind in "iu" for v in values):
        dtype = "int32"
    return [_adapted(v, dtype) if is_weak(v) else v if str(v.dtype) == dtype else cast(v, dtype) for v in values]


def _adapted(value: Any, dtype: str) -> Any:
    """A list as an array; a scalar stays one, so that it does not decide the kind of the result."""
    array = weak_array(value, dtype)
    return array if isinstance(value, (list, tuple)) else array[()]


#: NumPy's ufuncs that have an op: with them, gradients pass through NumPy's spelling too.
UFUNCS_BINARY = {
    np.add: "add",
    np.subtract: "subtract",
    np.multiply: "multiply",
    np.true_divide: "divide",
    np.power: "power",
    np.maximum: "maximum",
    np.minimum: "minimum",
    np.floor_divide: "floor_divide",
    np.remainder: "mod",
    np.equal: "equal",
    np.not_equal: "not_equal",
    np.less: "less",
    np.less_equal: "less_equal",
    np.greater: "greater",
    np.greater_equal: "greater_equal",
    np.matmul: "matmul",
}
UFUNCS_UNARY = {
    np.negative: "negative",
    np.absolute: "abs",
    np.sign: "sign",
    np.square: "square",
    np.exp: "exp",
    np.expm1: "expm1",
    np.log: "log",
    np.log1p: "log1p",
    np.sqrt: "sqrt",
    np.reciprocal: "reciprocal",
    np.floor: "floor",
    np.ceil: "ceil",
    np.rint: "round",
    np.sin: "sin",
    np.cos: "cos",
    np.tanh: "tanh",
}


def _unordered(name: str) -> Any:
    def forward(self: Any, other: Any) -> Any:
        return NotImplemented if other is None or isinstance(other, (str, dict)) else binary(name, self, other)

    return forward


def _reflected(name: str) -> Any:
    def backward(self: Any, other: Any) -> Any:
        return NotImplemented if other is None or isinstance(other, (str, dict)) else binary(name, other, self)

    return backward


class Operators:
    """Arithmetic, comparison, indexing and the usual methods, all through `apply`."""

    __slots__ = ()
    __array_priority__ = 100

    __add__, __radd__ = _unordered("add"), _reflected("add")
    __sub__, __rsub__ = _unordered("subtract"), _reflected("subtract")
    __mul__, __rmul__ = _unordered("multiply"), _reflected("multiply")
    __truediv__, __rtruediv__ = _unordered("divide"), _reflected("divide")
    __floordiv__, __rfloordiv__ = _unordered("floor_divide"), _reflected("floor_divide")
    __mod__, __rmod__ = _unordered("mod"), _reflected("mod")
    __matmul__, __rmatmul__ = _unordered("matmul"), _reflected("matmul")
    __lt__, __le__ = _unordered("less"), _unordered("less_equal")
    __gt__, __ge__ = _unordered("greater"), _unordered("greater_equal")
    __and__, __rand__ = _unordered("logical_and"), _reflected("logical_and")
    __or__, __ror__ = _unordered("logical_or"), _reflected("logical_or")
    __xor__, __rxor__ = _unordered("logical_xor"), _reflected("logical_xor")
    __rpow__ = _reflected("power")

    def __pow__(self, other: Any) -> Any:
        if other is None:
            return NotImplemented
        if type(other) in (int, float) and other == 2:
            return apply("square", [self])
        return binary("power", self, other)

    def __neg__(self) -> Any:
        return apply("negative", [self])

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return apply("abs", [self])

    def __invert__(self) -> Any:
        return apply("logical_not", [self])

    def __getitem__(self, key: Any) -> Any:
        return index(self, key)

    def reshape(self, *shape: Any) -> Any:
        """The same elements in another shape; one size may be -1."""
        sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], (list, tuple)) else shape
        return apply("reshape", [self], shape=tuple(-1 if n is None else int(n) for n in sizes))

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order; reversed without arguments."""
        order = axes[0] if len(axes) == 1 and isinstance(axes[0], (list, tuple)) else axes
        rank = len(self.shape)  # type: ignore[attr-defined]
        order = tuple(range(rank))[::-1] if not order or order == (None,) else tuple(int(a) % max(rank, 1) for a in order)
        return apply("transpose", [self], perm=order)

    @property
    def T(self) -> Any:
        """The transpose."""
        return self.transpose()

    def squeeze(self, axis: Any = None) -> Any:
        """Without the axes of size 1."""
        shape = tuple(self.shape)  # type: ignore[attr-defined]
        axes = None if axis is None else {int(a) % len(shape) for a in (axis if isinstance(axis, (list, tuple)) else [axis])}
        keep = [n for i, n in enumerate(shape) if (n != 1 if axes is None else i not in axes)]
        return self.reshape(keep)

    def astype(self, dtype: Any) -> Any:
        """The elements converted to `dtype`."""
        return cast(self, dtype)

    def _reduced(self, name: str, axis: Any, keepdims: bool) -> Any:
        axes = () if axis is None else tuple(axis) if isinstance(axis, (list, tuple)) else (int(axis),)
        return apply(name, [self], axes=axes, keepdims=int(bool(keepdims)))

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        """The sum over `axis`, or over all."""
        return self._reduced("reduce_sum", axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        """The mean over `axis`, or over all."""
        return self._reduced("reduce_mean", axis, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Any:
        """The largest element over `axis`, or over all."""
        return self._reduced("reduce_max", axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Any:
        """The smallest element over `axis`, or over all."""
        return self._reduced("reduce_min", axis, keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False) -> Any:
        """The product over `axis`, or over all."""
        return self._reduced("reduce_prod", axis, keepdims)

    def __format__(self, spec: str) -> str:
        array = getattr(self, "_array", None)  # a tensor of Keras has none
        if not spec or array is None:
            return str(self) if not spec else object.__format__(self, spec)
        return format(array if array.ndim else array[()], spec)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if kwargs.get("out") is not None and any(kind_of(o) != PLAIN for o in kwargs["out"]):
            raise TypeError(f"numpy.{ufunc.__name__}: out: expected an array, received a tensor, which is read-only")
        if method == "__call__" and not kwargs:
            name = UFUNCS_BINARY.get(ufunc)
            if name is not None:
                return binary(name, *inputs)
            name = UFUNCS_UNARY.get(ufunc)
            if name is not None and (name in ("negative", "abs", "sign", "square") or _is_float(inputs[0])):
                return apply(name, inputs)
        return _through_numpy(ufunc, method, inputs, kwargs)


def _is_float(value: Any) -> bool:
    return str(value.dtype) in ("float32", "float64")


def _through_numpy(ufunc: Any, method: str, inputs: Any, kwargs: Any) -> Any:
    """A ufunc without an op: on the numbers, if there are any; its result is a `Tensor` where the type allows."""
    from swiftconv._core.convert import as_array
    from swiftconv._core.tensor import Tensor

    arrays = [as_array(value) if kind_of(value) != PLAIN else value for value in inputs]
    result = getattr(ufunc, method)(*arrays, **kwargs)
    if kwargs.get("out") is not None or method == "at":
        return result

    def wrap(value: Any) -> Any:
        value = np.asarray(value)
        return Tensor._wrap(value) if value.dtype.kind in "fiub" and value.dtype.itemsize <= 8 else value

    return tuple(map(wrap, result)) if isinstance(result, tuple) else wrap(result)
