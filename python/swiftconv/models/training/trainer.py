"""`Trainer`: compile, fit, evaluate, predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from swiftconv import optimizers
from swiftconv.metrics import Mean
from swiftconv.models.training import loop, steps
from swiftconv.models.training.arrays import as_batch, class_weights, count_samples
from swiftconv.models.training.compile_losses import CompiledLoss, add_up
from swiftconv.models.training.compile_metrics import CompiledMetrics
from swiftconv.models.training.step_runner import StepRunner
from swiftconv.utils import nest
from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object

if TYPE_CHECKING:
    from swiftconv.models.inspection import Plan, Report


class Trainer(StepRunner):
    """The methods of training; mixed with a `Layer` in `Model`."""

    _loss_tracker: Any = None
    _compile_config: Any = None
    stop_training = False
    jit_compile = None
    steps_per_execution = 1
    history: Any = None
    _initial_epoch: Any = None

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

    def _is_overridden(self, kind: str) -> bool:
        name = f"{kind}_step"
        return getattr(type(self), name) is not getattr(Trainer, name) or name in self.__dict__

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
            x: arrays (nested as the model's inputs; never copied as a whole, whatever their type, so that a `np.memmap` is read
                batch by batch), a generator of `(x, y)` or `(x, y, sample_weight)`, another iterable, or a `PyDataset`.
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
            steps_per_epoch: how many batches make an epoch; the next epoch goes on behind them, from the start when the data has
                ended.
            validation_steps: how many batches, where fewer than all; always the first ones of arrays.
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
        data = (as_batch(x, "x"), as_batch(y, "y"), as_batch(sample_weight, "sample_weight"))
        data = (data[0], data[1], class_weights(data[1], data[2], class_weight))
        count_samples(*data)
        self.reset_metrics()
        return loop.packed(self._run_step("train", data), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of this batch."""
        self._require_compiled("test_on_batch")
        data = (as_batch(x, "x"), as_batch(y, "y"), as_batch(sample_weight, "sample_weight"))
        self.reset_metrics()
        return loop.packed(self._run_step("test", data), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch."""
        return self._run_step("predict", (as_batch(x, "x"), None, None))

    # ---- looking inside ---------------------------------------------------------------------------------------------------

    def plan(self, kind: str | None = None) -> Plan:
        """How the engine runs the last compiled step: nodes with algorithms and what was fused, buffers with offsets, the arena
        and its peak.

        Args:
            kind: `"train"`, `"test"` or `"predict"`; the first of them that there is, by default.

        Returns:
            A dict that prints as text.

        Raises:
            ValueError: no such step was run yet.

        Example:
            >>> import numpy as np
            >>> from swiftconv import layers, models
            >>> model = models.Sequential([layers.Input((4,)), layers.Dense(2, activation="relu")])
            >>> y = model.predict(np.ones((1, 4), "float32"), verbose=0)
            >>> [node["op"] for node in model.plan()["nodes"]]
            ['matmul']
        """
        from swiftconv.models.inspection.plan import Plan

        for one in (kind,) if kind else ("train", "test", "predict"):
            for key, step in reversed(list((self._steps or {}).items())):
                if key[0] == one:
                    return Plan(step.compiled.plan())
        raise ValueError(f"model {self.name!r}: plan: nothing was compiled yet: run fit, evaluate or predict first")  # type: ignore[attr-defined]

    def explain(self, x: Any, y: Any = None, sample_weight: Any = None, kind: str | None = None) -> Report:
        """What the engine does for a batch, by layers: algorithm, FLOP, bytes, scratch, the least time that the machine allows.

        Nothing is run or changed, but the step for batches of this form is compiled. The machine's limits are measured
        (`config.roofline`), which takes about a quarter of a second.

        Args:
            x: a batch.
            y, sample_weight: labels and weights, for training and evaluation.
            kind: `"train"`, `"test"` or `"predict"`; by default training where there are labels, else prediction.

        Returns:
            A `Report`: `print` it, or use `to_json()`, `to_html()`, `save("name.html")`.

        Raises:
            ValueError: data that does not fit, or a model that is run op by op.
        """
        from swiftconv.models.inspection.measuring import report

        return report(self, x, y, sample_weight, kind, None)

    def profile(self, x: Any, y: Any = None, sample_weight: Any = None, kind: str | None = None, repeats: int = 10) -> Report:
        """`explain` with times: how long each layer takes, and what part of the roofline that is.

        The step is run some times; weights, optimizer and metrics are put back as they were.

        Args:
            x, y, sample_weight, kind: as in `explain`.
            repeats: how many runs are measured; medians are reported.

        Returns:
            A `Report`: `print` it, or use `to_json()`, `to_html()`, `save("name.html")`.

        Raises:
            ValueError: data that does not fit, or a model that is run op by op.

        Example:
            >>> import numpy as np
            >>> from swiftconv import layers, models
            >>> model = models.Sequential([layers.Input((4,)), layers.Dense(2, name="last")])
            >>> model.profile(np.ones((1, 4), "float32"), repeats=3).layers[0]["layer"]
            'last'
        """
        from swiftconv.models.inspection.measuring import report

        return report(self, x, y, sample_weight, kind, repeats)

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


def steps_check(name: str) -> None:
    """Raises ValueError for the name of a loss that does not exist."""
    from swiftconv import losses

    losses.get(name)


def _triple(data: Any) -> tuple[Any, Any, Any]:
    if isinstance(data, tuple):
        x, y, weight = (*data, None, None)[:3]
        return x, y, weight
    return data, None, None
