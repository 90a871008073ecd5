"""Stopping when the loss is lost."""

from __future__ import annotations

import numpy as np

from swiftconv.callbacks.callback import Callback, Logs


class TerminateOnNaN(Callback):
    """Stops training at the first batch whose loss is NaN or infinite."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            print(f"Batch {batch}: the loss is {float(loss)}, training stops")
            self.model.stop_training = True
