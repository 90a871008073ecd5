"""`Sequential`: building, the chain, configuration."""

import numpy as np
import pytest
from swiftconv import Input, layers, models


def cnn():
    return models.Sequential(
        [
            layers.Conv2D(4, (3, 3), activation="relu", input_shape=(8, 8, 1)),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def test_built_at_once_where_the_first_layer_knows_its_input():
    model = cnn()
    assert model.built
    assert [layer.output.shape for layer in model.layers] == [(None, 6, 6, 4), (None, 3, 3, 4), (None, 36), (None, 3)]
    assert model.input_shape == (None, 8, 8, 1)
    assert model.output_shape == (None, 3)
    assert model.count_params() == 4 * 9 + 4 + 36 * 3 + 3


def test_build_without_arguments_is_the_tutorials_way():
    standard = models.Sequential([layers.Conv2D(filters=32, kernel_size=3, input_shape=(28, 28, 16))])
    separable = models.Sequential([layers.SeparableConv2D(filters=32, kernel_size=3, input_shape=(28, 28, 16))])
    standard.build()
    separable.build()
    assert standard.count_params() == 4640
    assert separable.count_params() == 688


def test_build_without_shape_is_refused_where_it_is_not_known():
    with pytest.raises(ValueError, match="input_shape"):
        models.Sequential([layers.Dense(3)]).build()


def test_deferred_build_on_first_call_knows_inputs_and_outputs():
    model = models.Sequential([layers.Dense(3), layers.Dense(2)])
    assert not model.built
    assert model(np.ones((4, 5), "float32")).shape == (4, 2)
    assert model.input.shape == (None, 5)
    assert model.layers[0].output.shape == (None, 3)


def test_add_and_pop():
    model = models.Sequential([Input((4,)), layers.Dense(3)])
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    model.pop()
    assert model.output_shape == (None, 3)
    assert len(model.layers) == 1


def test_wrong_members_are_refused():
    with pytest.raises(ValueError, match="layer"):
        models.Sequential([3])
    with pytest.raises(ValueError, match="unique"):
        models.Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")])
    with pytest.raises(AttributeError):
        cnn().layers = []


def test_config_round_trip_keeps_everything():
    model = cnn()
    again = models.Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert models.model_from_json(model.to_json()).get_config() == model.get_config()


def test_nested_sequential():
    inner = models.Sequential([layers.Dense(3, input_shape=(4,))])
    outer = models.Sequential([inner, layers.Dense(2)])
    assert outer(np.ones((1, 4), "float32")).shape == (1, 2)
    assert len(outer.weights) == 4


def test_summary_names_layers_parameters_and_flops():
    lines = []
    cnn().summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert "conv2d" in text
    assert "Total params: 151" in text
    assert "(None, 6, 6, 4)" in text
    conv = 2 * 9 * 4 * 36 + 144 + 144
    pool = 36 * 4
    dense = 2 * 36 * 3 + 3 + 3
    assert f"FLOPs per sample: {conv + pool + dense:,}" in text


def test_trainable_moves_the_weights():
    model = cnn()
    model.layers[0].trainable = False
    assert len(model.trainable_weights) == 2
    assert len(model.non_trainable_weights) == 2
    model.trainable = False
    assert model.trainable_weights == []


def test_get_and_set_weights():
    a, b = cnn(), cnn()
    b.set_weights(a.get_weights())
    x = np.random.default_rng(0).random((2, 8, 8, 1), "float32")
    np.testing.assert_array_equal(a(x), b(x))
    with pytest.raises(ValueError, match="expected 4"):
        b.set_weights(a.get_weights()[:-1])


def test_get_layer():
    model = cnn()
    assert model.get_layer(index=0) is model.layers[0]
    assert model.get_layer(model.layers[1].name) is model.layers[1]
    with pytest.raises(ValueError, match="no layer"):
        model.get_layer("nothing")
