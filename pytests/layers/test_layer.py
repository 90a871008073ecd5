"""The protocol of `Layer`."""

import pickle

import numpy as np
import pytest
from swiftconv import Input, Variable, constant, layers, ops


class Scale(layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="w", regularizer="l2")
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def call(self, inputs, training=False):
        if training:
            self.count.assign(self.count + 1.0)
        return inputs * self.w * self.factor


def test_builds_on_first_call_and_returns_arrays():
    layer = Scale()
    assert not layer.built
    out = layer(np.ones((2, 3)))
    assert layer.built
    assert isinstance(out, np.ndarray)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, np.full((2, 3), 2.0))


def test_tensor_in_tensor_out_and_lists_are_cast():
    layer = Scale()
    assert hasattr(layer(constant([[1.0, 2.0]])), "numpy")
    assert layer([[1, 2]]).dtype == np.float32


def test_symbolic_call_runs_nothing():
    y = Scale()(Input((3,)))
    assert y.shape == (None, 3)
    assert y.dtype == "float32"


def test_training_flag_reaches_inner_layers():
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Scale()

        def call(self, x):
            return self.inner(x)

    layer = Outer()
    layer(np.ones((1, 2), "float32"), training=True)
    layer(np.ones((1, 2), "float32"))
    assert float(layer.inner.count.numpy()) == 1.0


def test_weights_are_sorted_by_what_is_trained():
    layer = Scale()
    layer(np.ones((1, 3), "float32"))
    assert [w.name for w in layer.trainable_weights] == ["w"]
    assert [w.name for w in layer.non_trainable_weights] == ["count"]
    layer.trainable = False
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 2
    layer.trainable = True
    assert [w.name for w in layer.trainable_weights] == ["w"]


def test_sublayers_in_lists_and_dicts_are_tracked():
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.some = [layers.Dense(2)]
            self.named = {"a": layers.Dense(2)}
            self.v = Variable(np.zeros(3, "float32"))

        def call(self, x):
            return self.named["a"](self.some[0](x))

    layer = Outer()
    layer.some.append(layers.Dense(2))
    layer(np.ones((1, 2), "float32"))
    assert len(layer.weights) == 5


def test_names_count_up():
    a, b = Scale(), Scale()
    assert a.name.startswith("scale")
    assert a.name != b.name
    with pytest.raises(ValueError, match="unknown keyword"):
        Scale(nonsense=1)


def test_config_round_trip_of_a_user_class_without_get_config():
    layer = Scale(factor=3.0, name="mine")
    again = Scale.from_config(layer.get_config())
    assert again.factor == 3.0
    assert again.name == "mine"
    assert again.get_config() == layer.get_config()


def test_pickle_keeps_the_weights():
    layer = layers.Dense(3)
    x = np.random.default_rng(0).random((2, 4), "float32")
    y = layer(x)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(layer))(x), y)


def test_losses_of_regularizers_and_add_loss():
    class Adds(layers.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x))
            return x

    layer = Adds()
    layer(np.ones((2, 2), "float32"))
    assert [float(v) for v in layer.losses] == [4.0]
    scale = Scale()
    scale(np.ones((1, 3), "float32"))
    assert float(scale.losses[0]) == pytest.approx(0.03)
    dense = layers.Dense(2, activity_regularizer="l1", kernel_initializer="ones")
    dense(np.ones((2, 3), "float32"))
    assert float(dense.losses[0]) == pytest.approx(0.01 * 12 / 2)


def test_wrong_rank_is_refused_before_building():
    with pytest.raises(ValueError, match="ndim"):
        layers.Conv2D(2, 3)(np.ones((4, 4, 1), "float32"))


def test_forgotten_super_init_is_named():
    class Bad(layers.Layer):
        def __init__(self):
            pass

        def call(self, x):
            return x

    with pytest.raises(RuntimeError, match="super"):
        Bad()(np.ones((1, 1), "float32"))
