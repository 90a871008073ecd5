"""Tools for labels, names and configs."""

from __future__ import annotations

import importlib
from typing import Any

from swiftconv.utils.naming import get_uid
from swiftconv.utils.numerical import normalize, to_categorical
from swiftconv.utils.py_dataset import PyDataset, Sequence
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
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "get_uid",
    "normalize",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "to_categorical",
]


def __getattr__(name: str) -> Any:
    """`set_random_seed` lives with the generators, which are above this package."""
    if name == "set_random_seed":
        return importlib.import_module("swiftconv.random").set_random_seed
    raise AttributeError(f"module 'swiftconv.utils' has no attribute {name!r}")


def clear_session(free_memory: bool = True) -> None:
    """Starts the counters of names again."""
    from swiftconv.utils.naming import reset_names

    reset_names()
