"""Functional models: structures of inputs and outputs, slicing, reuse, operators."""

import json

import numpy as np
import pytest
from swiftconv import Input, Model, layers, models


def test_several_inputs_and_outputs_keep_their_structure():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    total = layers.Add()([a, b])
    model = Model({"a": a, "b": b}, {"sum": total, "both": layers.Concatenate()([a, b])})
    x = np.arange(6, dtype="float32").reshape(2, 3)
    found = model({"a": x, "b": 2 * x})
    assert set(found) == {"sum", "both"}
    np.testing.assert_allclose(found["sum"], 3 * x)
    assert found["both"].shape == (2, 6)


def test_class_and_type():
    x = Input((3,))
    model = Model(x, layers.Dense(2)(x))
    assert isinstance(model, models.Functional)
    assert isinstance(model, Model)


def test_activations_of_a_sequential_as_in_the_tutorial():
    model = models.Sequential([layers.Conv2D(2, 3, input_shape=(6, 6, 1)), layers.Conv2D(3, 3), layers.Flatten()])
    outputs = [layer.output for layer in model.layers[:2]]
    activations = models.Model(inputs=model.input, outputs=outputs).predict(np.ones((1, 6, 6, 1), "float32"), verbose=0)
    assert [a.shape for a in activations] == [(1, 4, 4, 2), (1, 2, 2, 3)]


def test_operators_on_symbolic_values():
    x = Input((3,))
    model = Model(x, (x * 2.0 + 1.0)[:, :2])
    np.testing.assert_allclose(model(np.ones((2, 3), "float32")), np.full((2, 2), 3.0))
    again = models.model_from_json(model.to_json())
    np.testing.assert_allclose(again(np.ones((2, 3), "float32")), np.full((2, 2), 3.0))


def in_json(name, config):
    return json.dumps({"class_name": name, "config": config})


DEEP = '{"class_name": "Sequential", "config": ' + '{"layers": ' * 700 + "0" + "}" * 701
LAYERS = ("x", {"layers": 3}, {"layers": [{"class_name": {}, "config": {}}]})


@pytest.mark.parametrize(
    "text",
    ["{", "[" * 100_000, "3", "{}", in_json("Dense", {"units": 2}), DEEP, *(in_json("Sequential", config) for config in LAYERS)],
)
def test_json_of_no_model(text):
    with pytest.raises(ValueError, match=r"model_from_json|Sequential|unknown class"):
        models.model_from_json(text)


def test_layer_shared_between_two_nodes():
    a, b = Input((3,)), Input((3,))
    dense = layers.Dense(2)
    model = Model([a, b], layers.Concatenate()([dense(a), dense(b)]))
    assert len(model.weights) == 2
    again = Model.from_config(model.get_config())
    assert len(again.weights) == 2
    again.set_weights(model.get_weights())
    x = np.random.default_rng(0).random((2, 3), "float32")
    np.testing.assert_array_equal(model([x, 2 * x]), again([x, 2 * x]))


def test_disconnected_graph_is_refused():
    a, b = Input((3,)), Input((3,))
    with pytest.raises(ValueError, match="disconnected"):
        Model(a, layers.Add()([a, b]))


def test_names_must_be_unique():
    x = Input((3,))
    with pytest.raises(ValueError, match="unique"):
        Model(x, layers.Dense(2, name="d")(layers.Dense(2, name="d")(x)))


def test_wrong_shape_says_expected_and_received():
    x = Input((3,))
    model = Model(x, layers.Dense(2)(x))
    with pytest.raises(ValueError, match=r"expected shape \(None, 3\), received shape \(2, 4\)"):
        model(np.ones((2, 4), "float32"))


def test_missing_last_axis_of_size_one_is_added():
    x = Input((1,))
    model = Model(x, layers.Dense(2)(x))
    assert model(np.ones((4,), "float32")).shape == (4, 2)


def test_slice_of_a_graph():
    x = Input((4,))
    h = layers.Dense(3, name="h")(x)
    model = Model(x, layers.Dense(2)(h))
    inner = Model(model.inputs, model.get_layer("h").output)
    assert inner(np.ones((1, 4), "float32")).shape == (1, 3)


def test_subclass_with_own_call():
    class Mine(Model):
        def __init__(self):
            super().__init__()
            self.d = layers.Dense(2)
            self.more = [layers.Dense(3)]

        def call(self, x, training=False):
            return self.more[0](self.d(x))

    model = Mine()
    assert model(np.ones((1, 4), "float32")).shape == (1, 3)
    assert len(model.weights) == 4
    assert len(model.layers) == 2


def test_subclass_that_passes_a_graph_up():
    class Mine(Model):
        def __init__(self):
            x = Input((4,))
            super().__init__(x, layers.Dense(2)(x))
            self.extra = 3

    model = Mine()
    assert model(np.ones((1, 4), "float32")).shape == (1, 2)
    assert isinstance(model, models.Functional)


def test_clone_has_fresh_weights():
    x = Input((4,))
    model = Model(x, layers.Dense(2)(x))
    copy = models.clone_model(model)
    assert copy.get_config()["layers"] == model.get_config()["layers"]
    assert not np.array_equal(copy.get_weights()[0], model.get_weights()[0])


def dropouts(x):
    """The same network as a graph, and in both forms of a chain."""
    yield Model(x, layers.Dropout(0.5)(x))
    yield models.Sequential([Input(x.shape[1:]), layers.Dropout(0.5)])
    yield models.Sequential([layers.Dropout(0.5)])
    inner = models.Sequential([Input(x.shape[1:]), layers.Dropout(0.5)])
    yield Model(x, inner(x))


def test_the_model_says_whether_its_dropout_is_training():
    ones = np.ones((4, 64), "float32")
    for model in dropouts(Input((64,))):
        first, second = (np.asarray(model(ones, training=True)) for _ in range(2))
        assert 0.2 < (first == 0).mean() < 0.8
        assert (first != second).any()
        assert (np.asarray(model(ones)) == ones).all()
        assert (model.predict(ones, verbose=0) == ones).all()


def test_a_training_flag_that_was_given_stays_unless_it_is_the_default():
    x, ones = Input((64,)), np.ones((4, 64), "float32")
    assert (Model(x, layers.Dropout(0.5)(x, training=True)).predict(ones, verbose=0) == 0).any()
    # as in Keras, whose files have the default among the arguments of every call
    assert (np.asarray(Model(x, layers.Dropout(0.5)(x, training=False))(ones, training=True)) == 0).any()


def test_the_default_that_keras_writes_down_fixes_nothing():
    x, ones = Input((64,)), np.ones((4, 64), "float32")
    config = Model(x, layers.Dropout(0.5)(x)).get_config()
    assert config["layers"][1]["inbound_nodes"][0]["kwargs"] == {}
    config["layers"][1]["inbound_nodes"][0]["kwargs"] = {"training": False}
    model = Model.from_config(config)
    assert (np.asarray(model(ones, training=True)) == 0).any()
    assert (model.predict(ones, verbose=0) == ones).all()
