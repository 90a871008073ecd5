"""What a layer holds: weights, sublayers, metrics, losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv._core import Variable
from swiftconv.layers import _tracking
from swiftconv.layers._node import Node
from swiftconv.utils import nest


class LayerState:
    """The weights and sublayers of a layer, found through its attributes."""

    name: str
    built: bool
    _trainable: bool
    _own_variables: list[Variable]
    _losses: list[Any]
    _inbound_nodes: list[Node]

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Variable) and all(value is not v for v in self._own_variables):
            if not hasattr(value, "_made_trainable"):
                value._made_trainable = value.trainable
            self._own_variables.append(value)
        if name in ("name", "trainable", "dtype_policy") or isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
        else:
            self.__dict__[name] = value

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        found: dict[int, Any] = {id(self): self} if include_self else {}
        for layer in self._sublayers():
            if id(layer) not in found:
                found[id(layer)] = layer
                if recursive:
                    for inner in layer._flatten_layers(include_self=False):
                        found.setdefault(id(inner), inner)
        return list(found.values())

    def _sublayers(self) -> list[Any]:
        return [layer for layer in _tracking.owned_of(self, LayerState) if layer is not self]

    def _variables_here(self) -> list[Variable]:
        inner = [v for v in _tracking.owned_of(self, Variable) if all(v is not own for own in self._own_variables)]
        own = [*self._own_variables, *inner]
        return [v for v in own if getattr(v, "_made_trainable", v.trainable)] + [
            v for v in own if not getattr(v, "_made_trainable", v.trainable)
        ]

    @property
    def weights(self) -> list[Variable]:
        """All weights: the layer's own, then those of the layers inside."""
        found = list(self._variables_here())
        for layer in self._sublayers():
            found.extend(layer.weights)
        return _tracking.unique(found)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that optimizers update."""
        return [v for v in self.weights if v.trainable] if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other weights."""
        return [v for v in self.weights if not v.trainable] if self._trainable else self.weights

    @property
    def variables(self) -> list[Variable]:
        """All weights, and the state of random seeds and metrics inside."""
        found = list(self.weights)
        for layer in self._flatten_layers():
            for leaf in _tracking.owned(layer):
                state = getattr(leaf, "state", None)
                if isinstance(state, Variable):
                    found.append(state)
                elif hasattr(leaf, "update_state") and hasattr(leaf, "variables"):
                    found.extend(leaf.variables)
        return _tracking.unique(found)

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that optimizers update."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The other variables."""
        trainable = {id(v) for v in self.trainable_weights}
        return [v for v in self.variables if id(v) not in trainable]

    @property
    def metrics(self) -> list[Any]:
        """Metrics inside."""
        found: dict[int, Any] = {}
        for layer in self._flatten_layers():
            for leaf in _tracking.owned(layer):
                if hasattr(leaf, "update_state") and hasattr(leaf, "reset_state"):
                    found.setdefault(id(leaf), leaf)
        return list(found.values())

    @property
    def trainable(self) -> bool:
        """Whether the weights are trained; setting it sets it for all layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = bool(value)
        self._trainable = value
        for variable in self._variables_here():
            if getattr(variable, "_made_trainable", True):
                variable.trainable = value
        for layer in self._sublayers():
            layer.trainable = value

    def count_params(self) -> int:
        """The number of elements of all weights.

        Raises:
            ValueError: the layer is not built yet.
        """
        if not self.built:
            raise ValueError(f"layer {self.name!r}: count_params: not built yet: call it on data or build(input_shape) first")
        return sum(int(np.prod(v.shape)) for v in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """The weights as arrays."""
        return [np.array(v.numpy()) for v in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Sets the weights.

        Args:
            weights: arrays in the order of `weights`.

        Raises:
            ValueError: their number or a shape differs.
        """
        mine = self.weights
        weights = list(weights)
        if len(mine) != len(weights):
            raise ValueError(f"layer {self.name!r}: set_weights: expected {len(mine)} arrays, received {len(weights)}")
        arrays = [np.asarray(w) for w in weights]
        for variable, array in zip(mine, arrays, strict=True):
            if tuple(variable.shape) != array.shape:
                raise ValueError(
                    f"layer {self.name!r}: set_weights: {variable.path}: expected shape {tuple(variable.shape)}, "
                    f"received shape {array.shape}"
                )
        for variable, array in zip(mine, arrays, strict=True):
            variable.assign(array)

    # ---- losses -----------------------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Adds a scalar to the losses of this call."""
        for one in nest.flatten(loss):
            if one is not None:
                self._losses.append(one)

    @property
    def losses(self) -> list[Any]:
        """What `add_loss` and activity regularizers gave in the last call, and the penalties on the weights."""
        found = [loss for layer in self._flatten_layers() for loss in layer._losses]
        for variable in self.trainable_weights:
            if variable.regularizer is not None:
                found.append(variable.regularizer(variable))
        return found

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            layer._losses.clear()
