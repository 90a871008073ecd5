"""Every layer: shapes on arrays and on symbols agree, configurations come back, bad arguments are refused."""

import json

import numpy as np
import pytest
from swiftconv import Input, layers, utils

CASES = [
    (layers.Conv2D, {"filters": 4, "kernel_size": 3}, (2, 7, 6, 2), (2, 5, 4, 4)),
    (
        layers.Conv2D,
        {"filters": 4, "kernel_size": (3, 2), "strides": 2, "padding": "same", "groups": 2},
        (1, 7, 6, 2),
        (1, 4, 3, 4),
    ),
    (layers.Conv2D, {"filters": 4, "kernel_size": 3, "data_format": "channels_first"}, (2, 3, 7, 6), (2, 4, 5, 4)),
    (layers.Conv2D, {"filters": 2, "kernel_size": 3, "dilation_rate": 2, "use_bias": False}, (1, 7, 7, 1), (1, 3, 3, 2)),
    (layers.DepthwiseConv2D, {"kernel_size": 3, "depth_multiplier": 2}, (2, 7, 6, 2), (2, 5, 4, 4)),
    (layers.SeparableConv2D, {"filters": 5, "kernel_size": 3, "padding": "same"}, (2, 7, 6, 2), (2, 7, 6, 5)),
    (layers.Conv2DTranspose, {"filters": 3, "kernel_size": 3, "strides": 2}, (2, 4, 5, 2), (2, 9, 11, 3)),
    (layers.Conv2DTranspose, {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, (1, 4, 5, 2), (1, 8, 10, 3)),
    (
        layers.Conv2DTranspose,
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 0},
        (1, 4, 5, 2),
        (1, 7, 9, 3),
    ),
    (layers.MaxPooling2D, {}, (2, 7, 6, 2), (2, 3, 3, 2)),
    (layers.AveragePooling2D, {"pool_size": 3, "strides": 2, "padding": "same"}, (2, 7, 6, 2), (2, 4, 3, 2)),
    (layers.MaxPooling2D, {"data_format": "channels_first"}, (2, 3, 6, 4), (2, 3, 3, 2)),
    (layers.GlobalMaxPooling2D, {}, (2, 7, 6, 2), (2, 2)),
    (layers.GlobalAveragePooling2D, {"keepdims": True}, (2, 7, 6, 2), (2, 1, 1, 2)),
    (layers.BatchNormalization, {}, (3, 4, 4, 2), (3, 4, 4, 2)),
    (layers.BatchNormalization, {"axis": 1, "scale": False}, (3, 2, 4, 4), (3, 2, 4, 4)),
    (layers.LayerNormalization, {}, (3, 4, 4, 2), (3, 4, 4, 2)),
    (layers.LayerNormalization, {"axis": [1, 2], "epsilon": 1e-5, "center": False}, (3, 2, 4), (3, 2, 4)),
    (layers.GroupNormalization, {"groups": 2, "gamma_regularizer": "l2"}, (3, 4, 4, 6), (3, 4, 4, 6)),
    (layers.GroupNormalization, {"groups": -1, "axis": 1}, (3, 2, 4, 4), (3, 2, 4, 4)),
    (layers.Conv1D, {"filters": 4, "kernel_size": 3}, (2, 7, 2), (2, 5, 4)),
    (layers.Conv1D, {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, (2, 7, 2), (2, 7, 4)),
    (
        layers.Conv1D,
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "groups": 2, "data_format": "channels_first"},
        (2, 2, 7),
        (2, 4, 4),
    ),
    (layers.MaxPooling1D, {}, (2, 7, 2), (2, 3, 2)),
    (layers.AveragePooling1D, {"pool_size": 3, "strides": 2, "padding": "same"}, (2, 7, 2), (2, 4, 2)),
    (layers.MaxPooling1D, {"data_format": "channels_first"}, (2, 3, 6), (2, 3, 3)),
    (layers.GlobalMaxPooling1D, {}, (2, 7, 3), (2, 3)),
    (layers.GlobalAveragePooling1D, {"keepdims": True}, (2, 7, 3), (2, 1, 3)),
    (layers.Dense, {"units": 3, "kernel_regularizer": "l2"}, (2, 4, 5), (2, 4, 3)),
    (layers.Flatten, {}, (2, 3, 4), (2, 12)),
    (layers.Reshape, {"target_shape": (4, -1)}, (2, 3, 8), (2, 4, 6)),
    (layers.Permute, {"dims": (2, 1)}, (2, 3, 4), (2, 4, 3)),
    (layers.RepeatVector, {"n": 3}, (2, 4), (2, 3, 4)),
    (layers.ZeroPadding2D, {"padding": ((1, 2), (3, 0))}, (1, 2, 3, 1), (1, 5, 6, 1)),
    (layers.Cropping2D, {"cropping": ((1, 2), (1, 0))}, (1, 5, 6, 1), (1, 2, 5, 1)),
    (layers.UpSampling2D, {"size": (2, 3)}, (1, 2, 3, 1), (1, 4, 9, 1)),
    (layers.UpSampling2D, {"interpolation": "bilinear"}, (1, 2, 3, 1), (1, 4, 6, 1)),
    (layers.Activation, {"activation": "relu"}, (2, 3), (2, 3)),
    (layers.ReLU, {"max_value": 6.0}, (2, 3), (2, 3)),
    (layers.LeakyReLU, {}, (2, 3), (2, 3)),
    (layers.ELU, {}, (2, 3), (2, 3)),
    (layers.PReLU, {"shared_axes": [1, 2]}, (2, 3, 3, 2), (2, 3, 3, 2)),
    (layers.Softmax, {}, (2, 3), (2, 3)),
    (layers.Dropout, {"rate": 0.5, "seed": 1}, (2, 3), (2, 3)),
    (layers.Rescaling, {"scale": 0.5}, (2, 3), (2, 3)),
    (layers.Identity, {}, (2, 3), (2, 3)),
]


