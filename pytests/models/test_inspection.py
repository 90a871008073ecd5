"""`plan`, `explain` and `profile`."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from swiftconv import Input, Model, config, layers, models

X = np.random.default_rng(0).random((4, 12, 12, 3)).astype("float32")
Y = np.arange(4) % 3

LIMITS = {
    "threads": 2,
    "level": "v3",
    "gflops": 100.0,
    "memory": [
        {"name": "L1", "working_set": 1 << 14, "read": 50.0, "copy": 60.0},
        {"name": "memory", "working_set": 1 << 26, "read": 10.0, "copy": 10.0},
    ],
}


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    monkeypatch.setattr(config, "roofline", lambda threads=None: LIMITS)  # it takes a quarter of a second


def cnn():
    model = models.Sequential(
        [
            layers.Input((12, 12, 3)),
            layers.Conv2D(4, 3, name="first"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="positive"),
            layers.Flatten(name="flat"),
            layers.Dense(3, activation="softmax", name="last"),
        ],
        name="small",
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_layers_of_a_prediction():
    report = cnn().explain(X)
    assert [(row["layer"], row["phase"]) for row in report.layers] == [("first", "forward"), ("last", "forward")]
    first = report.layers[0]
    assert first["ops"] == "conv2d+batch_norm_inference+relu (norm, positive)"
    assert first["with"] == ["norm", "positive"]
    filter_, bias, out = 3 * 3 * 3 * 4, 4, 4 * 10 * 10 * 4
    assert first["bytes"] == 4 * (X.size + filter_ + bias + out)
    assert first["flops"] == 2 * out * 27
    assert first["least_ns"] == max(first["flops"] / 100, first["bytes"] / 50)
    assert not report.is_timed and "ns" not in first
    assert report.data["batch"] == 4 and report.data["kind"] == "predict"


def test_layers_of_a_training_step_forward_and_backward():
    rows = cnn().explain(X, Y).layers
    found = [(row["layer"], row["phase"]) for row in rows]
    for layer in ("first", "norm", "last"):
        assert (layer, "forward") in found
        assert (layer, "backward") in found
    assert ("(loss)", "") in found and ("(optimizer)", "") in found and ("(metrics)", "") in found
    assert found.index(("last", "backward")) < found.index(("first", "backward"))
    assert "(other)" not in {layer for layer, _ in found}
    assert "adam_update" in next(row["ops"] for row in rows if row["layer"] == "(optimizer)")


def test_a_profile_has_times_and_changes_nothing():
    model = cnn()
    model.fit(X, Y, verbose=0)
    weights = [np.array(w) for w in model.get_weights()]
    state = [np.array(v.numpy()) for v in model.optimizer.variables]
    loss = model.evaluate(X, Y, verbose=0)
    report = model.profile(X, Y, repeats=3)
    for row in report.layers:
        assert row["ns"] > 0 and row["of_roofline"] == row["least_ns"] / row["ns"]
    assert sum(row["share"] for row in report.layers) == pytest.approx(1.0)
    assert report.data["run_ns"] > 0 and report.data["nodes_ns"] == pytest.approx(sum(row["ns"] for row in report.layers))
    for a, b in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(state, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b.numpy())
    assert model.evaluate(X, Y, verbose=0) == loss


def test_profiled_runs_compute_what_runs_compute():
    compiled = (model := cnn())._step_of("predict", (X, None, None)).compiled
    expected = model.predict(X, verbose=0)
    outputs, times = compiled._executable.profile(X)
    np.testing.assert_array_equal(outputs[0], expected)
    plan = compiled.plan()
    assert len(times) == len(plan["nodes"])
    assert all(time >= 0 for time in times)
    assert all(time == 0 for time, node in zip(times, plan["nodes"], strict=True) if node["alias"])
    with pytest.raises(ValueError, match="expected 1 arrays"):
        compiled._executable.profile()


def test_report_as_text_json_and_page(tmp_path):
    report = cnn().profile(X, repeats=1)
    text = str(report)
    assert "first" in text and "roofline" in text and "GFLOP/s" in text
    assert json.loads(report.to_json()) == report.data
    for ending in ("html", "json", "txt"):
        report.save(tmp_path / f"r.{ending}")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")  # nothing to load
    svg = ET.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    assert len([r for r in svg.iter("{http://www.w3.org/2000/svg}rect") if r.get("class") == "forward"]) == 2
    assert report._repr_html_() in page
    with pytest.raises(ValueError, match="html"):
        report.save(tmp_path / "r.pdf")


def test_names_are_escaped_on_the_page():
    model = models.Sequential([layers.Input((2,)), layers.Dense(2, name="<b>&")])
    page = model.explain(np.ones((1, 2), "float32")).to_html()
    assert "<b>" not in page and "&lt;b&gt;&amp;" in page


def test_layers_within_layers_have_the_names_around_them():
    inner = models.Sequential([layers.Input((4,)), layers.Dense(3, name="deep")], name="inner")
    x = Input((4,))
    model = Model(x, layers.Dense(2, name="out")(inner(x)))
    names = [row["layer"] for row in model.explain(np.ones((2, 4), "float32")).layers]
    assert len(names) == 2 and names[0].startswith("inner") and names[0].endswith("deep") and names[1] == "out"


def test_subclassed_models_have_layers_too():
    class Mine(Model):
        def __init__(self):
            super().__init__()
            self.a = layers.Dense(3, name="a")

        def call(self, x):
            return self.a(x) * 2.0

    report = Mine().explain(np.ones((2, 4), "float32"))
    assert [row["layer"] for row in report.layers] == ["a", "(other)"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"kind": "fit"}, "kind"), ({"kind": "train"}, "labels"), ({"repeats": 0}, "repeats"), ({"repeats": 1.5}, "repeats")],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        cnn().profile(X, **arguments)


def test_models_without_a_plan():
    model = cnn()
    model.run_eagerly = True
    with pytest.raises(ValueError, match="op by op"):
        model.explain(X)
    with pytest.raises(ValueError, match="compile"):
        models.Sequential([layers.Input((2,)), layers.Dense(1)]).explain(np.ones((1, 2)), np.ones((1, 1)))
    with pytest.raises(ValueError, match="nothing was compiled"):
        cnn().plan()


def test_plan_is_a_dict_that_prints():
    model = cnn()
    model.predict(X, verbose=0)
    plan = model.plan("predict")
    assert isinstance(plan, dict) and json.loads(plan.to_json()) == plan
    text = str(plan)
    assert "conv2d + batch_norm_inference + relu" in text and "once a version" in text
    place = next(buffer for buffer in plan["buffers"] if buffer["place"] == "arena")
    assert f"arena +{place['offset']:,} " in text and "folded batch_norm_inference into conv2d" in text
    model.fit(X, Y, verbose=0)
    assert "backward" in str(model.plan("train"))
