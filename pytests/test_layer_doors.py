"""Every layer, activation, regularizer and constraint in Python and Swift: equal configs, weights, shapes, results, gradients (of
inputs and trainable weights), refusals; numbers have equal bits.

This file writes the cases (classes, arguments, shapes); Tests/DoorTests/Layers.swift reads them and writes what it found. Weights
are ((37 i + 11 k) mod 101 − 50) / 100 for number i of weight k, raised where they must be positive; input j holds
((53 i + 17 j) mod 103 − 51) / 50. Generators of random numbers begin at the seed in the arguments.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_door_cases import BAD, CASES, IMAGE, OBJECTS, ROWS

pytest.importorskip("swiftconv._native")
from swiftconv import (
    GradientTape,
    Input,
    activations,
    constraints,
    convert_to_tensor,
    layers,
    reduce_sum,
    regularizers,
    utils,
)
from swiftconv.utils import naming, registry
from test_doors import SWIFT_TESTS, need, run


@utils.register_keras_serializable(package="layer_doors", name="halved")
def halved(x: Any) -> Any:
    """A function that both doors know by name."""
    return x * 0.5


def classes() -> dict[str, type]:
    """The layers by the names that files hold."""
    found = {getattr(layers, name) for name in layers.__all__ if inspect.isclass(getattr(layers, name))}
    return {c.__name__: c for c in found if issubclass(c, layers.Layer) and c is not layers.Layer}


def of_python(case: dict[str, Any]) -> tuple[Any, Any]:
    """The first layer of its kind, and what files hold of it."""
    naming.reset_names()
    stored = {"module": "keras.layers", "class_name": case["class"], "config": case["config"], "registered_name": None}
    layer = utils.deserialize_keras_object(stored)
    return layer, serialized(utils.serialize_keras_object(layer)["config"])


def cases() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []

    def add(kind: str, name: str, config: Any, inputs: Any, training: bool = False, dtype: str = "float32") -> None:
        case = {"kind": kind, "class": name, "config": config, "inputs": inputs, "training": training, "dtype": dtype}
        if kind == "layer":
            case["full"] = of_python(case)[1]
        made.append({"name": f"{len(made)}-{name}", **case})

    for name, several in CASES.items():
        for config, inputs, *training in several:
            add("layer", name, config, inputs, bool(training))
    known = classes()
    for alias, kind in sorted(registry.names_of("keras.layers").items()):
        if alias not in CASES and known.get(kind.__name__) is kind:
            add("layer", alias, *CASES[kind.__name__][0])
    for name in (
        "Add",
        "Conv2D",
        "Conv2DTranspose",
        "Dense",
        "Flatten",
        "MaxPooling2D",
        "PReLU",
        "Rescaling",
        "Softmax",
    ):
        config, inputs = CASES[name][0][:2]
        add("layer", name, config, inputs, dtype="int32")
    for name, config, inputs in BAD:
        add("bad", name, config, inputs)
    for name in sorted(registry.names_of("keras.activations")):
        add("activations", name, name, IMAGE)
    for module in ("regularizers", "constraints"):
        for name in sorted({c.__name__ for c in registry.names_of(f"keras.{module}").values()}):
            add(module, name, name, ROWS)
            add(module, name, naming.to_snake_case(name), ROWS)
    for module, name, config in OBJECTS:
        add(module, name, {"class_name": name, "config": config}, ROWS)
    return made


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """Without what need not agree: states from no seed, the name of a layer that is another one's activation."""
    found = dict(found)
    for key in {"config", "again"} & set(found):
        config = found[key]
        if not isinstance(config, dict):
            continue
        if config.get("seed", 0) is None:
            found.pop("states", None)
        inner = config.get("activation")
        if isinstance(inner, dict):
            own = {key: value for key, value in inner["config"].items() if key not in ("name", "trainable", "dtype")}
            found[key] = {**config, "activation": {**inner, "config": own}}
    return found


