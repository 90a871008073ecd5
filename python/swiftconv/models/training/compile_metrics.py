"""From what `compile` was given to the metrics of each output."""

from __future__ import annotations

from typing import Any

from swiftconv import metrics as metrics_module
from swiftconv.losses import Loss
from swiftconv.metrics import Metric
from swiftconv.metrics.reduction_metrics import MeanMetricWrapper
from swiftconv.models.training.compile_losses import labels_for
from swiftconv.utils import nest


def _accuracy(y_true: Any, y_pred: Any) -> Metric:
    if y_pred.shape[-1] == 1:
        return metrics_module.BinaryAccuracy()
    return metrics_module.SparseCategoricalAccuracy() if _is_sparse(y_true, y_pred) else metrics_module.CategoricalAccuracy()


def _crossentropy(y_true: Any, y_pred: Any) -> Metric:
    if y_pred.shape[-1] == 1:
        return metrics_module.BinaryCrossentropy()
    if _is_sparse(y_true, y_pred):
        return metrics_module.SparseCategoricalCrossentropy()
    return metrics_module.CategoricalCrossentropy()


def _is_sparse(y_true: Any, y_pred: Any) -> bool:
    if len(y_true.shape) < len(y_pred.shape):
        return True
    return bool(y_true.shape[-1] == 1 and y_pred.shape[-1] != 1)


def as_metric(value: Any, y_true: Any, y_pred: Any) -> Metric:
    """A `Metric` for a name, config, function or `Metric`; "accuracy" and "crossentropy" by the shapes.

    Raises:
        ValueError: an unknown name.
    """
    word = str(value).lower() if isinstance(value, str) else None
    found: Any
    if word in ("accuracy", "acc"):
        found = _accuracy(y_true, y_pred)
    elif word in ("crossentropy", "ce"):
        found = _crossentropy(y_true, y_pred)
    else:
        found = metrics_module.get(value)
    if isinstance(found, Metric):
        if isinstance(value, str):
            found.name = value
        return found
    if isinstance(found, Loss):
        name = found.name
    else:
        name = value if isinstance(value, str) else getattr(found, "__name__", type(found).__name__)
    return MeanMetricWrapper(found, name=name)


class CompiledMetrics:
    """The metrics of all outputs.

    Args:
        metrics: a list; or one list for each output; or a dict from outputs' names to lists.
        weighted: in the same form, for metrics that heed sample weights.
        output_names: of functional models.
    """

    def __init__(self, metrics: Any, weighted: Any, output_names: list[str] | None) -> None:
        self.user_metrics = metrics
        self.user_weighted = weighted
        self.output_names = output_names
        self.built = False
        #: (position of the output, metric, name in the logs, whether it heeds weights)
        self.entries: list[tuple[int, Metric, str, bool]] = []

    def _lists(self, given: Any, y_pred: Any, what: str) -> list[list[Any]]:
        count = len(nest.flatten(y_pred))
        if given is None:
            return [[] for _ in range(count)]
        if isinstance(given, dict):
            keys = sorted(y_pred, key=str) if isinstance(y_pred, dict) else self.output_names
            if keys is None or not set(given) <= set(keys):
                keys = self.output_names if self.output_names and set(given) <= set(self.output_names) else keys
            if keys is None or not set(given) <= set(keys):
                raise ValueError(f"compile: {what}: expected names among {keys}, received {sorted(given)}")
            found = [given.get(key) for key in keys]
        elif isinstance(given, (list, tuple)):
            nested = any(isinstance(one, (list, tuple)) or one is None for one in given)
            if count == 1:
                found = [given[0] if nested and len(given) == 1 else given]
            elif nested or len(given) == count:
                if len(given) != count:
                    raise ValueError(f"compile: {what}: expected {count} lists (one for each output), received {len(given)}")
                found = list(given)
            else:
                raise ValueError(f"compile: {what}: expected {count} lists (one for each output), received {given!r}")
        else:
            found = [given] * count
        return [[] if one is None else list(one) if isinstance(one, (list, tuple)) else [one] for one in found]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Pairs metrics with outputs."""
        outputs = nest.flatten(y_pred)
        truth = labels_for(y_true, y_pred, self.output_names)
        keys = sorted(y_pred, key=str) if isinstance(y_pred, dict) else self.output_names
        taken: set[str] = {"loss"}
        for given, weighted, what in (
            (self.user_metrics, False, "metrics"),
            (self.user_weighted, True, "weighted_metrics"),
        ):
            for position, values in enumerate(self._lists(given, y_pred, what)):
                for value in values:
                    if value is None:
                        continue
                    metric = as_metric(value, truth[position], outputs[position])
                    name = metric.name
                    if len(outputs) > 1:
                        name = f"{keys[position] if keys else f'output_{position}'}_{name}"
                    base, number = name, 1
                    while name in taken:
                        name = f"{base}_{number}"
                        number += 1
                    taken.add(name)
                    self.entries.append((position, metric, name, weighted))
        self.built = True

    @property
    def metrics(self) -> list[Metric]:
        """All metrics."""
        return [metric for _, metric, _, _ in self.entries]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None, skip: Any = (), only: Any = None) -> None:
        """Takes a batch into account.

        Args:
            skip: metrics that cannot be traced.
            only: the metrics to update, instead of all.
        """
        if not self.built:
            self.build(y_true, y_pred)
        flat = nest.flatten(y_pred)
        truth = labels_for(y_true, y_pred, self.output_names)
        nested = isinstance(sample_weight, (list, tuple, dict))
        weights = labels_for(sample_weight, y_pred, self.output_names) if nested else [sample_weight] * len(flat)
        for position, metric, name, weighted in self.entries:
            if any(metric is one for one in skip) or (only is not None and all(metric is not one for one in only)):
                continue
            try:
                if weighted and weights[position] is not None:
                    metric.update_state(truth[position], flat[position], sample_weight=weights[position])
                else:
                    metric.update_state(truth[position], flat[position])
            except TypeError as error:
                raise MetricFailure(metric, name, error) from error

    def results(self, skip: Any = ()) -> dict[str, Any]:
        """The values by name."""
        found: dict[str, Any] = {}
        for _, metric, name, _ in self.entries:
            if any(metric is one for one in skip):
                continue
            value = metric.result()
            if isinstance(value, dict):
                found.update(value)
            else:
                found[name] = value
        return found


class MetricFailure(TypeError):
    """A metric could not be updated; in a trace this means that it needs numbers."""

    def __init__(self, metric: Metric, name: str, error: Exception) -> None:
        super().__init__(f"metric {name!r}: {error}")
        self.metric = metric


__all__ = ["CompiledMetrics", "MetricFailure", "as_metric"]
