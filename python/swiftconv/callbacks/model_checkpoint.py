"""Saving during training."""

from __future__ import annotations

import os
from typing import Any

from swiftconv.callbacks.callback import Callback, Logs
from swiftconv.callbacks.monitor import Monitor


class ModelCheckpoint(Callback):
    """Saves the model, or its weights, every epoch or every so many batches.

    Args:
        filepath: where to; may hold `{epoch}` (from 1) and names of the logs, such as `"{epoch:02d}-{val_loss:.2f}.keras"`.
        monitor: name in the logs.
        verbose: 1 prints a line for each saving.
        save_best_only: whether to save only when `monitor` improved.
        save_weights_only: whether to save weights alone (`.weights.h5`).
        mode: `"auto"`, `"min"` or `"max"`.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: the best value so far, which the first saving must beat.

    Raises:
        ValueError: for an unknown mode or `save_freq`, or a path whose ending does not fit what is saved.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__()
        self._monitor = Monitor("ModelCheckpoint", monitor, mode)
        self.monitor = monitor
        self.verbose = verbose
        self.filepath = os.fspath(filepath)
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.best = self._monitor.worst if initial_value_threshold is None else initial_value_threshold
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError(f'ModelCheckpoint: save_freq: expected "epoch" or a number of batches, received {save_freq!r}')
        endings = (".weights.h5",) if save_weights_only else (".keras", ".h5", ".hdf5")
        if not self.filepath.endswith(endings):
            raise ValueError(
                f"ModelCheckpoint: filepath: expected a name that ends in {' or '.join(endings)}, received {self.filepath!r}"
            )
        self._epoch = 0
        self._batches = 0

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self.save_freq != "epoch" and self._batches % int(self.save_freq) == 0:
            self._save(self._epoch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, logs)

    def _save(self, epoch: int, logs: Logs | None) -> None:
        values: dict[str, Any] = dict(logs or {})
        if self.save_best_only:
            value = self._monitor.value(logs)
            if value is None or not self._monitor.improved(value, self.best):
                return
            self.best = value
        try:
            path = self.filepath.format(epoch=epoch + 1, **values)
        except (KeyError, IndexError) as error:
            raise ValueError(
                f"ModelCheckpoint: filepath: {self.filepath!r} names {error}, which is not among the logs: {sorted(values)}"
            ) from error
        if folder := os.path.dirname(path):
            os.makedirs(folder, exist_ok=True)
        if self.verbose > 0:
            print(f"Epoch {epoch + 1}: saving to {path}")
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
