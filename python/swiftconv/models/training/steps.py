"""One step = one compiled function: forward, backward, update and metrics, in one crossing into the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from swiftconv._core import Symbol, compile_function, gradients, labelled
from swiftconv._core.dtypes import engine_dtype
from swiftconv.models.training.compile_metrics import MetricFailure
from swiftconv.utils import nest


class NeedsNumbers(TypeError):
    """The model, its loss or its optimizer asks for numbers while it is traced."""


def spec_of(array: np.ndarray) -> tuple[str, tuple[int, ...]]:
    """Type and shape of an array as the engine sees it."""
    return engine_dtype(array.dtype), tuple(array.shape)


class Step:
    """A compiled step of one kind for one form of batch.

    Args:
        model: whose step it is.
        kind: `"train"`, `"test"` or `"predict"`.
        data: a batch `(x, y, sample_weight)`, for its structure, types and shapes.
    """

    def __init__(self, model: Any, kind: str, data: tuple[Any, Any, Any]) -> None:
        leaves = nest.flatten(list(data))
        present = [leaf is not None for leaf in leaves]
        specs = [spec_of(leaf) for leaf in leaves if leaf is not None]
        body = {"train": _train, "test": _test, "predict": _predict}[kind]

        def function(*symbols: Any) -> Any:
            rest = iter(symbols)
            filled = [next(rest) if here else None for here in present]
            return body(model, *nest.pack_like(list(data), filled))

        try:
            self.compiled = compile_function(function, specs, name=f"{model.name}/{kind}")
        except MetricFailure:
            raise
        except TypeError as error:
            if "no numbers yet" in str(error):
                raise NeedsNumbers(str(error)) from error
            raise

    def run(self, data: tuple[Any, Any, Any]) -> Any:
        """Runs the step on a batch of the same form."""
        return self.compiled.run(*[leaf for leaf in nest.flatten(list(data)) if leaf is not None])


def key_of(kind: str, data: tuple[Any, Any, Any], phase: Any) -> tuple[Any, ...]:
    """What distinguishes compiled steps: kind, structure, types, shapes, phase of gradient accumulation."""
    shapes = tuple(None if leaf is None else (leaf.dtype, leaf.shape) for leaf in nest.flatten(list(data)))
    x = data[0]
    form = tuple(sorted(x)) if isinstance(x, dict) else type(x).__name__
    y = data[1]
    return kind, form, tuple(sorted(y)) if isinstance(y, dict) else type(y).__name__, shapes, phase


def _batch_size(x: Any, y_pred: Any) -> float:
    for leaf in nest.flatten([x, y_pred]):
        if leaf is not None and len(leaf.shape):
            return float(leaf.shape[0])
    return 1.0


def _logs(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> dict[str, Any]:
    with labelled("(metrics)"):
        found = model.compute_metrics(x, y, y_pred, sample_weight)
    if not isinstance(found, dict):
        raise ValueError(f"model {model.name!r}: compute_metrics: expected a dict, received {type(found).__name__}")
    logs = dict(found)
    if model._eager_metrics:
        logs["__y_pred__"] = y_pred
    return logs


def _train(model: Any, x: Any, y: Any, sample_weight: Any) -> Any:
    y_pred = model(x, training=True)
    with labelled("(loss)"):
        loss = model._loss_of(x, y, y_pred, sample_weight, True)
    with labelled("(metrics)"):
        model._loss_tracker.update_state(loss, sample_weight=_batch_size(x, y_pred))
    weights = model.trainable_weights
    if not isinstance(loss, Symbol):
        raise ValueError(f"model {model.name!r}: the loss does not depend on the model's output")
    if weights:
        factor = model.optimizer.loss_scale_factor
        found = gradients(loss if factor is None else loss * float(factor), weights)
        with labelled("(optimizer)"):
            model.optimizer.apply(found, weights)
    return _logs(model, x, y, y_pred, sample_weight)


def _test(model: Any, x: Any, y: Any, sample_weight: Any) -> Any:
    y_pred = model(x, training=False)
    with labelled("(loss)"):
        loss = model._loss_of(x, y, y_pred, sample_weight, False)
    with labelled("(metrics)"):
        model._loss_tracker.update_state(loss, sample_weight=_batch_size(x, y_pred))
    return _logs(model, x, y, y_pred, sample_weight)


def _predict(model: Any, x: Any, y: Any, sample_weight: Any) -> Any:
    return model(x, training=False)


def eager_train(model: Any, data: tuple[Any, Any, Any]) -> dict[str, Any]:
    """The same step op by op, with a tape."""
    from swiftconv._core import GradientTape

    x, y, sample_weight = data
    with GradientTape() as tape:
        y_pred = model(x, training=True)
        loss = model._loss_of(x, y, y_pred, sample_weight, True)
        factor = model.optimizer.loss_scale_factor
        scaled = loss if factor is None else loss * float(factor)
    model._loss_tracker.update_state(loss, sample_weight=_batch_size(x, y_pred))
    weights = model.trainable_weights
    if weights:
        model.optimizer.apply(tape.gradient(scaled, weights), weights)
    return dict(model.compute_metrics(x, y, y_pred, sample_weight))


def eager_test(model: Any, data: tuple[Any, Any, Any]) -> dict[str, Any]:
    """The same step op by op."""
    x, y, sample_weight = data
    y_pred = model(x, training=False)
    loss = model._loss_of(x, y, y_pred, sample_weight, False)
    model._loss_tracker.update_state(loss, sample_weight=_batch_size(x, y_pred))
    return dict(model.compute_metrics(x, y, y_pred, sample_weight))


Runner = Callable[[Any, tuple[Any, Any, Any]], dict[str, Any]]
