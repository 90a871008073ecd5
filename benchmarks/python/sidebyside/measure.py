"""One row: all peers prepare it, then they are timed in turns, A B C A B C, in short blocks after untimed iterations."""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidebyside import numbers, peers
from sidebyside.pool import PeerError, Pool
from sidebyside.roofline import Roofline
from sidebyside.rows import Row


@dataclass(frozen=True)
class Effort:
    """How long to measure. Times in seconds."""

    #: Untimed iterations before each block: threads wake up, caches and clocks settle.
    warm: float = 0.06
    #: Iterations timed as one block.
    block: float = 0.03
    rounds: int = 9
    #: No more rounds begin when a row has taken this long, but for the first three.
    budget: float = 4.0
    #: One iteration that takes longer is timed once a round, without a warm-up of its own.
    slow: float = 1.0


def best(cells: dict[str, dict[str, Any]]) -> str | None:
    """The fastest peer that is not ours and whose result is right."""
    found = {
        name: cell["median"]
        for name, cell in cells.items()
        if "median" in cell and name != peers.OURS and name not in peers.VARIANTS and cell.get("agrees", True)
    }
    return min(found, key=lambda name: found[name]) if found else None


def busy_seconds() -> float:
    """CPU time that all processes of the machine have used."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")


def measure(row: Row, names: list[str], pool: Pool, effort: Effort, limit: Roofline | None) -> dict[str, Any]:
    """The row's cells: for each peer median and minimum, or why there are none."""
    cells: dict[str, dict[str, Any]] = {}
    summaries: dict[str, Any] = {}
    for name in names:
        if not peers.create(name).takes(row):
            continue
        reply = pool.prepare(name, row)
        if reply is None or "unsupported" in reply:
            continue
        if not reply["ok"]:
            cells[name] = {"error": reply["error"]}
            pool.say(f"  {name}: {reply['error']}")
            continue
        cells[name] = {"once": reply["seconds"], "times": []}
        summaries[name] = reply["summary"]
    for name, distance in numbers.disagreements(summaries).items():
        cells[name] |= {"distance": distance, "agrees": distance <= numbers.tolerance(row)}
        if distance > numbers.tolerance(row):
            pool.say(f"  {name}: its result is {distance:.2g} of the largest magnitude away from the others'")
    others = timed(cells, pool, effort)
    limits = limit.seconds(row.flops, row.bytes) if limit else None
    for cell in cells.values():
        times = cell.pop("times", None)
        if times:
            cell["median"], cell["minimum"] = statistics.median(times), min(times)
            cell["gflops"] = row.flops / cell["median"] / 1e9 if row.flops else None
            cell["of_limit"] = limits / cell["median"] if limits else None
    winner = best(cells)
    ours = cells.get(peers.OURS, {}).get("median")
    ratio = cells[winner]["median"] / ours if winner and ours else None
    return {
        "title": row.title,
        "group": row.group,
        "flops": row.flops,
        "cells": cells,
        "best": winner,
        "ratio": ratio,
        "others": others,
    }


def timed(cells: dict[str, dict[str, Any]], pool: Pool, effort: Effort) -> float:
    """Adds times to the cells; how many cores processes that are not ours kept busy meanwhile."""
    began, busy = time.perf_counter(), busy_seconds()
    used = {name: worker.cpu_seconds() for name, worker in pool.workers.items()}
    for done in range(effort.rounds):
        if done >= 3 and time.perf_counter() - began > effort.budget:
            break
        for name, cell in cells.items():
            if "times" not in cell or name not in pool.workers:
                continue
            slow = cell["once"] > effort.slow
            if slow and done >= 3:
                continue
            times = max(1, round(effort.block / max(cell["once"], 1e-7)))
            try:
                reply = pool.workers[name].ask(do="run", times=times, warm=0 if slow else effort.warm)
            except PeerError as error:
                reply = pool.lose(name, error)
            if reply["ok"]:
                cell["times"].append(reply["seconds"])
                cell["cores"] = max(cell.get("cores", 0.0), reply["cores"])
                cell["once"] = min(cell["once"], reply["seconds"])
            else:
                cell["error"] = reply["error"]
                del cell["times"]
    wall = time.perf_counter() - began
    own = sum(worker.cpu_seconds() - used.get(name, 0.0) for name, worker in pool.workers.items())
    return max(0.0, (busy_seconds() - busy - own) / wall) if wall else 0.0
