"""Measures the rounding errors of the elementary functions of float32, in units in the last place, against mpmath.

    python benchmarks/python/function_errors.py

Each CPU level that this machine has is measured, in a process of its own. An argument of every `--step`-th bit pattern is
compared with float64; the worst of them, some thousand others and the special ones with mpmath. Denormal numbers count as zero in
kernels (docs/numerics.md): a denormal argument is expected to give f(0), a denormal result may be 0. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

TINY = float(np.finfo(np.float32).tiny)
LARGEST = float(np.finfo(np.float32).max)
BASE = float(np.float32(0.7))


@dataclass(frozen=True)
class Function:
    """An op, what it computes in mpmath and in float64, and the error in units in the last place that it is held to.

    Errors of up to `absolute` do not count: what a step on the way that is denormal, and so 0, may cost. `unit` is another number
    whose last place is the unit where it is larger than the result's.
    """

    op: str
    mp: Callable[[Any], Any]
    wide: Callable[[np.ndarray], np.ndarray]
    bound: float = 2.0
    low: float = -math.inf
    high: float = math.inf
    absolute: float = TINY
    unit: Callable[[np.ndarray], np.ndarray] | None = None
    takes_denormals: bool = False


def _each(f: Callable[[float], float]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.fromiter(map(f, x.tolist()), np.float64, x.size)


def _functions() -> dict[str, Function]:
    import mpmath as mp

    half = mp.mpf(1) / 2

    def mish(x: Any) -> Any:
        return x * mp.tanh(mp.log1p(mp.exp(x)))

    def softplus(x: np.ndarray) -> np.ndarray:
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

    def sigmoid(x: np.ndarray) -> np.ndarray:
        e = np.exp(-np.abs(x))
        return np.where(x < 0, e, 1) / (1 + e)

    wide_gelu = _each(lambda x: 0.5 * x * math.erfc(-x * math.sqrt(0.5)))
    return {
        "exp": Function("exp", mp.exp, np.exp),
        "expm1": Function("expm1", mp.expm1, np.expm1),
        "log": Function("log", mp.log, np.log, low=0, takes_denormals=True),
        "log1p": Function("log1p", mp.log1p, np.log1p, low=-1),
        "tanh": Function("tanh", mp.tanh, np.tanh),
        "sigmoid": Function("sigmoid", lambda x: 1 / (1 + mp.exp(-x)), sigmoid),
        "erf": Function("erf", mp.erf, _each(math.erf)),
        "softplus": Function("softplus", lambda x: mp.log1p(mp.exp(x)) if x < 300 else x, softplus),
        "sqrt": Function("sqrt", mp.sqrt, np.sqrt, bound=0.5001, low=0),
        "rsqrt": Function("rsqrt", lambda x: 1 / mp.sqrt(x), lambda x: 1 / np.sqrt(x), low=0),
        "sin": Function("sin", mp.sin, np.sin),
        "cos": Function("cos", mp.cos, np.cos),
        "gelu": Function("gelu", lambda x: half * x * mp.erfc(-x / mp.sqrt(2)), wide_gelu, unit=lambda x: x / 2),
        "silu": Function("silu", lambda x: x / (1 + mp.exp(-x)), lambda x: x * sigmoid(x), bound=3, absolute=100 * TINY),
        "mish": Function("mish", mish, lambda x: x * np.tanh(softplus(x)), bound=4, absolute=100 * TINY),
        "elu": Function("elu", lambda x: mp.expm1(x) if x < 0 else x, lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x)),
        "pow(x, 2.5)": Function("power", lambda x: mp.power(x, mp.mpf(5) / 2), lambda x: np.power(x, 2.5), low=0),
        "pow(0.7, x)": Function("power", lambda x: mp.power(mp.mpf(BASE), x), lambda x: np.power(BASE, x)),
    }


def every(step: int, low: float, high: float) -> np.ndarray:
    """The numbers of every `step`-th bit pattern within the bounds, and those next to what is special."""
    x = np.arange(0, 1 << 32, step, dtype=np.uint64).astype(np.uint32).view(np.float32)
    near = [0.0, TINY, 1.0, 0.5, 0.625, 0.93, LARGEST, 16.0, 88.0, 88.7228, 87.33655, 103.9, 17.0, 20.0, 4.0, 3.92, math.inf]
    special = [np.float32(v) for v in near]
    with np.errstate(over="ignore"):
        special += [np.nextafter(v, np.float32(to)) for v in special for to in (-math.inf, math.inf)]
    special.append(np.float32(2.0**-149))
    x = np.concatenate([x, np.float32(special), -np.float32(special)])
    return x[(x >= np.float32(low)) & (x <= np.float32(high))]


def apply(name: str, x: np.ndarray) -> np.ndarray:
    """What the engine computes."""
    from swiftconv._core.apply import get_op

    op = _functions()[name].op
    if name == "pow(x, 2.5)":
        return np.asarray(get_op(op, {})(x, np.full_like(x, 2.5)))
    if name == "pow(0.7, x)":
        return np.asarray(get_op(op, {})(np.full_like(x, BASE), x))
    return np.asarray(get_op(op, {})(x))


def flushed(x: np.ndarray) -> np.ndarray:
    """Denormal numbers as zeros of their sign."""
    return np.where(np.abs(x) < TINY, np.copysign(np.float32(0), x), x)


def _place(true: np.ndarray) -> np.ndarray:
    """The last place of float32 numbers of that size."""
    return np.exp2(np.floor(np.log2(np.clip(np.abs(true), TINY, LARGEST))) - 23)


def _units(function: Function, x: np.ndarray, true: np.ndarray) -> np.ndarray:
    own = _place(true)
    return own if function.unit is None else np.maximum(own, _place(function.unit(x.astype(np.float64))))


def wide_errors(function: Function, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Errors in units in the last place as float64 sees them; infinite where a special value is another than it should be."""
    with np.errstate(all="ignore"):
        true = function.wide((x if function.takes_denormals else flushed(x)).astype(np.float64))
        # A result beyond the largest number is an infinity; one at the edge of it may be either.
        edge = 2.0**128
        found = np.where(np.isinf(y), np.copysign(edge, y.astype(np.float64)), y.astype(np.float64))
        difference = np.abs(found - np.clip(true, -edge, edge))
        errors = np.where(difference <= function.absolute, 0, difference / _units(function, x, true))
    return np.where(np.isnan(true), np.where(np.isnan(y), 0, math.inf), np.where(np.isnan(y), math.inf, errors))


