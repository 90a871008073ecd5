"""The updates, several steps each, as Keras's optimizers do them.

A case has `state`, the start of the op's first inputs, and `steps`: the gradient given, and the state expected after it.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .writer import Family, draw, generator

STEPS = 5
# label: optimizer's class, its options, op, op's attributes, names of the optimizer's slots in the order of the op's state
CASES: list[tuple[str, Any, dict[str, Any], str, dict[str, Any], list[str]]] = [
    ("sgd", keras.optimizers.SGD, {"learning_rate": 0.1}, "sgd_update", {}, []),
    ("momentum", keras.optimizers.SGD, {"learning_rate": 0.1, "momentum": 0.9}, "momentum_update", {"momentum": 0.9}, ["momentum"]),
    (
        "nesterov", keras.optimizers.SGD, {"learning_rate": 0.05, "momentum": 0.8, "nesterov": True}, "momentum_update",
        {"momentum": 0.8, "nesterov": 1}, ["momentum"],
    ),
    ("adam", keras.optimizers.Adam, {"learning_rate": 0.01}, "adam_update", {}, ["momentum", "velocity"]),
    (
        "adam-options", keras.optimizers.Adam, {"learning_rate": 0.03, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}, "adam_update",
        {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}, ["momentum", "velocity"],
    ),
    ("adamw", keras.optimizers.AdamW, {"learning_rate": 0.01, "weight_decay": 0.02}, "adam_update", {"weight_decay": 0.02}, ["momentum", "velocity"]),
    ("rmsprop", keras.optimizers.RMSprop, {"learning_rate": 0.01}, "rmsprop_update", {}, ["velocity", "momentum", "average_gradient"]),
    (
        "rmsprop-momentum", keras.optimizers.RMSprop, {"learning_rate": 0.01, "rho": 0.8, "momentum": 0.7}, "rmsprop_update",
        {"rho": 0.8, "momentum": 0.7}, ["velocity", "momentum", "average_gradient"],
    ),
    (
        "rmsprop-centered", keras.optimizers.RMSprop, {"learning_rate": 0.01, "centered": True, "momentum": 0.5, "epsilon": 1e-4}, "rmsprop_update",
        {"centered": 1, "momentum": 0.5, "epsilon": 1e-4}, ["velocity", "momentum", "average_gradient"],
    ),
]  # fmt: skip


def build(family: Family) -> None:
    for label, kind, options, op, attributes, slots in CASES:
        for shape in ((37,), (3, 3, 2, 5)) if label in ("sgd", "adam") else ((37,),):
            for dtype in ("float32", "float64"):
                steps(family, f"{label}/{'x'.join(map(str, shape))}-{dtype}", kind, options, op, attributes, slots, shape, dtype)


def steps(
    family: Family, name: str, kind: Any, options: dict[str, Any], op: str, attributes: Any, slots: Any, shape: Any, dtype: str
) -> None:
    keras.config.set_floatx(dtype)  # the type of the optimizer's slots and of its learning rate
    random = generator(name)
    start = draw(random, shape, dtype)
    variable = keras.Variable(start, dtype=dtype, name="v")
    optimizer = kind(**options)
    optimizer.build([variable])

    def state() -> list[np.ndarray]:
        found = [variable.numpy()]
        for slot in slots:
            match = [v for v in optimizer.variables[2:] if v.path.endswith(slot)]
            found.append(match[0].numpy() if match else np.zeros(shape, dtype))
        return found

    first, record = state(), []
    for _ in range(STEPS):
        gradient = draw(random, shape, dtype)
        optimizer.apply([tf.constant(gradient)], [variable])
        record.append({"gradient": [gradient], "state": state()})
    family.add(
        name, op=op, attributes=attributes, learning_rate=options["learning_rate"], dtype=dtype, inputs=first, steps=record, source="keras",
    )  # fmt: skip
    keras.config.set_floatx("float32")
