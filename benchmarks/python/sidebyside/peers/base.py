"""What a peer offers. Libraries are imported in `start`, so that this package can be read without them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sidebyside.rows import Row

EPSILON = 1e-3
Arrays = dict[str, np.ndarray]


class Unsupported(Exception):
    """This peer has no such operation (said by its adapter)."""


@dataclass
class Job:
    """`run` does the work once, to its end; `results` does it and gives NumPy arrays, images NHWC, filters HWIO."""

    run: Callable[[], Any]
    results: Callable[[], list[Any]]


class Peer:
    """One library in one setting."""

    def environment(self, threads: int) -> dict[str, str]:
        """Variables of the process, set before it starts."""
        return {}

    def start(self, threads: int) -> str:
        """Imports the library and holds it to `threads` threads; its name and version.

        Raises:
            ImportError: it is not installed.
        """
        raise NotImplementedError

    def takes(self, row: Row) -> bool:
        """Whether the row is worth asking for."""
        return row.op != "network"

    def prepare(self, row: Row, arrays: Arrays) -> Job:
        """The row, ready to run.

        Raises:
            Unsupported: the library cannot do it.
        """
        raise NotImplementedError
