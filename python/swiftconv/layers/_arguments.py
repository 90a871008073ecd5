"""The arguments and shapes that layers are made and called with."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from swiftconv import _core
from swiftconv._core import KerasTensor
from swiftconv.layers._node import is_keras_tensor
from swiftconv.utils import nest
from swiftconv.utils.serialization import serialize_keras_object


class Nothing:
    """A context that does nothing."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *exception: object) -> None:
        return None


def concrete(initializer: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """The initial numbers, also while a graph is being traced around."""
    state = _core.state.state
    trace, state.trace = state.trace, None
    tapes, state.tapes = state.tapes, ()
    try:
        value = np.asarray(initializer(shape, dtype=dtype))
    finally:
        state.trace, state.tapes = trace, tapes
    if value.shape != tuple(shape):
        value = np.broadcast_to(value, shape)
    return value.astype(np.dtype(str(dtype)), copy=False)


def fresh(tensor: Any) -> Any:
    return KerasTensor(tensor.shape, dtype=tensor.dtype) if is_keras_tensor(tensor) else tensor


def is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(n is None or isinstance(n, (int, np.integer)) for n in value)


def keras_tensors(shapes: Any, dtype: Any) -> Any:
    if is_keras_tensor(shapes):
        return shapes
    if is_shape(shapes):
        return KerasTensor(tuple(shapes), dtype=dtype)
    if isinstance(shapes, dict):
        return {key: keras_tensors(value, dtype) for key, value in shapes.items()}
    if isinstance(shapes, (list, tuple)):
        return type(shapes)(keras_tensors(value, dtype) for value in shapes)
    return shapes


def shape_from_json(value: Any) -> Any:
    if is_shape(value):
        return tuple(value)
    if isinstance(value, dict):
        return {key: shape_from_json(item) for key, item in value.items()}
    return [shape_from_json(item) for item in value] if isinstance(value, (list, tuple)) else value


def tensor_arguments(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    try:
        bound = cls._call_signature()[0].bind(None, *args, **kwargs).arguments
    except TypeError:
        return {}
    return {name: value for name, value in bound.items() if any(hasattr(leaf, "shape") for leaf in nest.flatten(value))}


def input_shape_argument(kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
    batch_size = kwargs.pop("batch_size", None)
    batch_shape = kwargs.pop("batch_input_shape", None) or kwargs.pop("batch_shape", None)
    shape = kwargs.pop("input_shape", None)
    size = kwargs.pop("input_dim", None)
    if batch_shape is not None:
        return tuple(batch_shape)
    if shape is None and size is not None:
        shape = (size,)
    if shape is None:
        return None
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(n is not None and (not isinstance(n, (int, np.integer)) or n < 0) for n in shape):
        raise ValueError(f"input_shape: expected sizes >= 0 or None, received {shape}")
    return (batch_size, *shape)


def automatic_config(layer: Any) -> dict[str, Any]:
    """The arguments that the object was made with, where `get_config` was not overridden."""
    args, kwargs = layer._init_arguments
    signature = inspect.signature(type(layer).__init__)
    try:
        bound = dict(list(signature.bind(layer, *args, **kwargs).arguments.items())[1:])
    except TypeError:
        bound = {}
    for key in list(bound):
        if signature.parameters[key].kind is inspect.Parameter.VAR_KEYWORD:
            bound.update(bound.pop(key))
    bound = {key: value for key, value in bound.items() if key not in ("name", "trainable", "dtype", "activity_regularizer")}
    try:
        return {key: serialize_keras_object(value) for key, value in bound.items()}
    except TypeError as error:
        raise NotImplementedError(f"layer {type(layer).__name__}: define get_config(): {error}") from error
