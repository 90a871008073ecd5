"""The peers' processes: started on demand, stopped while others are timed."""

from __future__ import annotations

import dataclasses
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from sidebyside import peers
from sidebyside.rows import Row

HERE = Path(__file__).resolve().parent.parent


class PeerError(Exception):
    """A peer failed, or gave no answer in time."""


class Worker:
    """One peer's process. It runs only between `wake` and `freeze`: threads that spin while idle would disturb the others."""

    def __init__(self, name: str, python: str, threads: int, log: IO[bytes], patience: float) -> None:
        self.name = name
        self.patience = patience
        environment = os.environ | peers.create(name).environment(threads)
        environment["PYTHONPATH"] = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [python, "-m", "sidebyside.worker", name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
        )
        self.frozen = False
        self.buffer = b""

    def receive(self) -> dict[str, Any]:
        """The next reply.

        Raises:
            PeerError: none came.
        """
        assert self.process.stdout
        until = time.monotonic() + self.patience
        descriptor = self.process.stdout.fileno()
        while b"\n" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise PeerError(f"no answer within {self.patience:.0f} s")
            received = os.read(descriptor, 1 << 16)
            if not received:
                raise PeerError(f"its process ended with status {self.process.wait()}")
            self.buffer += received
        line, _, self.buffer = self.buffer.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def ask(self, **request: Any) -> dict[str, Any]:
        """Wakes it, asks, and freezes it again."""
        assert self.process.stdin
        self.wake()
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
            return self.receive()
        except BrokenPipeError:
            raise PeerError("its process ended") from None
        finally:
            self.freeze()

    def freeze(self) -> None:
        """Stops the process with all of its threads."""
        if not self.frozen and self.process.poll() is None:
            self.process.send_signal(signal.SIGSTOP)
            self.frozen = True

    def wake(self) -> None:
        """Lets it go on."""
        if self.frozen:
            self.process.send_signal(signal.SIGCONT)
            self.frozen = False

    def end(self) -> None:
        """Ends the process."""
        self.wake()
        self.process.kill()
        self.process.wait()

    def cpu_seconds(self) -> float:
        """What all of its threads have used so far."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Pool:
    """The workers by name. An absent library is named once and then left out."""

    def __init__(
        self, python_of: Callable[[str], str], threads: int, log: IO[bytes], say: Callable[[str], None], patience: float = 180
    ):
        self.python_of, self.threads, self.log, self.say, self.patience = python_of, threads, log, say, patience
        self.workers: dict[str, Worker] = {}
        self.absent: set[str] = set()
        self.versions: dict[str, str] = {}

    def get(self, name: str) -> Worker | None:
        """The peer's worker, started if need be; None where the library is absent or does not start."""
        if name in self.absent:
            return None
        if name not in self.workers:
            python = self.python_of(name)
            worker = Worker(name, python, self.threads, self.log, self.patience)
            try:
                hello = worker.receive()
            except PeerError as error:
                hello = {"ok": False, "absent": str(error)}
            if not hello["ok"]:
                worker.end()
                self.absent.add(name)
                self.say(f"skipped: {name}: {hello['absent']} ({python})")
                return None
            worker.freeze()
            self.versions[name] = hello["version"]
            self.workers[name] = worker
        return self.workers[name]

    def prepare(self, name: str, row: Row) -> dict[str, Any] | None:
        """The peer's reply to the row; None where it is absent. A peer that dies is started anew for the next row."""
        worker = self.get(name)
        if worker is None:
            return None
        try:
            return worker.ask(do="prepare", row=dataclasses.asdict(row))
        except PeerError as error:
            return self.lose(name, error)

    def lose(self, name: str, error: PeerError) -> dict[str, Any]:
        """Ends a worker that failed; what to put into the table."""
        self.workers.pop(name).end()
        return {"ok": False, "error": str(error)}

    def end(self) -> None:
        """Ends all processes."""
        for worker in self.workers.values():
            worker.end()
        self.workers.clear()
