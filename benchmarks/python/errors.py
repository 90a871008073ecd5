"""Measures the rounding errors of the convolution algorithms over random shapes, in units of eps * sum |a| |b|.

    python benchmarks/python/errors.py --cases 2000

For each random configuration the three convolutions run in float32 with each precision, and are compared with float64. The
error of an output is divided by 2^-24 times the sum of the absolute products that the definition adds up for it; Winograd's
tiles mix neighbouring outputs, so that sum is taken as the largest within the image. Prints the largest error of each algorithm.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from typing import Any

import numpy as np
import swiftconv as tf
from swiftconv._core.apply import get_op

EPS = 2.0**-24


def algorithm(name: str, attributes: dict[str, Any], *arrays: np.ndarray) -> str:
    described = get_op(name, attributes).describe([(str(a.dtype), a.shape) for a in arrays])
    return str(json.loads(described)["algorithm"])


def normalised(result: np.ndarray, exact: np.ndarray, magnitude: np.ndarray, axes: tuple[int, ...]) -> float:
    scale = np.maximum(magnitude.max(axis=axes, keepdims=True), 1e-30)
    return float((np.abs(result - exact) / scale).max() / EPS) if result.size else 0.0


def configuration(random: np.random.Generator) -> dict[str, Any]:
    window = int(random.choice([1, 2, 3, 3, 3, 3, 5]))
    dilation = int(random.choice([1, 1, 1, 2, 3])) if window > 1 else 1
    groups = int(random.choice([1, 1, 1, 1, 2, 4]))
    channels = groups * int(random.integers(1, 1 + random.choice([4, 40, 160])))
    return {
        "x": (int(random.integers(1, 4)), *random.integers(dilation * (window - 1) + 1, 30, 2).tolist(), channels),
        "w": (window, window, channels // groups, groups * int(random.integers(1, 60))),
        "strides": int(random.choice([1, 1, 1, 2])) if dilation == 1 else 1,
        "dilations": dilation,
        "padding": str(random.choice(["SAME", "VALID"])),
    }


def measure(case: dict[str, Any], random: np.random.Generator, worst: dict[tuple[str, str], list[float]]) -> None:
    how = {key: case[key] for key in ("strides", "padding", "dilations")}
    x = random.standard_normal(case["x"]).astype("float32")
    w = random.standard_normal(case["w"]).astype("float32")
    wide = [a.astype("float64") for a in (x, w)]
    exact = np.asarray(tf.nn.conv2d(*wide, **how))
    dy = random.standard_normal(exact.shape).astype("float32")
    wide.append(dy.astype("float64"))

    def run(kind: str, x: np.ndarray, w: np.ndarray, dy: np.ndarray) -> np.ndarray:
        if kind == "forward":
            return np.asarray(tf.nn.conv2d(x, w, **how))
        if kind == "backward input":
            return np.asarray(tf.nn.conv2d_backprop_input(x.shape, w, dy, **how))
        return np.asarray(tf.nn.conv2d_backprop_filter(x, w.shape, dy, **how))

    attributes: dict[str, Any] = {
        "strides": (case["strides"],) * 2,
        "dilations": (case["dilations"],) * 2,
        "padding": case["padding"],
    }
    for kind in ("forward", "backward input", "backward filter"):
        exact = run(kind, *wide)
        magnitude = run(kind, *(np.abs(a) for a in wide))
        axes = (1, 2, 3) if kind != "backward filter" else (0, 1, 2, 3)
        for precision in ("default", "highest"):
            tf.config.set_precision(precision)
            if kind == "forward":
                name = algorithm("conv2d", attributes, x, w)
            elif kind == "backward input":
                name = algorithm("conv2d_backward_input", {**attributes, "input_shape": x.shape}, w, dy)
            else:
                name = algorithm("conv2d_backward_filter", {**attributes, "filter_shape": w.shape}, x, dy)
            worst[kind, name].append(normalised(run(kind, x, w, dy), exact, magnitude, axes))
        tf.config.set_precision("default")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    random = np.random.default_rng(given.seed)
    worst: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(given.cases):
        measure(configuration(random), random, worst)
    print("| convolution | algorithm | cases | largest error | median of the cases' largest |\n|---|---|---:|---:|---:|")
    for (kind, name), errors in sorted(worst.items()):
        print(f"| {kind} | {name} | {len(errors)} | {max(errors):.2f} | {np.median(errors):.2f} |")


if __name__ == "__main__":
    main()
