"""Damaged files: a ValueError or a model, nothing else; a file that cannot be written leaves the old one."""

from __future__ import annotations

import json
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("swiftconv._native")
pytest.importorskip("safetensors")
pytest.importorskip("h5py")
import swiftconv as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

layers = tf.keras.layers
often = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def network() -> Any:
    x = layers.Input((6, 6, 2), name="images")
    y = layers.BatchNormalization()(layers.Conv2D(2, 3, activation="relu", kernel_regularizer="l2")(x))
    inner = tf.keras.Sequential([layers.Input((4, 4, 2)), layers.Flatten(), layers.Dropout(0.2), layers.Dense(3)])
    model = tf.keras.Model(x, [inner(y), layers.Dense(2, activation="softmax")(layers.Flatten()(y[:, 0] * 2.0))])
    schedule = tf.keras.optimizers.schedules.CosineDecay(0.1, 10)
    losses = [tf.keras.losses.Huber(2.0), "categorical_crossentropy"]
    optimizer = tf.keras.optimizers.Adam(schedule, clipnorm=1.0)
    model.compile(optimizer, losses, loss_weights=[1, 2], metrics=[["mae"], ["accuracy", tf.keras.metrics.AUC()]])
    x = np.ones((2, 6, 6, 2), "float32")
    model.train_on_batch(x, [np.ones((2, 3), "float32"), np.full((2, 2), 0.5, "float32")])
    return model


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    model = network()
    found = {}
    for name in ("m.safetensors", "m.keras", "m.h5"):
        model.save(folder / name)
        found[name] = (folder / name).read_bytes()
    return found


def attempt(path: Path) -> bool:
    """Whether there is a model in the file; anything but a ValueError fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tf.keras.models.load_model(path)
        except ValueError as error:
            assert str(error)
            return False
    return True


@often
@given(name=st.sampled_from(["m.safetensors", "m.keras", "m.h5"]), part=st.floats(0, 1, exclude_max=True))
def test_truncated_files(files: dict[str, bytes], tmp_path: Path, name: str, part: float) -> None:
    content = files[name]
    (tmp_path / name).write_bytes(content[: int(len(content) * part)])
    assert not attempt(tmp_path / name)


@often
@given(
    name=st.sampled_from(["m.safetensors", "m.keras"]),
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), min_size=1, max_size=4),
    head=st.booleans(),
)
def test_flipped_bits(files: dict[str, bytes], tmp_path: Path, name: str, flips: list[tuple[float, int]], head: bool) -> None:
    content = bytearray(files[name])
    reach = 8 + struct.unpack("<Q", content[:8])[0] if head and name == "m.safetensors" else len(content)
    for place, bit in flips:
        content[int(place * reach)] ^= 1 << bit
    (tmp_path / name).write_bytes(content)
    attempt(tmp_path / name)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all values inside."""
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*at, key))


OTHERS: list[Any] = [None, -1, 0, 2**63, 0.5, "x", "", True, [], {}, [[]], {"class_name": "Dense", "config": {}}, ["x", 0, 0]]


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_values_of_other_types(files: dict[str, bytes], tmp_path: Path, data: st.DataObject) -> None:
    content = files["m.safetensors"]
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    config = json.loads(header["__metadata__"]["keras_config"])
    place = data.draw(st.sampled_from(list(places(config))))
    value = data.draw(st.sampled_from(OTHERS))
    target: Any = {"": config}
    for key in ("", *place)[:-1]:
        target = target[key]
    target[("", *place)[-1]] = value
    header["__metadata__"]["keras_config"] = json.dumps(config if place else value)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + content[8 + size :])
    attempt(path)


@pytest.mark.parametrize("name", ["m.safetensors", "m.keras", "m.h5", "m.weights.h5"])
def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")

    class Broken(tf.keras.layers.Layer):
        def get_config(self) -> Any:
            raise RuntimeError("no config")

        def save_own_variables(self, store: Any) -> None:
            raise RuntimeError("no variables")

        def build(self, shape: Any) -> None:
            self.w = self.add_weight(shape=(1,))

        def call(self, x: Any) -> Any:
            return x + self.w

    model = tf.keras.Sequential([layers.Input((2,)), Broken()])
    with pytest.raises(RuntimeError):
        (model.save_weights if "weights" in name else model.save)(path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == [name]
