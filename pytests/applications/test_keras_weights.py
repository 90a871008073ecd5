"""Weight files that Keras itself wrote: run in an environment that has it, named by SWIFTCONV_KERAS_PYTHON."""

import json
import os
import subprocess

import numpy as np
import pytest
from swiftconv import applications, models

PYTHON = os.environ.get("SWIFTCONV_KERAS_PYTHON", "")
pytestmark = pytest.mark.skipif(
    not os.path.exists(PYTHON), reason="SWIFTCONV_KERAS_PYTHON does not name a Python with keras and a backend for it"
)

NETWORKS = {
    "ResNet50": {"input_shape": [32, 32, 3], "classes": 5},
    "MobileNet": {"input_shape": [37, 32, 3], "alpha": 0.25, "depth_multiplier": 2, "classes": 5},
    "MobileNetV2": {"input_shape": [35, 44, 3], "alpha": 0.35, "classes": 5},
    "VGG16": {"input_shape": [32, 32, 3], "include_top": False, "pooling": "avg"},
    "ResNet20": {"input_shape": [32, 32, 3], "classes": 5},
}
OURS = "ResNet20"  # Keras has no such network: it opens our file, and gives it weights of its own

# Statistics other than zero and one, for otherwise batch normalization would do nothing.
WRITE = """
import json, os, sys
os.environ.setdefault("KERAS_BACKEND", "jax")
import keras, numpy as np
folder = sys.argv[1]
rng = np.random.default_rng(0)
for name, arguments in json.loads(sys.argv[2]).items():
    keras.utils.clear_session()
    ours = f"{folder}/{name}.ours.keras"
    if os.path.exists(ours):
        model = keras.models.load_model(ours)
        for layer in model.layers:
            layer.set_weights([rng.normal(0, 0.1, w.shape) for w in layer.get_weights()])
    else:
        model = getattr(keras.applications, name)(weights=None, **arguments)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n = layer.gamma.shape
            layer.set_weights([rng.uniform(0.5, 1.5, n), rng.normal(0, 0.2, n), rng.normal(0, 0.2, n), rng.uniform(0.5, 1.5, n)])
    x = rng.random((2, *arguments["input_shape"])).astype("float32")
    features = keras.Model(model.input, model.layers[len(model.layers) // 2].output)
    np.savez(f"{folder}/{name}.npz", x=x, y=model.predict(x, verbose=0), features=features.predict(x, verbose=0))
    model.save(f"{folder}/{name}.keras")
    model.save(f"{folder}/{name}.h5")
    model.save_weights(f"{folder}/{name}.weights.h5")
    described = {"name": model.name, "layers": [[l.name, type(l).__name__, str(l.output.shape)] for l in model.layers]}
    with open(f"{folder}/{name}.json", "w") as file:
        json.dump({**described, "count": model.count_params()}, file)
images = rng.integers(0, 256, (2, 3, 4, 3)).astype("uint8")
utils = keras.applications.imagenet_utils
modes = {mode: utils.preprocess_input(images, mode=mode) for mode in ("caffe", "tf", "torch")}
np.savez(f"{folder}/images.npz", images=images, **modes)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("keras")
    getattr(applications, OURS)(weights=None, **NETWORKS[OURS]).save(path / f"{OURS}.ours.keras")
    done = subprocess.run([PYTHON, "-c", WRITE, str(path), json.dumps(NETWORKS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return path


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_are_keras(folder, name):
    described = json.loads((folder / f"{name}.json").read_text())
    model = getattr(applications, name)(weights=None, **NETWORKS[name])
    assert model.name == described["name"]
    assert model.count_params() == described["count"]
    # layers without weights have numbers that depend on what was made before
    ours = [[layer.name, type(layer).__name__, str(layer.output.shape)] for layer in model.layers]
    plain = [[n if not n.startswith(("input_layer", "global_")) else "", kind, shape] for n, kind, shape in ours]
    theirs = [[n if not n.startswith(("input_layer", "global_")) else "", kind, shape] for n, kind, shape in described["layers"]]
    assert plain == theirs


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("how", ["weights.h5", "h5", "keras", "by_name", "load_model"])
def test_weights_give_keras_outputs(folder, name, how):
    data = np.load(folder / f"{name}.npz")
    network = getattr(applications, name)
    if how == "load_model":
        model = models.load_model(folder / f"{name}.keras")
    elif how == "by_name":
        model = network(weights=None, **NETWORKS[name])
        model.load_weights(folder / f"{name}.h5", by_name=True)
    else:
        model = network(weights=str(folder / f"{name}.{how}"), **NETWORKS[name])
    np.testing.assert_allclose(model.predict(data["x"], verbose=0), data["y"], rtol=1e-4, atol=1e-5)
    features = models.Model(model.input, model.layers[len(model.layers) // 2].output).predict(data["x"], verbose=0)
    np.testing.assert_allclose(features, data["features"], rtol=1e-4, atol=1e-4)


def test_preprocessing_is_keras(folder):
    data = np.load(folder / "images.npz")
    for mode in ("caffe", "tf", "torch"):
        ours = applications.imagenet_utils.preprocess_input(data["images"], mode=mode)
        np.testing.assert_allclose(ours, data[mode], rtol=1e-5, atol=1e-5)
