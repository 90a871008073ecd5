"""The progress that a person sees."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any

from swiftconv.callbacks.callback import Callback, Logs


class ProgbarLogger(Callback):
    """Shows the progress of `fit`, `evaluate` and `predict`.

    On a terminal with `verbose=1` a bar with the step, the time a step takes and the metrics (drawn by tqdm, at most ten times a
    second, cut where the terminal ends); at the end of an epoch one whole line takes its place. With `verbose=2`, or where the
    output is no terminal, that line alone.
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

    def on_interrupt(self, error: BaseException) -> None:
        if self._bar is not None:
            self._bar.leave = True  # how far it came
        self._close()
        self._training = False

    def _begin(self) -> None:
        self._close()
        self._steps = 0
        self._start = time.perf_counter()
        if self._verbose == 1:
            from tqdm import tqdm

            columns, lines = shutil.get_terminal_size()  # a guess where the terminal does not say; tqdm would draw nothing
            self._bar = tqdm(
                total=self.params.get("steps"),
                file=sys.stdout,
                unit="step",
                ncols=columns,
                nrows=lines,
                leave=False,
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
        self._close()
        if self._verbose:
            seconds = time.perf_counter() - self._start
            total = self.params.get("steps") or self._steps
            print(f"{self._steps}/{total} - {seconds:.1f}s - {self._text(logs)}", flush=True)

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
