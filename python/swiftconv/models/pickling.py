"""Pickle and copies of models, by their configuration and weights."""

from __future__ import annotations

import copyreg
from typing import Any

from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object


def pickled_model(model: Any) -> Any:
    """What `__reduce__` returns: configuration, weights and the optimizer's state; classes by reference."""
    cls = type(model)
    if "_keras_module" not in cls.__dict__:
        state = {k: v for k, v in model.__dict__.items() if k not in ("_steps", "history", "_inbound_nodes")}
        if "_functional" not in state or cls.__dict__.get("call") is not None:
            return copyreg.__newobj__, (cls,), state  # type: ignore[attr-defined]  # what object.__reduce_ex__ names
    config = serialize_keras_object(model)
    classes = {
        type(layer).__name__: type(layer) for layer in model._flatten_layers() if "_keras_module" not in type(layer).__dict__
    }
    weights = [w.numpy() for w in model.weights]
    optimizer = model.optimizer
    slots = [v.numpy() for v in optimizer.variables] if optimizer is not None and optimizer.built else None
    return _unpickled, (config, classes, weights, slots)


def _unpickled(config: Any, classes: dict[str, Any], weights: Any, slots: Any) -> Any:
    model = deserialize_keras_object(config, classes)
    if not model.built and weights:
        raise ValueError(f"model {model.name!r}: cannot be rebuilt from its pickle: its input shape is not known")
    model.set_weights(weights)
    if slots is not None and model.optimizer is not None:
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_weights)
        for variable, value in zip(model.optimizer.variables, slots, strict=True):
            variable.assign(value)
    return model


def clone_model(
    model: Any, input_tensors: Any = None, clone_function: Any = None, call_function: Any = None, **kwargs: Any
) -> Any:
    """A model of the same layers' configurations with fresh weights.

    Args:
        model: a `Sequential` or functional model.
        clone_function: takes a layer, returns the one to use instead; a copy by configuration by default.

    Raises:
        ValueError: a subclassed model.
    """
    from swiftconv.layers.core.input_layer import InputLayer
    from swiftconv.models.functional import Functional
    from swiftconv.models.sequential import Sequential

    if input_tensors is not None or call_function is not None or kwargs:
        raise ValueError("clone_model: input_tensors, call_function: expected None")
    make = clone_function or (lambda layer: type(layer).from_config(layer.get_config()))
    if isinstance(model, Sequential):
        copy = Sequential(name=model.name)
        for layer in model._layers:
            copy.add(type(layer).from_config(layer.get_config()) if isinstance(layer, InputLayer) else make(layer), rebuild=False)
        copy._maybe_build()
        return copy
    if isinstance(model, Functional):
        return _cloned_graph(model, make)
    raise ValueError(f"clone_model: expected a Sequential or functional model, received {type(model).__name__}")


def _cloned_graph(model: Any, make: Any) -> Any:
    from swiftconv.layers.core.input_layer import Input
    from swiftconv.models._graph import history_enabled, node_of
    from swiftconv.utils import nest

    layers: dict[int, Any] = {}
    values: dict[int, Any] = {}
    for tensor in model._inputs:
        name = node_of(tensor).operation.name
        values[id(tensor)] = Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=name)
    inputs = nest.map_structure(lambda t: values[id(t)], model._inputs_struct)
    with history_enabled():
        for node in model._graph.order:
            layer = layers.get(id(node.operation))
            if layer is None:
                layer = layers[id(node.operation)] = make(node.operation)
            args, kwargs = node.fill(values)
            for tensor, value in zip(node.outputs, nest.flatten(layer(*args, **kwargs)), strict=True):
                values[id(tensor)] = value
    outputs = nest.map_structure(lambda t: values[id(t)], model._outputs_struct)
    return type(model)(inputs, outputs, name=model.name)
