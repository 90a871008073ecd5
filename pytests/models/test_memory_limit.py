"""A training under a memory limit computes values of the forward half again instead of keeping them: to the same bits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from swiftconv import applications, config, layers, models, utils

RNG = np.random.default_rng(2)
X = RNG.standard_normal((8, 24, 24, 3)).astype("float32")
Y = RNG.integers(0, 5, 8)


@pytest.fixture(autouse=True)
def no_limit_stays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    limits = {
        "threads": 2,
        "level": "v3",
        "gflops": 100.0,
        "memory": [{"name": "L1", "working_set": 1, "read": 9.0, "copy": 9.0}],
    }
    monkeypatch.setattr(config, "roofline", lambda threads=None: limits)  # it takes a quarter of a second
    yield
    config.set_memory_limit(None)


def network() -> Any:
    utils.set_random_seed(4)
    inputs = x = layers.Input((24, 24, 3))
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(x)
    for _ in range(4):
        before = x
        for _ in range(2):
            x = layers.Conv2D(16, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.ReLU()(layers.Add()([x, before]))
        x = layers.Dropout(0.1)(x)
    model = models.Model(inputs, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x)))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def plan(model: Any, x: np.ndarray = X, y: np.ndarray = Y) -> Any:
    model.explain(x, y)  # compiles the step, and runs nothing
    return model.plan("train")


def trained(limit: int | None) -> tuple[Any, list[np.ndarray]]:
    config.set_memory_limit(limit)
    model = network()
    history = model.fit(X, Y, batch_size=8, epochs=3, verbose=0)
    return history.history, model.get_weights()


def test_less_memory_the_same_bits() -> None:
    whole = plan(network())["arena_bytes"]
    history, weights = trained(None)
    for share in (0.85, 0.7):
        config.set_memory_limit(int(whole * share))
        tight = plan(network())
        assert tight["arena_bytes"] <= whole * share
        repeated = [node for node in tight["nodes"] if node["repeated"]]
        assert "batch_norm_training" in {node["op"] for node in repeated}
        assert "runs again for the backward half" in str(tight)
        other_history, others = trained(int(whole * share))
        assert other_history == history
        for a, b in zip(weights, others, strict=True):
            assert a.tobytes() == b.tobytes()


def test_the_error_names_the_least_limit_and_that_works() -> None:
    whole = plan(network())["arena_bytes"]
    config.set_memory_limit(1000)
    with pytest.raises(MemoryError, match=r"expected at least \d+ bytes") as raised:
        network().fit(X, Y, batch_size=8, verbose=0)
    found = re.search(r"at least (\d+) bytes", str(raised.value))
    assert found
    least = int(found[1])
    assert least < whole / 2
    config.set_memory_limit(least)
    model = network()
    assert np.isfinite(model.fit(X, Y, batch_size=8, verbose=0).history["loss"][0])
    config.set_memory_limit(least - 1)
    with pytest.raises(MemoryError):
        network().fit(X, Y, batch_size=8, verbose=0)


def test_a_profile_counts_what_runs_again() -> None:
    config.set_memory_limit(int(plan(network())["arena_bytes"] * 0.7))
    model = network()
    report = model.profile(X, Y, repeats=2)
    assert len({(row["layer"], row["phase"]) for row in report.layers}) == len(report.layers)
    again = {label for node in model.plan("train")["nodes"] if node["repeated"] for label in node["labels"]}
    assert again
    assert again <= {name for row in report.layers if row["phase"] == "backward" for name in [row["layer"], *row["with"]]}


def test_resnet50_trains_in_less() -> None:
    """Plans alone: nothing of that size is run."""

    def arena(limit: int | None) -> tuple[int, int]:
        config.set_memory_limit(limit)
        model = applications.ResNet50(weights=None, input_shape=(160, 160, 3), classes=10)
        model.compile("sgd", "sparse_categorical_crossentropy")
        made = plan(model, np.zeros((8, 160, 160, 3), "float32"), np.zeros(8, "int64"))
        return made["arena_bytes"], sum(node["repeated"] for node in made["nodes"])

    whole, none = arena(None)
    tight, some = arena(int(whole * 0.75))
    assert none == 0 and some > 5
    assert tight <= whole * 0.75
