"""Losses against plain NumPy."""

import numpy as np
import pytest
from swiftconv import losses

RNG = np.random.default_rng(0)
P = RNG.random((6, 4)).astype("float32")
P /= P.sum(1, keepdims=True)
Y = RNG.integers(0, 4, 6)
HOT = np.eye(4, dtype="float32")[Y]
A, B = RNG.normal(size=(6, 4)).astype("float32"), RNG.normal(size=(6, 4)).astype("float32")
LOGP = -np.log((np.exp(A) / np.exp(A).sum(1, keepdims=True))[np.arange(6), Y])


@pytest.mark.parametrize(
    ("loss", "true", "pred", "expected"),
    [
        (losses.MeanSquaredError(), A, B, ((A - B) ** 2).mean(1)),
        (losses.MeanAbsoluteError(), A, B, np.abs(A - B).mean(1)),
        (losses.Huber(), A, B, np.where(np.abs(A - B) < 1, 0.5 * (A - B) ** 2, np.abs(A - B) - 0.5).mean(1)),
        (losses.LogCosh(), A, B, np.log(np.cosh(B - A)).mean(1)),
        (losses.KLDivergence(), P[::-1], P, (P[::-1] * np.log(P[::-1] / P)).sum(1)),
        (losses.Poisson(), P[::-1], P, (P - P[::-1] * np.log(P)).mean(1)),
        (losses.Hinge(), np.sign(A), B, np.maximum(1 - np.sign(A) * B, 0).mean(1)),
        (losses.SquaredHinge(), (A > 0).astype(float), B, (np.maximum(1 - np.sign(A) * B, 0) ** 2).mean(1)),
        (losses.CategoricalHinge(), HOT, B, np.maximum(1 + ((1 - HOT) * B).max(1) - (HOT * B).sum(1), 0)),
        (losses.CategoricalCrossentropy(), HOT, P, -np.log(P[np.arange(6), Y])),
        (losses.CategoricalCrossentropy(from_logits=True), HOT, A, LOGP),
        (losses.SparseCategoricalCrossentropy(), Y, P, -np.log(P[np.arange(6), Y])),
        (losses.SparseCategoricalCrossentropy(from_logits=True), Y[:, None], A, LOGP),
        (losses.BinaryCrossentropy(), HOT, P, -(HOT * np.log(P) + (1 - HOT) * np.log(1 - P)).mean(1)),
        (losses.BinaryCrossentropy(True, 0.2), HOT, A, (np.log1p(np.exp(A)) - (0.8 * HOT + 0.1) * A).mean(1)),
        (losses.CosineSimilarity(), A, B, -(A * B).sum(1) / np.linalg.norm(A, axis=1) / np.linalg.norm(B, axis=1)),
    ],
)
def test_values_and_reductions(loss, true, pred, expected):
    cls, config = type(loss), loss.get_config()
    close = {"rel": 2e-5, "abs": 1e-6}
    assert float(loss(true, pred)) == pytest.approx(expected.mean(), **close)
    assert np.shape(loss(true, pred)) == ()
    np.testing.assert_allclose(cls.from_config({**config, "reduction": None})(true, pred), expected, rtol=2e-5, atol=1e-6)
    assert float(cls.from_config({**config, "reduction": "sum"})(true, pred)) == pytest.approx(expected.sum(), **close)
    weight = np.arange(6, dtype="float32")
    assert float(loss(true, pred, weight)) == pytest.approx((expected * weight).mean(), **close)
    assert cls.from_config(config).get_config() == config


def test_ranks_and_ignored_class():
    assert float(losses.MeanSquaredError()(np.zeros(3), np.ones((3, 1), "float32"))) == pytest.approx(1.0)
    value = losses.SparseCategoricalCrossentropy(ignore_class=-1, reduction=None)(np.array([-1, 2]), P[:2])
    np.testing.assert_allclose(value, [0.0, -np.log(P[1, 2])], rtol=1e-5)


def test_identifiers_and_misfits():
    assert losses.get("mse") is losses.mean_squared_error
    assert isinstance(losses.get({"class_name": "Huber", "config": {"delta": 2.0}}), losses.Huber)
    for bad in ("nothing", 3, {"config": {}}):
        with pytest.raises(ValueError):
            losses.get(bad)
    with pytest.raises(ValueError, match="reduction"):
        losses.MeanSquaredError(reduction="other")
    with pytest.raises(ValueError, match="one-hot"):
        losses.SparseCategoricalCrossentropy()(HOT, P)
    with pytest.raises(ValueError, match="sparse_categorical_crossentropy"):
        losses.CategoricalCrossentropy()(Y, P)
    with pytest.raises(ValueError):
        losses.SparseCategoricalCrossentropy()(np.full(6, 4), P)
    with pytest.raises(ValueError, match="sample_weight"):
        losses.MeanSquaredError()(A, B, np.ones(5, "float32"))
