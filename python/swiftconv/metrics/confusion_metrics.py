"""True and false positives and negatives, precision, recall, and the area under their curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv.metrics.metric import Metric, as_value, same_rank
from swiftconv.utils.registry import builtin

_export = builtin("keras.metrics")


def _thresholds(value: Any, default: float) -> list[float]:
    found = [default] if value is None else [float(v) for v in value] if isinstance(value, (list, tuple)) else [float(value)]
    if any(not 0 <= v <= 1 for v in found):
        raise ValueError(f"thresholds: expected numbers in [0, 1], received {value!r}")
    return found


class _Confusion(Metric):
    """Keeps, for each threshold, the weights of the four outcomes."""

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
        if self.class_id is not None:
            y_true, y_pred = y_true[..., self.class_id], y_pred[..., self.class_id]
        weight: Any = None
        if sample_weight is not None:
            weight = as_value(sample_weight, self._dtype)
            missing = len(y_pred.shape) - len(weight.shape)
            weight = ops.reshape(weight, (*weight.shape, *([1] * missing))) if missing > 0 else weight
            weight = ops.reshape(ops.broadcast_to(weight, tuple(y_pred.shape)), (1, -1))
        truth = ops.cast(ops.greater(ops.reshape(y_true, (1, -1)), 0.0), self._dtype)
        limits = self._limits.astype(self._dtype).reshape(-1, 1)
        said = ops.cast(ops.greater(ops.reshape(y_pred, (1, -1)), limits), self._dtype)
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
        if top_k is not None:
            raise ValueError(f"{type(self).__name__}: top_k: expected None, received {top_k!r}")
        limits = _thresholds(thresholds, 0.5)
        super().__init__(limits, name or type(self).__name__.lower(), dtype, class_id)
        self.init_thresholds = thresholds
        self.thresholds = limits
        self.top_k = None
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
        return {**super().get_config(), "thresholds": self.init_thresholds, "top_k": None, "class_id": self.class_id}


@_export
class Precision(_Rate):
    """How many of those called positive are.

    Args:
        thresholds: above which a prediction counts as positive; 0.5 by default.
        class_id: the class that is looked at; all by default.
    """

    _other = "false_positives"


@_export
class Recall(_Rate):
    """How many of the positive were called so.

    Args:
        thresholds: above which a prediction counts as positive; 0.5 by default.
        class_id: the class that is looked at; all by default.
    """

    _other = "false_negatives"


@_export
class AUC(_Confusion):
    """The area under the curve of true against false positives (ROC), or of precision against recall (PR).

    Args:
        num_thresholds: how many points the curve has.
        curve: `"ROC"` or `"PR"`.
        summation_method: `"interpolation"`, `"minoring"` or `"majoring"`.
        thresholds: the points themselves, instead.
        from_logits: whether predictions are logits.

    Raises:
        ValueError: fewer than two points, an unknown curve.
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
        if multi_label:
            raise ValueError("AUC: multi_label: expected False, received True")
        if thresholds is None and num_thresholds <= 1:
            raise ValueError(f"AUC: num_thresholds: expected more than 1, received {num_thresholds}")
        self._given = None if thresholds is None else sorted(float(t) for t in thresholds)
        inner = self._given if self._given is not None else [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]
        limits = [0.0 - 1e-7, *inner, 1.0 + 1e-7]
        super().__init__(limits, name or "auc", dtype)
        self.num_thresholds = len(limits)
        self.curve = str(curve).upper()
        self.summation_method = str(summation_method).lower()
        self.from_logits = from_logits
        self.true_positives = self.add_variable((len(limits),), "zeros", name="true_positives")
        self.false_positives = self.add_variable((len(limits),), "zeros", name="false_positives")
        self.true_negatives = self.add_variable((len(limits),), "zeros", name="true_negatives")
        self.false_negatives = self.add_variable((len(limits),), "zeros", name="false_negatives")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Takes a batch into account."""
        if self.from_logits:
            y_pred = ops.sigmoid(as_value(y_pred, self._dtype))
        for outcome, value in self._outcomes(y_true, y_pred, sample_weight).items():
            variable = getattr(self, outcome)
            variable.assign(variable + value)

    def result(self) -> Any:
        """The area."""
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
        return ops.sum((x[:-1] - x[1:]) * height)

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
        return ops.sum(area)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "from_logits": self.from_logits,
            "thresholds": self._given if self._given is not None else None,
        }
