"""Models and weights as safetensors files (https://github.com/huggingface/safetensors), which the Swift library reads too.

Each weight is a tensor under the names of the layers that it is in, from the outermost below the model, and its own:
`conv2d/kernel`, `encoder/dense_1/bias`. The metadata holds the names in the model's order under `weight_names`, so that a model
whose layers got other names finds its weights too; of a whole model also Keras's configuration as JSON under `keras_config`. What
a model in training needs beside it is `safetensors_training`'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from swiftconv._core import Variable
from swiftconv.layers import _tracking
from swiftconv.saving import safetensors_training as training
from swiftconv.saving._files import atomically
from swiftconv.utils.serialization import serialize_keras_object

CONFIG, NAMES = "keras_config", "weight_names"
SUFFIX = ".safetensors"


def _safetensors() -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            "reading and writing .safetensors files needs the package safetensors: pip install 'swiftconv[safetensors]'"
        ) from error
    return safetensors


def named_weights(model: Any) -> Iterator[tuple[str, Any]]:
    """The variables of a model under the names that files give them.

    Raises:
        ValueError: two weights would have one name.
    """
    yield from _unique(model, lambda thing: ((variable.name, variable) for variable in thing._variables_here()))


def named_generators(model: Any) -> dict[str, Variable]:
    """The states of random generators under the names that files give them."""

    def states(thing: Any) -> Iterator[tuple[str, Any]]:
        found = [leaf.state for leaf in _tracking.owned(thing) if isinstance(getattr(leaf, "state", None), Variable)]
        for number, state in enumerate(_tracking.unique(found)):
            yield f"{state.name}_{number}" if number else str(state.name), state

    return dict(_unique(model, states))


def _unique(model: Any, variables: Callable[[Any], Iterable[tuple[str, Any]]]) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    visited: set[int] = set()

    def walk(thing: Any, prefix: str) -> Iterator[tuple[str, Any]]:
        if id(thing) in visited:
            return
        visited.add(id(thing))
        for own, variable in variables(thing):
            name = f"{prefix}{own}"
            if name in seen:
                raise ValueError(f"model {model.name!r}: two weights are called {name!r}: give their layers different names")
            seen.add(name)
            yield name, variable
        for layer in thing.layers if hasattr(thing, "layers") else thing._sublayers():
            yield from walk(layer, f"{prefix}{layer.name}/")

    yield from walk(model, "")


def write(path: str, model: Any, with_config: bool, with_training: bool = False) -> None:
    """Writes the weights, the configuration with them, and what training needs."""
    library = _safetensors()
    variables = dict(named_weights(model))
    metadata = {"format": "swiftconv", NAMES: json.dumps(list(variables))}
    if with_config:
        settings, note = training.compile_settings(model) if with_training else (None, None)
        config = serialize_keras_object(model)
        config.pop("compile_config", None)
        if settings is not None:
            config["compile_config"] = settings
            names = {id(variable): name for name, variable in variables.items()}
            more = training.tensors(model, names, named_generators(model))
            if not variables.keys().isdisjoint(more):
                raise ValueError(f"model {model.name!r}: a layer called 'optimizer' stands in the way of the optimizer's state")
            variables.update(more)
            excluded = training.exclusions(model, names)
            if excluded:
                metadata[training.EXCLUSIONS] = json.dumps(excluded)
        elif note is not None:
            metadata[training.NOTE] = note
        metadata[CONFIG] = json.dumps(config)
    arrays = {name: np.asarray(variable.numpy(), order="C") for name, variable in variables.items()}
    with atomically(path) as temporary:
        library.numpy.save_file(arrays, temporary, metadata)


def _open(path: str, what: str) -> Any:
    library = _safetensors()
    try:
        return library.safe_open(path, framework="np")
    except (library.SafetensorError, OSError) as error:
        raise ValueError(f"{what}: {path!r} is not a safetensors file: {error}") from error


def read_config(path: str, what: str) -> str:
    """The configuration of a whole model.

    Raises:
        ValueError: the file holds none.
    """
    with _open(path, what) as file:
        metadata = file.metadata() or {}
    if CONFIG not in metadata:
        raise ValueError(
            f"{what}: {path!r} holds no configuration of a model under {CONFIG!r}: weights alone are read by "
            "model.load_weights, graphs made by model.export by the C library"
        )
    return str(metadata[CONFIG])


def read_training(path: str, model: Any, what: str) -> None:
    """Gives a model that was compiled as the file says the states of the optimizer and of random generators.

    Raises:
        ValueError: the file holds a part of the state, or another one.
    """
    with _open(path, what) as file:
        training.warn(file.metadata() or {}, path)
        if getattr(model, "compiled", False) and model.optimizer is not None and model.built:
            names = {id(variable): name for name, variable in named_weights(model)}
            training.read(file, model, names, named_generators(model), what)


def read_weights(path: str, model: Any, what: str, skip_mismatch: bool = False) -> None:
    """Reads the weights into a model: all or none.

    Raises:
        ValueError: weights are missing, or shapes differ.
    """
    found: list[tuple[Any, np.ndarray]] = []
    failures: list[str] = []
    weights = list(named_weights(model))
    with _open(path, what) as file:
        names = _places([name for name, _ in weights], file)
        for (name, variable), place in zip(weights, names, strict=True):
            if place is None:
                failures.append(f"{name} is missing")
                continue
            value = file.get_tensor(place)
            if tuple(value.shape) != tuple(variable.shape):
                failures.append(f"{name}: expected shape {tuple(variable.shape)}, received {tuple(value.shape)}")
                continue
            found.append((variable, value))
    if failures and not skip_mismatch:
        raise ValueError(f"{what}: {path!r} does not fit model {model.name!r}: " + "; ".join(failures[:5]))
    for variable, value in found:
        variable.assign(value)


def _places(wanted: list[str], file: Any) -> list[str | None]:
    """Where each weight stands in a file: under its name; where names differ, in the order of the model that was written."""
    held = set(file.keys())
    places = [name if name in held else None for name in wanted]
    if None in places:
        try:
            order = json.loads((file.metadata() or {}).get(NAMES, "null"))
        except json.JSONDecodeError:
            order = None
        is_list = isinstance(order, list) and all(isinstance(name, str) for name in order)
        if is_list and len(order) == len(wanted) == len(set(order)) and set(order) <= held:
            return list(order)
    return places
