"""Keras's layers and losses: configuration and weights in, outputs and gradients out.

A layer's case has `layer`, `config`, `training`, `weights` (how many of the inputs, from the second on, are the layer's weights in the order of
`set_weights`); gradients are those of the first input and of the trainable weights. A loss's case has `loss`, `config`; inputs are y_true, y_pred.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .writer import Family, draw, generator

FIRST = {"data_format": "channels_first"}
# label, class, configuration, input shape, training
LAYERS: list[tuple[str, str, dict[str, Any], tuple[int, ...], bool]] = [
    ("plain", "Conv2D", {"filters": 4, "kernel_size": 3}, (2, 6, 7, 3), False),
    ("relu-same-strides", "Conv2D", {"filters": 5, "kernel_size": [3, 2], "strides": 2, "padding": "same", "activation": "relu"}, (1, 7, 8, 3), False),
    ("groups-tanh", "Conv2D", {"filters": 6, "kernel_size": 3, "groups": 3, "activation": "tanh", "padding": "same"}, (1, 6, 5, 6), False),
    ("dilated", "Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2, "use_bias": False}, (1, 8, 9, 2), False),
    ("plain", "DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2}, (2, 6, 7, 3), False),
    ("same-strides", "DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu6"}, (1, 7, 8, 5), False),
    ("plain", "SeparableConv2D", {"filters": 5, "kernel_size": 3, "depth_multiplier": 2}, (1, 7, 6, 3), False),
    ("same-selu", "SeparableConv2D", {"filters": 3, "kernel_size": 3, "padding": "same", "activation": "selu"}, (2, 5, 6, 4), False),
    ("plain", "Conv2DTranspose", {"filters": 4, "kernel_size": 3}, (1, 4, 5, 3), False),
    ("same-strides", "Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, (2, 4, 3, 3), False),
    ("valid-strides", "Conv2DTranspose", {"filters": 2, "kernel_size": 2, "strides": 3, "activation": "elu"}, (1, 3, 4, 2), False),
    ("output-padding", "Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1}, (1, 4, 4, 2), False),
    ("plain", "Dense", {"units": 7}, (4, 5), False), ("softmax", "Dense", {"units": 3, "activation": "softmax"}, (2, 3, 5), False),
    ("training", "BatchNormalization", {}, (4, 3, 5, 2), True), ("inference", "BatchNormalization", {"epsilon": 1e-4}, (4, 3, 5, 2), False),
    ("axis-1", "BatchNormalization", {"axis": 1, "momentum": 0.9}, (4, 3, 5, 2), True),
    ("no-scale", "BatchNormalization", {"scale": False}, (8, 5), True), ("no-center", "BatchNormalization", {"center": False}, (8, 5), True),
    ("default", "MaxPooling2D", {}, (2, 7, 6, 3), False), ("same", "MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, (1, 7, 8, 2), False),
    ("default", "AveragePooling2D", {"pool_size": 2}, (2, 7, 6, 3), False),
    ("same", "AveragePooling2D", {"pool_size": [2, 3], "strides": 1, "padding": "same"}, (1, 5, 6, 2), False),
    ("default", "GlobalMaxPooling2D", {}, (2, 4, 5, 3), False), ("keep", "GlobalAveragePooling2D", {"keepdims": True}, (2, 4, 5, 3), False),
    ("first", "GlobalAveragePooling2D", FIRST, (2, 4, 5, 3), False), ("first", "MaxPooling2D", FIRST, (2, 3, 6, 5), False),
    ("first", "Flatten", FIRST, (2, 3, 4, 5), False), ("default", "Flatten", {}, (2, 3, 4, 5), False),
    ("plain", "Reshape", {"target_shape": [-1, 4]}, (2, 3, 8), False), ("slope", "LeakyReLU", {"negative_slope": 0.1}, (3, 7), False),
    ("limits", "ReLU", {"max_value": 2.0, "negative_slope": 0.25, "threshold": 0.5}, (5, 9), False), ("default", "ReLU", {}, (3, 7), False),
    ("axis", "Softmax", {"axis": 1}, (3, 4, 5), False), ("default", "ZeroPadding2D", {"padding": [[1, 2], [0, 3]]}, (1, 3, 4, 2), False),
    ("nearest", "UpSampling2D", {"size": [2, 3]}, (1, 3, 2, 4), False), ("first", "UpSampling2D", {"size": 2, **FIRST}, (1, 3, 2, 4), False),
] + [
    (name, "Activation", {"activation": name}, (4, 9), False)
    for name in (
        "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "sigmoid", "tanh", "softmax", "log_softmax", "softplus", "softsign", "exponential",
        "hard_sigmoid", "hard_silu", "mish", "linear",
    )
]  # fmt: skip


def build(family: Family) -> None:
    for label, kind, config, shape, training in LAYERS:
        layer_case(family, f"{kind}/{label}", kind, config, shape, training)
    losses(family)


def layer_case(family: Family, name: str, kind: str, config: dict[str, Any], shape: tuple[int, ...], training: bool) -> None:
    random = generator(name)
    x = draw(random, shape)
    layer = getattr(keras.layers, kind)(**config)
    layer.build(shape)
    weights = [draw(random, w.shape) / 2 for w in layer.weights]
    weights = [np.abs(w) + np.float32(0.5) if "variance" in v.path else w for w, v in zip(weights, layer.weights, strict=True)]
    layer.set_weights(weights)
    t = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(t)
        y = layer(t, training=training) if kind == "BatchNormalization" else layer(t)
    dy = draw(random, y.shape)
    sources = [t, *[v.value for v in layer.trainable_weights]]
    found = tape.gradient(y, sources, tf.constant(dy), unconnected_gradients=tf.UnconnectedGradients.ZERO)
    gradients = {id(v): g.numpy() for v, g in zip(layer.trainable_weights, found[1:], strict=True)}
    after = {"steps": [{"weights_after": layer.get_weights()}]} if training else {}
    family.add(
        name, layer=kind, config=config, training=training, inputs=[x, *weights], outputs=[y.numpy()], output_gradients=[dy],
        input_gradients=[found[0].numpy(), *[gradients.get(id(v)) for v in layer.weights]], source="keras", **after,
    )  # fmt: skip


def losses(family: Family) -> None:
    random = generator("losses")
    n, classes = 6, 5
    scores = draw(random, (n, classes))
    probability = (np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)).astype("float32")
    labels = random.randint(0, classes, n).astype("int32")
    one_hot = np.eye(classes, dtype="float32")[labels]
    binary, chance = random.randint(0, 2, (n, 3)).astype("float32"), (1 / (1 + np.exp(-draw(random, (n, 3))))).astype("float32")
    table: list[tuple[str, str, dict[str, Any], Any, Any]] = [
        ("probabilities", "CategoricalCrossentropy", {}, one_hot, probability),
        ("logits", "CategoricalCrossentropy", {"from_logits": True}, one_hot, scores),
        ("smoothing", "CategoricalCrossentropy", {"label_smoothing": 0.1}, one_hot, probability),
        ("none", "CategoricalCrossentropy", {"reduction": None}, one_hot, probability),
        ("probabilities", "SparseCategoricalCrossentropy", {}, labels, probability),
        ("logits", "SparseCategoricalCrossentropy", {"from_logits": True}, labels, scores),
        ("column", "SparseCategoricalCrossentropy", {"reduction": "sum"}, labels[:, None], probability),
        ("probabilities", "BinaryCrossentropy", {}, binary, chance), ("logits", "BinaryCrossentropy", {"from_logits": True}, binary, scores[:, :3]),
        ("smoothing", "BinaryCrossentropy", {"label_smoothing": 0.2}, binary, chance), ("plain", "MeanSquaredError", {}, binary, scores[:, :3]),
        ("sum", "MeanSquaredError", {"reduction": "sum"}, binary, scores[:, :3]), ("plain", "MeanAbsoluteError", {}, binary, scores[:, :3]),
    ]  # fmt: skip
    for label, kind, config, y_true, y_pred in table:
        t = tf.constant(y_pred)
        with tf.GradientTape() as tape:
            tape.watch(t)
            value = getattr(keras.losses, kind)(**config)(tf.constant(y_true), t)
        dy = np.ones(value.shape, "float32")
        gradient = tape.gradient(value, t).numpy()
        family.add(
            f"{kind}/{label}", loss=kind, config=config, inputs=[y_true, y_pred], outputs=[value.numpy()], output_gradients=[dy],
            input_gradients=[None, gradient], source="keras",
        )  # fmt: skip
