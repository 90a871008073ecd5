"""Models made of a functional graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import is_tensor
from swiftconv.layers._node import is_keras_tensor
from swiftconv.layers.core.input_layer import InputLayer
from swiftconv.layers.input_spec import InputSpec
from swiftconv.layers.layer import Layer
from swiftconv.models._graph import Graph, history_enabled, node_of
from swiftconv.models.model import Model
from swiftconv.utils import nest
from swiftconv.utils.registry import builtin
from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object


@builtin("keras.src.models.functional")
class Functional(Model):
    """`Model(inputs, outputs)`: see `Model`.

    Raises:
        ValueError: inputs that are not symbolic, outputs that do not depend on the inputs alone, names used twice.
    """

    _inputs: list[Any]
    _outputs: list[Any]
    _inputs_struct: Any
    _outputs_struct: Any
    _graph: Graph
    _layers: list[Layer]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return Layer.__new__(cls, *args, **kwargs)

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        trainable = kwargs.pop("trainable", None)
        Layer.__init__(self, name=name, **kwargs)
        _set_graph(self, inputs, outputs)
        if trainable is not None and not trainable:
            self.trainable = False

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return list(self._layers)

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError(f"model {self.name!r}: layers cannot be set")

    def build(self, input_shape: Any = None) -> None:
        """A functional model is built already."""

    def get_build_config(self) -> Any:
        """Nothing: the configuration holds the shapes."""
        return None

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Runs the graph."""
        flat = [self._standardized(t, v) for t, v in zip(self._inputs, self._flat_inputs(inputs), strict=True)]
        values = {id(t): v for t, v in zip(self._inputs, flat, strict=True)}
        return nest.pack_like(self._outputs_struct, self._graph.run(values))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of the outputs."""
        return Layer.compute_output_shape(self, input_shape)

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """The shapes and types of the outputs."""
        return self.call(inputs)

    def _flat_inputs(self, inputs: Any) -> list[Any]:
        struct = self._inputs_struct
        if isinstance(struct, dict):
            if isinstance(inputs, dict):
                missing = [key for key in struct if key not in inputs]
                optional = {k for k, t in struct.items() if is_keras_tensor(t) and _is_optional(t)}
                if set(missing) - optional:
                    raise ValueError(f"model {self.name!r}: expected inputs {sorted(struct)}, received {sorted(inputs)}")
                return nest.flatten({key: inputs.get(key) for key in struct})
            flat = nest.flatten(inputs)
        elif isinstance(inputs, dict):
            names = [node_of(t).operation.name for t in self._inputs]
            missing = [name for name in names if name not in inputs]
            if missing:
                raise ValueError(f"model {self.name!r}: expected inputs {names}, received {sorted(inputs)}")
            flat = [inputs[name] for name in names]
        else:
            flat = nest.flatten(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(flat) != len(self._inputs):
            raise ValueError(f"model {self.name!r}: expected {len(self._inputs)} inputs, received {len(flat)}")
        return flat

    def _standardized(self, tensor: Any, value: Any) -> Any:
        if value is None:
            if _is_optional(tensor):
                return None
            raise ValueError(f"model {self.name!r}: input {tensor.name!r}: expected shape {tensor.shape}, received None")
        if not is_tensor(value):
            value = np.asarray(value)
        if value.dtype != tensor.dtype:
            value = ops.cast(value, tensor.dtype)
        expected, shape = tuple(tensor.shape), tuple(value.shape)
        if len(shape) == len(expected) - 1 and expected[-1] == 1:
            value = ops.expand_dims(value, -1)
        elif len(shape) == len(expected) + 1 and shape[-1] == 1:
            value = ops.squeeze(value, axis=-1)
        shape = tuple(value.shape)
        if len(shape) != len(expected) or any(
            a is not None and b is not None and a != b for a, b in zip(expected, shape, strict=True)
        ):
            raise ValueError(f"model {self.name!r}: input {tensor.name!r}: expected shape {expected}, received shape {shape}")
        return value

    def get_config(self) -> dict[str, Any]:
        """The layers, and how they are connected."""
        if "get_config" not in type(self).__dict__ and type(self) is not Functional and _own_init(type(self)):
            return Layer.get_config(self)
        return functional_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A model from its configuration."""
        if {"layers", "input_layers", "output_layers"} <= set(config):
            return functional_from_config(cls, config, custom_objects)
        return Layer.from_config.__func__(cls, config)  # type: ignore[attr-defined]


