"""What users pass to layers, made ready: arrays of the layer's type, shapes of nested inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import KerasTensor, Symbol, Tensor, Variable

_TENSORS = (Tensor, Variable, Symbol, KerasTensor)


def _has_array(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_has_array(item) for item in value)
    return isinstance(value, (np.ndarray, dict, *_TENSORS)) or (hasattr(value, "__array__") and not np.isscalar(value))


def cast_inputs(value: Any, dtype: str | None, first: bool, layer: Any) -> Any:
    """Arrays and tensors of floats cast to `dtype`; in the first argument lists of numbers become arrays."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, np.ndarray):
        return _cast_array(value, dtype)
    if isinstance(value, Tensor | Symbol | KerasTensor):
        if dtype is not None and value.dtype != dtype and str(value.dtype) in ("float32", "float64", "float16"):
            return ops.cast(value, dtype)
        return value
    if isinstance(value, Variable):
        return value
    if isinstance(value, dict):
        return {key: cast_inputs(item, dtype, first, layer) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        if _has_array(value):
            items = [cast_inputs(item, dtype, first, layer) for item in value]
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
        return _cast_array(_to_array(value, layer), dtype) if first else value
    if first and isinstance(value, (int, float, np.generic)):
        return _cast_array(np.asarray(value), dtype)
    if hasattr(value, "__array__"):
        return _cast_array(np.asarray(value), dtype)
    if first:
        raise ValueError(f"layer {layer.name!r}: expected arrays or tensors as inputs, received {type(value).__name__}")
    return value


def _to_array(value: Any, layer: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"layer {layer.name!r}: expected a regular array, received nested lists: {error}") from error
    return array.astype("float32") if array.dtype.kind in "iu" else array


def _cast_array(array: np.ndarray, dtype: str | None) -> np.ndarray:
    if array.dtype.kind in "OUS":
        raise ValueError(f"expected an array of numbers, received dtype {array.dtype}")
    if dtype is not None and array.dtype.kind == "f" and array.dtype != np.dtype(dtype):
        return array.astype(dtype)
    return array


def shapes_of(value: Any) -> Any:
    """The shapes of nested arrays or tensors."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: shapes_of(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "shape"):
        if all(n is None or isinstance(n, (int, np.integer)) for n in value) and value:
            return tuple(value)
        return [shapes_of(item) for item in value]
    return tuple(None if n is None else int(n) for n in value.shape) if hasattr(value, "shape") else None