def exact_error(function: Function, x: float, y: float) -> float:
    """The same for one argument as mpmath sees it; where there is no number to compare with, float64 has seen all."""
    import mpmath as mp

    single = (np.float32([x]), np.float32([y]))
    if not math.isfinite(x) or not math.isfinite(y) or (abs(x) < TINY and not function.takes_denormals):
        return float(wide_errors(function, *single)[0])
    with mp.workprec(120):
        true = function.mp(mp.mpf(x))
        difference = abs(mp.mpf(y) - true)
        if abs(true) > LARGEST or difference <= function.absolute:
            return float(wide_errors(function, *single)[0])
        return float(difference / float(_units(function, single[0], np.float64([float(true)]))[0]))


def worst(name: str, x: np.ndarray, y: np.ndarray, samples: int) -> tuple[float, float]:
    """The largest error, and where it is."""
    function = _functions()[name]
    wide = wide_errors(function, x, y)
    if not np.isfinite(wide).all():
        return math.inf, float(x[~np.isfinite(wide)][0])
    chosen = set(np.argsort(wide)[-100:].tolist()) | set(range(len(x) - 100, len(x)))
    chosen |= set(np.random.default_rng(0).choice(len(x), min(samples, len(x)), replace=False).tolist())
    return max((exact_error(function, float(x[i]), float(y[i])), float(x[i])) for i in chosen)


def levels() -> list[str]:
    """The CPU levels of this machine, the best one last."""
    program = "import swiftconv as tf; print(*tf.config.environment()['levels'])"
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()


def results(level: str, step: int, names: list[str]) -> dict[str, np.ndarray]:
    """What each function gives at `every(step)` on one level."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.npz"
        command = [sys.executable, __file__, "--results", str(path), "--step", str(step), *names]
        subprocess.run(command, check=True, env={**os.environ, "SWIFTCONV_CPU_LEVEL": level})
        with np.load(path) as file:
            return {name: file[name] for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=1999, help="every how manieth bit pattern is an argument")
    parser.add_argument("--samples", type=int, default=3000, help="how many arguments mpmath looks at, besides the worst ones")
    parser.add_argument("--results", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    functions = _functions()
    names = given.names or list(functions)
    arguments = {name: every(given.step, functions[name].low, functions[name].high) for name in names}
    if given.results:
        np.savez(given.results, **{name: apply(name, arguments[name]) for name in names})
        return
    columns = {level: results(level, given.step, names) for level in levels()}
    print("| function | arguments | bound | " + " | ".join(columns) + " |")
    print("|---|---:|---:|" + "---:|" * len(columns))
    for name in names:
        errors = [worst(name, arguments[name], found[name], given.samples)[0] for found in columns.values()]
        cells = " | ".join(f"{error:.2f}" for error in errors)
        print(f"| {name} | {len(arguments[name]):,} | {functions[name].bound:g} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
