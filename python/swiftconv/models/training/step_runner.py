"""`StepRunner`: what happens between a batch and its step: building, compiling once for each form of batch, running."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import numpy as np

from swiftconv._core import KerasTensor, convert_to_tensor, history_disabled
from swiftconv.layers._context import calling
from swiftconv.models.training import steps
from swiftconv.models.training.compile_metrics import MetricFailure
from swiftconv.utils import nest


class StepRunner:
    """Runs one batch of training, evaluation or prediction; `Trainer` has what users call and override."""

    optimizer: Any = None
    compiled = False
    run_eagerly = False
    _compile_loss: Any = None
    _compile_metrics: Any = None
    #: Metrics that need numbers, and thus cannot be part of a compiled step.
    _eager_metrics: Any = ()
    _steps: Any = None

    def _is_overridden(self, kind: str) -> bool:
        """Whether the user defined the step."""
        raise NotImplementedError

    def predict_step(self, data: Any) -> Any:
        """The prediction of a batch."""
        raise NotImplementedError

    def _names_of_outputs(self) -> Any:
        """How losses and metrics call the outputs."""
        raise NotImplementedError

    def _prepare(self, data: Any, kind: str) -> None:
        """Builds the model, metrics and optimizer before the first step is traced."""
        x, y, _ = data
        model: Any = self
        if not model.built or any(not layer.built for layer in model._flatten_layers(include_self=False)):
            _build_on(model, x)
        if kind == "predict":
            return
        self._build_metrics(x, y)
        if kind == "train" and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(model.trainable_weights)

    def _build_metrics(self, x: Any, y: Any) -> None:
        model: Any = self
        if not self._compile_metrics.built or (self._compile_loss is not None and not self._compile_loss.built):
            y_pred = _spec_of_prediction(model, x)
            if y_pred is not None:
                if self._compile_loss is not None and not self._compile_loss.built:
                    self._compile_loss.output_names = self._compile_loss.output_names or self._names_of_outputs()
                    self._compile_loss.build(y_pred)
                if not self._compile_metrics.built:
                    self._compile_metrics.output_names = self._compile_metrics.output_names or self._names_of_outputs()
                    self._compile_metrics.build(y, y_pred)

    def _run_step(self, kind: str, data: tuple[Any, Any, Any]) -> Any:
        """One batch: compiled where it can be, else op by op."""
        if kind == "predict" and not self.compiled:
            self._force_eager = self.__dict__.get("_force_eager", False)
        if self._runs_op_by_op(kind):
            return self._run_eagerly(kind, data)
        step = self._step_of(kind, data)
        if step is None:
            return self._run_eagerly(kind, data)
        return self._finish(step.run(data), data) if kind != "predict" else step.run(data)

    def _runs_op_by_op(self, kind: str) -> bool:
        return bool(self.run_eagerly or self.__dict__.get("_force_eager") or self._is_overridden(kind))

    def _step_of(self, kind: str, data: tuple[Any, Any, Any]) -> Any:
        """The compiled step for batches of this form; None where there can be none."""
        if self._steps is None:
            self._steps = {}
        phase = self.optimizer.accumulation_phase() if kind == "train" and self.optimizer is not None else None
        trainable = self._trainable_flags() if kind == "train" else None
        key = steps.key_of(kind, data, (phase, trainable) if phase is not True or trainable is None else trainable)
        step = self._steps.get(key)
        if step is None:
            self._prepare(data, kind)
            step = self._compile_step(kind, data, key, phase)
        return step

    def _trainable_flags(self) -> tuple[bool, ...]:
        """Which weights are trained. The list of weights is looked up once: it changes only before the first step."""
        model: Any = self
        if not self._steps or self.__dict__.get("_weights_of_steps") is None:
            self.__dict__["_weights_of_steps"] = _Weights(model.weights)
        return tuple(v.trainable for v in self.__dict__["_weights_of_steps"].variables)

    def _compile_step(self, kind: str, data: tuple[Any, Any, Any], key: Any, phase: Any) -> Any:
        model: Any = self
        if self.optimizer is not None:
            self.optimizer._is_update_step = phase
        while True:
            try:
                step = steps.Step(self, kind, data)
            except MetricFailure as failure:
                if any(failure.metric is one for one in self._eager_metrics):
                    raise
                self._eager_metrics = (*self._eager_metrics, failure.metric)
                self._steps = {}
                continue
            except steps.NeedsNumbers as error:
                warnings.warn(
                    f"model {model.name!r} is run op by op, which is slower: {error}",
                    stacklevel=4,
                )
                self._force_eager = True
                return None
            finally:
                model._clear_losses()
            self._steps[key] = step
            return step

    def _finish(self, logs: Any, data: tuple[Any, Any, Any]) -> dict[str, Any]:
        """Metrics that need numbers are updated with the prediction, which the step returned for them."""
        if not self._eager_metrics:
            return logs  # type: ignore[no-any-return]
        y_pred = logs.pop("__y_pred__")
        _, y, sample_weight = data
        self._compile_metrics.update_state(y, y_pred, sample_weight, only=self._eager_metrics)
        logs.update(
            self._compile_metrics.results(skip=[m for m in self._compile_metrics.metrics if m not in self._eager_metrics])
        )
        return logs  # type: ignore[no-any-return]

    def _run_eagerly(self, kind: str, data: tuple[Any, Any, Any]) -> Any:
        model: Any = self
        if not model.built:
            _build_on(model, data[0])
        if kind == "train" and self.optimizer is not None and not self.optimizer.built and not self._is_overridden(kind):
            self.optimizer.build(model.trainable_weights)
        if kind != "predict" and self.compiled and self._is_overridden(kind) and data[1] is not None:
            with contextlib.suppress(ValueError, TypeError):  # a step of the user's own may have labels of another kind
                self._build_metrics(data[0], data[1])
        tensors = nest.map_structure(lambda a: None if a is None else convert_to_tensor(a), list(data))
        x, y, sample_weight = tensors
        packed = (x,) if y is None and sample_weight is None else (x, y) if sample_weight is None else (x, y, sample_weight)
        if kind == "predict":
            return nest.map_structure(np.asarray, self.predict_step(packed))
        return getattr(self, f"{kind}_step")(packed)


class _Weights:
    """A list that is not taken for weights of the model's own."""

    def __init__(self, variables: list[Any]) -> None:
        self.variables = variables


