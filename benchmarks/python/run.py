"""Times the rows of `benchmarks/shapes` in swiftconv and in other libraries that are installed (see `benchmarks/README.md`)."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sidebyside import peers, plot, report
from sidebyside.measure import Effort, measure
from sidebyside.pool import Pool
from sidebyside.roofline import roofline
from sidebyside.rows import Row, load

BENCHMARKS = Path(__file__).resolve().parent.parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default="swiftconv.*", help="names that this expression matches in full; `.*`: all")
    parser.add_argument("--only", default="", help="rows in whose title this expression is found")
    parser.add_argument("--python", default=sys.executable, help="the interpreter with the other libraries")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and of the batch sizes the first alone")
    parser.add_argument("--shapes", type=Path, default=BENCHMARKS / "shapes", help="a folder of files of rows")
    parser.add_argument("--list", action="store_true", help="show the rows, measure nothing")
    parser.add_argument("--json", type=Path, help="where to write the figures (default: benchmarks/results/<date>.json)")
    parser.add_argument(
        "--publish", type=Path, help="a document between whose markers the tables are written, with a picture beside it"
    )
    return parser.parse_args()


def cpu_name() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return " ".join(found[1].split()) if found else "unknown CPU"


def chosen(rows: list[Row], only: str, quick: bool) -> list[Row]:
    """The rows to measure."""
    first: dict[tuple[str, str, str], int] = {}
    for row in rows:
        first.setdefault((row.group, row.name, row.direction), row.batch)
    kept = [row for row in rows if not quick or row.batch == first[row.group, row.name, row.direction]]
    return [row for row in kept if re.search(only, row.title)]


def main() -> None:
    given = arguments()
    rows, titles = load(given.shapes)
    rows = chosen(rows, given.only, given.quick)
    names = [name for name in peers.PEERS if re.fullmatch(given.peers, name)]
    if given.list:
        for row in rows:
            print(f"{row.title:60} {row.flops / 1e9:9.3f} GFLOP")
        return
    effort = Effort(rounds=3, budget=1.0) if given.quick else Effort()
    limit = roofline(given.threads)
    began, results = time.monotonic(), []

    def say(text: str) -> None:
        print(text, flush=True)

    say(f"{len(rows)} rows, {given.threads} threads; ratio: the best peer's median time over ours, above 1 swiftconv is faster")
    with tempfile.TemporaryFile() as log:
        pool = Pool(lambda name: sys.executable if name.startswith(peers.OURS) else given.python, given.threads, log, say)
        try:
            for row in rows:
                result = measure(row, names, pool, effort, limit)
                results.append(result)
                say(line(result))
        except KeyboardInterrupt:
            say("interrupted: the rows until here are kept")
        finally:
            pool.end()
    about = {
        "date": f"{datetime.date.today():%Y-%m-%d}",
        "cpu": cpu_name(),
        "threads": given.threads,
        "versions": pool.versions,
        "skipped": sorted(pool.absent),
        "titles": titles,
        "seconds": round(time.monotonic() - began),
    }
    finish({"about": about, "rows": results}, given)


def line(result: dict[str, Any]) -> str:
    """A row on one line of the terminal."""
    parts = [f"{name} {report.shown(cell)}" for name, cell in result["cells"].items() if name.startswith(peers.OURS)]
    gflops = result["cells"].get(peers.OURS, {}).get("gflops")
    parts += [f"{report.rate(gflops)} GFLOP/s"] if gflops else []
    if result["best"]:
        parts.append(f"best peer {report.shown(result['cells'][result['best']])} {result['best']}")
    if result["ratio"]:
        parts.append(f"ratio {result['ratio']:.2f}")
    if result["others"] >= report.LOUD:
        parts.append(f"‡ others used {result['others']:.1f} cores")
    return f"{result['title']:52} " + " · ".join(parts)


def finish(run: dict[str, Any], given: argparse.Namespace) -> None:
    """Writes what was measured."""
    path = given.json or BENCHMARKS / "results" / f"{datetime.datetime.now():%Y-%m-%dT%H%M}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, indent=1) + "\n")
    figures = report.markdown(run)
    path.with_suffix(".md").write_text(figures)
    written = [path, path.with_suffix(".md")]
    if plot.draw(run, path.with_suffix(".svg")):
        written.append(path.with_suffix(".svg"))
    if given.publish:
        picture = given.publish.with_suffix(".svg")
        figures += f"\n![ratios]({picture.name})\n" if plot.draw(run, picture) else ""
        given.publish.write_text(report.published(given.publish.read_text(), figures))
        written.append(given.publish)
    print(f"written after {run['about']['seconds']} s: " + ", ".join(map(str, written)))


if __name__ == "__main__":
    main()
