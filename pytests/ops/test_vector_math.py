"""The vectorised elementary functions of float32 against mpmath, on every CPU level of this machine."""

from __future__ import annotations

import math

import function_errors as errors
import numpy as np
import pytest

STEP = 20011  # every so manieth bit pattern: 214,624 numbers
NAMES = list(errors._functions())
LEVELS = errors.levels()


@pytest.fixture(scope="module")
def results() -> dict[str, dict[str, np.ndarray]]:
    return {level: errors.results(level, STEP, NAMES) for level in LEVELS}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", LEVELS)
def test_within_its_bound(results: dict[str, dict[str, np.ndarray]], level: str, name: str) -> None:
    function = errors._functions()[name]
    x = errors.every(STEP, function.low, function.high)
    assert len(x) > 100_000
    worst, at = errors.worst(name, x, results[level][name], samples=400)
    assert worst <= function.bound, f"{name}({at}) on {level}: {worst:.2f} units in the last place"
    assert worst > 0.3, "less over so many arguments would mean that this test measures nothing"


def test_the_functions_of_the_networks_are_held_to_two_units() -> None:
    for name in ("exp", "log", "tanh", "sigmoid", "erf", "log1p", "expm1", "softplus", "sqrt", "rsqrt", "sin", "cos"):
        assert errors._functions()[name].bound <= 2


INF, NAN = math.inf, math.nan
EDGES: dict[str, list[tuple[float, float]]] = {
    "exp": [(0.0, 1), (-0.0, 1), (INF, INF), (-INF, 0.0), (89, INF), (-104, 0.0)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1), (1000, INF)],
    "log": [(1, 0.0), (0.0, -INF), (-0.0, -INF), (INF, INF), (-1, NAN), (-INF, NAN)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1, -INF), (INF, INF), (-2, NAN), (-INF, NAN)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1), (-INF, -1), (3e38, 1)],
    "sigmoid": [(0.0, 0.5), (-0.0, 0.5), (INF, 1), (-INF, 0.0), (3e38, 1), (-3e38, 0.0)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1), (-INF, -1), (3e38, 1)],
    "softplus": [(INF, INF), (-INF, 0.0), (3e38, 3e38), (-3e38, 0.0)],
    "sqrt": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-1, NAN), (-INF, NAN)],
    "rsqrt": [(0.0, INF), (INF, 0.0), (-1, NAN)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN)],
    "cos": [(0.0, 1), (-0.0, 1), (INF, NAN), (-INF, NAN)],
    "gelu": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (3e38, 3e38), (-3e38, -0.0)],
    "silu": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (3e38, 3e38), (-3e38, -0.0)],
    "mish": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (3e38, 3e38), (-3e38, -0.0)],
    "elu": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1)],
}


@pytest.mark.parametrize("name", EDGES)
def test_at_the_edges(name: str) -> None:
    # 23 copies of all, so that each meets whole vectors and the rest
    pairs = [*EDGES[name], (NAN, NAN)] * 23
    x = np.float32([argument for argument, _ in pairs])
    want = np.float32([result for _, result in pairs])
    got = errors.apply(name, x)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(np.signbit(got[~np.isnan(want)]), np.signbit(want[~np.isnan(want)]))


@pytest.mark.parametrize("name", NAMES)
def test_a_number_has_the_same_result_wherever_it_lies(name: str) -> None:
    function = errors._functions()[name]
    x = np.random.default_rng(0).uniform(max(function.low, -9), min(function.high, 9), 1000).astype("float32")
    alone = np.concatenate([errors.apply(name, x[i : i + 1]) for i in range(64)])
    for start in (0, 1, 5):
        np.testing.assert_array_equal(errors.apply(name, x[start:])[: 64 - start], alone[start:])


def test_the_logarithm_of_denormal_numbers_is_right() -> None:
    x = np.float32([2.0**-149, 2.0**-140, 1e-39, np.finfo(np.float32).tiny])
    np.testing.assert_allclose(errors.apply("log", x), np.log(x.astype("float64")), rtol=1e-7)
