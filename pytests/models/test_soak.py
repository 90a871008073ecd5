"""Memory stays flat over many calls; SWIFTCONV_SOAK=1 makes more of them: 10,000 of `predict`, 1,000 of `train_on_batch`."""

import gc
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from swiftconv import layers, models

LONG = os.environ.get("SWIFTCONV_SOAK") == "1"
STATUS = Path("/proc/self/status")
X = np.random.default_rng(0).random((20, 12, 12, 1)).astype("float32")
Y = np.arange(20) % 3


def resident_bytes():
    return next(int(line.split()[1]) << 10 for line in STATUS.read_text().splitlines() if line.startswith("VmRSS"))


def cnn():
    model = models.Sequential(
        [
            layers.Input((12, 12, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


CALLS = {
    "predict": (lambda m: m.predict(X, batch_size=8, verbose=0), 500, 10_000),
    "train_on_batch": (lambda m: m.train_on_batch(X, Y), 300, 1_000),
    "evaluate": (lambda m: m.evaluate(X, Y, batch_size=8, verbose=0), 200, 1_000),
    "fit_with_a_generator": (lambda m: m.fit(((X, Y) for _ in range(2)), verbose=0), 50, 300),
    "call": (lambda m: m(X), 300, 2_000),
}


@pytest.mark.skipif(not STATUS.exists(), reason="needs /proc")
@pytest.mark.parametrize("name", CALLS)
def test_memory_stays_flat(name):
    model = cnn()
    call, few, many = CALLS[name]
    count = many if LONG else few
    for _ in range(50):
        call(model)
    gc.collect()
    resident, blocks = resident_bytes(), sys.getallocatedblocks()
    for _ in range(count):
        call(model)
    gc.collect()
    assert resident_bytes() - resident < 2 << 20
    assert sys.getallocatedblocks() - blocks < 3 * count  # a batch or a thread that stays is more
