"""Model files go from Python to Swift and back: the same architecture, the same weights, equal bits of what they compute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("swiftconv._native")
pytest.importorskip("safetensors")
import swiftconv as tf
from swiftconv.utils.nest import flatten, pack_like
from test_doors import SWIFT_TESTS, need, run

layers = tf.keras.layers


def plain() -> Any:
    return tf.keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(5, activation="softmax", kernel_initializer="he_normal"),
        ]
    )


def branches() -> Any:
    x = layers.Input((6, 6, 2))
    shared = layers.Conv2D(3, 3, padding="same")
    y = layers.Concatenate()([shared(x), layers.SeparableConv2D(2, 3, padding="same")(x), shared(x)])
    y = layers.Add()([y, layers.DepthwiseConv2D(3, padding="same")(y)]) * 2.0
    return tf.keras.Model(x, [layers.GlobalAveragePooling2D()(y), layers.Dense(3)(layers.Flatten()(y))])


def nested() -> Any:
    inner = plain()
    x = layers.Input((8, 8, 1))
    return tf.keras.Model(x, layers.LeakyReLU()(inner(x) - 0.1))


def several() -> Any:
    a, b = layers.Input((4,)), layers.Input((4,))
    return tf.keras.Model([a, b], layers.Multiply()([layers.Dense(3)(a), layers.Dense(3)(b)]))


def parts() -> Any:
    """Subscripts of all kinds, and ops between layers."""
    x = layers.Input((6, 6, 4))
    y = layers.Concatenate()([x[:, 0], x[:, -1], x[..., 2]])
    z = layers.Flatten()(x[:, 1:5:2, ::-1])
    return tf.keras.Model(x, [x[:, 0, 1], y, layers.Dense(3)(z)[:, None, 1:], x[::2, ..., 0], x[1]])


def operations() -> Any:
    """Ops on numbers, arrays, lists and truth values beside tensors."""
    x = layers.Input((4, 5))
    ops = tf.ops
    y = 1.0 - x / 3 + np.linspace(0, 1, 5, dtype=np.float32)
    y = ops.where(x > 0.1, y, -2.0)
    y = ops.maximum(y, [0.0, 0.1, 0.2, 0.3, 0.4])
    z = ops.take(y, [2, 0], axis=1)
    w = ops.where(ops.equal(ops.argmax(x, axis=-1), 2), float("-inf"), 1.0)
    return tf.keras.Model(
        x, [ops.mean(y, axis=(1, 2)), ops.transpose(z, (0, 2, 1)), w, ops.softmax(x) ** 2, ops.reshape(x, (-1, 10))]
    )


def structures() -> Any:
    """Inputs and outputs by names, a model inside that is called by the names of its own."""
    a, b = layers.Input((3,), name="zebra"), layers.Input((3,), name="ape")
    inner = tf.keras.Model({"left": a, "right": b}, {"sum": a + b, "difference": a - b})
    c, d = layers.Input((3,)), layers.Input((3,))
    found = inner({"right": c, "left": d})
    return tf.keras.Model({"second": c, "first": d}, {"b": layers.Dense(2)(found["sum"]), "a": found["difference"]})


def masks() -> Any:
    x, mask = layers.Input((5, 4)), layers.Input((5, 4))
    kept = mask > 0
    return tf.keras.Model([x, mask], [layers.Softmax()(x, mask=kept), layers.BatchNormalization()(x, mask=kept[:, :, 0])])


def open_sizes() -> Any:
    x = layers.Input((None, None, 3))
    y = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    y = layers.Concatenate()([layers.UpSampling2D()(layers.MaxPooling2D()(y)), x])
    return tf.keras.Model(x, [layers.Conv2D(2, 1)(y), layers.Dense(3)(layers.GlobalAveragePooling2D()(y[:, 1:-1]))])


def fixed() -> Any:
    """Flags of training that were given stay: batch normalization of the batch."""
    x = layers.Input((6,))
    return tf.keras.Model(x, layers.Dropout(0.5)(layers.BatchNormalization()(x, training=True)))


MODELS = {
    "plain": plain,
    "branches": branches,
    "nested": nested,
    "several": several,
    "parts": parts,
    "operations": operations,
    "structures": structures,
    "masks": masks,
    "open_sizes": open_sizes,
    "fixed": fixed,
}


def ramp(shape: tuple[int, ...]) -> np.ndarray:
    count = int(np.prod(shape))
    return (((np.arange(count) * 37) % 101 - 50).astype(np.float32) / np.float32(50)).reshape(shape)


def outputs(model: Any) -> bytes:
    inputs = [ramp((3, *(8 if n is None else n for n in t.shape[1:]))) for t in model.inputs]
    results = model(pack_like(model.input, inputs))
    return b"".join(np.asarray(r).tobytes() for r in flatten(results))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need(SWIFT_TESTS, "swift build --build-tests", "Tests/DoorTests", "Tests/_TestSupport")
    path = tmp_path_factory.mktemp("models")
    for name, make in MODELS.items():
        model = make()
        # Not the statistics and biases that layers begin with.
        model.set_weights([w + ramp(w.shape) ** 2 / 4 if w.dtype == np.float32 else w for w in model.get_weights()])
        model.save(path / f"python-{name}.safetensors")
        (path / f"python-{name}.bytes").write_bytes(outputs(model))
    run(["swift", "test", "--skip-build", "--filter", "ModelFileTests"], SWIFTCONV_MODEL_FILES=str(path))
    return path


@pytest.mark.parametrize("name", MODELS)
def test_swift_computes_what_python_saved(folder: Path, name: str) -> None:
    assert (folder / f"read-{name}.bytes").read_bytes() == (folder / f"python-{name}.bytes").read_bytes()


@pytest.mark.parametrize("name", MODELS)
def test_python_reads_what_it_wrote(folder: Path, name: str) -> None:
    model = tf.keras.models.load_model(folder / f"python-{name}.safetensors")
    assert outputs(model) == (folder / f"python-{name}.bytes").read_bytes()


@pytest.mark.parametrize("name", MODELS)
def test_what_swift_writes_again_is_the_same_model(folder: Path, name: str) -> None:
    model = tf.keras.models.load_model(folder / f"again-{name}.safetensors")
    assert outputs(model) == (folder / f"python-{name}.bytes").read_bytes()


def test_a_model_made_in_swift_comes_to_python(folder: Path) -> None:
    model = tf.keras.models.load_model(folder / "swift-graph.safetensors")
    assert outputs(model) == (folder / "swift-graph.bytes").read_bytes()
    assert [type(layer).__name__ for layer in model.layers].count("Conv2D") == 2
