"""Constraints: what they promise holds, what satisfies them stays."""

import numpy as np
import pytest
from swiftconv import constraints, layers, models, optimizers

W = np.random.default_rng(0).normal(size=(5, 4)).astype("float32") * 3


def norms(w):
    return np.sqrt((np.asarray(w) ** 2).sum(0))


def test_promises():
    assert (norms(constraints.MaxNorm(1.5)(W)) <= 1.5001).all()
    assert (np.asarray(constraints.NonNeg()(W)) >= 0).all()
    np.testing.assert_allclose(norms(constraints.UnitNorm()(W)), 1, rtol=1e-4)
    found = norms(constraints.MinMaxNorm(1.0, 2.0)(W))
    assert (found >= 0.999).all()
    assert (found <= 2.001).all()


def test_what_satisfies_them_stays():
    np.testing.assert_allclose(constraints.MaxNorm(1e3)(W), W, rtol=1e-5)
    np.testing.assert_array_equal(constraints.NonNeg()(np.abs(W)), np.abs(W))


@pytest.mark.parametrize(
    "made", [constraints.MaxNorm(2.0, axis=1), constraints.UnitNorm(), constraints.NonNeg(), constraints.MinMaxNorm(0.1, 0.9)]
)
def test_config_roundtrip(made):
    again = constraints.deserialize(constraints.serialize(made))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()


def test_names_and_refusals():
    assert isinstance(constraints.get("non_neg"), constraints.NonNeg)
    assert constraints.get(None) is None
    with pytest.raises(ValueError, match="magic"):
        constraints.get("magic")


def test_weights_are_held_in_training():
    model = models.Sequential([layers.Dense(4, kernel_constraint=constraints.MaxNorm(0.5), input_shape=(5,))])
    model.compile(optimizers.SGD(1.0), "mse")
    model.fit(W.T, W.T[:, :4] * 9, epochs=2, verbose=0)
    assert (norms(model.get_weights()[0]) <= 0.5001).all()