def _own_init(cls: type) -> bool:
    return next(base for base in cls.__mro__ if "__init__" in base.__dict__) is not Functional


def _is_optional(tensor: Any) -> bool:
    node = node_of(tensor)
    return bool(getattr(node.operation, "optional", False))


def _set_graph(model: Any, inputs: Any, outputs: Any) -> None:
    flat_inputs, flat_outputs = nest.flatten(inputs), nest.flatten(outputs)
    for tensor in flat_inputs:
        if not is_keras_tensor(tensor):
            raise ValueError(f"model {model.name!r}: inputs: expected what Input() returns, received {tensor!r}")
    if len({id(t) for t in flat_inputs}) != len(flat_inputs):
        raise ValueError(f"model {model.name!r}: inputs: the same input appears twice")
    if not flat_outputs or not all(is_keras_tensor(t) for t in flat_outputs):
        raise ValueError(f"model {model.name!r}: outputs: expected symbolic outputs of layers, received {outputs!r}")
    own = model.__dict__
    own["_inputs_struct"], own["_outputs_struct"] = inputs, outputs
    own["_inputs"], own["_outputs"] = flat_inputs, flat_outputs
    own["_graph"] = Graph(flat_inputs, flat_outputs)
    own["_layers"] = own["_graph"].layers
    names: dict[str, Any] = {}
    for layer in own["_layers"]:
        if names.setdefault(layer.name, layer) is not layer:
            raise ValueError(f"model {model.name!r}: layer names must be unique, but two layers are called {layer.name!r}")
    own["_functional"] = model
    own["built"] = True
    specs = []
    for tensor in flat_inputs:
        layer = node_of(tensor).operation
        shape = (None, *tensor.shape[1:]) if len(tensor.shape) else tensor.shape
        specs.append(InputSpec(shape=shape, allow_last_axis_squeeze=True, name=layer.name))
    own["_input_specs"] = specs


def adopt_functional(model: Any, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
    """A subclass of `Model` that calls `super().__init__(inputs, outputs)` becomes functional."""
    cls = type(model)
    if "call" not in cls.__dict__ and not issubclass(cls, Functional):
        bases = tuple(Functional if base is Model else base for base in cls.__bases__)
        try:
            cls.__bases__ = bases
        except TypeError:
            model.__class__ = type(cls.__name__, (cls, Functional), {"__module__": cls.__module__})
        cls._call_info = None
    Functional.__init__(model, inputs, outputs, name=name, **kwargs)


def functional_config(model: Any) -> dict[str, Any]:
    """Keras's configuration of a graph."""
    graph: Graph = model._graph
    position: dict[int, int] = {}
    counts: dict[int, int] = {}
    for node in graph.order:
        position[id(node)] = counts.get(id(node.operation), 0)
        counts[id(node.operation)] = position[id(node)] + 1
    heads: dict[int, str] = {}
    layers: list[dict[str, Any]] = []
    for tensor in model._inputs:
        node = node_of(tensor)
        if node.inputs or not isinstance(node.operation, InputLayer):
            head = InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype, name=f"{node.operation.name}_input")
            heads[id(tensor)] = head.name
            layers.append({**serialize_keras_object(head), "name": head.name, "inbound_nodes": []})

    def key(tensor: Any) -> list[Any]:
        if id(tensor) in heads:
            return [heads[id(tensor)], 0, 0]
        node = node_of(tensor)
        return [node.operation.name, position.get(id(node), 0), tensor._history[1]]

    def plain(value: Any) -> Any:
        if is_keras_tensor(value):
            config = {"shape": list(value.shape), "dtype": str(value.dtype.name), "keras_history": key(value)}
            return {"class_name": "__keras_tensor__", "config": config}
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(v) for v in value]
        return serialize_keras_object(value)

    for layer in model._layers:
        nodes = [node for node in graph.order if node.operation is layer]
        inbound = [{"args": [plain(a) for a in node.args], "kwargs": plain(node.kwargs)} for node in nodes]
        layers.append({**serialize_keras_object(layer), "name": layer.name, "inbound_nodes": inbound})
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layers,
        "input_layers": _keys(model._inputs_struct, key),
        "output_layers": _keys(model._outputs_struct, key),
    }


