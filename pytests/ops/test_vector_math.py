"""The vectorised elementary functions of float32 against mpmath: at most 2 units in the last place."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import swiftconv as tf

FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], float, float]] = {
    "exp": (tf.exp, mpmath.exp, -87.0, 88.7),
    "log": (tf.math.log, mpmath.log, 1.2e-38, 3.4e38),
    "tanh": (tf.tanh, mpmath.tanh, -10.0, 10.0),
    "sigmoid": (tf.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)), -87.0, 20.0),
    "erf": (tf.math.erf, mpmath.erf, -4.5, 4.5),
}


def arguments(low: float, high: float) -> np.ndarray:
    """Numbers of all magnitudes between the bounds, evenly spread ones, and their neighbours at the bounds, at 0 and at 1."""
    random = np.random.default_rng(1)
    spread = random.uniform(max(low, -100), min(high, 100), 1500)
    magnitudes = np.exp(random.uniform(np.log(1e-37), np.log(max(abs(low), abs(high))), 1500)) * random.choice([-1, 1], 1500)
    one = np.float32(1)
    special = np.float32([low, high, 0, 1, -1, 0.5, np.nextafter(one, np.float32(0)), np.nextafter(one, np.float32(2))])
    x = np.concatenate([spread, magnitudes, special]).astype(np.float32)
    return x[(x >= np.float32(low)) & (x <= np.float32(high))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_within_two_units_in_the_last_place(name: str) -> None:
    ours, exact, low, high = FUNCTIONS[name]
    x = arguments(low, high)
    y = np.asarray(ours(x))
    with mpmath.workprec(100):
        want = [exact(mpmath.mpf(float(value))) for value in x]
        errors = [
            abs(mpmath.mpf(float(got)) - true) / mpmath.mpf(float(np.spacing(np.float32(abs(float(true))))))
            for got, true in zip(y, want, strict=True)
            if abs(true) >= float(np.finfo(np.float32).tiny)
        ]
    assert len(errors) > 1000
    worst = float(max(errors))
    assert worst <= 2, f"{name}: {worst:.2f} units in the last place"
    assert worst > 0.4, "an error below half a unit over thousands of arguments would mean that this test measures nothing"
