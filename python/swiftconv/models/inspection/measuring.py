"""From a compiled step to a report: work by layers, times, limits."""

from __future__ import annotations

import math
import statistics
import time
from typing import Any

import numpy as np

from swiftconv import config
from swiftconv.models.inspection.report import Report
from swiftconv.models.training.arrays import as_batch, count_samples
from swiftconv.utils import nest

_WARM_UP = 2


def _bytes_of(spec: dict[str, Any]) -> int:
    return int(math.prod(spec["shape"])) * int(np.dtype(spec["dtype"]).itemsize)


def _traffic(node: dict[str, Any]) -> int:
    """What a node reads and writes, each once."""
    inputs = {value["value"]: value["spec"] for value in node["inputs"]}
    return sum(_bytes_of(spec) for spec in inputs.values()) + sum(_bytes_of(value["spec"]) for value in node["outputs"])


def least_nanoseconds(flops: int, traffic: int, limits: dict[str, Any]) -> float:
    """What the roofline allows: all threads' arithmetic, or the bandwidth of the smallest memory that holds the data."""
    levels = limits["memory"]
    fitting = [m for m in levels[:-1] if traffic <= m["working_set"] * limits["threads"]]
    bandwidth = (fitting or levels[-1:])[0]["read"]
    return float(max(flops / limits["gflops"], traffic / bandwidth))


def _rows(plan: dict[str, Any], times: list[float] | None, limits: dict[str, Any]) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for index, node in enumerate(plan["nodes"]):
        if node["alias"] or node["once_per_version"]:
            continue
        layer = node["labels"][0] if node["labels"] else "(other)"
        phase = "backward" if node["gradient"] else "forward" if not layer.startswith("(") else ""
        row = rows.setdefault(
            (layer, phase),
            {"layer": layer, "phase": phase, "ops": [], "algorithm": [], "with": [], "flops": 0, "bytes": 0, "scratch_bytes": 0}
            | {"least_ns": 0.0, "ns": 0.0, "nodes": []},
        )
        traffic = _traffic(node)
        row["ops"].append("+".join([node["op"], *node["fused"]]))
        row["algorithm"].append(node["algorithm"])
        row["with"] += [label for label in node["labels"][1:] if label not in row["with"]]
        row["flops"] += node["flops"]
        # A batch may be taken in slices, of which each is a run of its own.
        row["bytes"] += traffic * node["runs"]
        row["scratch_bytes"] = max(row["scratch_bytes"], node["workspace_bytes"])
        row["least_ns"] += node["runs"] * least_nanoseconds(node["flops"] // node["runs"], traffic, limits)
        row["ns"] += times[index] if times else 0.0
        row["nodes"].append(index)
    for row in rows.values():
        row["ops"], row["algorithm"] = _listed(row["ops"]), _listed(row["algorithm"])
        if row["with"]:  # layers that were fused into this one have no row of their own
            row["ops"] += f" ({', '.join(row['with'])})"
    found = list(rows.values())
    total = sum(row["ns"] for row in found) or 1.0
    for row in found:
        if times is None:
            del row["ns"]
        else:
            row["share"] = row["ns"] / total
            row["of_roofline"] = row["least_ns"] / row["ns"] if row["ns"] else 0.0
    return found


def _listed(names: list[str]) -> str:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    shown = [name if count == 1 else f"{count} {name}" for name, count in counts.items()]
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")


def report(model: Any, x: Any, y: Any, sample_weight: Any, kind: str | None, repeats: int | None) -> Report:
    """See `Trainer.explain` and `Trainer.profile`; without `repeats` nothing is timed.

    Raises:
        ValueError: an unknown kind, no labels where they are needed, or a model that is run op by op.
    """
    what = "explain" if repeats is None else "profile"
    kind = kind or ("predict" if y is None else "train")
    if kind not in ("predict", "train", "test"):
        raise ValueError(f"{what}: kind: expected 'predict', 'train' or 'test', received {kind!r}")
    if kind != "predict":
        model._require_compiled(what)
        if y is None:
            raise ValueError(f"{what}: y: expected labels for kind={kind!r}, received None")
    if repeats is not None and (not isinstance(repeats, int) or isinstance(repeats, bool) or repeats < 1):
        raise ValueError(f"{what}: repeats: expected an integer >= 1, received {repeats!r}")
    given = (x, None, None) if kind == "predict" else (x, y, sample_weight)
    data = tuple(as_batch(part, name) for part, name in zip(given, ("x", "y", "sample_weight"), strict=True))
    batch = count_samples(*data)
    step = None if model._runs_op_by_op(kind) else model._step_of(kind, data)
    if step is None:
        raise ValueError(f"{what}: model {model.name!r} is run op by op (run_eagerly, or a step of its own): there is no plan")
    compiled = step.compiled
    plan = compiled.plan()
    limits = config.roofline()
    leaves = [leaf for leaf in nest.flatten(list(data)) if leaf is not None]
    content: dict[str, Any] = {"model": model.name, "kind": kind, "batch": batch, "timed": repeats is not None}
    times = None
    if repeats is not None:
        times, run = _measured(compiled, leaves, repeats)
        content |= {"repeats": repeats, "run_ns": run, "nodes_ns": sum(times)}
    content |= {"threads": limits["threads"], "level": limits["level"], "limits": limits}
    content |= {name: plan[name] for name in ("flops", "arena_bytes", "peak_bytes", "variables_bytes", "passes")}
    content["layers"] = _rows(plan, times, limits)
    return Report(content)


def _measured(compiled: Any, leaves: list[Any], repeats: int) -> tuple[list[float], float]:
    """The median time of each node and of a whole run, in nanoseconds. Variables are put back as they were."""
    before = [(variable, np.array(variable.numpy())) for variable in compiled.assigned]
    try:
        for _ in range(_WARM_UP):
            compiled.run(*leaves)
        nodes, runs = [], []
        for _ in range(repeats):
            nodes.append(compiled.profile(*leaves))
            start = time.perf_counter_ns()
            compiled.run(*leaves)
            runs.append(time.perf_counter_ns() - start)
    finally:
        for variable, value in before:
            variable.assign(value)
    return [float(statistics.median(one)) for one in zip(*nodes, strict=True)], float(statistics.median(runs))
