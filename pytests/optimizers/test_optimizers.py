"""Optimizers: the rules against plain NumPy, clipping, weight decay, schedules, configuration."""

import json
import math
import pickle

import numpy as np
import pytest
from swiftconv import Variable, constraints, optimizers, utils
from swiftconv.optimizers import schedules

G = np.array([[0.5, -1.0], [2.0, 0.1]], "float32")


def _run(optimizer, steps=3):
    v = Variable(np.ones((2, 2), "float32"), name="v")
    for i in range(steps):
        optimizer.apply([G * (i + 1)], [v])
    return v.numpy()


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_with_momentum(nesterov):
    w, m = np.ones((2, 2)), np.zeros((2, 2))
    for i in range(3):
        g = G * (i + 1)
        m = 0.9 * m - 0.1 * g
        w = w + (0.9 * m - 0.1 * g if nesterov else m)
    np.testing.assert_allclose(_run(optimizers.SGD(0.1, momentum=0.9, nesterov=nesterov)), w, rtol=1e-5)


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam(amsgrad):
    w, m, v, top = np.ones((2, 2)), 0, 0, 0
    for i in range(3):
        g = G.astype("float64") * (i + 1)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        top = np.maximum(top, v)
        rate = 0.01 * math.sqrt(1 - 0.999 ** (i + 1)) / (1 - 0.9 ** (i + 1))
        w = w - rate * m / (np.sqrt(top if amsgrad else v) + 1e-7)
    np.testing.assert_allclose(_run(optimizers.Adam(0.01, amsgrad=amsgrad)), w, rtol=1e-5)


def test_rmsprop():
    w, s, b, a = np.ones((2, 2)), 0, 0, 0
    for i in range(3):
        g = G.astype("float64") * (i + 1)
        s, a = 0.9 * s + 0.1 * g * g, 0.9 * a + 0.1 * g
        b = 0.5 * b + 0.01 * g / np.sqrt(s - a * a + 1e-7)
        w = w - b
    np.testing.assert_allclose(_run(optimizers.RMSprop(0.01, momentum=0.5, centered=True)), w, rtol=1e-4)


def test_weight_decay_and_exclusion():
    v, w = Variable(np.ones(2, "float32"), name="kernel"), Variable(np.ones(2, "float32"), name="bias")
    optimizer = optimizers.AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.apply([np.zeros(2, "float32")] * 2, [v, w])
    np.testing.assert_allclose(v.numpy(), 0.95)
    np.testing.assert_allclose(w.numpy(), 1.0)


def test_clipping():
    found = optimizers.SGD(clipnorm=1.0)._clip_gradients([G])
    np.testing.assert_allclose(np.linalg.norm(np.asarray(found[0])), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.asarray(optimizers.SGD(clipvalue=0.3)._clip_gradients([G])[0]), G.clip(-0.3, 0.3))
    a, b = optimizers.SGD(global_clipnorm=1.0)._clip_gradients([G, G])
    np.testing.assert_allclose(np.linalg.norm([np.asarray(a), np.asarray(b)]), 1.0, rtol=1e-5)
    with pytest.raises(ValueError, match="at most one"):
        optimizers.SGD(clipnorm=1.0, clipvalue=1.0)


def test_variables_learning_rate_and_constraints():
    v = Variable(np.ones(2, "float32"), name="v")
    v.constraint = constraints.NonNeg()
    optimizer = optimizers.Adam(0.01)
    optimizer.build([v])
    assert len(optimizer.variables) == 4
    assert optimizer.variables[0] is optimizer.iterations
    optimizer.learning_rate = 10.0
    assert float(optimizer.variables[1].numpy()) == 10.0
    optimizer.apply([np.ones(2, "float32")], [v])
    np.testing.assert_array_equal(v.numpy(), 0.0)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam"])
def test_configuration_and_pickle(name):
    optimizer = getattr(optimizers, name)(schedules.CosineDecay(0.1, 10))
    config = optimizer.get_config()
    assert type(optimizer).from_config(config).get_config() == config
    stored = json.loads(json.dumps(utils.serialize_keras_object(optimizer)))
    assert utils.deserialize_keras_object(stored).get_config() == config
    _run(optimizer)
    again = pickle.loads(pickle.dumps(optimizer))
    for a, b in zip(optimizer.variables, again.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize(
    ("schedule", "step", "expected"),
    [
        (schedules.ExponentialDecay(1.0, 10, 0.5), 10, 0.5),
        (schedules.ExponentialDecay(1.0, 10, 0.5, staircase=True), 19, 0.5),
        (schedules.InverseTimeDecay(1.0, 10, 1.0), 10, 0.5),
        (schedules.PiecewiseConstantDecay([5, 10], [1.0, 0.5, 0.1]), 5, 1.0),
        (schedules.PiecewiseConstantDecay([5, 10], [1.0, 0.5, 0.1]), 11, 0.1),
        (schedules.PolynomialDecay(1.0, 10, 0.0), 5, 0.5),
        (schedules.CosineDecay(1.0, 10), 5, 0.5),
        (schedules.CosineDecay(0.0, 10, warmup_target=1.0, warmup_steps=4), 2, 0.5),
        (schedules.CosineDecayRestarts(1.0, 10), 20, 0.5),
    ],
)
def test_schedules(schedule, step, expected):
    assert float(schedule(step)) == pytest.approx(expected, abs=1e-6)
    variable = Variable(np.int64(step), dtype="int64", trainable=False)
    assert float(schedule(variable)) == pytest.approx(expected, abs=1e-6)
    assert type(schedule).from_config(schedule.get_config()).get_config() == schedule.get_config()


def test_bad_arguments():
    for bad in (lambda: optimizers.get("nothing"), lambda: optimizers.SGD("fast"), lambda: optimizers.Adam(unknown=1)):
        with pytest.raises(ValueError):
            bad()
    with pytest.raises(ValueError, match="no gradients"):
        optimizers.SGD().apply([None], [Variable(np.ones(2, "float32"))])
