"""Regularizers: value and gradient against plain NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from swiftconv import GradientTape, Variable, layers, models, regularizers

numbers = st.floats(-3, 3, width=32).map(lambda v: v if abs(v) > 1e-3 else 0.5)
factors = st.floats(0.125, 2, width=32)


@settings(max_examples=30, deadline=None)
@given(x=st.lists(numbers, min_size=1, max_size=9), l1=factors, l2=factors)
def test_value_and_gradient(x, l1, l2):
    x = np.array(x, "float32")
    for made, a, b in ((regularizers.L1(l1), l1, 0), (regularizers.L2(l2), 0, l2), (regularizers.L1L2(l1, l2), l1, l2)):
        v = Variable(x)
        with GradientTape() as tape:
            loss = made(v) * 1.0
        assert float(np.asarray(loss)) == pytest.approx(float(a * np.abs(x).sum() + b * (x**2).sum()), rel=1e-4, abs=1e-5)
        gradient = tape.gradient(loss, v)
        if a + b > 0:
            np.testing.assert_allclose(np.asarray(gradient), a * np.sign(x) + 2 * b * x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("made", [regularizers.L1(0.1), regularizers.L2(0.2), regularizers.L1L2(0.1, 0.3)])
def test_config_roundtrip(made):
    again = regularizers.deserialize(regularizers.serialize(made))
    assert type(again) is type(made)
    assert again.get_config() == pytest.approx(made.get_config())


def test_names_and_refusals():
    assert isinstance(regularizers.get("l2"), regularizers.L2)
    assert regularizers.get(None) is None
    with pytest.raises(ValueError, match="magic"):
        regularizers.get("magic")
    for wrong in (-1.0, float("nan"), float("inf"), "a lot"):
        with pytest.raises((ValueError, TypeError)):
            regularizers.L2(wrong)


def test_penalty_is_part_of_the_loss():
    x, y = np.ones((8, 3), "float32"), np.zeros((8, 2), "float32")
    model = models.Sequential([layers.Dense(2, kernel_regularizer=regularizers.L1L2(0.1, 0.01), input_shape=(3,))])
    model.compile("sgd", "mse")
    w = model.get_weights()[0]
    plain = float((model.predict(x, verbose=0) ** 2).mean())
    expected = plain + 0.1 * np.abs(w).sum() + 0.01 * (w**2).sum()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(float(expected), rel=1e-5)
