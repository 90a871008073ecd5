"""One side of a benchmark: `worker.py swiftconv|tensorflow`. Reads one JSON request a line, answers one JSON line."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

BATCH, SAMPLES = 64, 10_000


def load(side: str) -> tuple[Any, Any]:
    """The modules with `nn` and with `layers`, `models`."""
    if side == "swiftconv":
        import swiftconv

        return swiftconv, swiftconv.keras
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow as tf

    return tf, keras


def convolution(tf: Any, shape: dict[str, Any], direction: str) -> Callable[[], Any]:
    random = np.random.default_rng(0)
    n, h, w, c, kh, kw, oc, s, groups = (shape[k] for k in ("n", "h", "w", "c", "kh", "kw", "oc", "stride", "groups"))
    x = tf.constant(random.standard_normal((n, h, w, c), "float32"))
    padding = shape["padding"]
    if groups == c and c > 1:
        f = tf.constant(random.standard_normal((kh, kw, c, oc // c), "float32"))

        def forward() -> Any:
            return tf.nn.depthwise_conv2d(x, f, [1, s, s, 1], padding)
    else:
        f = tf.constant(random.standard_normal((kh, kw, c // groups, oc), "float32"))

        def forward() -> Any:
            return tf.nn.conv2d(x, f, s, padding)

    if direction == "forward":
        return lambda: forward().numpy()
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, f])
        y = forward()
    dy = tf.constant(random.standard_normal(tuple(y.shape), "float32"))
    return lambda: [g.numpy() for g in tape.gradient(y, [x, f], dy)]


def training(keras: Any, what: str) -> Callable[[], Any]:
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
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    random = np.random.default_rng(0)
    x, y = random.random((SAMPLES, 28, 28, 1), "float32"), random.integers(0, 10, SAMPLES)
    if what == "step":
        return lambda: model.train_on_batch(x[:BATCH], y[:BATCH])
    if what == "predict":
        return lambda: model.predict(x[:1000], batch_size=250, verbose=0)
    return lambda: model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)


def main() -> None:
    tf, keras = load(sys.argv[1])
    jobs: dict[str, Callable[[], Any]] = {}
    for line in sys.stdin:
        request = json.loads(line)
        name = request["name"]
        if name not in jobs:
            kind = request["kind"]
            jobs[name] = training(keras, request["what"]) if kind == "model" else convolution(tf, request["shape"], kind)
            jobs[name]()
        jobs[name]()  # not timed: caches and clocks are warm
        times, end = [], time.perf_counter() + request["seconds"]
        while not times or time.perf_counter() < end:
            began = time.perf_counter()
            jobs[name]()
            times.append(time.perf_counter() - began)
        print(json.dumps(sorted(times)[len(times) // 2]), flush=True)


if __name__ == "__main__":
    main()
