"""Measures the rounding errors of the convolution algorithms over random shapes, in units of eps * sum |a| |b|.

    python benchmarks/python/errors.py --cases 2000

Random configurations go in float32 through each algorithm that accepts them, and are compared with the definition in float64
(NumPy). The error of an output is divided by 2^-24 times the sum of the absolute products that the definition adds up for it;
Winograd's tiles mix neighbouring outputs, so that sum is taken as the largest within the image. Prints a Markdown table of the
largest error of each algorithm. Each algorithm is measured in a process of its own (SWIFTCONV_ALGORITHM).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

EPS = 2.0**-24
ALGORITHMS = (
    "depthwise",
    "direct",
    "direct-few-channels",
    "direct-grouped",
    "gemm",
    "reference",
    "winograd-1x2",
    "winograd-1x4",
    "winograd-2x1",
    "winograd-2x2",
    "winograd-2x2-fused",
    "winograd-3x3",
    "winograd-4x1",
    "winograd-4x4",
    "winograd-4x4-fused",
)
#: Filters for which there is a form of Winograd's algorithm, the most frequent one more often.
WINDOWS = ((3, 3), (3, 3), (3, 3), (5, 5), (1, 3), (3, 1), (1, 5), (5, 1), (1, 7), (7, 1))

#: Filters that Winograd's algorithm takes apart at a stride of 2.
STRIDED = ((3, 3), (3, 3), (3, 4), (4, 4), (5, 5), (6, 5))


@dataclass(frozen=True)
class Case:
    """A convolution: NHWC and HWIO shapes, and for each of the two axes stride, dilation and padding before and after."""

    x: tuple[int, int, int, int]
    w: tuple[int, int, int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    pads: tuple[tuple[int, int], tuple[int, int]]

    @property
    def groups(self) -> int:
        return self.x[3] // self.w[2]

    @property
    def output(self) -> tuple[int, int, int, int]:
        sides = [
            (self.x[1 + i] + sum(self.pads[i]) - (self.w[i] - 1) * self.dilations[i] - 1) // self.strides[i] + 1 for i in range(2)
        ]
        return (self.x[0], *sides, self.w[3])

    @property
    def attributes(self) -> dict[str, Any]:
        flat = tuple(p for pair in self.pads for p in pair)
        return {"strides": self.strides, "dilations": self.dilations, "padding": flat}


def configuration(random: np.random.Generator) -> Case:
    """Groups and depthwise, strides, dilations, unequal windows and paddings, channels beside the widths of vectors."""
    kind = random.choice(["winograd", "strided", "plain", "plain", "few", "grouped", "depthwise"])
    channels, outputs = (int(v) for v in random.choice([1, 3, 8, 16, 17, 24, 33, 48, 64, 67, 96, 130], 2))
    groups = 1
    served = random.choice(WINDOWS)
    window = (
        tuple(int(v) for v in served) if kind == "winograd" else tuple(int(v) for v in random.choice([1, 1, 2, 3, 3, 4, 5, 7], 2))
    )
    strides = (1, 1) if kind == "winograd" else tuple(int(v) for v in random.choice([1, 1, 1, 2, 3], 2))
    dilations = tuple(int(v) for v in random.choice([1, 1, 1, 2, 3], 2))
    if kind == "strided":
        window, strides, dilations = STRIDED[int(random.integers(len(STRIDED)))], (2, 2), (1, 1)
    if kind == "plain" and random.random() < 0.3:
        window = (1, 1)
    if kind == "few":
        channels = int(random.integers(1, 5))
    if kind == "grouped":
        groups = int(random.choice([2, 4, 8, 16, 32]))
        channels, outputs = (groups * int(v) for v in random.choice([1, 2, 3, 4, 5, 8], 2))
    if kind == "depthwise":
        groups = channels = max(2, channels)
        outputs = channels * int(random.choice([1, 1, 1, 2, 3]))
    reach = [(window[i] - 1) * dilations[i] for i in range(2)]
    pads = tuple(
        (r // 2, r - r // 2) if random.random() < 0.6 else tuple(int(v) for v in random.integers(0, r + 2, 2)) for r in reach
    )
    sides = [int(random.integers(max(1, reach[i] + 1 - sum(pads[i])), 30 + reach[i])) for i in range(2)]
    image = (int(random.integers(1, 4)), *sides, channels)
    return Case(image, (*window, channels // groups, outputs), strides, dilations, pads)  # type: ignore[arg-type]


def definition(case: Case, kind: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The sums of the definition in float64, tap by tap. `a` and `b` are the op's two operands in its order."""
    n, h, w, c = case.x
    (top, bottom), (left, right) = case.pads
    _, oh, ow, oc = case.output
    groups = case.groups
    x, filters, dy = (a, b, None) if kind == "forward" else (None, a, b) if kind == "backward input" else (a, None, b)

    def pixels(values: np.ndarray) -> np.ndarray:
        """[groups, pixels, channels of a group]"""
        return values.reshape(n * oh * ow, groups, -1).transpose(1, 0, 2)

    padded = np.zeros((n, h + top + bottom, w + left + right, c))
    if x is not None:
        padded[:, top : top + h, left : left + w] = x
    result = np.zeros(case.w) if kind == "backward filter" else np.zeros(case.output)
    for ky in range(case.w[0]):
        for kx in range(case.w[1]):
            rows = slice(ky * case.dilations[0], ky * case.dilations[0] + (oh - 1) * case.strides[0] + 1, case.strides[0])
            columns = slice(kx * case.dilations[1], kx * case.dilations[1] + (ow - 1) * case.strides[1] + 1, case.strides[1])
            tap = None if filters is None else filters[ky, kx].reshape(-1, groups, oc // groups).transpose(1, 0, 2)
            if kind == "forward":
                result += (pixels(padded[:, rows, columns]) @ tap).transpose(1, 0, 2).reshape(result.shape)
            elif kind == "backward input":
                part = pixels(dy) @ tap.transpose(0, 2, 1)  # type: ignore[arg-type,union-attr]
                padded[:, rows, columns] += part.transpose(1, 0, 2).reshape(n, oh, ow, c)
            else:
                part = pixels(padded[:, rows, columns]).transpose(0, 2, 1) @ pixels(dy)  # type: ignore[arg-type]
                result[ky, kx] = part.transpose(1, 0, 2).reshape(case.w[2:])
    return padded[:, top : top + h, left : left + w] if kind == "backward input" else result


def normalised(result: np.ndarray, exact: np.ndarray, magnitude: np.ndarray, axes: tuple[int, ...]) -> float:
    scale = np.maximum(magnitude.max(axis=axes, keepdims=True), 1e-30)
    return float((np.abs(result - exact) / scale).max() / EPS) if result.size else 0.0


def measure(case: Case, random: np.random.Generator, wanted: str, worst: dict[str, list[float]]) -> None:
    """Adds the errors of the three convolutions of `case` where the algorithm is the wanted one."""
    from swiftconv._core.apply import get_op

    x, w, dy = (random.standard_normal(shape).astype("float32") for shape in (case.x, case.w, case.output))
    calls = {
        "forward": ("conv2d", case.attributes, x, w),
        "backward input": ("conv2d_backward_input", {**case.attributes, "input_shape": case.x}, w, dy),
        "backward filter": ("conv2d_backward_filter", {**case.attributes, "filter_shape": case.w}, x, dy),
    }
    for kind, (name, attributes, a, b) in calls.items():
        op = get_op(name, attributes)
        described = json.loads(op.describe([(str(v.dtype), v.shape) for v in (a, b)]))
        if described["algorithm"] != wanted:
            continue
        wide = [v.astype("float64") for v in (a, b)]
        exact, magnitude = definition(case, kind, *wide), definition(case, kind, *(np.abs(v) for v in wide))
        axes = (1, 2, 3) if kind != "backward filter" else (0, 1, 2, 3)
        worst[kind].append(normalised(np.asarray(op(a, b)), exact, magnitude, axes))


def measured(cases: int, seed: int, wanted: str) -> dict[str, list[float]]:
    """The errors of one algorithm, which the environment of this process names."""
    random = np.random.default_rng(seed)
    worst: dict[str, list[float]] = defaultdict(list)
    for _ in range(cases):
        case = configuration(random)
        if min(case.output) > 0:
            measure(case, random, wanted, worst)
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        print(json.dumps(measured(given.cases, given.seed, given.only)))
        return
    found: dict[tuple[str, str], list[float]] = {}
    for name in ALGORITHMS:
        command = [sys.executable, __file__, "--cases", str(given.cases), "--seed", str(given.seed), "--only", name]
        done = subprocess.run(
            command, env={**os.environ, "SWIFTCONV_ALGORITHM": name}, check=True, stdout=subprocess.PIPE, text=True
        )
        found |= {(kind, name): errors for kind, errors in json.loads(done.stdout).items()}
    print("| convolution | algorithm | cases | largest error | median of the cases' largest |\n|---|---|---:|---:|---:|")
    for (kind, name), errors in sorted(found.items()):
        print(f"| {kind} | {name} | {len(errors)} | {max(errors):.2f} | {np.median(errors):.2f} |")


if __name__ == "__main__":
    main()
