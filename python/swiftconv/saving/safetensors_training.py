"""What a `.safetensors` file holds of a model in training: how it is compiled, the optimizer's state, that of random generators.

Tensors: `optimizer/iteration`, `optimizer/learning_rate`, for each weight `optimizer/momentum/conv2d/kernel` and the like;
`dropout/seed_generator_state`. The Swift library reads and writes the same.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from swiftconv._core import Variable

PREFIX = "optimizer/"
EXCLUSIONS, NOTE = "weight_decay_exclusions", "not_compiled"


def compile_settings(model: Any) -> tuple[Any, str | None]:
    """How a model is compiled, and a note in place of that where something has no name."""
    if not getattr(model, "compiled", False):
        return None, None
    settings = model.get_compile_config()
    if settings is None:
        return None, "how the model was compiled is not in the file, because an object among it has no get_config()"
    if _holds_lambda(settings):
        return None, "how the model was compiled is not in the file, because it names a lambda: give it a name by def"
    return settings, None


def _holds_lambda(value: Any) -> bool:
    if isinstance(value, dict):
        if value.get("class_name") == "function" and value.get("config") == "<lambda>":
            return True
        return any(_holds_lambda(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_holds_lambda(item) for item in value)


def _named(optimizer: Any, names: dict[int, str]) -> dict[str, Variable]:
    """An optimizer's variables by their names in the file; `names`: those of the weights, by `id`."""
    slots = {id(slot): (name, weight) for name, weight, slot in optimizer._slots}
    found: dict[str, Variable] = {}
    for variable in optimizer.variables:
        name = str(variable.name)
        if id(variable) in slots:
            slot, weight = slots[id(variable)]
            if id(weight) not in names:
                continue
            name = f"{slot}/{names[id(weight)]}"
        if name in found:
            raise ValueError(f"optimizer {optimizer.name!r}: two of its variables are called {name!r}")
        found[name] = variable
    return {f"{PREFIX}{name}": variable for name, variable in found.items()}


def tensors(model: Any, names: dict[int, str], generators: dict[str, Variable]) -> dict[str, Variable]:
    """The state of the optimizer and of random generators, by the names of the file."""
    return {**generators, **_named(model.optimizer, names)}


def exclusions(model: Any, names: dict[int, str]) -> list[str]:
    """The weights that weight decay leaves alone."""
    optimizer = model.optimizer
    if optimizer.weight_decay is None:
        return []
    weights = [v for v in model.weights if id(v) in names and getattr(v, "_made_trainable", v.trainable)]
    return [names[id(v)] for v in weights if not optimizer._use_weight_decay(v)]


def read(file: Any, model: Any, names: dict[int, str], generators: dict[str, Variable], what: str) -> None:
    """Gives a compiled model the state that a file holds.

    Raises:
        ValueError: a tensor is missing, or has another shape.
    """
    optimizer, held = model.optimizer, set(file.keys())
    weights = {names[id(v)]: v for v in model.weights if id(v) in names}
    excluded = _names(file, EXCLUSIONS)
    optimizer._excluded_ids |= {id(weights[name]) for name in excluded if name in weights}
    if f"{PREFIX}iteration" not in held:
        if excluded and model.built:
            optimizer.build(model.trainable_weights)
        return
    # frozen weights may have a state from before they were frozen; one that is not built yet has none
    slots = {key.removeprefix(PREFIX).partition("/")[2] for key in held if key.startswith(PREFIX)}
    trainable = {id(v) for v in model.trainable_weights}
    optimizer.build([v for name, v in weights.items() if name in slots or id(v) in trainable])
    jobs: list[tuple[Variable, np.ndarray]] = []
    failures: list[str] = []
    wanted = _named(optimizer, names)
    wanted.update({name: variable for name, variable in generators.items() if name in held})
    for name, variable in wanted.items():
        weight = name.removeprefix(PREFIX).partition("/")[2]
        if name.startswith(PREFIX) and weight and weight not in slots:
            continue  # trained for the first time from now on
        place = name if name in held else _shared(name, held)
        if place is None:
            failures.append(f"{name} is missing")
            continue
        value = file.get_tensor(place)
        if tuple(value.shape) != tuple(variable.shape):
            failures.append(f"{name}: expected shape {tuple(variable.shape)}, received {tuple(value.shape)}")
            continue
        jobs.append((variable, value))
    if failures:
        raise ValueError(f"{what}: the state of the optimizer does not fit model {model.name!r}: " + "; ".join(failures[:5]))
    for variable, value in jobs:
        variable.assign(value)


def _shared(name: str, held: set[str]) -> str | None:
    """A number that Swift keeps for each weight, and Python once."""
    return min((key for key in held if key.startswith(f"{name}/")), default=None)


def _names(file: Any, key: str) -> list[str]:
    try:
        found = json.loads((file.metadata() or {}).get(key, "[]"))
    except json.JSONDecodeError:
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def warn(metadata: dict[str, str], path: str) -> None:
    """Says what the file's writer could not describe."""
    if NOTE in metadata:
        warnings.warn(f"load_model: {path!r}: {metadata[NOTE]}: call compile()", stacklevel=4)
