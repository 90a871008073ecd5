"""swiftconv: convolution and CNNs on the CPU, written in Swift, with TensorFlow's and Keras's names.

Example:
    >>> import numpy as np
    >>> import swiftconv as tf
    >>> tf.nn.relu(np.array([-1.0, 1.0]))
    array([0., 1.])
"""

# ruff: noqa: F401
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from swiftconv import errors
from swiftconv._core import (
    DType,
    Tensor,
    TensorShape,
    as_dtype,
    convert_to_numpy,
    convert_to_tensor,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
)
from swiftconv._core import bool_ as bool
from swiftconv.version import VERSION as __version__

if TYPE_CHECKING:
    from swiftconv._core import GradientTape, KerasTensor, Variable
    from swiftconv._top_level import *  # noqa: F403

#: TensorFlow's other names of two float types.
double, half = float64, float16

#: What is imported when it is first used.
_LAZY = frozenset(
    {
        "_top_level",
        "activations",
        "applications",
        "callbacks",
        "config",
        "constraints",
        "datasets",
        "initializers",
        "keras",
        "layers",
        "losses",
        "metrics",
        "models",
        "nn",
        "ops",
        "optimizers",
        "random",
        "regularizers",
        "saving",
        "utils",
        "version",
    }
)
#: Classes that TensorFlow and Keras have at the top of their packages.
_LAZY_NAMES = {
    "GradientTape": "swiftconv._core",
    "KerasTensor": "swiftconv._core",
    "Variable": "swiftconv._core",
    "Input": "swiftconv.layers",
    "Layer": "swiftconv.layers",
    "Model": "swiftconv.models",
    "Sequential": "swiftconv.models",
    "set_num_threads": "swiftconv.config",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"swiftconv.{name}")
    if name in _LAZY_NAMES:
        return getattr(importlib.import_module(_LAZY_NAMES[name]), name)
    if not name.startswith("_"):
        # TensorFlow's functions come with `ops`, which take half of the time of an import
        functions = importlib.import_module("swiftconv._top_level")
        if name in functions.__all__:
            globals()[name] = getattr(functions, name)
            return globals()[name]
    raise AttributeError(f"module 'swiftconv' has no attribute {name!r}")


def __dir__() -> list[str]:
    functions = importlib.import_module("swiftconv._top_level").__all__
    return sorted({*globals(), *_LAZY, *_LAZY_NAMES, *functions} - {"annotations", "importlib", "Any", "TYPE_CHECKING"})