def _symbolic(x: Any) -> Any:
    def one(a: Any) -> Any:
        if a is None:
            return None
        dtype = str(a.dtype) if str(a.dtype) in ("float32", "float64", "int32", "int64", "uint8", "bool") else "float32"
        return KerasTensor((None, *a.shape[1:]), dtype=dtype)

    return nest.map_structure(one, x)


def _build_on(model: Any, x: Any) -> None:
    """Builds a model for data: on shapes, or where its `call` needs numbers, on the first samples."""
    shaped = _symbolic(x)
    try:
        if model.__dict__.get("_layers") is not None and hasattr(model, "_maybe_build"):
            model.build(nest.map_structure(lambda t: tuple(t.shape), shaped))
            return
        with history_disabled(), calling(model, False):
            if not model.built:
                model._build_for((shaped,), {})
            model.call(shaped)
        model.built = True
    except Exception:
        few = nest.map_structure(lambda a: None if a is None else a[:1], x)
        model(few)


def _spec_of_prediction(model: Any, x: Any) -> Any:
    try:
        with history_disabled(), calling(model, False):
            return model.compute_output_spec(_symbolic(x)) if model.__dict__.get("_functional") else model.call(_symbolic(x))
    except Exception:
        try:
            return model(nest.map_structure(lambda a: None if a is None else a[:1], x))
        except Exception:
            return None
