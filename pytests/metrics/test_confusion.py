"""Precision and recall of the top k, the area under the curves of several labels: against plain NumPy."""

import numpy as np
import pytest
from swiftconv import layers, metrics, models

RNG = np.random.default_rng(0)
P = RNG.random((40, 6)).astype("float32").round(1)  # with equal values
Y = (RNG.random((40, 6)) > 0.6).astype("float32")
W = RNG.random(40).astype("float32")


@pytest.mark.parametrize("k", [1, 2, 5, 6, 9])
@pytest.mark.parametrize("thresholds", [None, 0.5, [0.2, 0.9]])
@pytest.mark.parametrize("class_id", [None, 1])
def test_top_k(k, thresholds, class_id):
    said = np.zeros(P.shape, bool)
    np.put_along_axis(said, np.argsort(-P, axis=1, kind="stable")[:, :k], True, axis=1)
    limits = np.atleast_1d(-np.inf if thresholds is None else thresholds).astype("float32")
    column = slice(None) if class_id is None else class_id
    said = np.stack([(said & (limit < P))[:, column].reshape(40, -1) for limit in limits])
    y = Y[:, column].reshape(40, -1)
    for weight in (None, W):
        w = np.ones((40, 1)) if weight is None else weight[:, None]
        right = (said * y * w).sum((1, 2))
        for cls, total in ((metrics.Precision, (said * w).sum((1, 2))), (metrics.Recall, np.full(len(limits), (y * w).sum()))):
            metric = cls(thresholds=thresholds, top_k=k, class_id=class_id)
            metric.update_state(Y, P, sample_weight=weight)
            expected = np.divide(right, total, out=np.zeros_like(right), where=total > 0)
            np.testing.assert_allclose(np.atleast_1d(metric.result()), expected, rtol=1e-5)
            assert cls.from_config(metric.get_config()).top_k == k


def test_top_k_is_checked():
    for wrong in (0, -1, 1.5, "2"):
        with pytest.raises(ValueError, match="top_k"):
            metrics.Recall(top_k=wrong)


@pytest.mark.parametrize("curve", ["ROC", "PR"])
@pytest.mark.parametrize("method", ["interpolation", "minoring"])
def test_areas_of_labels_are_those_of_their_columns(curve, method):
    options = {"curve": curve, "summation_method": method, "num_thresholds": 21}
    alone = []
    for column in range(6):
        metric = metrics.AUC(**options)
        metric.update_state(Y[:, column], P[:, column])
        metric.update_state(Y[:9, column], P[:9, column], sample_weight=W[:9])
        alone.append(float(metric.result()))
    shares = [1, 2, 3, 0, 0, 1]
    for more, expected in (
        ({}, np.mean(alone)),
        ({"num_labels": 6}, np.mean(alone)),
        ({"label_weights": shares}, np.average(alone, weights=shares)),
    ):
        metric = metrics.AUC(multi_label=True, **options, **more)
        assert float(metric.result()) == 0
        metric.update_state(Y, P)
        metric.update_state(Y[:9], P[:9], sample_weight=W[:9])
        assert float(metric.result()) == pytest.approx(expected, rel=1e-5)
        metric.reset_state()
        assert float(metric.result()) == 0


def test_label_weights_without_labels_weigh_columns():
    weighed, repeated = metrics.AUC(label_weights=[0, 1, 3, 0, 0, 0]), metrics.AUC()
    weighed.update_state(Y, P)
    repeated.update_state(Y[:, [1, 2, 2, 2]], P[:, [1, 2, 2, 2]])
    assert float(weighed.result()) == pytest.approx(float(repeated.result()), rel=1e-5)


def test_labels_are_checked():
    with pytest.raises(ValueError, match="num_labels"):
        metrics.AUC(num_labels=3)
    for points in (1, 10**9):
        with pytest.raises(ValueError, match="num_thresholds: expected 2 to 1,000,000"):
            metrics.AUC(num_thresholds=points)
    metric = metrics.AUC(multi_label=True, num_labels=3)
    with pytest.raises(ValueError, match="3 labels"):
        metric.update_state(Y, P)
    with pytest.raises(ValueError, match="samples, labels"):
        metric.update_state(Y[0], P[0])


def test_areas_of_labels_in_fit_and_evaluate():
    model = models.Sequential([layers.Dense(3, activation="sigmoid", input_shape=(6,))])
    model.compile("sgd", "binary_crossentropy", metrics=[metrics.AUC(multi_label=True), metrics.Precision(top_k=2)])
    history = model.fit(P, Y[:, :3], epochs=2, batch_size=16, validation_split=0.5, verbose=0).history
    assert 0 < history["val_auc"][-1] < 1
    found = model.evaluate(P, Y[:, :3], batch_size=16, verbose=0, return_dict=True)
    metric = metrics.AUC(multi_label=True)
    metric.update_state(Y[:, :3], model.predict(P, verbose=0))
    assert found["auc"] == pytest.approx(float(metric.result()), rel=1e-5)
