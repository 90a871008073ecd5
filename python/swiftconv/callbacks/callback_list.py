"""Several callbacks behind the hooks of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from swiftconv.callbacks.callback import Callback, Logs
from swiftconv.callbacks.history import History
from swiftconv.callbacks.progbar_logger import ProgbarLogger

_HOOKS = [name for name in vars(Callback) if name.startswith("on_")]
_BY_INDEX = ("epoch_begin", "epoch_end", "batch_begin", "batch_end")


class CallbackList(Callback):
    """Calls each callback in order.

    Args:
        callbacks: a `Callback`, an iterable of them, or None.
        add_history: whether to append a `History` if there is none (it is `self.history`).
        add_progbar: whether to append a `ProgbarLogger` if there is none.
        model: the model to set.
        **params: `verbose`, `epochs`, `steps`, for the callbacks' `params`.

    `needs_batch_hooks[kind]` (`"train"`, `"test"`, `"predict"`) tells a loop whether any callback overrides the hooks of a batch:
    where none does, the loop can skip them.
    """

    def __init__(
        self,
        callbacks: Callback | Iterable[Callback] | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        if callbacks is None:
            self.callbacks: list[Callback] = []
        elif isinstance(callbacks, Callback):
            self.callbacks = [callbacks]
        else:
            self.callbacks = list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ValueError(f"callbacks: expected instances of swiftconv.callbacks.Callback, received {callback!r}")
        self.history = next((c for c in self.callbacks if isinstance(c, History)), None)
        if add_history and self.history is None:
            self.history = History()
            self.callbacks.append(self.history)
        if add_progbar and not any(isinstance(c, ProgbarLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        self.needs_batch_hooks = {
            kind: any(_overrides_batch_hooks(c, kind) for c in self.callbacks) for kind in ("train", "test", "predict")
        }
        self.set_params(params)
        if model is not None:
            self.set_model(model)

    def append(self, callback: Callback) -> None:
        self.callbacks.append(callback)
        for kind in self.needs_batch_hooks:
            self.needs_batch_hooks[kind] |= _overrides_batch_hooks(callback, kind)

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)


def _overrides_batch_hooks(callback: Callback, kind: str) -> bool:
    names = [f"on_{kind}_batch_begin", f"on_{kind}_batch_end"] + (["on_batch_begin", "on_batch_end"] if kind == "train" else [])
    return any(getattr(type(callback), name) is not getattr(Callback, name) or name in vars(callback) for name in names)


def _forward(hook: str) -> Any:
    if hook.endswith(_BY_INDEX):

        def indexed(self: CallbackList, index: int, logs: Logs | None = None) -> None:
            for callback in self.callbacks:
                getattr(callback, hook)(index, logs)

        return indexed

    def plain(self: CallbackList, argument: Any = None) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(argument)

    return plain


for _hook in _HOOKS:
    setattr(CallbackList, _hook, _forward(_hook))
