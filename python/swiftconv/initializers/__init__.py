"""How weights begin: classes, and `get(name | config | object)`."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv.initializers.constant_initializers import Constant, Identity, Ones, Zeros
from swiftconv.initializers.initializer import Initializer
from swiftconv.initializers.random_initializers import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
from swiftconv.utils.serialization import deserialize_keras_object, get_from, serialize_keras_object

zeros = Zeros
ones = Ones
constant = Constant
identity = Identity
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "deserialize",
    "get",
    "serialize",
]


def serialize(initializer: Any) -> Any:
    """The config of an initializer."""
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The initializer of a config."""
    return deserialize_keras_object(config, custom_objects)


def get(identifier: Any) -> Any:
    """The initializer that a name, config, number, array, class or callable stands for.

    Raises:
        ValueError: an unknown name, or something else.
    """
    if isinstance(identifier, (int, float, np.ndarray)) and not isinstance(identifier, bool):
        return Constant(identifier)
    found = get_from(identifier, "keras.initializers", "initializer")
    return found.clone() if isinstance(identifier, Initializer) and found is identifier and _unseeded(found) else found


def _unseeded(found: Any) -> bool:
    """One object given to several layers must not give them equal draws."""
    return getattr(found, "_init_seed", 0) is None
