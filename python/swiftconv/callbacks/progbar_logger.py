"""The progress that a person sees."""

from __future__ import annotations

import sys
import time
from typing import Any

from swiftconv.callbacks.callback import Callback, Logs


class ProgbarLogger(Callback):
    """Shows the progress of `fit`, `evaluate` and `predict`.

    On a terminal with `verbose=1` a bar with the step, the time a step takes and the metrics (drawn by tqdm, at most ten times a
    second). With `verbose=2`, or where the output is no terminal, one line an epoch.
    """

    def __init__(self) -> None:
        super().__init__()
        self._bar: Any = None
        self._steps = 0
        self._start = 0.0
        self._training = False

    @property
    def _verbose(self) -> int:
        verbose = self.params.get("verbose", 1)
        if verbose == "auto":
            verbose = 1
        return 2 if verbose == 1 and not sys.stdout.isatty() else int(verbose)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()
        self._training = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self._verbose and self.params.get("epochs", 1) > 1:
            print(f"Epoch {epoch + 1}/{self.params['epochs']}", flush=True)
        self._begin()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._finish(logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._training:
            self._begin()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._training:
            self._advance(logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._training:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._advance(None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._finish(None)

    def _begin(self) -> None:
        self._close()
        self._steps = 0
        self._start = time.perf_counter()
        if self._verbose == 1:
            from tqdm import tqdm

            self._bar = tqdm(
                total=self.params.get("steps"),
                file=sys.stdout,
                unit="step",
                dynamic_ncols=True,
                bar_format="{n_fmt}/{total_fmt} |{bar:20}| {elapsed}<{remaining}{postfix}",
            )

    def _advance(self, logs: Logs | None) -> None:
        self._steps += 1
        if self._bar is not None:
            # The text is made only when the bar is about to be drawn.
            if time.time() - self._bar.last_print_t >= self._bar.mininterval:
                self._bar.set_postfix_str(self._text(logs), refresh=False)
            self._bar.update(1)

    def _finish(self, logs: Logs | None) -> None:
        text = self._text(logs)
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=True)
            self._close()
        elif self._verbose == 2:
            seconds = time.perf_counter() - self._start
            total = self.params.get("steps") or self._steps
            print(f"{self._steps}/{total} - {seconds:.1f}s - {text}", flush=True)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _text(self, logs: Logs | None) -> str:
        step = (time.perf_counter() - self._start) / max(self._steps, 1)
        pace = f"{step * 1e3:.1f} ms/step" if step >= 1e-3 else f"{step * 1e6:.0f} µs/step"
        values = [f"{name}: {float(value):.4g}" for name, value in (logs or {}).items() if _is_number(value)]
        return " - ".join([pace, *values])


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
