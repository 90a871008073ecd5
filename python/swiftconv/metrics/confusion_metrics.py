"""True and false positives and negatives, precision, recall, and the area under their curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv.metrics.metric import Metric, as_value, same_rank
from swiftconv.utils.registry import builtin

_export = builtin("keras.metrics")

#: The most points of a curve, far beyond what a curve can show.
_MOST_THRESHOLDS = 1_000_000
#: A threshold below every prediction; what is at it or below it was not said.
_NEVER = -1e10


def _thresholds(value: Any, default: float) -> list[float]:
    found = [default] if value is None else [float(v) for v in value] if isinstance(value, (list, tuple)) else [float(value)]
    if value is not None and any(not 0 <= v <= 1 for v in found):
        raise ValueError(f"thresholds: expected numbers in [0, 1], received {value!r}")
    return found


class _Confusion(Metric):
    """Keeps, for each threshold, the weights of the four outcomes."""

    #: Only so many of a sample's predictions, the largest ones, count as said at all.
    top_k: int | None = None
    #: Whether each column is a label with curves of its own.
    multi_label = False
    label_weights: Any = None

    def __init__(self, thresholds: list[float], name: str | None, dtype: Any, class_id: int | None = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self._limits = np.asarray(thresholds, dtype="float32")
        self.class_id = class_id

    def _outcomes(self, y_true: Any, y_pred: Any, sample_weight: Any) -> dict[str, Any]:
        y_pred = as_value(y_pred, self._dtype)
        y_true = as_value(y_true, self._dtype)
        y_true, y_pred = same_rank(y_true, y_pred)
        if tuple(y_true.shape) != tuple(y_pred.shape):
            raise ValueError(f"{self.name}: y_true, y_pred: shapes differ: {tuple(y_true.shape)} and {tuple(y_pred.shape)}")
        if self.top_k is not None:
            y_pred = _largest(y_pred, self.top_k)
        if self.class_id is not None:
            y_true, y_pred = y_true[..., self.class_id], y_pred[..., self.class_id]
        rows = (1, -1, y_pred.shape[-1]) if self.multi_label else (1, -1)
        weight: Any = None
        if sample_weight is not None:
            weight = as_value(sample_weight, self._dtype)
            missing = len(y_pred.shape) - len(weight.shape)
            weight = ops.reshape(weight, (*weight.shape, *([1] * missing))) if missing > 0 else weight
            weight = ops.broadcast_to(weight, tuple(y_pred.shape))
        if self.label_weights is not None and not self.multi_label:
            own = ops.broadcast_to(np.asarray(self.label_weights, self._dtype), tuple(y_pred.shape))
            weight = own if weight is None else weight * own
        weight = None if weight is None else ops.reshape(weight, rows)
        truth = ops.cast(ops.greater(ops.reshape(y_true, rows), 0.0), self._dtype)
        limits = self._limits.astype(self._dtype).reshape(-1, *(1 for _ in rows[1:]))
        said = ops.cast(ops.greater(ops.reshape(y_pred, rows), limits), self._dtype)
        weighted = truth if weight is None else truth * weight
        inverse = (1.0 - truth) if weight is None else (1.0 - truth) * weight
        return {
            "true_positives": ops.sum(said * weighted, axis=1),
            "false_positives": ops.sum(said * inverse, axis=1),
            "false_negatives": ops.sum((1.0 - said) * weighted, axis=1),
            "true_negatives": ops.sum((1.0 - said) * inverse, axis=1),
        }

    def _ratio(self, above: Any, below: Any) -> Any:
        some = ops.cast(ops.greater(below, 0.0), self._dtype)
        return above / (below + (1.0 - some))


def _largest(x: Any, k: int) -> Any:
    """The k largest of each row as they are (the first of equal ones), all others far below any threshold."""
    n = x.shape[-1]
    mine, other = ops.expand_dims(x, -1), ops.expand_dims(x, -2)
    earlier = np.tril(np.ones((n, n), "bool"), -1)
    before = ops.logical_or(ops.greater(other, mine), ops.logical_and(ops.equal(other, mine), earlier))
    rank = ops.sum(ops.cast(before, "float32"), axis=-1)
    return ops.where(ops.less(rank, float(k)), x, ops.full_like(x, _NEVER))


class _Count(_Confusion):
    _outcome = ""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        limits = _thresholds(thresholds, 0.5)
        super().__init__(limits, name or self._outcome, dtype)
        self.init_thresholds = thresholds
        self.thresholds = limits
        self.accumulator = self.add_variable((len(limits),), "zeros", name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account."""
        self.accumulator.assign(self.accumulator + self._outcomes(y_true, y_pred, sample_weight)[self._outcome])

    def result(self) -> Any:
        """The weight of the outcome."""
        return self.accumulator[0] if len(self.thresholds) == 1 else self.accumulator.value

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


