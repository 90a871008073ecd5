"""Architectures, arguments, preprocessing. Keras's own files are read in test_keras_weights.py."""

import json

import numpy as np
import pytest
from swiftconv import Input, Model, applications, config, layers
from swiftconv.applications import imagenet_utils

SMALL = [
    (applications.ResNet50, {"input_shape": (32, 32, 3), "classes": 3}),
    (applications.ResNet20, {"classes": 3}),
    (applications.MobileNet, {"input_shape": (32, 32, 3), "alpha": 0.25, "classes": 3}),
    (applications.MobileNetV2, {"input_shape": (32, 32, 3), "alpha": 0.35, "classes": 3}),
]


@pytest.mark.parametrize(
    ("network", "total", "trained"),
    [
        (applications.ResNet50, 25_636_712, 25_583_592),
        (applications.ResNet20, 274_042, 272_474),
        (applications.MobileNet, 4_253_864, 4_231_976),
        (applications.MobileNetV2, 3_538_984, 3_504_872),
    ],
)
def test_parameters_are_the_published_ones(network, total, trained):
    model = network(weights=None)
    assert model.count_params() == total
    assert sum(int(np.prod(v.shape)) for v in model.trainable_weights) == trained


def test_vgg16_has_the_published_parameters_without_its_dense_layers():
    model = applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    assert model.count_params() == 14_714_688
    assert model.output_shape == (None, 1, 1, 512)
    assert [layer.name for layer in model.layers[1:4]] == ["block1_conv1", "block1_conv2", "block1_pool"]


@pytest.mark.parametrize(("network", "arguments"), SMALL)
def test_predicts_probabilities_and_trains(network, arguments):
    model = network(weights=None, **arguments)
    x = np.random.default_rng(0).random((4, 32, 32, 3)).astype("float32")
    y = model.predict(x, verbose=0)
    np.testing.assert_allclose(y.sum(-1), 1.0, rtol=1e-5)
    if network is not applications.ResNet50:
        model.compile("sgd", "sparse_categorical_crossentropy")
        assert np.isfinite(model.train_on_batch(x, np.arange(4) % 3))


@pytest.mark.parametrize(("pooling", "shape"), [(None, (None, 1, 1, 1280)), ("avg", (None, 1280)), ("max", (None, 1280))])
def test_without_the_top(pooling, shape):
    model = applications.MobileNetV2((32, 32, 3), 0.35, include_top=False, weights=None, pooling=pooling)
    assert model.output_shape == shape


def test_unknown_sizes_without_the_top():
    model = applications.MobileNet(alpha=0.25, include_top=False, weights=None)
    assert model.input_shape == (None, None, None, 3)
    assert model.predict(np.zeros((1, 64, 32, 3), "float32"), verbose=0).shape == (1, 2, 1, 256)


def test_input_tensor_may_come_from_layers():
    image = Input((40, 40, 3))
    model = applications.ResNet20(input_tensor=layers.Cropping2D(4)(image), include_top=False, pooling="avg")
    assert model.input_shape == (None, 40, 40, 3)
    assert model.output_shape == (None, 64)


def test_logits_are_the_probabilities_before_softmax(tmp_path):
    model = applications.ResNet20(classes=4)
    model.save_weights(tmp_path / "w.weights.h5")
    logits = applications.ResNet20(classes=4, classifier_activation=None, weights=str(tmp_path / "w.weights.h5"))
    x = np.random.default_rng(0).random((2, 32, 32, 3)).astype("float32")
    z = np.exp(logits.predict(x, verbose=0))
    np.testing.assert_allclose(z / z.sum(-1, keepdims=True), model.predict(x, verbose=0), rtol=1e-4)


def test_channels_first_gives_the_same(tmp_path):
    model = applications.ResNet20(classes=4)
    x = np.random.default_rng(0).random((2, 32, 32, 3)).astype("float32")
    config.set_image_data_format("channels_first")
    try:
        other = applications.ResNet20(classes=4)
        assert other.input_shape == (None, 3, 32, 32)
        other.set_weights(model.get_weights())
        y = other.predict(np.ascontiguousarray(x.transpose(0, 3, 1, 2)), verbose=0)
    finally:
        config.set_image_data_format("channels_last")
    np.testing.assert_allclose(y, model.predict(x, verbose=0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "nothing is downloaded"),
        ({"weights": "imagenet"}, "weights=None"),
        ({"weights": "/no/such/file.h5"}, "path of a file that exists"),
        ({"weights": 3.5}, "path of a file"),
        ({"weights": None, "pooling": "mean"}, "pooling"),
        ({"weights": None, "classes": 0}, "classes"),
        ({"weights": None, "input_shape": (31, 32, 3)}, "32 x 32"),
        ({"weights": None, "input_shape": (32, 32)}, "three sizes"),
        ({"weights": None, "input_shape": (None, None, 3)}, "known sizes"),
        ({"weights": None, "input_tensor": np.zeros((1, 32, 32, 3))}, "Input"),
    ],
)
@pytest.mark.parametrize("network", [applications.ResNet50, applications.MobileNet, applications.MobileNetV2, applications.VGG16])
def test_bad_arguments_are_refused(network, arguments, message):
    with pytest.raises(ValueError, match=message):
        network(**arguments)


def test_keras_and_the_top_of_the_package_have_them():
    import swiftconv

    assert swiftconv.keras.applications.mobilenet_v2.MobileNetV2 is swiftconv.applications.MobileNetV2
    assert swiftconv.applications.resnet50.preprocess_input is applications.resnet.preprocess_input


def _expected(x, mode):
    x = x.astype("float64")
    if mode == "tf":
        return x / 127.5 - 1
    if mode == "torch":
        return (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    return x[..., ::-1] - [103.939, 116.779, 123.68]


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_preprocess_input(mode, dtype):
    x = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3)).astype(dtype)
    before = x.copy()
    y = imagenet_utils.preprocess_input(x, mode=mode)
    assert y.dtype == ("float64" if dtype == "float64" else "float32")
    np.testing.assert_allclose(y, _expected(x, mode), rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(x, before)
    first = imagenet_utils.preprocess_input(x.transpose(0, 3, 1, 2), "channels_first", mode)
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), y, rtol=1e-6)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_preprocess_input_as_part_of_a_model(mode):
    image = Input((4, 5, 3), dtype="uint8")
    model = Model(image, imagenet_utils.preprocess_input(image, mode=mode))
    x = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3)).astype("uint8")
    np.testing.assert_allclose(model.predict(x, verbose=0), _expected(x, mode), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    "arguments", [((2, 2, 3), None, "keras"), ((2, 2, 3), "last", "tf"), ((2, 2, 4), None, "torch"), ((3,), None, "caffe")]
)
def test_preprocess_input_refuses(arguments):
    with pytest.raises(ValueError, match="preprocess_input"):
        imagenet_utils.preprocess_input(np.zeros(arguments[0]), *arguments[1:])


def test_decode_predictions(tmp_path, monkeypatch):
    p = np.array([[0.2, 0.5, 0.3]], "float32")
    table = {"0": ["n0", "cat"], "1": ["n1", "dog"], "2": ["n2", "owl"]}
    found = applications.resnet.decode_predictions(p, 2, table)
    assert [(a, b) for a, b, _ in found[0]] == [("n1", "dog"), ("n2", "owl")]
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="not downloaded"):
        imagenet_utils.decode_predictions(p)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "imagenet_class_index.json").write_text(json.dumps(table))
    assert imagenet_utils.decode_predictions(p, 2) == found
    with pytest.raises(ValueError, match="shape"):
        imagenet_utils.decode_predictions(p[:, :2])
