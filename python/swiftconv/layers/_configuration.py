"""How a layer is written down: its configuration, its own weights in files, pickling."""

from __future__ import annotations

import inspect
from typing import Any, Self

from swiftconv import regularizers
from swiftconv.dtype_policies import get_policy
from swiftconv.layers._arguments import automatic_config
from swiftconv.layers._state import LayerState
from swiftconv.utils.serialization import serialize_keras_object


class LayerConfiguration(LayerState):
    """The part of a layer that files and `from_config` use."""

    _name: str
    trainable: bool
    dtype_policy: Any
    activity_regularizer: Any

    def _has_arguments_of_its_own(self) -> bool:
        """Whether a subclass has another constructor."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, JSON-able.

        Raises:
            NotImplementedError: a subclass whose arguments are not known.
        """
        config = {"name": self.name, "trainable": self.trainable, "dtype": serialize_keras_object(self.dtype_policy)}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if type(self).get_config is LayerConfiguration.get_config and self._has_arguments_of_its_own():
            return {**config, **automatic_config(self)}
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer from its configuration."""
        config = dict(config)
        if isinstance(config.get("dtype"), dict):
            config["dtype"] = get_policy(config["dtype"]).name
        accepted = inspect.signature(cls.__init__).parameters
        if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in accepted.values()):
            later = {key: config.pop(key) for key in ("name", "trainable", "dtype") if key in config and key not in accepted}
            layer = cls(**config)
            if "name" in later:
                layer._name = later["name"]
            return layer
        return cls(**config)

    def save_own_variables(self, store: Any) -> None:
        """Puts the layer's own weights into `store` under "0", "1" …"""
        for index, variable in enumerate(self._variables_here()):
            store[str(index)] = variable

    def load_own_variables(self, store: Any) -> None:
        """Takes the layer's own weights out of `store`.

        Raises:
            ValueError: their number or a shape differs.
        """
        mine = self._variables_here()
        if len(store) != len(mine):
            hint = "" if self.built else ": the layer is not built yet, call the model on data first"
            raise ValueError(f"layer {self.name!r}: expected {len(mine)} saved weights, received {len(store)}{hint}")
        for index, variable in enumerate(mine):
            variable.assign(store[str(index)])

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state["_inbound_nodes"] = []
        state["_losses"] = []
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
