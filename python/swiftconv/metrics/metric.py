"""`Metric`: state that batches update."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv import initializers, ops
from swiftconv._core import Variable
from swiftconv.dtype_policies import get_policy
from swiftconv.losses.loss import as_value, same_rank
from swiftconv.utils import naming


class Metric:
    """Base class: subclasses make variables with `add_weight`, and define `update_state` and `result` with ops.

    Args:
        dtype: the type of the computation.
        name: by default the class's in snake case.

    Example:
        >>> from swiftconv import metrics
        >>> m = metrics.Mean()
        >>> m.update_state([1.0, 3.0])
        >>> float(m.result())
        2.0
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or naming.auto_name(type(self).__name__)
        self._dtype_policy = get_policy(dtype)
        self._dtype = self._dtype_policy.compute_dtype
        self._own: list[Variable] = []

    @property
    def dtype(self) -> str:
        """The type of the computation."""
        return self._dtype

    def add_variable(
        self, shape: Any, initializer: Any, dtype: Any = None, aggregation: Any = None, name: str | None = None
    ) -> Any:
        """Makes a variable of the state.

        Args:
            shape: its sizes.
            initializer: its content after `reset_state`.
            dtype: by default the metric's.
            name: of the variable.
        """
        initializer = initializers.get(initializer)
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        dtype = str(dtype or self._dtype)
        value = np.broadcast_to(np.asarray(initializer(shape, dtype=dtype)), shape).astype(dtype)
        variable = Variable(
            value, dtype=dtype, trainable=False, name=name or "variable", path=f"{self.name}/{name or 'variable'}"
        )
        variable.initializer = initializer
        self._own.append(variable)
        return variable

    def add_weight(self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None) -> Any:
        """`add_variable`, zeros by default."""
        return self.add_variable(shape=shape, initializer=initializer or "zeros", dtype=dtype, name=name)

    def _nested(self) -> list[Metric]:
        found: list[Metric] = []
        for value in self.__dict__.values():
            for one in value if isinstance(value, (list, tuple)) else value.values() if isinstance(value, dict) else [value]:
                if isinstance(one, Metric) and one is not self and all(one is not m for m in found):
                    found.append(one)
        return found

    @property
    def variables(self) -> list[Variable]:
        """The state."""
        found = list(self._own)
        for value in self.__dict__.values():
            if isinstance(value, Variable) and all(value is not v for v in found):
                found.append(value)
        for metric in self._nested():
            found.extend(v for v in metric.variables if all(v is not w for w in found))
        return found

    def reset_state(self) -> None:
        """Starts again."""
        for variable in self.variables:
            if variable.initializer is not None and not isinstance(variable.initializer, initializers.Zeros):
                variable.assign(
                    np.broadcast_to(np.asarray(variable.initializer(variable.shape, dtype=variable.dtype)), variable.shape)
                )
            else:
                variable.assign(np.zeros(tuple(variable.shape), dtype=str(variable.dtype)))

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Takes a batch into account."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state() method")

    def result(self) -> Any:
        """The value over all batches so far."""
        raise NotImplementedError(f"{type(self).__name__} has no result() method")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`update_state`, then `result`."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """A metric from its configuration."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def reduce_to_samples(values: Any, sample_weight: Any) -> tuple[Any, Any]:
    """Values and weights of one shape: surplus axes of the values are averaged, weights broadcast."""
    if sample_weight is None:
        return values, None
    dtype = str(values.dtype)
    weight = as_value(sample_weight, dtype)
    if len(weight.shape) == len(values.shape) + 1 and weight.shape[-1] == 1:
        weight = ops.squeeze(weight, axis=-1)
    if len(values.shape) > len(weight.shape):
        axes = tuple(range(len(weight.shape), len(values.shape)))
        if any(values.shape[a] != 1 for a in axes) or axes:
            values = ops.mean(values, axis=axes)
    elif len(weight.shape) > len(values.shape):
        raise ValueError(f"sample_weight: expected a shape that fits {tuple(values.shape)}, received {tuple(weight.shape)}")
    if any(w not in (1, v) for w, v in zip(weight.shape, values.shape, strict=True)):
        raise ValueError(f"sample_weight: expected a shape that fits {tuple(values.shape)}, received {tuple(weight.shape)}")
    return values * weight, ops.broadcast_to(weight, tuple(values.shape))


__all__ = ["Metric", "as_value", "reduce_to_samples", "same_rank"]
