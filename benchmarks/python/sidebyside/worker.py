"""The process of one peer: `python -m sidebyside.worker NAME THREADS`. A JSON object a line in, one out.

{"do": "prepare", "row": {…}}         -> {"ok": true, "summary": [...], "seconds": of one run}
{"do": "run", "times": N, "warm": s}  -> {"ok": true, "seconds": of one run, "cores": busy ones}
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from typing import Any


def main() -> None:
    name, threads = sys.argv[1], int(sys.argv[2])
    # The same cores for everybody; set before a library counts them.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no reply

    def reply(**message: Any) -> None:
        replies.write(json.dumps(message) + "\n")
        replies.flush()

    from sidebyside import numbers, peers
    from sidebyside.rows import Row

    try:
        peer = peers.create(name)
        reply(ok=True, version=peer.start(threads))
    except ImportError as error:
        return reply(ok=False, absent=str(error))
    job = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "prepare":
                job = None
                gc.collect()
                fields = request["row"]
                row = Row(**{key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()})
                job = peer.prepare(row, numbers.arrays(row))
                job.run()
                began = time.perf_counter()
                job.run()
                seconds = time.perf_counter() - began
                reply(ok=True, summary=numbers.summary(job.results()), seconds=seconds)
            else:
                assert job is not None
                run = job.run
                until = time.perf_counter() + request["warm"]
                while time.perf_counter() < until:
                    run()
                gc.disable()
                used, began = time.process_time(), time.perf_counter()
                for _ in range(request["times"]):
                    run()
                wall = time.perf_counter() - began
                used = time.process_time() - used
                gc.enable()
                reply(ok=True, seconds=wall / request["times"], cores=used / wall)
        except peers.Unsupported as error:
            reply(ok=False, unsupported=str(error))
        except Exception as error:
            reply(ok=False, error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
