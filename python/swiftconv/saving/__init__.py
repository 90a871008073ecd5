"""Reading and writing models in Keras's own layouts."""

from __future__ import annotations

from typing import Any

from swiftconv.utils.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]

_LAZY = ("load_model", "load_weights", "save_model", "save_weights")


def __getattr__(name: str) -> Any:
    """The functions on files know models, which are above the rest of this module: they are imported on first use."""
    if name in _LAZY:
        from swiftconv.saving import saving_api

        return getattr(saving_api, name)
    raise AttributeError(f"module 'swiftconv.saving' has no attribute {name!r}")
