"""The numbers, their comparison, and that swiftconv's adapter does each op."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sidebyside import numbers, peers
from sidebyside.rows import parse

SMALL = [
    "a conv2d n=2 image=6x7x4 filter=3x3x6 stride=2 groups=2",
    "a depthwise n=2 image=6x7x4 window=3",
    "a separable n=2 image=6x7x4 filter=3x3x5",
    "a transpose n=2 image=3x4x4 filter=4x4x5 stride=2",
    "a dense n=3 image=1x1x8 units=5",
    "a maxpool n=2 image=6x7x4 window=3 stride=2",
    "a avgpool n=2 image=6x8x4 window=2 stride=2 padding=VALID",
    "a globalpool n=2 image=6x7x4",
    "a batchnorm_training n=2 image=6x7x4",
    "a batchnorm n=2 image=6x7x4",
    "a conv_bn_relu n=2 image=6x7x4 filter=3x3x5",
    "a softmax n=2 image=6x7x4",
    "a relu n=2 image=6x7x4",
]


def test_the_same_numbers_in_every_direction() -> None:
    forward, backward = (numbers.arrays(row) for row in parse(SMALL[0], "g"))
    assert "dy" in backward and "dy" not in forward
    for name, array in forward.items():
        np.testing.assert_array_equal(array, backward[name])
        assert array.dtype == np.float32


def test_disagreements_name_the_one_that_differs() -> None:
    right = np.linspace(-1, 1, 5000, dtype="float32")
    wrong = right.copy()
    wrong[0] += 0.5
    found = numbers.disagreements(
        {name: numbers.summary([array]) for name, array in {"a": right, "b": wrong, "c": right}.items()}
    )
    assert found["a"] == found["c"] == 0
    assert found["b"] == pytest.approx(0.5)
    nan = numbers.summary([np.full(5000, np.nan, "float32")])
    shape = numbers.summary([right[:10]])
    found = numbers.disagreements({"a": numbers.summary([right]), "b": shape, "c": numbers.summary([right])})
    assert found["b"] == math.inf and found["a"] == 0
    assert numbers.disagreements({"a": numbers.summary([right]), "b": numbers.summary([right]), "n": nan})["n"] == math.inf
    assert numbers.disagreements({}) == {}


@pytest.mark.parametrize("row", [row for line in SMALL for row in parse(line, "g")], ids=lambda row: f"{row.op}-{row.direction}")
def test_our_adapter_does_each_op(row: object) -> None:
    pytest.importorskip("swiftconv")
    peer = peers.create(peers.OURS)
    peer.start(1)
    arrays = numbers.arrays(row)  # type: ignore[arg-type]
    results = peer.prepare(row, arrays).results()  # type: ignore[arg-type]
    images = [r for r in results if np.shape(r) == (row.batch, *row.output)]  # type: ignore[attr-defined]
    assert images or row.direction == "backward"  # type: ignore[attr-defined]
    if row.direction == "backward":  # type: ignore[attr-defined]
        wanted = [arrays["x"].shape, *(w.shape for w in numbers.weights(arrays).values())]
        assert [np.shape(r) for r in results] == wanted
    assert all(np.isfinite(r).all() and np.abs(r).max() > 0 for r in results)
