"""Metrics against plain NumPy."""

import numpy as np
import pytest
from swiftconv import metrics

RNG = np.random.default_rng(0)
P = RNG.random((20, 4)).astype("float32")
Y = RNG.integers(0, 4, 20)
HOT = np.eye(4, dtype="float32")[Y]
ORDER = (-P).argsort(1)


@pytest.mark.parametrize(
    ("metric", "true", "pred", "expected"),
    [
        (metrics.SparseCategoricalAccuracy(), Y, P, (P.argmax(1) == Y).mean()),
        (metrics.SparseCategoricalAccuracy(), Y[:, None], P, (P.argmax(1) == Y).mean()),
        (metrics.CategoricalAccuracy(), HOT, P, (P.argmax(1) == Y).mean()),
        (metrics.BinaryAccuracy(), HOT, P, ((P > 0.5) == HOT).mean()),
        (metrics.Accuracy(), Y, P.argmax(1), (P.argmax(1) == Y).mean()),
        (metrics.SparseTopKCategoricalAccuracy(k=2), Y, P, (ORDER[:, :2] == Y[:, None]).any(1).mean()),
        (metrics.TopKCategoricalAccuracy(k=3), HOT, P, (ORDER[:, :3] == Y[:, None]).any(1).mean()),
        (metrics.RootMeanSquaredError(), HOT, P, np.sqrt(((HOT - P) ** 2).mean())),
        (metrics.MeanAbsoluteError(), HOT, P, np.abs(HOT - P).mean()),
        (metrics.FalsePositives(), HOT, P, ((P > 0.5) & (HOT == 0)).sum()),
        (metrics.Precision(), HOT, P, ((P > 0.5) & (HOT > 0)).sum() / (P > 0.5).sum()),
        (metrics.Recall(), HOT, P, ((P > 0.5) & (HOT > 0)).sum() / HOT.sum()),
    ],
)
def test_over_batches(metric, true, pred, expected):
    for part in np.array_split(np.arange(20), 3):
        metric.update_state(true[part], pred[part])
    assert float(metric.result()) == pytest.approx(expected, rel=1e-5)
    metric.reset_state()
    assert float(metric(true, pred)) == pytest.approx(expected, rel=1e-5)
    config = metric.get_config()
    assert type(metric).from_config(config).get_config() == config


def test_mean_and_sum_with_weights():
    mean = metrics.Mean()
    assert float(mean.result()) == 0.0
    mean.update_state([1.0, 3.0, 5.0], sample_weight=[1.0, 1.0, 0.0])
    assert float(mean.result()) == 2.0
    mean.update_state(8.0)
    assert float(mean.result()) == pytest.approx(4.0)
    total = metrics.Sum()
    total.update_state([1.0, 2.0])
    assert float(total([3.0])) == 6.0


def test_area_under_the_curve():
    y, p = np.array([0, 0, 1, 1]), np.array([0.0, 0.5, 0.3, 0.9], "float32")
    assert float(metrics.AUC(num_thresholds=3)(y, p)) == pytest.approx(0.75)
    many = RNG.random(400).astype("float32")
    labels = (many + RNG.normal(size=400) * 0.3 > 0.5).astype("float32")
    pairs = (many[labels == 1][:, None] > many[labels == 0][None]).mean()
    assert float(metrics.AUC()(labels, many)) == pytest.approx(pairs, abs=0.01)
    assert 0.5 < float(metrics.AUC(curve="PR")(labels, many)) < 1.0


def test_identifiers():
    assert isinstance(metrics.get("mse"), metrics.MeanSquaredError)
    with pytest.raises(ValueError):
        metrics.get("nothing")
