"""The training of a small convolutional network, step by step: Keras on TensorFlow from given weights, on given batches.

The case has `layers` (class and configuration), `optimizer`, `inputs` (the weights at the start), and `steps`: batch and labels in, the loss before the
update out; the last step also has the weights at the end.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from .writer import Family, draw, generator

SHAPE, CLASSES, BATCH, STEPS = (12, 12, 1), 4, 8, 5
NETWORKS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "plain": [
        ("Conv2D", {"filters": 4, "kernel_size": [3, 3], "activation": "relu"}), ("MaxPooling2D", {"pool_size": [2, 2]}),
        ("Conv2D", {"filters": 6, "kernel_size": [3, 3], "activation": "relu"}), ("Flatten", {}),
        ("Dense", {"units": 8, "activation": "relu"}), ("Dense", {"units": CLASSES, "activation": "softmax"}),
    ],
    "batch-norm-depthwise": [
        ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same", "use_bias": False}), ("BatchNormalization", {}), ("ReLU", {}),
        ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"}), ("SeparableConv2D", {"filters": 5, "kernel_size": 3, "activation": "elu"}),
        ("GlobalAveragePooling2D", {}), ("Dense", {"units": CLASSES, "activation": "softmax"}),
    ],
}  # fmt: skip
OPTIMIZERS: list[tuple[str, str, dict[str, Any]]] = [
    ("plain", "Adam", {"learning_rate": 0.005}), ("plain", "SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    ("batch-norm-depthwise", "Adam", {"learning_rate": 0.005}), ("batch-norm-depthwise", "RMSprop", {"learning_rate": 0.002}),
]  # fmt: skip


def build(family: Family) -> None:
    for network, optimizer, options in OPTIMIZERS:
        train(family, f"{network}-{optimizer.lower()}", NETWORKS[network], optimizer, options)


def train(family: Family, name: str, layers: list[tuple[str, dict[str, Any]]], optimizer: str, options: dict[str, Any]) -> None:
    random = generator(name)
    model = keras.Sequential([keras.Input(SHAPE), *[getattr(keras.layers, kind)(**config) for kind, config in layers]])
    model.compile(optimizer=getattr(keras.optimizers, optimizer)(**options), loss="sparse_categorical_crossentropy")
    start = [draw(random, w.shape) / (4 if w.ndim > 1 else 16) for w in model.get_weights()]
    for k, variable in enumerate(model.weights):
        if "gamma" in variable.path or "variance" in variable.path:
            start[k] = np.abs(start[k]) + np.float32(0.75)
    model.set_weights(start)
    steps = []
    for _ in range(STEPS):
        y = random.randint(0, CLASSES, BATCH).astype("int32")
        x = draw(random, (BATCH, *SHAPE), step=0.125) + y[:, None, None, None].astype("float32") / 2
        model.reset_metrics()
        loss = model.train_on_batch(x, y)
        steps.append({"x": [x], "y": [y], "loss": [np.float32(loss)]})
    steps[-1]["weights"] = model.get_weights()
    x = draw(random, (3, *SHAPE), step=0.125)
    family.add(
        name, layers=layers, input_shape=list(SHAPE), optimizer=optimizer, options=options, inputs=[*start], steps=steps,
        outputs=[x, model.predict(x, verbose=0)], source="keras",
    )  # fmt: skip
