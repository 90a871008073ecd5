"""Keras 3's layout of weights in HDF5: one group for each object, found by walking attributes and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from swiftconv._core import Variable
from swiftconv.layers import Layer
from swiftconv.layers._tracking import NOT_OWNED
from swiftconv.optimizers import Optimizer
from swiftconv.saving._files import array_of, child
from swiftconv.utils.naming import to_snake_case

_SAVEABLE = (Layer, Optimizer)
_PRIVATE = {
    "_layers",
    "_tensors",
    "_graph",
    "_input_specs",
    "_init_arguments",
    "_dtype_policy",
    "_build_shapes",
    "_eager_metrics",
}


def _members(thing: Any) -> Iterator[tuple[str, Any]]:
    """Attributes that may hold saveable objects: the layers of a model first, then by name."""
    if "_functional" in thing.__dict__:
        yield "layers", thing.layers
    optimizer = getattr(thing, "optimizer", None) if isinstance(thing, Layer) and getattr(thing, "compiled", False) else None
    found = {name: value for name, value in thing.__dict__.items() if name not in NOT_OWNED and name not in _PRIVATE}
    if optimizer is not None:
        found["optimizer"] = optimizer
    for name in sorted(found):
        yield name, found[name]


def walk(thing: Any, path: str = "", visited: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Saveable objects with the paths of their groups."""
    visited = set() if visited is None else visited
    if id(thing) in visited:
        return
    visited.add(id(thing))
    yield path, thing
    if isinstance(thing, Optimizer):
        return
    for name, value in _members(thing):
        inner = f"{path}/{name}" if path else name
        if isinstance(value, _SAVEABLE):
            yield from walk(value, inner, visited)
        elif isinstance(value, (list, tuple, dict)):
            yield from _walk_container(value, inner, visited)


def _walk_container(container: Any, path: str, visited: set[int]) -> Iterator[tuple[str, Any]]:
    values = list(container.values()) if isinstance(container, dict) else list(container)
    used: dict[str, int] = {}
    for value in values:
        if not isinstance(value, _SAVEABLE):
            continue
        name = to_snake_case(type(value).__name__)
        if name in used:
            used[name] += 1
            name = f"{name}_{used[name]}"
        else:
            used[name] = 0
        yield from walk(value, f"{path}/{name}", visited)


def _skipped(thing: Any, skip: Any) -> bool:
    return any(thing is one or getattr(thing, "name", None) == one for one in skip or ())


def write_weights(file: Any, model: Any, objects_to_skip: Any = None) -> None:
    """Writes everything below `model` into an open HDF5 file."""
    for path, name, arrays in stores_of(model, objects_to_skip):
        group = file.create_group(path)
        group.attrs["name"] = name
        for key, value in arrays.items():
            group.create_dataset(key, data=value)


def stores_of(model: Any, objects_to_skip: Any = None) -> Iterator[tuple[str, str, dict[str, np.ndarray]]]:
    """The group in a file, the name and the arrays of each object below `model`."""
    for path, thing in walk(model):
        if _skipped(thing, objects_to_skip):
            continue
        store: dict[str, Any] = {}
        thing.save_own_variables(store)
        arrays = {key: np.asarray(v.numpy() if isinstance(v, Variable) else v) for key, v in store.items()}
        yield f"{path}/vars" if path else "vars", thing.name, arrays


class Store(dict[str, Any]):
    """The arrays of one object."""


class Shards:
    """Several files that are read as one.

    Args:
        read: gives the arrays of a group, None for one that there is not.
    """

    def __init__(self, read: Callable[[str], dict[str, np.ndarray] | None]) -> None:
        self.read = read


def _read(file: Any, path: str) -> Store | None:
    if isinstance(file, Shards):
        found = file.read(f"{path}/vars" if path else "vars")
        return None if found is None else Store(found)
    group = child(file, f"{path}/vars" if path else "vars")
    if group is None:
        return None
    return Store({key: array_of(child(group, key)) for key in sorted(group)})


def read_weights(file: Any, model: Any, skip_mismatch: bool = False, objects_to_skip: Any = None) -> None:
    """Reads everything below `model` out of an open HDF5 file.

    Raises:
        ValueError: weights are missing, or shapes differ.
    """
    failures: list[str] = []
    jobs = []
    for path, thing in walk(model):
        if _skipped(thing, objects_to_skip):
            continue
        store = _read(file, path)
        if isinstance(thing, Optimizer):
            if store:
                jobs.append((thing, store))
            continue
        expected = thing._variables_here()
        store = store if store is not None else Store()
        if type(thing).load_own_variables is not Layer.load_own_variables:
            jobs.append((thing, store))
            continue
        fault = _fault(thing, expected, store, path)
        if fault:
            failures.append(fault)
        elif expected:
            jobs.append((thing, store))
    if failures and not skip_mismatch:
        raise ValueError(f"load_weights: the file does not fit model {model.name!r}: " + "; ".join(failures[:5]))
    if not jobs and model.weights:
        raise ValueError(f"load_weights: the file holds no weights for model {model.name!r}")
    for thing, store in jobs:
        thing.load_own_variables(store)


def _fault(thing: Any, expected: list[Any], store: Store, path: str) -> str | None:
    where = f"{path or 'the model'} ({thing.name})"
    if len(expected) != len(store):
        if not thing.built and store:
            return f"{where}: has {len(store)} saved weights but is not built yet: call the model on data first"
        return f"{where}: expected {len(expected)} weights, received {len(store)}"
    for index, variable in enumerate(expected):
        value = store.get(str(index))
        if value is None:
            return f"{where}: weight {index} is missing"
        if tuple(value.shape) != tuple(variable.shape):
            return f"{where}: {variable.name}: expected shape {tuple(variable.shape)}, received shape {tuple(value.shape)}"
    return None
