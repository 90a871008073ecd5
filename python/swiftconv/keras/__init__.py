"""Keras's names, for programs that say `from swiftconv.keras import layers, models`. There is nothing here but names."""

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
from swiftconv.version import VERSION as __version__

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
