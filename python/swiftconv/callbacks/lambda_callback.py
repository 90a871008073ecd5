"""Hooks given as functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from swiftconv.callbacks.callback import Callback


class LambdaCallback(Callback):
    """A callback made of functions, one for each hook that is needed.

    Args:
        on_epoch_begin: called with `(epoch, logs)`.
        on_epoch_end: called with `(epoch, logs)`.
        on_train_begin: called with `(logs)`.
        on_train_end: called with `(logs)`.
        on_train_batch_begin: called with `(batch, logs)`.
        on_train_batch_end: called with `(batch, logs)`.
        **others: functions for the other hooks, by name.

    Raises:
        ValueError: for a name that is no hook.

    Example:
        >>> import swiftconv
        >>> swiftconv.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch)).on_epoch_end(1, {})
        1
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **others: Callable[..., Any],
    ) -> None:
        super().__init__()
        named = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for hook, function in {**named, **others}.items():
            if not (hook.startswith("on_") and hasattr(Callback, hook)):
                raise ValueError(f"LambdaCallback: expected names of hooks such as on_epoch_end, received {hook!r}")
            if function is not None:
                setattr(self, hook, function)
