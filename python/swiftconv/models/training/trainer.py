"""`Trainer`: compile, fit, evaluate, predict."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from swiftconv import optimizers
from swiftconv._core import KerasTensor, convert_to_tensor, history_disabled
from swiftconv.layers._context import calling
from swiftconv.metrics import Mean
from swiftconv.models.training import loop, steps
from swiftconv.models.training.compile_losses import CompiledLoss, add_up
from swiftconv.models.training.compile_metrics import CompiledMetrics, MetricFailure
from swiftconv.models.training.data import as_arrays
from swiftconv.utils import nest
from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object


class Trainer:
    """The methods of training; mixed with a `Layer` in `Model`."""

    _loss_tracker: Any = None
    _compile_loss: Any = None
    _compile_metrics: Any = None
    _compile_config: Any = None
    optimizer: Any = None
    compiled = False
    run_eagerly = False
    stop_training = False
    jit_compile = None
    steps_per_execution = 1
    history: Any = None
    _initial_epoch: Any = None
    _eager_metrics: Any = ()
    _steps: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            super().__init__(*args, **kwargs)

    # ---- compile ----------------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Says how the model is trained.

        Args:
            optimizer: a name or an `Optimizer`.
            loss: a name, function or `Loss`; for several outputs a list or a dict by name.
            loss_weights: factors of the losses, in the same form.
            metrics: names, functions or `Metric`s; for several outputs a list of lists or a dict.
            weighted_metrics: the same, for metrics that heed sample weights.
            run_eagerly: whether every op runs on its own, for debugging.
            steps_per_execution, jit_compile, auto_scale_loss: accepted for Keras's sake: a step is always compiled.

        Raises:
            ValueError: unknown names.
        """
        self._compile_config = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        self.optimizer = optimizers.get(optimizer)
        names = self._names_of_outputs()
        self._compile_loss = None if loss is None else CompiledLoss(loss, loss_weights, names)
        if loss is not None:
            for one in nest.flatten(loss):
                if isinstance(one, str):
                    steps_check(one)
        self._compile_metrics = CompiledMetrics(metrics, weighted_metrics, names)
        self._loss_tracker = Mean(name="loss")
        self.run_eagerly = bool(run_eagerly)
        self.steps_per_execution = steps_per_execution
        self.jit_compile = False
        self.compiled = True
        self.stop_training = False
        self._eager_metrics = ()
        self._force_eager = False
        self._steps = {}

    def _names_of_outputs(self) -> list[str] | None:
        try:
            return list(self.output_names)  # type: ignore[attr-defined]
        except AttributeError:
            return None

    @property
    def loss(self) -> Any:
        """What `compile` was given as loss."""
        return None if self._compile_config is None else self._compile_config["loss"]

    def _require_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(f"model {self.name!r}: call compile() before {method}()")  # type: ignore[attr-defined]

    @property
    def metrics(self) -> list[Any]:
        """The mean loss, the compiled metrics, and metrics that layers hold."""
        found: list[Any] = []
        if self.compiled:
            found.append(self._loss_tracker)
            if self._compile_loss is not None:
                found.extend(self._compile_loss.metrics)
            found.extend(self._compile_metrics.metrics)
        for metric in super().metrics:  # type: ignore[misc]
            if all(metric is not one for one in found):
                found.append(metric)
        return found

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Starts all metrics again."""
        for metric in self.metrics:
            metric.reset_state()

    # ---- what users override ----------------------------------------------------------------------------------------------

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The loss of a batch: the compiled one, and what layers added.

        Raises:
            ValueError: there is none.
        """
        parts: list[Any] = []
        if self._compile_loss is not None:
            found = self._compile_loss(y, y_pred, sample_weight)
            if found is not None:
                parts.append(found)
        parts.extend(self.losses)  # type: ignore[attr-defined]
        if not parts:
            raise ValueError(
                f"model {self.name!r}: no loss to compute: pass loss= to compile(), or add one with add_loss()"  # type: ignore[attr-defined]
            )
        return add_up(parts)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the compiled metrics and returns all values by name."""
        if y is not None or self._compile_metrics.entries or self._compile_metrics.user_metrics:
            self._compile_metrics.update_state(y, y_pred, sample_weight, skip=self._eager_metrics)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The values of all metrics by name."""
        found: dict[str, Any] = {"loss": self._loss_tracker.result()}
        if self._compile_loss is not None:
            found.update({m.name: m.result() for m in self._compile_loss.metrics})
        found.update(self._compile_metrics.results(skip=self._eager_metrics))
        known = [self._loss_tracker, *(self._compile_loss.metrics if self._compile_loss else ()), *self._compile_metrics.metrics]
        for metric in self.metrics:
            if all(metric is not one for one in known):
                value = metric.result()
                found.update(value if isinstance(value, dict) else {metric.name: value})
        return found

    def train_step(self, data: Any) -> dict[str, Any]:
        """One training step, op by op; override it for a step of your own."""
        return steps.eager_train(self, _triple(data))

    def test_step(self, data: Any) -> dict[str, Any]:
        """One evaluation step, op by op; override it for a step of your own."""
        return steps.eager_test(self, _triple(data))

    def predict_step(self, data: Any) -> Any:
        """The prediction of a batch; override it for a step of your own."""
        return self(_triple(data)[0], training=False)  # type: ignore[operator]

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        try:
            return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        except TypeError as error:
            if "training" in str(error) and "unexpected keyword" in str(error):
                return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
            raise

    # ---- steps ------------------------------------------------------------------------------------------------------------

    def _prepare(self, data: Any, kind: str) -> None:
        """Builds the model, metrics and optimizer before the first step is traced."""
        x, y, _ = data
        model: Any = self
        if not model.built or any(not layer.built for layer in model._flatten_layers(include_self=False)):
            _build_on(model, x)
        if kind == "predict":
            return
        if not self._compile_metrics.built or (self._compile_loss is not None and not self._compile_loss.built):
            y_pred = _spec_of_prediction(model, x)
            if y_pred is not None:
                if self._compile_loss is not None and not self._compile_loss.built:
                    self._compile_loss.output_names = self._compile_loss.output_names or self._names_of_outputs()
                    self._compile_loss.build(y_pred)
                if not self._compile_metrics.built:
                    self._compile_metrics.output_names = self._compile_metrics.output_names or self._names_of_outputs()
                    self._compile_metrics.build(y, y_pred)
        if kind == "train" and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(model.trainable_weights)

    def _is_overridden(self, kind: str) -> bool:
        name = f"{kind}_step"
        return getattr(type(self), name) is not getattr(Trainer, name) or name in self.__dict__

    def _run_step(self, kind: str, data: tuple[Any, Any, Any]) -> Any:
        """One batch: compiled where it can be, else op by op."""
        if self._steps is None:
            self._steps = {}
        if kind == "predict" and not self.compiled:
            self._force_eager = self.__dict__.get("_force_eager", False)
        if self.run_eagerly or self.__dict__.get("_force_eager") or self._is_overridden(kind):
            return self._run_eagerly(kind, data)
        phase = self.optimizer.accumulation_phase() if kind == "train" and self.optimizer is not None else None
        trainable = self._trainable_flags() if kind == "train" else None
        key = steps.key_of(kind, data, (phase, trainable) if phase is not True or trainable is None else trainable)
        step = self._steps.get(key)
        if step is None:
            self._prepare(data, kind)
            step = self._compile_step(kind, data, key, phase)
            if step is None:
                return self._run_eagerly(kind, data)
        return self._finish(step.run(data), data) if kind != "predict" else step.run(data)

    def _trainable_flags(self) -> tuple[bool, ...]:
        """Which weights are trained. The list of weights is looked up once: it changes only before the first step."""
        if not self._steps or self.__dict__.get("_weights_of_steps") is None:
            self.__dict__["_weights_of_steps"] = _Weights(self.weights)  # type: ignore[attr-defined]
        return tuple(v.trainable for v in self.__dict__["_weights_of_steps"].variables)

    def _compile_step(self, kind: str, data: tuple[Any, Any, Any], key: Any, phase: Any) -> Any:
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
                    f"model {self.name!r} is run op by op, which is slower: {error}",  # type: ignore[attr-defined]
                    stacklevel=4,
                )
                self._force_eager = True
                return None
            finally:
                self._clear_losses()  # type: ignore[attr-defined]
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
        tensors = nest.map_structure(lambda a: None if a is None else convert_to_tensor(a), list(data))
        x, y, sample_weight = tensors
        packed = (x,) if y is None and sample_weight is None else (x, y) if sample_weight is None else (x, y, sample_weight)
        if kind == "predict":
            return nest.map_structure(np.asarray, self.predict_step(packed))
        return getattr(self, f"{kind}_step")(packed)

    # ---- loops ------------------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Trains the model.

        Args:
            x: arrays (nested as the model's inputs), a generator of `(x, y)` or `(x, y, sample_weight)`, or a `PyDataset`.
            y: labels.
            batch_size: 32 by default.
            epochs: until which epoch.
            verbose: 0 silent, 1 a progress bar, 2 one line an epoch, "auto" 1 on a terminal.
            callbacks: see `swiftconv.callbacks`.
            validation_split: the last part of the arrays that is kept for validation.
            validation_data: `(x, y)` or `(x, y, sample_weight)`, a generator or a `PyDataset`.
            shuffle: whether samples are drawn in a new order each epoch; "batch" keeps batches together.
            class_weight: weight of each class.
            sample_weight: weight of each sample.
            initial_epoch: from which epoch.
            steps_per_epoch, validation_steps: how many batches, where fewer than all.
            validation_batch_size: as `batch_size` by default.
            validation_freq: every how many epochs, or after which ones, to validate.

        Returns:
            A `History`; it is `model.history` too, also after an interruption by Ctrl-C.

        Raises:
            ValueError: the model is not compiled, or data that does not fit.
        """
        self._require_compiled("fit")
        return loop.fit(
            self,
            x,
            y,
            batch_size,
            epochs,
            verbose,
            callbacks,
            validation_split,
            validation_data,
            shuffle,
            class_weight,
            sample_weight,
            initial_epoch,
            steps_per_epoch,
            validation_steps,
            validation_batch_size,
            validation_freq,
        )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and metrics over data.

        Args:
            x, y, batch_size, sample_weight, verbose, callbacks: as in `fit`.
            steps: how many batches, where fewer than all.
            return_dict: whether a dict is returned.

        Returns:
            The loss alone, or a list `[loss, metric, …]`, or a dict.

        Raises:
            ValueError: the model is not compiled, or data that does not fit.
        """
        self._require_compiled("evaluate")
        return loop.evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict, **kwargs)

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = "auto", steps: int | None = None, callbacks: Any = None
    ) -> Any:
        """The outputs for data, batch by batch.

        Args:
            x, batch_size, verbose, callbacks: as in `fit`.
            steps: how many batches, where fewer than all.

        Returns:
            Arrays in the structure of the model's outputs.
        """
        return loop.predict(self, x, batch_size, verbose, steps, callbacks)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step; the loss and metrics of this batch."""
        self._require_compiled("train_on_batch")
        from swiftconv.models.training.data import class_weights, count_samples

        data = (as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(sample_weight, "sample_weight"))
        data = (data[0], data[1], class_weights(data[1], data[2], class_weight))
        count_samples(*data)
        self.reset_metrics()
        return loop.packed(self._run_step("train", data), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of this batch."""
        self._require_compiled("test_on_batch")
        data = (as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(sample_weight, "sample_weight"))
        self.reset_metrics()
        return loop.packed(self._run_step("test", data), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch."""
        return self._run_step("predict", (as_arrays(x, "x"), None, None))

    def plan(self, kind: str | None = None) -> dict[str, Any]:
        """How the engine runs the last compiled step: nodes with their algorithms, the arena and its peak.

        Args:
            kind: `"train"`, `"test"` or `"predict"`; the first of them that there is, by default.

        Raises:
            ValueError: no such step was run yet.
        """
        for one in (kind,) if kind else ("train", "test", "predict"):
            for key, step in reversed(list((self._steps or {}).items())):
                if key[0] == one:
                    return step.compiled.plan()  # type: ignore[no-any-return]
        raise ValueError(f"model {self.name!r}: plan: nothing was compiled yet: run fit, evaluate or predict first")  # type: ignore[attr-defined]

    # ---- configuration ----------------------------------------------------------------------------------------------------

    def get_compile_config(self) -> Any:
        """What `compile` was given, JSON-able; None where it cannot be."""
        if not self.compiled or self._compile_config is None:
            return None
        config = dict(self._compile_config)
        config["optimizer"] = self.optimizer
        try:
            return {key: serialize_keras_object(value) for key, value in config.items()}
        except TypeError:
            return None

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """`compile` with a saved configuration."""
        known = ("loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution", "optimizer")
        found = {key: deserialize_keras_object(config[key]) for key in known if config.get(key) is not None}
        self.compile(**found)
        model: Any = self
        if self.optimizer is not None and model.built:
            self.optimizer.build(model.trainable_weights)


class _Weights:
    """A list that is not taken for weights of the model's own."""

    def __init__(self, variables: list[Any]) -> None:
        self.variables = variables


def steps_check(name: str) -> None:
    """Raises ValueError for the name of a loss that does not exist."""
    from swiftconv import losses

    losses.get(name)


def _triple(data: Any) -> tuple[Any, Any, Any]:
    if isinstance(data, tuple):
        x, y, weight = (*data, None, None)[:3]
        return x, y, weight
    return data, None, None


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
