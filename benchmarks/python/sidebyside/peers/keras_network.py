"""Networks with Keras's layers: for Keras itself and for swiftconv."""

from __future__ import annotations

from typing import Any

import numpy as np

from sidebyside.networks import EPSILON, NETWORKS, Network, Node
from sidebyside.peers.base import Job, Unsupported
from sidebyside.rows import Row

SAMPLES = 4000


def layer(keras: Any, node: Node) -> Any:
    """The layer of a node; its weights are set later."""
    layers, a = keras.layers, node.attributes
    if node.op == "conv":
        return layers.Conv2D(
            a["out"], a["kernel"], strides=a["stride"], padding=a["padding"], use_bias=a["bias"], activation=a["activation"]
        )
    if node.op == "depthwise":
        return layers.DepthwiseConv2D(a["kernel"], strides=a["stride"], padding=a["padding"], use_bias=False)
    if node.op == "norm":
        return layers.BatchNormalization(epsilon=EPSILON)
    if node.op == "relu":
        return layers.ReLU(max_value=a["ceiling"])
    if node.op == "pad":
        return layers.ZeroPadding2D(a["pads"])
    if node.op == "maxpool":
        return layers.MaxPooling2D(a["kernel"], strides=a["stride"], padding=a["padding"])
    if node.op == "mean":
        return layers.GlobalAveragePooling2D()
    if node.op == "dense":
        return layers.Dense(a["units"], activation=a["activation"])
    return {"add": layers.Add, "flatten": layers.Flatten}[node.op]()


def build(keras: Any, net: Network) -> Any:
    """The compiled functional model, with the network's weights."""
    values = [keras.Input(net.nodes[0].shape)]
    for node in net.nodes[1:]:
        made = layer(keras, node)
        inputs = [values[k] for k in node.inputs]
        values.append(made(inputs if len(inputs) > 1 else inputs[0]))
        if node.weights:
            made.set_weights(node.weights)
    model = keras.Model(values[0], values[-1])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


def prepare(keras: Any, row: Row) -> Job:
    """The row's network in the row's direction.

    Raises:
        Unsupported: there is no network of this name.
    """
    if row.name not in NETWORKS:
        raise Unsupported(f"no network {row.name!r}")
    net = NETWORKS[row.name]()
    model = build(keras, net)
    random = np.random.default_rng(1)
    count = SAMPLES if row.direction == "epoch" else row.batch
    x = random.random((count, *net.nodes[0].shape), "float32")
    y = random.integers(0, net.nodes[-1].shape[0], count)
    if row.direction == "predict":
        return Job(lambda: model.predict_on_batch(x), lambda: [model.predict_on_batch(x)])
    if row.direction == "step":
        losses = [float(np.ravel(model.train_on_batch(x, y))[0]) for _ in range(3)]
        return Job(lambda: model.train_on_batch(x, y), lambda: [np.array(losses, "float32")])
    # What an epoch learned depends on the epochs before it: no results to compare.
    return Job(lambda: model.fit(x, y, batch_size=row.batch, epochs=1, verbose=0), lambda: [])