def _keys(struct: Any, key: Any) -> Any:
    if isinstance(struct, dict):
        return {name: _keys(value, key) for name, value in struct.items()}
    if isinstance(struct, (list, tuple)):
        return [_keys(value, key) for value in struct]
    return key(struct)


def _is_key(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int)


def functional_from_config(cls: Any, config: dict[str, Any], custom_objects: Any = None) -> Any:
    """The model of a graph's configuration, of this library or of Keras (older forms of nodes included).

    Raises:
        ValueError: nodes that refer to layers or outputs that do not exist.
    """
    layers: dict[str, Any] = {}
    pending: dict[str, list[Any]] = {}
    for data in config["layers"]:
        if not isinstance(data, dict):  # read by the generic reader already
            raise ValueError("model config: expected dicts as layers")
        layer = deserialize_keras_object({k: v for k, v in data.items() if k not in ("name", "inbound_nodes")}, custom_objects)
        name = data.get("name") or layer.name
        layers[name] = layer
        pending[name] = list(data.get("inbound_nodes") or [])
    made: dict[tuple[str, int], list[Any]] = {}
    for name, layer in layers.items():
        if isinstance(layer, InputLayer):
            made[(name, 0)] = [layer.output]
    with history_enabled():
        _replay(layers, pending, made)
    try:
        inputs = _tensors(config["input_layers"], made, top=True)
        outputs = _tensors(config["output_layers"], made, top=True)
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"model config: inputs or outputs refer to what does not exist: {error}") from error
    model = cls(inputs, outputs, name=config.get("name"))
    if config.get("trainable") is False:
        model.trainable = False
    return model


def _replay(layers: dict[str, Any], pending: dict[str, list[Any]], made: dict[tuple[str, int], list[Any]]) -> None:
    counts = dict.fromkeys(layers, 0)
    while any(pending.values()):
        moved = False
        for name, nodes in pending.items():
            while nodes:
                try:
                    args, kwargs = _arguments(nodes[0], made)
                except KeyError:
                    break
                if "training" in kwargs and kwargs["training"] == layers[name]._call_signature()[3]:
                    del kwargs["training"]  # Keras writes the default down: the model says whether it is training
                outputs = layers[name](*args, **kwargs)
                made[(name, counts[name])] = nest.flatten(outputs)
                counts[name] += 1
                nodes.pop(0)
                moved = True
        if not moved:
            left = [name for name, nodes in pending.items() if nodes]
            raise ValueError(f"model config: the inputs of layers {left} do not exist")


def _arguments(node: Any, made: dict[tuple[str, int], list[Any]]) -> tuple[list[Any], dict[str, Any]]:
    if isinstance(node, dict):
        if "args" not in node:
            raise ValueError(f"model config: expected a node with 'args', received {sorted(node)}")
        return [_value(a, made) for a in node["args"]], {k: _value(v, made) for k, v in (node.get("kwargs") or {}).items()}
    # Keras 2: [[name, node, tensor, kwargs], …]
    tensors = [made[(entry[0], entry[1])][entry[2]] for entry in node]
    kwargs = node[0][3] if len(node[0]) > 3 else {}
    return [tensors[0] if len(tensors) == 1 else tensors], kwargs


def _value(value: Any, made: dict[tuple[str, int], list[Any]]) -> Any:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            name, node, index = value["config"]["keras_history"]
            return made[(name, node)][index]
        if value.get("class_name") == "__tuple__":
            return tuple(_value(v, made) for v in value["items"])
        if "class_name" in value:
            return deserialize_keras_object(value)
        return {k: _value(v, made) for k, v in value.items()}
    return [_value(v, made) for v in value] if isinstance(value, list) else value


def _tensors(value: Any, made: dict[tuple[str, int], list[Any]], top: bool = False) -> Any:
    if _is_key(value):
        return made[(value[0], value[1])][value[2]]
    if isinstance(value, dict):
        return {k: _tensors(v, made) for k, v in value.items()}
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"model config: expected outputs of layers, received {value!r:.80}")
    return [_tensors(v, made) for v in value]
