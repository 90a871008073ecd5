"""Files: round trips, refusals."""

import json
import zipfile

import h5py
import numpy as np
import pytest
from swiftconv import Input, Model, layers, models, saving, utils


def cnn(compiled=True):
    model = models.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1), kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Conv2D(2, 3, padding="same"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )
    if compiled:
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        rng = np.random.default_rng(0)
        model.fit(rng.random((16, 8, 8, 1), "float32"), rng.integers(0, 3, 16), verbose=0)
    return model


X = np.random.default_rng(1).random((3, 8, 8, 1), "float32")


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_whole_model_with_optimizer(tmp_path, name):
    model = cnn()
    model.save(tmp_path / name)
    again = models.load_model(tmp_path / name)
    np.testing.assert_array_equal(model.predict(X, verbose=0), again.predict(X, verbose=0))
    assert again.get_config() == model.get_config()
    for a, b in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    labels = np.zeros(3, int)
    assert again.evaluate(X, labels, verbose=0) == pytest.approx(model.evaluate(X, labels, verbose=0))
    again.fit(X, labels, verbose=0)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_folder(tmp_path):
    model = cnn()
    model.save(tmp_path / "folder", zipped=False)
    np.testing.assert_array_equal(model.predict(X, verbose=0), models.load_model(tmp_path / "folder").predict(X, verbose=0))


def test_weights_alone(tmp_path):
    model, other = cnn(), cnn(compiled=False)
    model.save_weights(tmp_path / "m.weights.h5")
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(model.predict(X, verbose=0), other.predict(X, verbose=0))
    for ending in ("m.keras", "m.h5"):
        model.save(tmp_path / ending)
        third = cnn(compiled=False)
        third.load_weights(tmp_path / ending)
        np.testing.assert_array_equal(model.predict(X, verbose=0), third.predict(X, verbose=0))


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_functional_with_several_outputs(tmp_path, name):
    x = Input((4,), name="x")
    h = layers.Dense(3, activation="relu")(x)
    model = Model(x, {"a": layers.Dense(2)(h), "b": layers.Add()([h, h])})
    model.save(tmp_path / name)
    again = models.load_model(tmp_path / name)
    data = np.random.default_rng(0).random((2, 4), "float32")
    for key, value in model.predict(data, verbose=0).items():
        np.testing.assert_array_equal(value, again.predict(data, verbose=0)[key])


def test_custom_layers(tmp_path):
    class Twice(layers.Layer):
        def call(self, x):
            return 2.0 * x

    model = models.Sequential([Input((3,)), Twice()])
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="Twice"):
        models.load_model(tmp_path / "m.keras")
    again = models.load_model(tmp_path / "m.keras", custom_objects={"Twice": Twice})
    np.testing.assert_array_equal(again(np.ones((1, 3), "float32")), np.full((1, 3), 2.0))
    with saving.custom_object_scope({"Twice": Twice}):
        models.load_model(tmp_path / "m.keras")


def test_registered_class(tmp_path):
    @utils.register_keras_serializable("tests")
    class Registered(layers.Layer):
        def call(self, x):
            return x

    models.Sequential([Input((3,)), Registered()]).save(tmp_path / "m.keras")
    assert isinstance(models.load_model(tmp_path / "m.keras").layers[0], Registered)


def test_wrong_names_and_existing_files(tmp_path):
    model = cnn(compiled=False)
    for name in ("m.txt", "m", "m.weights.h5"):
        with pytest.raises(ValueError, match="expected a name"):
            model.save(tmp_path / name)
    with pytest.raises(ValueError, match=r"weights\.h5"):
        model.save_weights(tmp_path / "m.h5")
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="exists"):
        model.save(tmp_path / "m.keras", overwrite=False)
    with pytest.raises(ValueError, match="does not exist"):
        models.load_model(tmp_path / "other.keras")


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5"])
def test_damaged_files(tmp_path, name):
    path = tmp_path / name
    model = cnn(compiled=False)
    for content in (b"", b"nonsense" * 100):
        path.write_bytes(content)
        with pytest.raises(ValueError):
            model.load_weights(path) if name.endswith("weights.h5") else models.load_model(path)


def test_cut_off_file(tmp_path):
    path = tmp_path / "m.keras"
    cnn(compiled=False).save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError):
        models.load_model(path)


def _with_config(path, change):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_config_that_names_other_code_is_refused(tmp_path):
    path = tmp_path / "m.keras"
    cnn(compiled=False).save(path)
    for bad in (
        {"module": "os", "class_name": "system", "config": {"command": "true"}, "registered_name": None},
        {
            "module": "keras.layers",
            "class_name": "Lambda",
            "config": {"name": "l", "function": {"class_name": "__lambda__", "config": {}}},
        },
    ):
        _with_config(path, lambda c, b=bad: c["config"]["layers"].append(b))
        with pytest.raises(ValueError):
            models.load_model(path)
        cnn(compiled=False).save(path)


def test_links_are_not_followed(tmp_path):
    model = cnn(compiled=False)
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    with h5py.File(path, "a") as file:
        del file["layers/conv2d/vars/0"]
        file["layers/conv2d/vars/0"] = h5py.ExternalLink("other.h5", "/x")
    with pytest.raises(ValueError, match="link"):
        model.load_weights(path)


def test_weights_of_another_model(tmp_path):
    path = tmp_path / "m.weights.h5"
    cnn(compiled=False).save_weights(path)
    other = models.Sequential([layers.Dense(3, input_shape=(4,))])
    with pytest.raises(ValueError, match="fit"):
        other.load_weights(path)
