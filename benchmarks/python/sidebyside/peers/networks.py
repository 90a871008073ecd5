"""The demo's network, written against Keras's names: for Keras itself and for swiftconv."""

from __future__ import annotations

from typing import Any

import numpy as np

from sidebyside.peers.base import Job, Unsupported
from sidebyside.rows import Row

SAMPLES = 4000


def demo(keras: Any) -> Any:
    """Two convolutions, pooling, two dense layers, on 28×28 digits; compiled, with weights from NumPy's generator."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    random = np.random.default_rng(0)
    weights = [np.asarray(w) for w in model.get_weights()]
    fans = [max(1, int(np.prod(w.shape[:-1]))) for w in weights]
    model.set_weights([(random.standard_normal(w.shape) / fan**0.5).astype("float32") for w, fan in zip(weights, fans)])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


def prepare(keras: Any, row: Row) -> Job:
    """The row's network in the row's direction.

    Raises:
        Unsupported: another network than the demo's.
    """
    if row.name != "demo":
        raise Unsupported(f"no network {row.name!r}")
    model = demo(keras)
    random = np.random.default_rng(1)
    count = SAMPLES if row.direction == "epoch" else row.batch
    x, y = random.random((count, 28, 28, 1), "float32"), random.integers(0, 10, count)
    if row.direction == "predict":
        return Job(lambda: model.predict_on_batch(x), lambda: [model.predict_on_batch(x)])
    if row.direction == "step":
        losses = [float(np.ravel(model.train_on_batch(x, y))[0]) for _ in range(3)]
        return Job(lambda: model.train_on_batch(x, y), lambda: [np.array(losses, "float32")])
    # What an epoch learned depends on the epochs before it: no results to compare.
    return Job(lambda: model.fit(x, y, batch_size=row.batch, epochs=1, verbose=0), lambda: [])
