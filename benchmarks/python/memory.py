"""Peak memory of one row in each library: a process of its own runs it three times, Linux tells the most that was ever resident.

    python benchmarks/python/memory.py 'resnet50 network n=8 directions=step' swiftconv keras-tf

The line is one of `benchmarks/shapes`; the libraries are those of `run.py`. Peers run in the Python that `--python` names.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def resident(field: str) -> int:
    """A field of this process's status, in MB: VmRSS now, VmHWM the most so far."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) // 1024


def measure(line: str, name: str, threads: int) -> None:
    """Prints the memory of this process before and after the row ran."""
    sys.path.insert(0, str(HERE))
    from sidebyside import numbers, peers
    from sidebyside.rows import parse

    peer = peers.create(name)
    version = peer.start(threads)
    row = parse(line, "memory")[0]
    arrays = numbers.arrays(row)
    before = resident("VmRSS")
    job = peer.prepare(row, arrays)
    for _ in range(3):
        job.run()
    print(f"{name} ({version}): {before} MB before, {resident('VmHWM')} MB at the peak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("row", help="a line of benchmarks/shapes, such as 'resnet50 network n=8 directions=step'")
    parser.add_argument("libraries", nargs="+")
    parser.add_argument("--python", default=sys.executable, help="the Python that has the other libraries")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        return measure(arguments.row, arguments.libraries[0], arguments.threads)
    for name in arguments.libraries:
        python = sys.executable if name.startswith("swiftconv") else arguments.python
        command = [python, str(Path(__file__)), arguments.row, name, "--here", "--threads", str(arguments.threads)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        last = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
        print(last[-1] if last else f"{name}: ended with {done.returncode}", flush=True)


if __name__ == "__main__":
    main()