@pytest.mark.parametrize(("cls", "arguments", "shape", "expected"), CASES)
def test_shapes_and_config(cls, arguments, shape, expected):
    layer = cls(**arguments)
    x = np.random.default_rng(0).random(shape, "float32")
    y = layer(x)
    assert y.shape == expected
    assert y.dtype == np.float32
    symbolic = cls(**arguments)(Input(shape[1:]))
    assert symbolic.shape == (None, *expected[1:])
    config = layer.get_config()
    again = cls.from_config(config)
    assert again.get_config() == config
    stored = json.loads(json.dumps(utils.serialize_keras_object(layer)))
    assert utils.deserialize_keras_object(stored).get_config() == config
    again = cls.from_config(config)
    again(x)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x), y)


def test_merging_layers():
    a, b = np.full((2, 3), 2.0, "float32"), np.full((2, 3), 5.0, "float32")
    for cls, value in ((layers.Add, 7), (layers.Multiply, 10), (layers.Subtract, -3), (layers.Maximum, 5), (layers.Average, 3.5)):
        np.testing.assert_allclose(cls()([a, b]), np.full((2, 3), value))
    assert layers.Concatenate(axis=0)([a, b]).shape == (4, 3)
    with pytest.raises(ValueError, match="fit"):
        layers.Add()([a, np.ones((2, 4), "float32")])
    with pytest.raises(ValueError, match="agree"):
        layers.Concatenate(axis=0)([a, np.ones((2, 4), "float32")])


@pytest.mark.parametrize(
    ("cls", "arguments", "word"),
    [
        (layers.Conv2D, {"filters": 0, "kernel_size": 3}, "filters"),
        (layers.Conv2D, {"filters": 3, "kernel_size": 0}, "kernel_size"),
        (layers.Conv2D, {"filters": 3, "kernel_size": 3, "strides": 0}, "strides"),
        (layers.Conv2D, {"filters": 3, "kernel_size": 3, "groups": 2}, "groups"),
        (layers.Conv2D, {"filters": 3, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, "dilation"),
        (layers.Conv2D, {"filters": 3, "kernel_size": 3, "padding": "other"}, "padding"),
        (layers.Conv2D, {"filters": 3, "kernel_size": (1, 2, 3)}, "kernel_size"),
        (layers.Dense, {"units": -1}, "units"),
        (layers.Dense, {"units": 2, "activation": "nothing"}, "activation"),
        (layers.Dense, {"units": 2, "kernel_initializer": "nothing"}, "initializer"),
        (layers.Dropout, {"rate": 1.5}, "rate"),
        (layers.MaxPooling2D, {"pool_size": 0}, "pool_size"),
        (layers.LeakyReLU, {"negative_slope": None}, "negative_slope"),
    ],
)
def test_bad_arguments(cls, arguments, word):
    with pytest.raises(ValueError, match=word):
        cls(**arguments)


def test_input_smaller_than_the_kernel():
    with pytest.raises(ValueError, match="empty"):
        layers.Conv2D(2, 5)(np.ones((1, 3, 3, 1), "float32"))
    with pytest.raises(ValueError, match="empty"):
        layers.MaxPooling2D(5)(Input((3, 3, 1)))


def test_conv_against_a_plain_loop():
    rng = np.random.default_rng(1)
    x = rng.random((2, 6, 5, 3), "float32")
    layer = layers.Conv2D(4, 3, strides=2, padding="same", bias_initializer="ones")
    y = layer(x)
    kernel, bias = layer.get_weights()
    padded = np.pad(x, ((0, 0), (0, 1), (1, 1), (0, 0)))
    expected = np.zeros_like(y)
    for i in range(y.shape[1]):
        for j in range(y.shape[2]):
            window = padded[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
            expected[:, i, j] = np.tensordot(window, kernel, ([1, 2, 3], [0, 1, 2])) + bias
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def test_batch_normalization_moves_its_statistics():
    layer = layers.BatchNormalization(momentum=0.5)
    x = np.random.default_rng(0).random((8, 3), "float32")
    y = layer(x, training=True)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.5 * x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.5 + 0.5 * x.var(0), rtol=1e-5)
    layer.trainable = False
    before = layer.moving_mean.numpy()
    layer(x, training=True)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), before)


def test_dropout_drops_in_training_only():
    layer = layers.Dropout(0.5, seed=3)
    x = np.ones((100, 10), "float32")
    np.testing.assert_array_equal(layer(x), x)
    y = layer(x, training=True)
    assert set(np.unique(y)) == {0.0, 2.0}
    assert 0.4 < (y == 0).mean() < 0.6
    assert not np.array_equal(layer(x, training=True), y)
