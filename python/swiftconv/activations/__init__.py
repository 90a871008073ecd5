"""Activation functions, and `get(name | callable)`."""

from __future__ import annotations

from typing import Any

from swiftconv.activations.activations import (
    celu,
    elu,
    exponential,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    linear,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)
from swiftconv.utils import registry
from swiftconv.utils.serialization import deserialize_keras_object, get_from

swish = silu
hard_swish = hard_silu
registry._builtins[("keras.activations", "swish")] = silu
registry._builtins[("keras.activations", "hard_swish")] = hard_silu

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]


def serialize(activation: Any) -> Any:
    """The name of an activation function, or the config of a layer."""
    if getattr(activation, "_keras_module", None) == "keras.activations":
        return activation.__name__
    if hasattr(activation, "get_config"):
        from swiftconv.utils.serialization import serialize_keras_object

        return serialize_keras_object(activation)
    if registry.is_registered(activation):
        return registry.get_registered_name(activation)
    return activation.__name__


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The activation of a name or config."""
    if custom_objects:
        with registry.CustomObjectScope(custom_objects):
            return get(config)
    return get(config)


def get(identifier: Any) -> Any:
    """The function that a name or config stands for; a callable is returned as it is; None means `linear`.

    Raises:
        ValueError: an unknown name.
    """
    if identifier is None:
        return linear
    if isinstance(identifier, dict):
        return deserialize_keras_object(identifier)
    return get_from(identifier, "keras.activations", "activation", instantiate=False)
