"""The older `.h5` file of Keras: configuration in attributes, weights under the layers' names."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from swiftconv.saving._files import array_of, child
from swiftconv.utils import registry
from swiftconv.utils.serialization import deserialize_keras_object, serialize_keras_object

#: The Keras release whose layouts are written.
KERAS_VERSION = "3.15.0"
_LIMIT = 64512


def _set_names(group: Any, key: str, names: list[str]) -> None:
    """A list of names as an attribute, in pieces where it exceeds what an HDF5 header holds."""
    data = np.asarray([name.encode("utf8") for name in names], dtype="S") if names else np.asarray([], dtype="S1")
    pieces = max(1, -(-data.nbytes // _LIMIT))
    if pieces == 1:
        group.attrs[key] = data
    else:
        for index, piece in enumerate(np.array_split(data, pieces)):
            group.attrs[f"{key}{index}"] = piece


def _get_names(group: Any, key: str) -> list[str]:
    found: list[Any] = []
    if key in group.attrs:
        found = list(group.attrs[key])
    else:
        index = 0
        while f"{key}{index}" in group.attrs:
            found.extend(group.attrs[f"{key}{index}"])
            index += 1
    return [name.decode("utf8") if isinstance(name, bytes) else str(name) for name in found]


def _weights(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _write_group(group: Any, variables: list[Any]) -> None:
    names: list[str] = []
    for variable in variables:
        name, number = variable.path, 1
        while name in names:
            name = f"{variable.path}_{number}"
            number += 1
        names.append(name)
    _set_names(group, "weight_names", names)
    for name, variable in zip(names, variables, strict=True):
        group.create_dataset(name, data=np.asarray(variable.numpy()))


def write_model_weights(group: Any, model: Any) -> None:
    """Writes the weights of all layers."""
    layers = model.layers
    _set_names(group, "layer_names", [layer.name for layer in layers])
    group.attrs["backend"] = "swiftconv"
    group.attrs["keras_version"] = KERAS_VERSION
    inside = {id(v) for layer in layers for v in layer.weights}
    for layer in layers:
        _write_group(group.create_group(layer.name), _weights(layer))
    _write_group(group.create_group("top_level_model_weights"), [v for v in _weights(model) if id(v) not in inside])


def write_model(file: Any, model: Any, include_optimizer: bool = True) -> None:
    """Writes a model with its training configuration."""
    file.attrs["backend"] = "swiftconv"
    file.attrs["keras_version"] = KERAS_VERSION
    serialized = serialize_keras_object(model)
    own = "_keras_module" in type(model).__dict__
    name = serialized["class_name"] if own else serialized["registered_name"]
    file.attrs["model_config"] = json.dumps({"class_name": name, "config": serialized["config"]})
    write_model_weights(file.create_group("model_weights"), model)
    config = model.get_compile_config() if include_optimizer else None
    if config is None:
        return
    optimizer = config.pop("optimizer")
    config["optimizer_config"] = {"class_name": optimizer["class_name"], "config": optimizer["config"]}
    file.attrs["training_config"] = json.dumps(config)
    if model.optimizer.built:
        _write_group(file.create_group("optimizer_weights"), model.optimizer.variables)


def _json(file: Any, key: str) -> Any:
    text = file.attrs[key]
    try:
        return json.loads(text.decode("utf8") if isinstance(text, bytes) else str(text))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"load_model: the file's {key} is not JSON: {error}") from error


def read_model(file: Any, custom_objects: Any = None, compile: bool = True) -> Any:
    """Reads a model.

    Raises:
        ValueError: the file holds weights only, or what it holds does not fit together.
    """
    if "model_config" not in file.attrs:
        raise ValueError("load_model: the file holds no model (no model_config); for weights alone use model.load_weights")
    with registry.CustomObjectScope(custom_objects or {}):
        config = _json(file, "model_config")
        if not isinstance(config, dict) or "class_name" not in config:
            raise ValueError("load_model: model_config: expected a dict with class_name and config")
        if config["class_name"] == "Model":
            config["class_name"] = "Functional"
        model = deserialize_keras_object(config)
        group = child(file, "model_weights")
        if group is None:
            raise ValueError("load_model: the file has no model_weights")
        if model.built:
            read_model_weights(group, model)
        if compile and "training_config" in file.attrs:
            _compile(file, model)
    return model


def _compile(file: Any, model: Any) -> None:
    from swiftconv import optimizers

    try:
        config = _json(file, "training_config")
        given = config["optimizer_config"]
        optimizer = optimizers.deserialize({"class_name": given["class_name"].split(">")[-1], "config": given["config"]})
        names = ("loss", "metrics", "weighted_metrics", "loss_weights")
        rest = {name: deserialize_keras_object(config[name]) for name in names if config.get(name)}
        model.compile(optimizer=optimizer, **rest)
        model.optimizer.build(model.trainable_weights)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        warnings.warn(f"load_model: the training configuration was not understood, call compile(): {error}", stacklevel=4)
        return
    group = child(file, "optimizer_weights")
    if group is None:
        return
    values = [array_of(child(group, name)) for name in _get_names(group, "weight_names")]
    mine = model.optimizer.variables
    if [v.shape for v in values] != [tuple(v.shape) for v in mine]:
        warnings.warn("load_model: the optimizer's state does not fit and was not read", stacklevel=4)
        return
    for variable, value in zip(mine, values, strict=True):
        variable.assign(value)


def read_model_weights(group: Any, model: Any, skip_mismatch: bool = False, by_name: bool = False) -> None:
    """Reads the weights of all layers, in order or by name.

    Raises:
        ValueError: the number of layers or weights, or a shape differs.
    """
    names = _get_names(group, "layer_names")
    saved: list[tuple[str, list[Any]]] = []
    for name in names:
        inner = child(group, name)
        if inner is None:
            raise ValueError(f"load_weights: the file names layer {name!r} but does not hold it")
        arrays = []
        for weight in _get_names(inner, "weight_names"):
            data = child(inner, weight)
            if data is None:
                raise ValueError(f"load_weights: layer {name!r}: weight {weight!r} is missing")
            arrays.append(array_of(data))
        if arrays:
            saved.append((name, arrays))
    layers = [layer for layer in model.layers if layer.weights]
    if by_name:
        table = dict(saved)
        pairs = [(layer, table[layer.name]) for layer in layers if layer.name in table]
    else:
        if len(layers) != len(saved):
            raise ValueError(f"load_weights: expected {len(layers)} layers with weights, the file holds {len(saved)}")
        pairs = [(layer, arrays) for layer, (_, arrays) in zip(layers, saved, strict=True)]
    jobs: list[tuple[Any, Any]] = []
    for layer, arrays in pairs:
        variables = _weights(layer)
        shapes = [tuple(v.shape) for v in variables]
        received = [tuple(a.shape) for a in arrays]
        if shapes != received:
            if skip_mismatch:
                warnings.warn(f"load_weights: layer {layer.name!r} is skipped: {shapes} and {received} differ", stacklevel=3)
                continue
            raise ValueError(f"load_weights: layer {layer.name!r}: expected weights of shapes {shapes}, received {received}")
        jobs.extend(zip(variables, arrays, strict=True))
    top = child(group, "top_level_model_weights")
    if top is not None:
        inside = {id(v) for layer in model.layers for v in layer.weights}
        own = [v for v in _weights(model) if id(v) not in inside]
        stored = [array_of(child(top, name)) for name in _get_names(top, "weight_names")]
        if [tuple(v.shape) for v in own] == [tuple(a.shape) for a in stored]:
            jobs.extend(zip(own, stored, strict=True))
    for variable, array in jobs:
        variable.assign(array)
