"""`compile`: optimizer, losses and metrics of a model, and how they are written down."""

from __future__ import annotations

from typing import Any

from swiftconv import losses, optimizers
from swiftconv.metrics import Mean
from swiftconv.models.training.compile_losses import CompiledLoss
from swiftconv.models.training.compile_metrics import CompiledMetrics
from swiftconv.models.training.step_runner import StepRunner
from swiftconv.utils import nest
from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object


class Compiling(StepRunner):
    """What `compile` says and what follows from it."""

    _loss_tracker: Any = None
    _compile_config: Any = None
    jit_compile: Any = None
    steps_per_execution = 1
    stop_training = False

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
                    losses.get(one)  # an unknown name is an error now, not in the first step
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
