"""`apply`: the one door from Python to the ops. What the inputs are decides whether it runs, records or infers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from swiftconv import _native
from swiftconv._core.convert import dense, foreign_array, is_weak, weak_array
from swiftconv._core.kinds import KERAS, PLAIN, SYMBOL, TENSOR, VARIABLE
from swiftconv._core.state import state

_ops: dict[Any, Any] = {}
_MOST_OPS = 4096

#: Inputs whose type is not that of the data: Python's numbers there become int64, whatever the other inputs are.
_INDEX_INPUTS = {
    "gather": (1,),
    "gather_backward": (0,),
    "one_hot": (0,),
    "sparse_softmax_cross_entropy": (1,),
}


#: The input of an op that is packed before it is used: a `Tensor` there keeps its packed forms, for it never changes.
_PACKED_INPUT = {"conv2d": 1, "conv2d_backward_input": 0, "matmul": 1, "separable_conv2d": 2}


def _frozen(value: Any) -> Any:
    if isinstance(value, (list, np.ndarray)):
        return tuple(value)
    return value


def get_op(name: str, attributes: dict[str, Any] | None = None) -> Any:
    """The native op of this name with these attributes, made once.

    Raises:
        InvalidArgumentError: no op has this name.
    """
    key = (name, *attributes.items()) if attributes else (name,)
    try:
        found = _ops.get(key)
    except TypeError:
        attributes = {k: _frozen(v) for k, v in (attributes or {}).items()}
        key = (name, *attributes.items())
        found = _ops.get(key)
    if found is not None:
        return found
    op = _native.Op(name, attributes or {})
    if len(_ops) >= _MOST_OPS:
        _ops.clear()
    _ops[key] = op
    return op


def infer_specs(name: str, specs: Sequence[tuple[str, Sequence[int]]], **attributes: Any) -> list[tuple[str, tuple[int, ...]]]:
    """Types and shapes that the op would give for inputs of these types and shapes.

    Raises:
        InvalidArgumentError: the op refuses them.
    """
    return get_op(name, attributes).infer(specs)  # type: ignore[no-any-return]


def apply(name: str, inputs: Sequence[Any], **attributes: Any) -> Any:
    """Applies an op of `docs/ops/` to values of any kind.

    Args:
        name: the op.
        inputs: arrays, lists, scalars, `Tensor`s, `Variable`s, `Symbol`s or `KerasTensor`s.
        attributes: the op's attributes.

    Returns:
        One value, or a tuple for an op with several outputs: symbolic if an input was; else a `Tensor` if one was among the
        inputs, if there were only variables and scalars, or if a tape records; else a NumPy array.

    Raises:
        InvalidArgumentError: shapes or attributes that the op refuses.
        TypeError: element types that the op refuses.
    """
    return apply_op(get_op(name, attributes), inputs)


def apply_op(op: Any, inputs: Sequence[Any]) -> Any:
    """`apply` for an op that was already looked up."""
    top = PLAIN
    variables = False
    for value in inputs:
        kind = getattr(type(value), "_kind", PLAIN)
        if kind == VARIABLE:
            variables = True
        if kind > top:
            top = kind
    if top == KERAS:
        from swiftconv._core.keras_tensor import apply_inferred

        return apply_inferred(op, inputs)
    if top == SYMBOL or (variables and state.trace is not None):
        from swiftconv._core.trace import apply_traced

        return apply_traced(op, inputs)
    return _run(op, inputs)


def strong_dtype(inputs: Sequence[Any]) -> str | None:
    """The type that lists and scalars among `inputs` take: that of the first float input, else of the first one."""
    first: str | None = None
    for value in inputs:
        if isinstance(value, np.ndarray):
            name = str(value.dtype.name)
        elif getattr(type(value), "_kind", PLAIN) != PLAIN:
            name = str(value.dtype)
        else:
            continue
        if name in ("float32", "float64"):
            return name
        if first is None and name != "bool":
            first = name
    return first


def weak_input(op: Any, position: int, value: Any, inputs: Sequence[Any]) -> np.ndarray:
    """A list or scalar as the array that the op should see at `position`."""
    name = op.name
    if position in _INDEX_INPUTS.get(name, ()):
        return weak_array(value, None)
    if name == "select" and position == 0:
        return weak_array(value, "bool")
    dtype = strong_dtype(inputs[1:] if name == "select" else inputs)
    if dtype is None:
        floats = [v for v in inputs if is_weak(v) and weak_array(v, None).dtype.kind == "f"]
        dtype = "float32" if floats and not any(isinstance(v, np.generic) for v in inputs) else None
    return weak_array(value, dtype)


def _run(op: Any, inputs: Sequence[Any]) -> Any:
    arrays = []
    tensors = plain = variables = False
    for position, value in enumerate(inputs):
        kind = getattr(type(value), "_kind", PLAIN)
        if kind == TENSOR:
            tensors = True
            arrays.append(dense(value._array))
        elif kind == VARIABLE:
            variables = True
            arrays.append(value._array)
        elif isinstance(value, np.ndarray):
            plain = True
            arrays.append(dense(value))
        elif is_weak(value):
            plain = plain or isinstance(value, (list, tuple))
            arrays.append(weak_input(op, position, value, inputs))
        else:
            plain = True
            arrays.append(dense(foreign_array(value)))
    packed = _PACKED_INPUT.get(op.name) if tensors else None
    if packed is not None and packed < len(inputs) and getattr(type(inputs[packed]), "_kind", PLAIN) == TENSOR:
        result = op.run_constant(packed, inputs[packed]._kept_forms(), *arrays)
    else:
        result = op.run(*arrays)
    if state.tapes:
        recorded = _record(op, inputs, arrays, result)
        if recorded is not None:
            return recorded
    if tensors or (variables and not plain):
        wrap = tensor_class()._wrap
        return tuple(map(wrap, result)) if type(result) is tuple else wrap(result)
    return result


def _record(op: Any, inputs: Sequence[Any], arrays: list[np.ndarray], result: Any) -> Any:
    """Shows the application to the tapes; the outputs as `Tensor`s if one of them keeps it."""
    tapes = [tape for tape in state.tapes if tape._follows(inputs)]
    if not tapes:
        return None
    wrap = tensor_class()._wrap
    outputs = tuple(map(wrap, result)) if type(result) is tuple else (wrap(result),)
    for tape in tapes:
        tape._record(op, inputs, arrays, outputs)
    return outputs if type(result) is tuple else outputs[0]


_tensor_class: Any = None


def tensor_class() -> Any:
    """`Tensor`, which is defined above this module."""
    global _tensor_class
    if _tensor_class is None:
        from swiftconv._core.tensor import Tensor

        _tensor_class = Tensor
    return _tensor_class


_native.set_fallback(apply_op)
