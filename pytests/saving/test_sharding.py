"""Weights in several files: what comes back, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("swiftconv._native")
h5py = pytest.importorskip("h5py")
import swiftconv as tf

layers = tf.keras.layers
KIB = 1 / 1024**2


def network() -> Any:
    model = tf.keras.Sequential([layers.Input((16,)), layers.Dense(32, name="a"), layers.Dense(24, name="b"), layers.Dense(4)])
    model.compile("adam", "mse")
    return model


def saved(folder: Path) -> tuple[Any, Path]:
    model = network()
    model.fit(np.ones((4, 16), "float32"), np.zeros((4, 4), "float32"), verbose=0)
    path = folder / "w.weights.json"
    model.save_weights(path, max_shard_size=4 * KIB)
    return model, path


def same(a: Any, b: Any) -> bool:
    pairs = zip(a.get_weights(), b.get_weights(), strict=True)
    return all(x.tobytes() == y.tobytes() for x, y in pairs)


def test_weights_and_optimizer_come_back_from_several_files(tmp_path: Path) -> None:
    model, path = saved(tmp_path)
    files = sorted(p.name for p in tmp_path.glob("*.h5"))
    assert files == [f"w_{number:05}.weights.h5" for number in range(len(files))]
    assert len(files) > 3
    for file in files:
        with h5py.File(tmp_path / file) as content:
            sizes: list[int] = []
            content.visititems(lambda _, item, sizes=sizes: sizes.append(item.nbytes if isinstance(item, h5py.Dataset) else 0))
        assert 0 < sum(sizes) <= 4096
    other = network()
    other.optimizer.build(other.trainable_weights)
    other.load_weights(path)
    assert same(model, other)
    for a, b in zip(model.optimizer.variables, other.optimizer.variables, strict=True):
        assert a.numpy().tobytes() == b.numpy().tobytes()


def test_the_index_is_keras_s(tmp_path: Path) -> None:
    model, path = saved(tmp_path)
    index = json.loads(path.read_text())
    assert {"/layers/dense/vars", "/layers/dense_1/vars", "/optimizer/vars"} <= set(index["weight_map"])
    variables = [*model.weights, *model.optimizer.variables]
    assert index["metadata"]["total_size"] == sum(v.numpy().nbytes for v in variables)


def test_the_index_has_its_own_ending(tmp_path: Path) -> None:
    model = network()
    with pytest.warns(UserWarning, match=r"w\.weights\.json"):
        model.save_weights(tmp_path / "w.weights.h5", max_shard_size=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["w.weights.json", "w_00000.weights.h5"]
    with pytest.raises(ValueError, match=r"\.weights\.json with max_shard_size"):
        model.save_weights(tmp_path / "w.safetensors", max_shard_size=1)
    with pytest.raises(ValueError, match=r"\.weights\.h5"):
        model.save_weights(tmp_path / "w.weights.json")


@pytest.mark.parametrize("size", [0, -1, float("nan"), "1GB", True])
def test_sizes_that_cannot_be_are_refused(tmp_path: Path, size: Any) -> None:
    with pytest.raises(ValueError, match="max_shard_size: expected"):
        network().save_weights(tmp_path / "w.weights.json", max_shard_size=size)


def test_a_weight_that_fits_into_no_file_leaves_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3072 bytes"):
        network().save_weights(tmp_path / "w.weights.json", max_shard_size=2.5 * KIB)
    assert not list(tmp_path.iterdir())


def test_damaged_sets_are_refused_and_change_nothing(tmp_path: Path) -> None:
    _, path = saved(tmp_path)
    index = json.loads(path.read_text())
    other = network()
    before = [w.copy() for w in other.get_weights()]
    group = "/layers/dense_1/vars"
    for wrong, match in [
        ([], "is not an index|weight_map"),
        ({"weight_map": {**index["weight_map"], group: ["../w_00000.weights.h5"]}}, "beside it"),
        ({"weight_map": {**index["weight_map"], group: ["/etc/passwd"]}}, "beside it"),
        ({"weight_map": {**index["weight_map"], group: "w_00000.weights.h5"}}, "list of files"),
        ({"weight_map": {**index["weight_map"], group: ["w_00099.weights.h5"]}}, "does not exist"),
        ({"weight_map": {k: v for k, v in index["weight_map"].items() if k != group}}, "expected 2 weights"),
    ]:
        path.write_text(json.dumps(wrong))
        with pytest.raises(ValueError, match=match):
            other.load_weights(path)
    path.write_text("{")
    with pytest.raises(ValueError, match="not an index"):
        other.load_weights(path)
    path.write_text(json.dumps(index))
    (tmp_path / "w_00001.weights.h5").write_bytes(b"no")
    with pytest.raises(ValueError, match="not an HDF5 file"):
        other.load_weights(path)
    os.remove(tmp_path / "w_00001.weights.h5")
    with pytest.raises(ValueError, match="does not exist"):
        other.load_weights(path)
    assert all((a == b).all() for a, b in zip(before, other.get_weights(), strict=True))
