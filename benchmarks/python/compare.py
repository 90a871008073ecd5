"""Times swiftconv, alone or beside Keras on TensorFlow (see `benchmarks/README.md`)."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COLUMNS = ("name", "n", "h", "w", "c", "kh", "kw", "oc", "stride", "padding", "groups")


class Side:
    def __init__(self, name: str, python: str) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [python, HERE / "worker.py", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def time(self, request: dict[str, Any]) -> float:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"compare.py: the process of {self.name} ended while it did {request['name']}")
        return float(json.loads(answer))


def requests() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for line in (HERE.parent / "shapes/convolutions.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        shape = {k: v if k in ("name", "padding") else int(v) for k, v in zip(COLUMNS, line.split(), strict=True)}
        found += [{"name": f"{shape['name']} {kind}", "kind": kind, "shape": shape} for kind in ("forward", "backward")]
    found += [{"name": f"demo network, {what}", "kind": "model", "what": what} for what in ("step", "predict", "epoch")]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="of each side in each round")
    parser.add_argument("--only", default="", help="rows whose name has this in it")
    arguments = parser.parse_args()
    sides = [Side("swiftconv", sys.executable)]
    if os.environ.get("PEER_PYTHON"):
        sides.append(Side("tensorflow", os.environ["PEER_PYTHON"]))
    rows = []
    print("milliseconds, medians; ratio: the peer's time over swiftconv's (above 1: swiftconv is faster), median over the rounds")
    for request in requests():
        if arguments.only not in request["name"]:
            continue
        rounds = [[side.time({**request, "seconds": arguments.seconds}) for side in sides] for _ in range(arguments.rounds)]
        medians = [1e3 * statistics.median(times) for times in zip(*rounds, strict=True)]
        ratio = statistics.median(times[1] / times[0] for times in rounds) if len(sides) > 1 else None
        rows.append(
            {"name": request["name"], "milliseconds": dict(zip([s.name for s in sides], medians, strict=True)), "ratio": ratio}
        )
        columns = "".join(f"{m:12.3f}" for m in medians)
        print(f"{request['name']:28}{columns}" + (f"{ratio:8.2f}×" if ratio else ""), flush=True)
    result = {"machine": platform.processor() or platform.machine(), "cores": len(os.sched_getaffinity(0)), "rows": rows}
    path = HERE.parent / "results" / f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H%M}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
