"""Watching one value of the logs: shared by the callbacks that compare epochs."""

from __future__ import annotations

import warnings

import numpy as np

from swiftconv.callbacks.callback import Logs

_GROWING = ("acc", "accuracy", "auc", "precision", "recall", "f1", "iou", "_rate")


class Monitor:
    """Whether a monitored value got better.

    Args:
        owner: the callback's name, for messages.
        name: the key in the logs, such as `"val_loss"`.
        mode: `"min"`, `"max"` or `"auto"`, which takes accuracies and the like to grow and all else to shrink.
        min_delta: a change of no more than this is no improvement.
    """

    def __init__(self, owner: str, name: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f'{owner}: mode: expected "auto", "min" or "max", received {mode!r}')
        self.owner, self.name, self.mode = owner, name, mode
        bare = name.removeprefix("val_")
        self.grows = mode == "max" or (mode == "auto" and any(word in bare for word in _GROWING))
        self.min_delta = abs(min_delta)

    @property
    def worst(self) -> float:
        return -np.inf if self.grows else np.inf

    def value(self, logs: Logs | None) -> float | None:
        """The monitored value, or None with a warning that names what there is."""
        found = (logs or {}).get(self.name)
        if found is None:
            warnings.warn(
                f"{self.owner}: {self.name!r} is not among the logs; available: {', '.join(sorted(logs or {})) or 'none'}",
                stacklevel=3,
            )
            return None
        return float(found)

    def improved(self, value: float, best: float) -> bool:
        return value - self.min_delta > best if self.grows else value + self.min_delta < best
