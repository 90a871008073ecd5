"""Going on after an interruption."""

from __future__ import annotations

import json
import os
from typing import Any

from swiftconv.callbacks.callback import Callback, Logs


class BackupAndRestore(Callback):
    """Saves the weights and the epoch while training, and goes on from there when `fit` is called again.

    Args:
        backup_dir: folder of the backup.
        save_freq: `"epoch"`, or a number of batches.
        delete_checkpoint: whether to remove the backup when training has come to its end.

    The state of the optimizer is kept too. A backup counts only when it is complete: its JSON file is replaced last.
    """

    def __init__(
        self, backup_dir: str | os.PathLike[str], save_freq: str | int = "epoch", delete_checkpoint: bool = True
    ) -> None:
        super().__init__()
        self.backup_dir = os.fspath(backup_dir)
        if not self.backup_dir:
            raise ValueError("BackupAndRestore: backup_dir: expected the path of a folder, received ''")
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError(f'BackupAndRestore: save_freq: expected "epoch" or a number of batches, received {save_freq!r}')
        self.save_freq = save_freq
        self.delete_checkpoint = delete_checkpoint
        self._epoch = 0
        self._batches = 0

    @property
    def _marker(self) -> str:
        return os.path.join(self.backup_dir, "training_state.json")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        try:
            with open(self._marker, encoding="utf-8") as file:
                state: dict[str, Any] = json.load(file)
        except FileNotFoundError:
            return
        self.model.load_weights(os.path.join(self.backup_dir, state["weights"]))
        self._epoch = int(state["epoch"])
        self.model._initial_epoch = self._epoch

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self.save_freq != "epoch" and self._batches % int(self.save_freq) == 0:
            self._back_up(self._epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch + 1
        if self.save_freq == "epoch":
            self._back_up(epoch + 1)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint:
            for name in [self._marker, *(os.path.join(self.backup_dir, f"{slot}.weights.h5") for slot in "ab")]:
                if os.path.exists(name):
                    os.remove(name)
            if os.path.isdir(self.backup_dir) and not os.listdir(self.backup_dir):
                os.rmdir(self.backup_dir)

    def _back_up(self, epoch: int) -> None:
        """Writes the weights to the file that the last complete backup does not use, then names it in the marker."""
        os.makedirs(self.backup_dir, exist_ok=True)
        used = ""
        if os.path.exists(self._marker):
            with open(self._marker, encoding="utf-8") as file:
                used = json.load(file)["weights"]
        weights = "b.weights.h5" if used == "a.weights.h5" else "a.weights.h5"
        self.model.save_weights(os.path.join(self.backup_dir, weights), overwrite=True)
        temporary = self._marker + ".tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump({"epoch": epoch, "weights": weights}, file)
        os.replace(temporary, self._marker)
