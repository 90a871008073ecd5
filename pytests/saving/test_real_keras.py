"""Keras itself opens our files and we open its: run in an environment that has it, named by SWIFTCONV_KERAS_PYTHON."""

import os
import subprocess

import numpy as np
import pytest
from swiftconv import Input, Model, layers, models

PYTHON = os.environ.get("SWIFTCONV_KERAS_PYTHON", "")
pytestmark = pytest.mark.skipif(
    not os.path.exists(PYTHON), reason="SWIFTCONV_KERAS_PYTHON does not name a Python with keras and a backend for it"
)

PREDICT = """
import os, sys
os.environ.setdefault("KERAS_BACKEND", "jax")
import keras, numpy as np
model = keras.models.load_model(sys.argv[1])
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))
if len(sys.argv) > 4:  # the same from weights in several files
    model.set_weights([0 * w for w in model.get_weights()])
    model.load_weights(sys.argv[4])
    np.testing.assert_array_equal(model.predict(np.load(sys.argv[2]), verbose=0), np.load(sys.argv[3]))
print(sorted(type(layer).__name__ for layer in model.layers), getattr(model.optimizer, "name", None))
"""

WRITE = """
import os, sys
os.environ.setdefault("KERAS_BACKEND", "jax")
import keras, numpy as np
from keras import layers
folder = sys.argv[1]
x = np.random.default_rng(0).random((12, 8, 8, 2)).astype("float32")
i = keras.Input((8, 8, 2))
a = layers.Conv2D(4, 3, padding="same", activation="relu")(i)
b = layers.BatchNormalization()(layers.SeparableConv2D(4, 3, padding="same")(a))
c = layers.Add()([a, b])
c = layers.Conv2DTranspose(3, 2, strides=2)(layers.MaxPooling2D()(layers.LeakyReLU()(c)))
c = layers.GroupNormalization(groups=3)(layers.LayerNormalization(axis=[1, 3])(c))
c = layers.DepthwiseConv2D(3)(layers.ZeroPadding2D(1)(c))
s = layers.Conv1D(4, 3, padding="causal", dilation_rate=2)(layers.Reshape((-1, 3))(c))
s1 = layers.GlobalMaxPooling1D()(layers.MaxPooling1D(3)(s))
s = layers.Concatenate()([s1, layers.GlobalAveragePooling1D()(layers.AveragePooling1D(2, padding="same")(s))])
o = layers.Dense(3, activation="softmax")(layers.Dropout(0.3)(layers.Concatenate()([layers.GlobalAveragePooling2D()(c), s])))
functional = keras.Model(i, o)
first = layers.Conv2D(4, 3, input_shape=(8, 8, 2))
chain = keras.Sequential([first, layers.Activation("relu"), layers.Flatten(), layers.Dense(3, "softmax")])
for name, model in (("functional", functional), ("chain", chain)):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, np.arange(12) % 3, epochs=2, verbose=0)
    model.save(f"{folder}/{name}.keras")
    model.save(f"{folder}/{name}.h5")
    model.save_weights(f"{folder}/{name}.weights.h5")
    model.save_weights(f"{folder}/{name}.weights.json", max_shard_size=2 / 1024**2)
    np.save(f"{folder}/{name}.npy", model.predict(x, verbose=0))
np.save(f"{folder}/x.npy", x)
"""


def _run(program, *arguments):
    done = subprocess.run([PYTHON, "-c", program, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def _ours():
    x = Input((8, 8, 2))
    a = layers.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer="l2")(x)
    b = layers.BatchNormalization()(layers.SeparableConv2D(4, 3, padding="same")(a))
    c = layers.MaxPooling2D()(layers.ReLU()(layers.Add()([a, b])))
    c = layers.Conv2DTranspose(3, 2, strides=2)(layers.UpSampling2D()(layers.DepthwiseConv2D(3)(layers.ZeroPadding2D(1)(c))))
    return Model(x, layers.Dense(3, activation="softmax")(layers.Dropout(0.3)(layers.Flatten()(c))))


def _tutorial():
    return models.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 2)),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def _sequence():
    """Layers of sequences, and normalizations of examples and groups."""
    return models.Sequential(
        [
            layers.GroupNormalization(groups=-1, input_shape=(8, 8, 2)),
            layers.LayerNormalization(axis=[1, 2]),
            layers.Reshape((16, 8)),
            layers.Conv1D(6, 3, padding="causal", dilation_rate=2, groups=2, activation="relu"),
            layers.GroupNormalization(groups=3, center=False),
            layers.MaxPooling1D(padding="same"),
            layers.AveragePooling1D(3, strides=1),
            layers.GlobalAveragePooling1D(),
            layers.LayerNormalization(scale=False),
            layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.mark.parametrize("make", [_ours, _tutorial, _sequence])
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_keras_opens_ours(tmp_path, make, ending):
    x = np.random.default_rng(0).random((12, 8, 8, 2)).astype("float32")
    model = make()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, np.arange(12) % 3, verbose=0)
    model.save(tmp_path / f"m.{ending}")
    np.save(tmp_path / "x.npy", x)
    shards = tmp_path / "m.weights.json"
    model.save_weights(shards, max_shard_size=max(w.nbytes for w in model.get_weights()) / 1024**3)
    assert len(list(tmp_path.glob("m*.weights.h5"))) > 1
    _run(PREDICT, tmp_path / f"m.{ending}", tmp_path / "x.npy", tmp_path / "y.npy", *([shards] if ending == "keras" else []))
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


def test_we_open_keras(tmp_path):
    _run(WRITE, tmp_path)
    x = np.load(tmp_path / "x.npy")
    for name in ("functional", "chain"):
        expected = np.load(tmp_path / f"{name}.npy")
        for ending in ("keras", "h5"):
            model = models.load_model(tmp_path / f"{name}.{ending}")
            np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)
            assert int(model.optimizer.iterations.numpy()) == 2
            model.fit(x, np.arange(12) % 3, verbose=0)
        assert len(list(tmp_path.glob(f"{name}*.weights.h5"))) > 2
        for ending in ("weights.h5", "weights.json"):
            model = models.load_model(tmp_path / f"{name}.keras")
            model.set_weights([np.zeros_like(w) for w in model.get_weights()])
            model.load_weights(tmp_path / f"{name}.{ending}")
            np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-5)
