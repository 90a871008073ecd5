"""Keras's names, for programs that say `from swiftconv.keras import layers, models`. There is nothing here but names.

Each is imported when it is first asked for: a program that predicts does not wait for what trains or downloads.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from swiftconv.version import VERSION as __version__

if TYPE_CHECKING:
    from swiftconv import (
        activations,
        applications,
        callbacks,
        config,
        constraints,
        datasets,
        initializers,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        random,
        regularizers,
        saving,
        utils,
    )
    from swiftconv._core import KerasTensor, Variable
    from swiftconv.initializers import Initializer
    from swiftconv.keras import backend
    from swiftconv.layers import Input, InputSpec, Layer
    from swiftconv.losses import Loss
    from swiftconv.metrics import Metric
    from swiftconv.models import Functional, Model, Sequential
    from swiftconv.optimizers import Optimizer
    from swiftconv.regularizers import Regularizer

#: Where the classes of the top level live.
_CLASSES = {
    "KerasTensor": "_core",
    "Variable": "_core",
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Functional": "models",
    "Model": "models",
    "Sequential": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
}

__all__ = [
    "Functional",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Variable",
    "__version__",
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "saving",
    "utils",
]


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        value = getattr(importlib.import_module(f"swiftconv.{_CLASSES[name]}"), name)
    elif name == "backend":
        value = importlib.import_module("swiftconv.keras.backend")
    elif name in __all__:
        value = importlib.import_module(f"swiftconv.{name}")
    else:
        raise AttributeError(f"module 'swiftconv.keras' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"annotations", "importlib", "Any", "TYPE_CHECKING"})