def numbers(shape: Any, factor: int, shift: int, modulus: int, scale: int, dtype: Any = np.float32) -> np.ndarray:
    i = np.arange(int(np.prod(shape)))
    return (((factor * i + shift) % modulus - modulus // 2) / scale).reshape(shape).astype(dtype)


def given(case: dict[str, Any]) -> list[np.ndarray]:
    return [numbers(shape, 53, 17 * j, 103, 50).astype(case["dtype"]) for j, shape in enumerate(case["inputs"])]


def serialized(value: Any) -> Any:
    return json.loads(json.dumps(value))


def in_python(case: dict[str, Any]) -> dict[str, Any]:
    inputs = given(case)
    if case["kind"] in ("activations", "regularizers", "constraints"):
        module = {"activations": activations, "regularizers": regularizers, "constraints": constraints}[case["kind"]]
        thing = module.get(case["config"])
        y = np.asarray(thing(inputs[0]))
        config = module.serialize(thing)
        return {"config": serialized(config), "shape": list(y.shape), "output": y.astype(np.float32).tobytes().hex()}
    symbols = [Input(shape[1:], dtype=case["dtype"]) for shape in case["inputs"]]
    layer, config = of_python(case)
    found: dict[str, Any] = {"config": config, "again": config}
    one = len(inputs) == 1 and case["class"] not in MERGING
    symbolic = layer(symbols[0] if one else symbols)
    found["symbolic"] = list(symbolic.shape[1:])
    y = layer(inputs[0] if one else inputs)
    variables = list(layer.variables)
    found["weights"] = [[f"{layer.name}/{v.name}", list(v.shape), bool(v.trainable)] for v in variables]
    for k, v in enumerate(variables):
        if v.dtype in ("float32", "float64"):
            v.assign(numbers(v.shape, 37, 11 * k, 101, 100, str(v.dtype)) + (v.name in ("moving_variance", "renorm_stddev")))
    y = np.asarray(layer(inputs[0] if one else inputs, training=case["training"]))
    found["shape"], found["dtype"] = list(y.shape), str(y.dtype)
    found["output"] = y.tobytes().hex()
    # No sum is computed where nothing is added.
    found["losses"] = [np.asarray(one).tobytes().hex() for one in layer._losses if hasattr(one, "dtype")]
    found["states"] = [np.asarray(v).tobytes().hex() for v in layer.variables]
    found["gradients"] = gradients(layer, inputs, case["training"], one)
    return found


def gradients(layer: Any, inputs: list[np.ndarray], training: bool, one: bool) -> list[str | None]:
    """Of Σ w y with respect to the inputs and the trainable weights; None where nothing connects them."""
    x = [convert_to_tensor(a) for a in inputs]
    floats = ("float32", "float64")
    with GradientTape() as tape:
        for a in x:
            if a.dtype in floats:
                tape.watch(a)
        y = layer(x[0] if one else x, training=training)
        weights = list(layer.trainable_variables)
        total = reduce_sum(y * numbers(y.shape, 29, 7, 97, 40, str(y.dtype))) if y.dtype in floats else None
    sources = [*x, *weights]
    if total is None:
        return [None] * len(sources)
    places = [k for k, a in enumerate(sources) if a.dtype in floats]
    found: list[str | None] = [None] * len(sources)
    for k, slope in zip(places, tape.gradient(total, [sources[k] for k in places]), strict=True):
        found[k] = None if slope is None else np.asarray(slope).tobytes().hex()
    return found


MERGING = ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    need(SWIFT_TESTS, "swift build --build-tests", "Tests/DoorTests", "Tests/_TestSupport")
    folder: Path = tmp_path_factory.mktemp("layers")
    given, results = folder / "cases.json", folder / "results.json"
    given.write_text(json.dumps({"cases": cases()}))
    command = ["swift", "test", "--skip-build", "--filter", "^DoorTests.LayerDoorTests"]
    run(command, SWIFTCONV_LAYER_CASES=str(given), SWIFTCONV_LAYER_RESULTS=str(results))
    return json.loads(results.read_text())


def test_every_layer_has_a_case() -> None:
    assert sorted(CASES) == sorted(classes())


def test_swift_has_the_layers_of_python(swift: dict[str, Any]) -> None:
    assert sorted(swift["classes"]) == sorted(classes())


@pytest.mark.parametrize("case", [c for c in cases() if c["kind"] != "bad"], ids=lambda case: case["name"])
def test_layer(case: dict[str, Any], swift: dict[str, Any]) -> None:
    expected, received = in_python(case), swift[case["name"]]
    assert "error" not in received, received
    expected, received = plain(expected), plain(received)
    assert sorted(received) == sorted(expected)
    differing = {key: (received[key], value) for key, value in expected.items() if received[key] != value}
    assert differing == {}
    if case["kind"] == "layer":
        again = utils.deserialize_keras_object(
            {"class_name": case["class"], "module": "keras.layers", "config": received["config"]}
        )
        assert plain({"config": serialized(utils.serialize_keras_object(again)["config"])})["config"] == expected["config"]


def test_gradients_of_every_layer_are_compared() -> None:
    compared = set()
    for case in cases():
        if case["kind"] == "layer" and None not in in_python(case)["gradients"]:
            compared.add(case["class"])
    assert set(classes()) - compared == set()


@pytest.mark.parametrize("case", [c for c in cases() if c["kind"] == "bad"], ids=lambda case: case["name"])
def test_refused(case: dict[str, Any], swift: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        in_python(case)
    assert swift[case["name"]].get("error")
