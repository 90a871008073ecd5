"""Optimizers and learning-rate schedules, and `get(name | config | object)`."""

from __future__ import annotations

from typing import Any

from swiftconv.optimizers import schedules
from swiftconv.optimizers.adam import Adam, AdamW
from swiftconv.optimizers.adaptive import Adadelta, Adagrad, Adamax, Nadam
from swiftconv.optimizers.optimizer import Optimizer
from swiftconv.optimizers.rmsprop import RMSprop
from swiftconv.optimizers.sgd import SGD
from swiftconv.utils.serialization import deserialize_keras_object, find_class, names_in, serialize_keras_object

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]


def serialize(optimizer: Any) -> Any:
    """The config of an optimizer."""
    return serialize_keras_object(optimizer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The optimizer of a config; class names in lower case are understood too."""
    if isinstance(config, dict) and "module" not in config:
        cls = _by_name(config.get("class_name")) or find_class("keras.optimizers", str(config.get("class_name")))
        known = {k: v for k, v in (config.get("config") or {}).items() if k not in ("jit_compile", "is_legacy_optimizer")}
        return cls.from_config(known)
    return deserialize_keras_object(config, custom_objects)


def _by_name(name: Any) -> Any:
    lower = str(name).lower()
    return next((cls for key, cls in names_in("keras.optimizers").items() if key.lower() == lower), None)


def get(identifier: Any) -> Any:
    """The optimizer that a name, config, class or object stands for.

    Raises:
        ValueError: an unknown name, or something else.

    Example:
        >>> from swiftconv import optimizers
        >>> optimizers.get("adam").name.startswith("adam")
        True
    """
    if identifier is None:
        return None
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        from swiftconv.utils.registry import get_registered_object

        cls = get_registered_object(identifier) or _by_name(identifier)
        if cls is not None:
            return cls()
        raise ValueError(f"unknown optimizer: {identifier!r}")
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        make: Any = identifier  # a rule's class, whose learning rate has a default
        return make()
    raise ValueError(f"optimizer: expected a name, a config or an Optimizer, received {identifier!r}")
