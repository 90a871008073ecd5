"""`model.export`: a safetensors file whose graph computes what `predict` does (pytests/test_c.py runs one from C)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

tf = pytest.importorskip("swiftconv")
layers = tf.keras.layers


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """The tensors and the graph of a file, by the format's own description."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    graph = json.loads(header.pop("__metadata__")["graph"])
    types = {"F32": np.float32, "I32": np.int32, "I64": np.int64}
    tensors = {}
    end = 0
    for name, entry in header.items():
        begin, stop = entry["data_offsets"]
        assert begin == end, "no holes"
        end = stop
        data = content[8 + length + begin : 8 + length + stop]
        tensors[name] = np.frombuffer(data, types[entry["dtype"]]).reshape(entry["shape"])
    assert 8 + length + end == len(content)
    return tensors, graph


def test_file_holds_weights_and_ops(tmp_path: Path) -> None:
    model = tf.keras.Sequential(
        [layers.Input((6, 6, 2)), layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dense(4)]
    )
    model.export(tmp_path / "m.safetensors", batch_size=5)
    tensors, graph = read(tmp_path / "m.safetensors")
    assert graph["steps"][graph["inputs"][0]] == {"input": {"dtype": "float32", "shape": [5, 6, 6, 2]}}
    assert next(step["op"] for step in graph["steps"] if "op" in step) == "conv2d"
    for weight in model.get_weights():
        assert any(t.shape == weight.shape and np.array_equal(t, weight) for t in tensors.values())
    assert not any("assign" in json.dumps(step) for step in graph["steps"])


def test_batch_normalization_and_dropout_are_in_inference_mode(tmp_path: Path) -> None:
    model = tf.keras.Sequential([layers.Input((4, 4, 2)), layers.BatchNormalization(), layers.Dropout(0.5)])
    model.export(tmp_path / "m.safetensors")
    ops = {step["op"] for step in read(tmp_path / "m.safetensors")[1]["steps"] if "op" in step}
    assert not {"batch_norm_training", "random_uniform", "dropout"} & ops


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"filepath": "m.keras"}, r"\.safetensors, received 'm.keras'"),
        ({"filepath": "m.safetensors", "format": "onnx"}, "received 'onnx'"),
        ({"filepath": "m.safetensors", "batch_size": 0}, "at least 1, received 0"),
        ({"filepath": "/no/such/folder/m.safetensors"}, "/no/such/folder"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, object], words: str) -> None:
    model = tf.keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match=words):
        model.export(**arguments)


def test_unknown_sizes_and_models_that_are_not_built_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="known sizes"):
        tf.keras.Sequential([layers.Input((None, 4, 1)), layers.Conv2D(2, 3)]).export(tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match="not built"):
        tf.keras.Sequential([layers.Dense(2)]).export(tmp_path / "m.safetensors")
