"""`Sequential`: a chain of layers."""

from __future__ import annotations

from typing import Any

from swiftconv.layers._context import name_scope
from swiftconv.layers._node import Node, is_keras_tensor
from swiftconv.layers.core.input_layer import InputLayer
from swiftconv.layers.layer import Layer
from swiftconv.models._graph import history_enabled
from swiftconv.models.functional import Functional
from swiftconv.models.model import Model
from swiftconv.utils.registry import builtin
from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object


@builtin("keras", "keras.models")
class Sequential(Model):
    """Layers one after the other.

    It is built at once where the first layer knows its input (`Input(...)`, or `input_shape=`), else on the first call.

    Args:
        layers: the layers.
        trainable: whether the weights are trained.
        name: of the model.

    Raises:
        ValueError: something that is no layer, or a name used twice.

    Example:
        >>> from swiftconv import layers, models
        >>> model = models.Sequential([layers.Dense(2, input_shape=(3,))])
        >>> model.count_params()
        8
    """

    _tensors: list[Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return Layer.__new__(cls, *args, **kwargs)

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        Layer.__init__(self, trainable=trainable, name=name)
        self._layers: list[Layer] = []
        self._functional = None
        for layer in layers or ():
            self._append(layer)
        self._maybe_build()
        if not trainable:
            self.trainable = False

    # ---- the chain --------------------------------------------------------------------------------------------------------

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Appends a layer.

        Raises:
            ValueError: no layer, a name used twice, or a second input.
        """
        self._append(layer)
        if rebuild:
            if self._functional is not None and not isinstance(self._layers[-1], InputLayer):
                self._extend()
            else:
                self._maybe_build()

    def _append(self, layer: Any) -> None:
        if is_keras_tensor(layer) and layer._history is not None and isinstance(layer._history[0].operation, InputLayer):
            layer = layer._history[0].operation
        if not isinstance(layer, Layer):
            if callable(layer):
                from swiftconv.layers.core.core_layers import Lambda

                layer = Lambda(layer)
            else:
                raise ValueError(f"Sequential: layers: expected instances of Layer, received {layer!r}")
        if isinstance(layer, InputLayer) and self._layers:
            what = "an input" if isinstance(self._layers[0], InputLayer) else "other layers"
            raise ValueError(f"model {self.name!r}: an input must come first, but there is already {what}")
        if any(layer.name == other.name for other in self._layers):
            raise ValueError(f"model {self.name!r}: layer names must be unique, but there is already a layer {layer.name!r}")
        if not self._layers and not isinstance(layer, InputLayer):
            shape = layer.__dict__.get("_input_batch_shape")
            functional = layer.__dict__.get("_functional") if shape is None else None
            if isinstance(functional, Functional) and len(functional._inputs) == 1:
                shape = functional._inputs[0].shape
            if shape is not None:
                self._layers.append(InputLayer(batch_shape=shape, dtype=layer.__dict__.get("_input_dtype")))
        self._layers.append(layer)

    def pop(self, rebuild: bool = True) -> Layer:
        """Takes the last layer away and returns it.

        Raises:
            ValueError: there is none.
        """
        if not self.layers:
            raise ValueError(f"model {self.name!r}: pop: there is no layer")
        layer = self._layers.pop()
        if self._functional is not None:
            for node in list(layer._inbound_nodes):
                if any(t is self._functional._outputs[0] for t in node.outputs):
                    layer._inbound_nodes.remove(node)
            inputs = self._functional._inputs_struct
            self._functional = None
            self.built = False
            if rebuild and self.layers:
                self._connect(inputs, self._tensors[:-1])
        self._steps = {}
        return layer

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input."""
        layers = self.__dict__.get("_layers", [])
        return list(layers[1:]) if layers and isinstance(layers[0], InputLayer) else list(layers)

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError(f"model {self.name!r}: layers cannot be set; use add() and pop()")

    # ---- building ---------------------------------------------------------------------------------------------------------

    def _maybe_build(self) -> None:
        if self._layers and isinstance(self._layers[0], InputLayer) and len(self._layers) > 1:
            self.build()

    def build(self, input_shape: Any = None) -> None:
        """Builds all layers.

        Args:
            input_shape: with the batch, which may be None; not needed where the first layer knows it.

        Raises:
            ValueError: the shape is not known, or there are no layers.
        """
        if self._functional is not None:
            return
        if not self._layers:
            raise ValueError(f"model {self.name!r}: build: there are no layers; add() some first")
        if not isinstance(self._layers[0], InputLayer):
            if input_shape is None:
                raise ValueError(
                    f"model {self.name!r}: build: input_shape: the first layer does not know its input: pass the shape with the "
                    "batch, or give the first layer an input_shape"
                )
            if not isinstance(input_shape, (tuple, list)) or any(isinstance(n, (tuple, list)) for n in input_shape):
                raise ValueError(f"model {self.name!r}: build: input_shape: expected one shape, received {input_shape!r}")
            shape = (None, *input_shape[1:])
            dtype = None if not self._layers else self._layers[0].compute_dtype
            self._layers.insert(0, InputLayer(batch_shape=shape, dtype=dtype))
        head: Any = self._layers[0]
        self._connect(head._inbound_nodes[0].outputs[0], None)

    def _connect(self, inputs: Any, tensors: list[Any] | None) -> None:
        if tensors is None:
            x = inputs
            tensors = [x]
            with history_enabled(), name_scope(self.name):
                for layer in self.layers:
                    x = layer(x)
                    tensors.append(x)
        self.__dict__["_tensors"] = tensors
        self._wrap(inputs)

    def _extend(self) -> None:
        with history_enabled(), name_scope(self.name):
            self._tensors.append(self._layers[-1](self._tensors[-1]))
        self._wrap(self._functional._inputs_struct)  # type: ignore[union-attr]

    def _wrap(self, inputs: Any) -> None:
        self.__dict__["_functional"] = Functional(inputs, self._tensors[-1], name=self.name)
        self.__dict__["built"] = True
        self._steps = {}

    # ---- calling ----------------------------------------------------------------------------------------------------------

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Runs the chain."""
        if self._functional is not None:
            return self._functional.call(inputs)
        x = inputs
        for layer in self.layers:
            x = layer(x)
        return x

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """The shape and type of the output."""
        return self.call(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output."""
        return Layer.compute_output_shape(self, input_shape)

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not self._layers:
            raise ValueError(f"model {self.name!r}: expected at least one layer; add() some first")
        super()._build_for(args, kwargs)

    # ---- configuration ----------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The layers."""
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self.dtype_policy),
            "layers": [serialize_keras_object(layer) for layer in self._layers],
        }
        if self._functional is not None:
            config["build_input_shape"] = list(self._layers[0].batch_shape)  # type: ignore[attr-defined]
        return config

    def get_build_config(self) -> Any:
        """The shape of the input."""
        return None if self._functional is None else {"input_shape": self._layers[0].batch_shape}  # type: ignore[attr-defined]

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A model from its configuration."""
        layers = config.get("layers")
        if not isinstance(layers, list):
            raise ValueError("Sequential config: expected a list of layers")
        model = cls(name=config.get("name"))
        for layer in layers:
            built = deserialize_keras_object(layer, custom_objects) if isinstance(layer, dict) else layer
            model.add(built, rebuild=False)
        model._maybe_build()
        shape = config.get("build_input_shape")
        if model._functional is None and shape and isinstance(shape, (list, tuple)):
            model.build(tuple(shape))
        if config.get("trainable") is False:
            model.trainable = False
        return model

    @property
    def _nodes(self) -> list[Node]:
        return [] if self._functional is None else self._functional._graph.order
