"""Models and weights as safetensors files: what is read back, and what is refused."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("swiftconv._native")
pytest.importorskip("safetensors")
import safetensors.numpy
import swiftconv as tf

layers = tf.keras.layers


def network() -> Any:
    inner = tf.keras.Sequential(
        [layers.Input((6, 6, 2)), layers.Conv2D(3, 3, name="conv"), layers.BatchNormalization()], name="inner"
    )
    x = layers.Input((6, 6, 2))
    y = layers.Dense(4, name="head")(layers.Flatten()(inner(x))) * 0.5
    return tf.keras.Model(x, y)


def images(n: int = 3) -> np.ndarray:
    return np.random.default_rng(0).random((n, 6, 6, 2), np.float32)


def test_a_model_comes_back(tmp_path: Path) -> None:
    model = network()
    model.compile("adam", "mse")
    model.fit(images(), np.zeros((3, 4), np.float32), verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = tf.keras.models.load_model(tmp_path / "m.safetensors")
    assert again.predict(images(), verbose=0).tobytes() == model.predict(images(), verbose=0).tobytes()
    assert again.compiled
    assert not tf.keras.models.load_model(tmp_path / "m.safetensors", compile=False).compiled


def test_names_are_those_of_the_layers(tmp_path: Path) -> None:
    network().save_weights(tmp_path / "w.safetensors")
    names = set(safetensors.numpy.load_file(tmp_path / "w.safetensors"))
    assert {"inner/conv/kernel", "inner/conv/bias", "head/kernel", "head/bias"} <= names
    assert len(names) == 8


def test_weights_come_back_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    model = network()
    model.save_weights(path)
    other = network()
    other.load_weights(path)
    assert other.predict(images(), verbose=0).tobytes() == model.predict(images(), verbose=0).tobytes()
    arrays = safetensors.numpy.load_file(path)
    before = [w.copy() for w in other.get_weights()]
    for name, value, fault in [
        ("head/bias", np.ones(5, np.float32), r"head/bias: expected shape \(4,\), received \(5,\)"),
        ("head/bias", None, "is missing"),
    ]:
        changed = {k: v + 1 for k, v in arrays.items() if k != name}
        if value is not None:
            changed[name] = value
        safetensors.numpy.save_file(changed, path)
        with pytest.raises(ValueError, match=fault):
            other.load_weights(path)
        assert all((a == b).all() for a, b in zip(before, other.get_weights(), strict=True))
    other.load_weights(path, skip_mismatch=True)
    assert (other.get_layer("inner").get_layer("conv").kernel.numpy() == arrays["inner/conv/kernel"] + 1).all()


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    with pytest.raises(ValueError, match="does not exist"):
        tf.keras.models.load_model(path)
    path.write_bytes(b"no")
    with pytest.raises(ValueError, match="not a safetensors file"):
        tf.keras.models.load_model(path)
    network().save_weights(path)
    with pytest.raises(ValueError, match="holds no configuration"):
        tf.keras.models.load_model(path)
    safetensors.numpy.save_file({"a": np.zeros(1, np.float32)}, path, {"keras_config": "{"})
    with pytest.raises(ValueError, match="expected JSON"):
        tf.keras.models.load_model(path)
    safetensors.numpy.save_file(
        {"a": np.zeros(1, np.float32)}, path, {"keras_config": json.dumps({"class_name": "Dense", "config": {}})}
    )
    with pytest.raises(ValueError):
        tf.keras.models.load_model(path)


def test_the_optional_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "safetensors":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"swiftconv\[safetensors\]"):
        network().save(tmp_path / "m.safetensors")
    assert not list(tmp_path.iterdir())


def test_two_layers_of_one_name_are_refused(tmp_path: Path) -> None:
    inner = [layers.Dense(2, name="same"), layers.Dense(2, name="same")]

    class Pair(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = inner

        def call(self, x: Any) -> Any:
            return self.second(self.first(x))

    model = Pair()
    model(np.zeros((1, 2), np.float32))
    with pytest.raises(ValueError, match="same/kernel"):
        model.save_weights(tmp_path / "w.safetensors")


def train(model: Any, steps: int) -> None:
    for step in range(steps):
        model.train_on_batch(images(4) * step, np.ones((4, 4), np.float32))


def test_a_training_goes_on_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    model = network()
    model.compile(tf.keras.optimizers.Adam(0.01, weight_decay=0.1), "mse", metrics=["mae"])
    model.optimizer.exclude_from_weight_decay(var_names=["bias"])
    train(model, 3)
    model.optimizer.learning_rate = 0.125
    model.get_layer("head").trainable = False
    train(model, 1)
    model.save(tmp_path / "m.safetensors")
    again = tf.keras.models.load_model(tmp_path / "m.safetensors")
    for one in (model, again):
        train(one, 2)
        one.get_layer("head").trainable = True
        train(one, 2)
    assert float(again.optimizer.learning_rate) == 0.125
    assert int(again.optimizer.iterations) == 8
    assert all((a == b).all() for a, b in zip(model.get_weights(), again.get_weights(), strict=True))


def test_the_optimizer_is_left_out(tmp_path: Path) -> None:
    model = network()
    model.compile("adam", "mse")
    train(model, 1)
    model.save(tmp_path / "m.safetensors", include_optimizer=False)
    assert not tf.keras.models.load_model(tmp_path / "m.safetensors").compiled
    assert len(safetensors.numpy.load_file(tmp_path / "m.safetensors")) == len(model.weights)


def test_what_has_no_name_leaves_a_note(tmp_path: Path) -> None:
    model = network()
    model.compile("adam", lambda y, p: tf.ops.mean(tf.ops.square(y - p), axis=-1))
    model.save(tmp_path / "m.safetensors")
    with pytest.warns(UserWarning, match="names a lambda"):
        again = tf.keras.models.load_model(tmp_path / "m.safetensors")
    assert not again.compiled
    assert again.predict(images(), verbose=0).tobytes() == model.predict(images(), verbose=0).tobytes()


def test_a_part_of_the_optimizer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    model = network()
    model.compile("adam", "mse")
    train(model, 1)
    model.save(path)
    with safetensors.safe_open(path, framework="np") as file:
        metadata, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    name = "optimizer/momentum/head/bias"
    for wrong, fault in [(None, f"{name} is missing"), (np.ones(5, np.float32), f"{name}: expected shape")]:
        changed = {key: value for key, value in arrays.items() if key != name} | ({} if wrong is None else {name: wrong})
        safetensors.numpy.save_file(changed, path, metadata)
        with pytest.raises(ValueError, match=fault):
            tf.keras.models.load_model(path)
