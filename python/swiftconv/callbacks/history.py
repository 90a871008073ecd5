"""The record that `fit` returns."""

from __future__ import annotations

from typing import Any

from swiftconv.callbacks.callback import Callback, Logs


class History(Callback):
    """Records the logs of each epoch. `fit` adds one and returns it.

    Attributes:
        epoch: the indices of the epochs, from 0.
        history: a dict from names (`loss`, `accuracy`, `val_loss` …) to lists with one float an epoch.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        if self.model is not None:
            self.model.history = self
