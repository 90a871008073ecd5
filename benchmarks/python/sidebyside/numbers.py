"""The numbers that every peer computes on, and how their results are compared. The same in every process."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from sidebyside.rows import Row

SAMPLE = 1024
#: Of the largest magnitude of a result: float32 with other orders of summation, Winograd among them, stays well below.
TOLERANCE = 1e-3
#: After a training step of a deep network whose batch normalizations divide by the deviation of few values, rounding shows more.
STEP_TOLERANCE = 5e-3


def tolerance(row: Row) -> float:
    return STEP_TOLERANCE if row.op == "network" and row.direction == "step" else TOLERANCE


def arrays(row: Row) -> dict[str, np.ndarray]:
    """Inputs by name: `x`, the weights that the op has, and `dy` for gradients. Images NHWC, filters HWIO."""
    random = np.random.default_rng(zlib.crc32(f"{row.group}/{row.name}/{row.batch}".encode()))
    h, w, c = row.image
    kh, kw = row.kernel

    def normal(*shape: int, fan: int = 1) -> np.ndarray:
        return (random.standard_normal(shape, dtype=np.float32) / math.sqrt(fan)).astype(np.float32)

    found = {"x": normal(row.batch, h * w * c) if row.op == "dense" else normal(row.batch, h, w, c)}
    if row.op in ("conv2d", "conv_bn_relu"):
        found["filter"] = normal(kh, kw, c // row.groups, row.out, fan=kh * kw * c // row.groups)
    elif row.op == "transpose":
        found["filter"] = normal(kh, kw, row.out, c, fan=kh * kw * c)
    elif row.op in ("depthwise", "separable"):
        found["depthwise"] = normal(kh, kw, c, 1, fan=kh * kw)
        if row.op == "separable":
            found["pointwise"] = normal(1, 1, c, row.out, fan=c)
    elif row.op == "dense":
        found |= {"kernel": normal(h * w * c, row.out, fan=h * w * c), "bias": normal(row.out)}
    if row.op in ("batchnorm", "batchnorm_training", "conv_bn_relu"):
        channels = row.output[-1]
        found |= {"gamma": normal(channels) + 2, "beta": normal(channels)}
        if row.op != "batchnorm_training":
            found |= {"mean": normal(channels), "variance": np.abs(normal(channels)) + 1}
    if row.direction in ("backward", "both"):
        found["dy"] = normal(row.batch, *row.output)
    return found


def weights(found: Mapping[str, Any]) -> dict[str, Any]:
    """All but the image and the gradient that comes in."""
    return {name: value for name, value in found.items() if name not in ("x", "dy")}


def summary(results: list[Any]) -> list[dict[str, Any]]:
    """Of each array of a result: shape, and the same few elements in every process."""
    found = []
    for result in results:
        flat = np.ascontiguousarray(result, dtype=np.float32).reshape(-1)
        places = np.linspace(0, flat.size - 1, min(SAMPLE, flat.size)).astype(np.int64)
        found.append({"shape": list(np.shape(result)), "elements": [float(v) for v in flat[places]]})
    return found


def disagreements(summaries: Mapping[str, list[dict[str, Any]]]) -> dict[str, float]:
    """How far each peer is from the median of all, relative to the largest magnitude; infinity for another shape.

    With two peers the median lies between them, so both are named.
    """
    found = {}
    shapes = [[part["shape"] for part in parts] for parts in summaries.values()]
    common = max(shapes, key=shapes.count) if shapes else []
    fitting = {name: parts for name, parts in summaries.items() if [part["shape"] for part in parts] == common}
    middles = [np.median([parts[k]["elements"] for parts in fitting.values()], axis=0) for k in range(len(common))]
    for name in summaries:
        if name not in fitting:
            found[name] = math.inf
            continue
        worst = 0.0
        for part, middle in zip(fitting[name], middles):
            scale = float(np.max(np.abs(middle), initial=0)) or 1.0
            distance = float(np.max(np.abs(np.asarray(part["elements"]) - middle), initial=0))
            worst = max(worst, distance / scale if math.isfinite(distance) else math.inf)
        found[name] = worst
    return found
