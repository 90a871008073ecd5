"""From what `compile` was given to the loss of a batch, for models with any nesting of outputs."""

from __future__ import annotations

from typing import Any

from swiftconv import losses as losses_module
from swiftconv import ops
from swiftconv.losses import Loss, LossFunctionWrapper
from swiftconv.metrics import Mean
from swiftconv.utils import nest


def as_loss(value: Any) -> Loss | None:
    """A `Loss` for a name, config, function or `Loss`."""
    if value is None:
        return None
    found = losses_module.get(value)
    if isinstance(found, Loss):
        return found
    return LossFunctionWrapper(found, name=value if isinstance(value, str) else None)


def spread(value: Any, struct: Any, names: list[str] | None, what: str) -> list[Any]:
    """One setting for each output: from a single value, a list, or a dict by name.

    Raises:
        ValueError: another number, or unknown names.
    """
    leaves = nest.flatten(struct)
    keys = list(_keys(struct))
    if len(leaves) == 1 and not isinstance(value, (list, tuple, dict)):
        return [value]
    if isinstance(value, dict):
        known = keys if all(k is not None for k in keys) else names
        if known is None or not set(value) <= set(known):
            known = names if names and set(value) <= set(names) else known
        if known is None or not set(value) <= set(known):
            raise ValueError(f"compile: {what}: expected names among {known or keys}, received {sorted(value)}")
        return [value.get(name) for name in known]
    if isinstance(value, (list, tuple)):
        flat = list(value)
        if len(flat) != len(leaves):
            raise ValueError(f"compile: {what}: expected {len(leaves)} entries (one for each output), received {len(flat)}")
        return flat
    return [value] * len(leaves)


def _keys(struct: Any) -> Any:
    if isinstance(struct, dict):
        yield from sorted(struct, key=str)
    else:
        for _ in nest.flatten(struct):
            yield None


def labels_for(y_true: Any, struct: Any, names: list[str] | None) -> list[Any]:
    """The labels of each output, flat.

    Raises:
        ValueError: another number of them.
    """
    leaves = nest.flatten(struct)
    if isinstance(y_true, dict) and not isinstance(struct, dict):
        return [y_true.get(name) for name in names or []]
    if isinstance(y_true, dict):
        return [y_true.get(key) for key in sorted(struct, key=str)]
    flat = nest.flatten(y_true) if isinstance(y_true, (list, tuple)) else [y_true]
    if len(flat) != len(leaves):
        if y_true is None:
            return [None] * len(leaves)
        raise ValueError(f"y: expected labels for {len(leaves)} outputs, received {len(flat)}")
    return flat


class CompiledLoss:
    """The losses of all outputs, weighted and added up.

    Args:
        loss: a name, function or `Loss`; or a list or dict of them.
        loss_weights: numbers in the same form.
        output_names: of functional models.
    """

    def __init__(self, loss: Any, loss_weights: Any, output_names: list[str] | None) -> None:
        self.user_loss = loss
        self.user_weights = loss_weights
        self.output_names = output_names
        self.built = False
        self.trackers: list[Mean | None] = []

    def build(self, y_pred: Any) -> None:
        """Pairs losses with outputs."""
        count = len(nest.flatten(y_pred))
        given = spread(self.user_loss, y_pred, self.output_names, "loss")
        self.losses = [as_loss(one) for one in given]
        if all(one is None for one in self.losses):
            raise ValueError("compile: loss: expected a loss for at least one output, received None")
        weights = (
            [None] * count if self.user_weights is None else spread(self.user_weights, y_pred, self.output_names, "loss_weights")
        )
        self.weights = [1.0 if w is None else float(w) for w in weights]
        keys = sorted(y_pred, key=str) if isinstance(y_pred, dict) else self.output_names
        if count > 1:
            names = [str(keys[i]) if keys and i < len(keys) else f"output_{i}" for i in range(count)]
            self.trackers = [
                Mean(name=f"{name}_loss") if one is not None else None for name, one in zip(names, self.losses, strict=True)
            ]
        else:
            self.trackers = [None]
        self.built = True

    @property
    def metrics(self) -> list[Mean]:
        """The means of the losses of single outputs."""
        return [t for t in self.trackers if t is not None]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The weighted sum."""
        if not self.built:
            self.build(y_pred)
        flat = nest.flatten(y_pred)
        truth = labels_for(y_true, y_pred, self.output_names)
        if sample_weight is None or not isinstance(sample_weight, (list, tuple, dict)):
            weights = [sample_weight] * len(flat)
        else:
            weights = labels_for(sample_weight, y_pred, self.output_names)
        total: Any = None
        for loss, factor, tracker, t, p, w in zip(self.losses, self.weights, self.trackers, truth, flat, weights, strict=True):
            if loss is None:
                continue
            if t is None:
                raise ValueError(f"y: expected labels for loss {loss.name!r}, received None")
            value = loss(t, p, w)
            if tracker is not None:
                tracker.update_state(value, sample_weight=float((p.shape[0] if len(p.shape) else 1) or 1))
            value = value if factor == 1.0 else value * factor
            total = value if total is None else total + value
        return total


def add_up(values: list[Any]) -> Any:
    """The sum of scalars; zero for none."""
    total: Any = None
    for value in values:
        total = value if total is None else ops.add(total, value)
    return total


__all__ = ["CompiledLoss", "add_up", "as_loss", "labels_for", "spread"]