@_export
class TruePositives(_Count):
    """How many were rightly called positive."""

    _outcome = "true_positives"


@_export
class FalsePositives(_Count):
    """How many were wrongly called positive."""

    _outcome = "false_positives"


@_export
class TrueNegatives(_Count):
    """How many were rightly called negative."""

    _outcome = "true_negatives"


@_export
class FalseNegatives(_Count):
    """How many were wrongly called negative."""

    _outcome = "false_negatives"


class _Rate(_Confusion):
    _other = ""

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if top_k is not None and (not isinstance(top_k, int) or top_k < 1):
            raise ValueError(f"{type(self).__name__}: top_k: expected an integer > 0 or None, received {top_k!r}")
        limits = _thresholds(thresholds, 0.5 if top_k is None else _NEVER)
        super().__init__(limits, name or type(self).__name__.lower(), dtype, class_id)
        self.init_thresholds = thresholds
        self.thresholds = limits
        self.top_k = top_k
        self.true_positives = self.add_variable((len(limits),), "zeros", name="true_positives")
        setattr(self, self._other, self.add_variable((len(limits),), "zeros", name=self._other))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account."""
        found = self._outcomes(y_true, y_pred, sample_weight)
        other = getattr(self, self._other)
        self.true_positives.assign(self.true_positives + found["true_positives"])
        other.assign(other + found[self._other])

    def result(self) -> Any:
        """The rate."""
        rate = self._ratio(self.true_positives, self.true_positives + getattr(self, self._other))
        return rate[0] if len(self.thresholds) == 1 else rate

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}


@_export
class Precision(_Rate):
    """How many of those called positive are.

    Args:
        thresholds: above which a prediction counts as positive; 0.5 by default, none with `top_k`.
        top_k: only the so many largest predictions of a sample count as positive.
        class_id: the class that is looked at; all by default.
    """

    _other = "false_positives"


@_export
class Recall(_Rate):
    """How many of the positive were called so.

    Args:
        thresholds: above which a prediction counts as positive; 0.5 by default, none with `top_k`.
        top_k: only the so many largest predictions of a sample count as positive.
        class_id: the class that is looked at; all by default.
    """

    _other = "false_negatives"


@_export
class AUC(_Confusion):
    """The area under the curve of true against false positives (ROC), or of precision against recall (PR).

    Args:
        num_thresholds: how many points the curve has, 2 to 1,000,000.
        curve: `"ROC"` or `"PR"`.
        summation_method: `"interpolation"`, `"minoring"` or `"majoring"`.
        thresholds: the points themselves, instead.
        multi_label: whether each column is a label of its own; the areas of the labels are averaged.
        num_labels: how many labels there are; by default as many as the first batch has columns.
        label_weights: the weights of the labels in that mean (or of the columns, without `multi_label`).
        from_logits: whether predictions are logits.

    Raises:
        ValueError: fewer than two points, an unknown curve, another number of labels.
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        if str(curve).upper() not in ("ROC", "PR"):
            raise ValueError(f"AUC: curve: expected 'ROC' or 'PR', received {curve!r}")
        if str(summation_method).lower() not in ("interpolation", "minoring", "majoring"):
            raise ValueError(f"AUC: summation_method: unknown: {summation_method!r}")
        if num_labels is not None and not multi_label:
            raise ValueError(f"AUC: num_labels: expected None without multi_label, received {num_labels}")
        if thresholds is None and not 1 < num_thresholds <= _MOST_THRESHOLDS:
            raise ValueError(f"AUC: num_thresholds: expected 2 to {_MOST_THRESHOLDS:,}, received {num_thresholds}")
        self._given = None if thresholds is None else sorted(float(t) for t in thresholds)
        inner = self._given if self._given is not None else [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]
        limits = [0.0 - 1e-7, *inner, 1.0 + 1e-7]
        super().__init__(limits, name or "auc", dtype)
        self.num_thresholds = len(limits)
        self.curve = str(curve).upper()
        self.summation_method = str(summation_method).lower()
        self.from_logits = from_logits
        self.multi_label = bool(multi_label)
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else np.asarray(label_weights, "float32")
        if not multi_label or num_labels is not None:
            self._build(num_labels)

    def _build(self, labels: int | None) -> None:
        shape = (self.num_thresholds,) if labels is None else (self.num_thresholds, labels)
        self._labels = labels
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        self.false_positives = self.add_variable(shape, "zeros", name="false_positives")
        self.true_negatives = self.add_variable(shape, "zeros", name="true_negatives")
        self.false_negatives = self.add_variable(shape, "zeros", name="false_negatives")

    def _check_labels(self, y_pred: Any) -> None:
        if len(y_pred.shape) != 2:
            raise ValueError(f"{self.name}: y_pred: multi_label expects (samples, labels), received shape {tuple(y_pred.shape)}")
        if not self._own:
            self._build(int(y_pred.shape[-1]))
        if y_pred.shape[-1] != self._labels:
            raise ValueError(f"{self.name}: y_pred: expected {self._labels} labels, received shape {tuple(y_pred.shape)}")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account."""
        if self.from_logits:
            y_pred = ops.sigmoid(as_value(y_pred, self._dtype))
        if self.multi_label:
            y_pred = as_value(y_pred, self._dtype)
            self._check_labels(y_pred)
        for outcome, value in self._outcomes(y_true, y_pred, sample_weight).items():
            variable = getattr(self, outcome)
            variable.assign(variable + value)

    def result(self) -> Any:
        """The area; 0 before the first batch."""
        if not self._own:
            return np.float32(0)
        tp, fp, fn, tn = (v * 1.0 for v in (self.true_positives, self.false_positives, self.false_negatives, self.true_negatives))
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._interpolated_pr(tp, fp, fn)
        recall = self._ratio(tp, tp + fn)
        if self.curve == "ROC":
            x, y = self._ratio(fp, fp + tn), recall
        else:
            x, y = recall, self._ratio(tp, tp + fp)
        left, right = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            height = (left + right) / 2.0
        else:
            height = ops.minimum(left, right) if self.summation_method == "minoring" else ops.maximum(left, right)
        return self._over_labels(ops.sum((x[:-1] - x[1:]) * height, axis=0))

    def _over_labels(self, areas: Any) -> Any:
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        return self._ratio(ops.sum(areas * self.label_weights), ops.sum(self.label_weights))

    def _interpolated_pr(self, tp: Any, fp: Any, fn: Any) -> Any:
        """Davis and Goadrich 2006: between two points the false positives, not the precision, grow evenly."""
        d_tp = tp[:-1] - tp[1:]
        p = tp + fp
        d_p = p[:-1] - p[1:]
        slope = self._ratio(d_tp, ops.maximum(d_p, 0.0))
        intercept = tp[1:] - slope * p[1:]
        both = ops.logical_and(ops.greater(p[:-1], 0.0), ops.greater(p[1:], 0.0))
        ratio = self._ratio(p[:-1], ops.maximum(p[1:], 0.0))
        ratio = ops.where(both, ratio, ops.ones_like(ratio))
        area = self._ratio(slope * (d_tp + intercept * ops.log(ratio)), ops.maximum(tp[1:] + fn[1:], 0.0))
        return self._over_labels(ops.sum(area, axis=0))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self.from_logits,
            "thresholds": self._given if self._given is not None else None,
        }
