"""Who says whether a layer of a model is training: the model, unless the layer was called with another flag than its default."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("swiftconv._native")
from swiftconv import Input, Model, Sequential, layers, models, utils

ONES = np.ones((64, 16), "float32")


def functional(**flag):
    x = Input((16,))
    return Model(x, layers.Dropout(0.5, seed=3)(x, **flag))


@utils.register_keras_serializable(package="training_flag")
class Doubled(layers.Layer):
    def call(self, x, training=False):
        return x * 2 if training else x


def in_training(model):
    """The values of a call that trains, and of one that does not."""
    found = [np.unique(np.asarray(model(ONES, training=flag))).tolist() for flag in (True, False)]
    np.testing.assert_array_equal(model.predict(ONES, verbose=0), np.asarray(model(ONES, training=False)))
    return found


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sequential([Input((16,)), layers.Dropout(0.5, seed=3)]),
        lambda: Sequential([layers.Dropout(0.5, seed=3)]),
        functional,
        lambda: functional(training=None),
        lambda: Sequential([Input((16,)), functional()]),
    ],
)
def test_dropout_acts_in_models(make):
    assert in_training(make()) == [[0, 2], [1]]


def test_a_layer_of_ones_own():
    assert in_training(Sequential([Input((16,)), Doubled()])) == [[2], [1]]


def test_dropout_acts_in_fit():
    model = Sequential([Input((16,)), layers.Dropout(0.5, seed=3), layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    model.optimizer.learning_rate = 0.0
    y = np.full((64, 1), 16, "float32")
    assert model.evaluate(ONES, y, verbose=0) == 0
    # Each output is the sum of 16 numbers, 0 or 2: its variance is 16.
    assert 8 < model.fit(ONES, y, epochs=1, verbose=0).history["loss"][0] < 24


def test_a_flag_stays():
    assert np.unique(functional(training=True).predict(ONES, verbose=0)).tolist() == [0, 2]
    x = Input((16,))
    normal = layers.BatchNormalization(epsilon=0.0)
    model = Model(x, normal(x, training=False))
    np.testing.assert_array_equal(model(2 * ONES, training=True), 2 * ONES)


def test_kept_files_with_the_default_among_the_arguments(tmp_path):
    config = functional().get_config()
    for layer in config["layers"]:
        for call in layer["inbound_nodes"]:
            assert "training" not in call["kwargs"]
            call["kwargs"]["training"] = False  # as Keras writes it
    assert in_training(Model.from_config(config)) == [[0, 2], [1]]
    functional(training=True).save(tmp_path / "always.keras")
    always = models.load_model(tmp_path / "always.keras")
    assert np.unique(always.predict(ONES, verbose=0)).tolist() == [0, 2]
