"""A table of the epochs on disk."""

from __future__ import annotations

import csv
import os
from typing import IO, Any

import numpy as np

from swiftconv.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Writes one line an epoch to a CSV file, flushed at once.

    Args:
        filename: where to.
        separator: between columns.
        append: whether to add to an existing file instead of replacing it.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._file: IO[str] | None = None
        self._keys: list[str] = []
        self._writer: Any = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        continues = self.append and os.path.exists(self.filename) and os.path.getsize(self.filename) > 0
        self._needs_header = not continues
        self._file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115
        self._writer = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self._file is None:
            return
        logs = logs or {}
        if self._writer is None:
            self._keys = sorted(logs)
            self._writer = csv.DictWriter(self._file, ["epoch", *self._keys], delimiter=self.separator)
            if self._needs_header:
                self._writer.writeheader()
        row = {key: _cell(logs[key]) if key in logs else "NA" for key in self._keys}
        self._writer.writerow({"epoch": epoch, **row})
        self._file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _cell(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray | np.generic) and np.ndim(value) == 0 else value
