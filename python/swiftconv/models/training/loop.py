"""The loops over batches and epochs."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np

from swiftconv.callbacks import CallbackList
from swiftconv.models.training.arrays import as_batch, split, triple
from swiftconv.models.training.data import Epochs, adapt
from swiftconv.utils import nest


def _number(value: Any) -> Any:
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array


def numbers(logs: dict[str, Any]) -> dict[str, Any]:
    """Scalars as floats."""
    return {name: _number(value) for name, value in logs.items()}


def packed(logs: dict[str, Any], return_dict: bool) -> Any:
    """What `evaluate` and `…_on_batch` return."""
    logs = numbers(logs)
    if return_dict:
        return logs
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def _epochs(value: Any, name: str) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 0:
        raise ValueError(f"fit: {name}: expected an integer >= 0, received {value!r}")
    return int(value)


def _callbacks(model: Any, callbacks: Any, verbose: Any, history: bool, **params: Any) -> CallbackList:
    if isinstance(callbacks, CallbackList):
        return callbacks
    if verbose not in (0, 1, 2, "auto", True, False):
        raise ValueError(f"verbose: expected 0, 1, 2 or 'auto', received {verbose!r}")
    shown = 1 if verbose == "auto" else int(verbose)
    return CallbackList(callbacks, add_history=history, add_progbar=shown != 0, model=model, verbose=shown, **params)


def _validates(epoch: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency


def fit(
    model: Any,
    x: Any,
    y: Any,
    batch_size: Any,
    epochs: int,
    verbose: Any,
    callbacks: Any,
    validation_split: float,
    validation_data: Any,
    shuffle: Any,
    class_weight: Any,
    sample_weight: Any,
    initial_epoch: int,
    steps_per_epoch: int | None,
    validation_steps: int | None,
    validation_batch_size: int | None,
    validation_freq: Any,
) -> Any:
    """See `Trainer.fit`."""
    epochs, initial_epoch = _epochs(epochs, "epochs"), _epochs(initial_epoch, "initial_epoch")
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split)
    data = adapt(x, y, sample_weight, batch_size, shuffle, class_weight)
    checking = _validation(validation_data, validation_batch_size or batch_size)
    steps = data.steps if steps_per_epoch is None else steps_per_epoch
    watch = _callbacks(model, callbacks, verbose, True, epochs=epochs, steps=steps)
    model.stop_training = False
    model._initial_epoch = None
    model.history = watch.history
    source = Epochs(data, steps_per_epoch, max(0, epochs - initial_epoch))
    try:
        watch.on_train_begin()
        logs: dict[str, Any] = {}
        for epoch in range(model._initial_epoch or initial_epoch, epochs):
            model.reset_metrics()
            watch.on_epoch_begin(epoch)
            logs, done = _train_epoch(model, source.epoch(), watch)
            if done == 0:
                if epoch == (model._initial_epoch or initial_epoch):
                    raise ValueError("fit: x: expected at least one batch, received none")
                break
            data.on_epoch_end()
            logs = numbers(logs)
            if checking is not None and _validates(epoch, validation_freq):
                found = evaluate(model, checking, None, None, 0, None, validation_steps, watch, True)
                logs.update({f"val_{name}": value for name, value in found.items()})
            watch.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        if model.optimizer is not None and epochs > initial_epoch:
            model.optimizer.finalize_variable_values(model.trainable_weights)
        watch.on_train_end(logs)
    except BaseException as error:
        watch.on_interrupt(error)
        raise
    finally:
        source.close()
        model._initial_epoch = None
    return watch.history


def _train_epoch(model: Any, batches: Any, watch: CallbackList) -> tuple[dict[str, Any], int]:
    hooks = watch.needs_batch_hooks["train"]
    logs: dict[str, Any] = {}
    done = 0
    for batch in batches:
        if hooks:
            watch.on_train_batch_begin(done)
        logs = model._run_step("train", batch)
        if hooks:
            watch.on_train_batch_end(done, numbers(logs))
        done += 1
        if model.stop_training:
            break
    return logs, done


def _validation(data: Any, batch_size: Any) -> Any:
    if data is None:
        return None
    if isinstance(data, (tuple, list)):
        if not 1 <= len(data) <= 3:
            raise ValueError(f"validation_data: expected (x, y) or (x, y, sample_weight), received {len(data)} entries")
        return adapt(*triple(tuple(data)), batch_size, False)
    return adapt(data, None, None, batch_size, False)


def evaluate(
    model: Any,
    x: Any,
    y: Any,
    batch_size: Any,
    verbose: Any,
    sample_weight: Any,
    steps: int | None,
    callbacks: Any,
    return_dict: bool,
    **kwargs: Any,
) -> Any:
    """See `Trainer.evaluate`."""
    if kwargs:
        raise ValueError(f"evaluate: unknown keyword arguments {sorted(kwargs)}")
    data = adapt(x, y, sample_weight, batch_size, False)
    watch = _callbacks(model, callbacks, verbose, False, epochs=1, steps=data.steps if steps is None else steps)
    hooks = watch.needs_batch_hooks["test"]
    model.reset_metrics()
    logs: dict[str, Any] = {}
    done = 0
    try:
        watch.on_test_begin()
        with closing(data.epoch(steps)) as batches:
            for batch in batches:
                if hooks:
                    watch.on_test_batch_begin(done)
                logs = model._run_step("test", batch)
                if hooks:
                    watch.on_test_batch_end(done, numbers(logs))
                done += 1
        if done == 0:
            raise ValueError("evaluate: x: expected at least one batch, received none")
        logs = numbers(logs)
        watch.on_test_end(logs)
    except BaseException as error:
        if watch is not callbacks:  # within fit, which tells them
            watch.on_interrupt(error)
        raise
    return packed(logs, return_dict)


def predict(model: Any, x: Any, batch_size: Any, verbose: Any, steps: int | None, callbacks: Any) -> Any:
    """See `Trainer.predict`."""
    data = adapt(x, None, None, batch_size, False)
    watch = None
    if callbacks is not None or verbose not in (0, False):  # a call for one image takes some microseconds less without
        watch = _callbacks(model, callbacks, verbose, False, epochs=1, steps=data.steps if steps is None else steps)
    parts: list[Any] = []
    try:
        if watch is not None:
            watch.on_predict_begin()
        with closing(data.epoch(steps)) as batches:
            for done, batch in enumerate(batches):
                if watch is not None:
                    watch.on_predict_batch_begin(done)
                parts.append(model._run_step("predict", (batch[0], None, None)))
                if watch is not None:
                    watch.on_predict_batch_end(done, {"outputs": parts[-1]})
        if not parts:
            parts.append(_no_samples(model, data))
        if watch is not None:
            watch.on_predict_end()
    except BaseException as error:
        if watch is not None:
            watch.on_interrupt(error)
        raise
    if len(parts) == 1:
        return nest.map_structure(np.array, parts[0])
    return nest.map_structure(lambda *pieces: np.concatenate(pieces, axis=0), *parts)


def _no_samples(model: Any, data: Any) -> Any:
    """The outputs for an empty array: empty, in the right shapes."""
    x = getattr(data, "x", None)
    if x is None:
        raise ValueError("predict: x: expected at least one batch, received none")
    one = nest.map_structure(lambda a: np.zeros((1, *a.shape[1:]), a.dtype), as_batch(x, "x"))
    return nest.map_structure(lambda a: np.asarray(a)[:0], model._run_step("predict", (one, None, None)))
