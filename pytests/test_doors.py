"""Swift, Python and C give equal bits: all ops of the reference cases, their gradients, 20 steps of the tutorial's CNN.

Each door composes everything by itself: Python with `_native` and Keras's layers, Swift (Tests/DoorTests) with the engine and the
public library, C (Tests/_CPrograms/parity) with swiftconv.h. The last two write their results to files, which are compared here
byte by byte. Where `make test-c` and `swift build --build-tests` did not build them, the tests are skipped; with
SWIFTCONV_REQUIRE_DOORS they must be there.

The training: batches of 64 digits, x evenly spread over 0 … 1 by the seed 120 + step, label (7 i + 3 step) mod 10; kernels of
layer k evenly spread over ±√(6 / (fan in + fan out)) by the seed 20 + k, biases 0; Adam, cross-entropy of logits. A second one
with batch normalization, dropout, Adam with weight decay and a validation split: `regularized`.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import FOLDER, load

_native = pytest.importorskip("swiftconv._native")
import swiftconv as tf

ROOT = Path(__file__).resolve().parent.parent
ENGINE = ("convolution", "dense", "pooling", "normalization", "elementwise", "reduction", "movement", "loss")
PROGRAM = ROOT / "build/c/bin/parity"
SWIFT_TESTS = ROOT / ".build/debug/swiftconvPackageTests.xctest"
REQUIRED = bool(os.environ.get("SWIFTCONV_REQUIRE_DOORS"))
SEED, BATCH, STEPS = 20, 64, 20
Results = dict[str, bytes]


def need(program: Path, how: str, *folders: str) -> None:
    """Skips where a door was not built, or was built from other sources."""
    reason = ""
    if not program.exists():
        reason = f"{program.relative_to(ROOT)} is not built: {how}"
    else:
        sources = [
            p for folder in ("Sources", *folders) for p in (ROOT / folder).rglob("*") if p.suffix in (".swift", ".c", ".h")
        ]
        newest = max(sources, key=lambda p: p.stat().st_mtime)
        if newest.stat().st_mtime > program.stat().st_mtime:
            reason = f"{newest.relative_to(ROOT)} is newer than {program.relative_to(ROOT)}: {how}"
    if reason and REQUIRED and not program.exists():
        pytest.fail(reason)
    if reason and not REQUIRED:
        pytest.skip(reason)


def read(path: Path) -> Results:
    """The results of a file: `name<TAB>what<TAB>bytes<NEWLINE>`, the bytes, and so on."""
    content = path.read_bytes()
    found: Results = {}
    at = 0
    while at < len(content):
        end = content.index(b"\n", at)
        name, what, size = content[at:end].decode().split("\t")
        at = end + 1 + int(size)
        assert f"{name} {what}" not in found
        found[f"{name} {what}"] = content[end + 1 : at]
    return found


def run(command: list[Any], **environment: str) -> None:
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.fixture(scope="module")
def c_results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    need(PROGRAM, "make test-c", "Tests/_CPrograms")
    path = tmp_path_factory.mktemp("c") / "results"
    run([PROGRAM, FOLDER, path])
    return read(path)


@pytest.fixture(scope="module")
def swift_results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    need(SWIFT_TESTS, "swift build --build-tests", "Tests/DoorTests", "Tests/_TestSupport")
    path = tmp_path_factory.mktemp("swift") / "results"
    run(["swift", "test", "--skip-build", "--filter", "^DoorTests"], SWIFTCONV_DOOR_RESULTS=str(path))
    return read(path)


def as_tuple(value: Any) -> tuple[np.ndarray, ...]:
    return value if isinstance(value, tuple) else (value,)


@pytest.fixture(scope="module")
def python_results() -> Results:
    found: Results = {}
    for case in (case for family in ENGINE for case in load(family)):
        op = _native.Op(case.op, case.attributes)
        for k, y in enumerate(as_tuple(op(*case.inputs))):
            found[f"{case.id} output {k}"] = y.tobytes()
        if case.input_gradients is not None:
            for k, dx in gradients(case, op).items():
                found[f"{case.id} gradient {k}"] = dx.tobytes()
    for case in load("optimizer"):
        op = _native.Op(case.op, case.attributes)
        state = [x.copy() for x in case.inputs]
        rate = np.asarray(case.fields["learning_rate"], case.fields["dtype"])
        for t, step in enumerate(case.steps):
            more = [np.asarray(t + 1, np.int64)] if case.op == "adam_update" else []
            state = list(as_tuple(op(*state, step["gradient"][0], rate, *more)))
            for k, x in enumerate(state):
                found[f"{case.id} state {16 * t + k}"] = x.tobytes()
    for case in load("training"):
        if case.name.startswith("plain-"):
            found.update(stored_training(case))
    found.update(training())
    found.update(regularized())
    return found


def stored_training(case: Any) -> Results:
    """A network from given weights; test_parity_api.py compares it with Keras's values."""
    layers = [getattr(tf.keras.layers, kind)(**config) for kind, config in case.fields["layers"]]
    model = tf.keras.Sequential([tf.keras.layers.Input(tuple(case.fields["input_shape"])), *layers])
    optimizer = getattr(tf.keras.optimizers, case.fields["optimizer"])(**case.fields["options"])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.set_weights(case.inputs)
    found: Results = {}
    for t, step in enumerate(case.steps):
        model.reset_metrics()
        found[f"{case.id} loss {t}"] = np.float32(model.train_on_batch(step["x"][0], step["y"][0])).tobytes()
    for k, w in enumerate(model.get_weights()):
        found[f"{case.id} weight {k}"] = w.tobytes()
    found[f"{case.id} prediction 0"] = model.predict(case.outputs[0], verbose=0).tobytes()
    return found


def gradients(case: Any, op: Any) -> dict[int, np.ndarray]:
    graph = _native.Graph()
    inputs = [graph.placeholder(str(x.dtype), x.shape) for x in case.inputs]
    outputs = graph.apply(op, inputs)
    flowing = [(y, dy) for y, dy in zip(outputs, case.output_gradients, strict=True) if dy is not None]
    seeds = [graph.placeholder(str(dy.dtype), dy.shape) for _, dy in flowing]
    wanted = [k for k, dx in enumerate(case.input_gradients) if dx is not None]
    found = graph.gradient([y for y, _ in flowing], seeds, [inputs[k] for k in wanted])
    flat = {k: i for k, i in zip(wanted, found, strict=True) if i is not None}
    executable = _native.Executable(graph, inputs + seeds, list(flat.values()))
    return dict(zip(flat, as_tuple(executable.run(*case.inputs, *[dy for _, dy in flowing])), strict=True))


def uniform(shape: tuple[int, ...], low: float, high: float, seed: int) -> np.ndarray:
    return np.asarray(tf.random.uniform(shape, low, high, seed=seed))


def batch(step: int) -> tuple[np.ndarray, np.ndarray]:
    x = uniform((BATCH, 28, 28, 1), 0, 1, SEED + 100 + step)
    return x, ((7 * np.arange(BATCH) + 3 * step) % 10).astype(np.int32)


def network() -> Any:
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )
    begin(model, SEED)
    return model


def begin(model: Any, seed: int) -> None:
    """Kernels evenly spread by the seeds `seed`, `seed` + 1 …"""
    weights = []
    for w in model.get_weights():
        if w.ndim > 1:
            limit = math.sqrt(6 / (math.prod(w.shape[:-2]) * sum(w.shape[-2:])))
            weights.append(uniform(w.shape, -limit, limit, seed))
            seed += 1
        else:
            weights.append(w)
    model.set_weights(weights)


def regularized() -> Results:
    layers = tf.keras.layers
    seed = 40
    model = tf.keras.Sequential(
        [
            layers.Input((14, 14, 1)),
            layers.Conv2D(16, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25, seed=seed + 10),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5, seed=seed + 11),
            layers.Dense(10),
        ]
    )
    begin(model, seed)
    optimizer = tf.keras.optimizers.Adam(0.002, weight_decay=0.05)
    model.compile(optimizer, tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = uniform((128, 14, 14, 1), 0, 1, seed + 20), (7 * np.arange(128) % 10).astype(np.int32)
    history = model.fit(x, y, batch_size=32, epochs=7, validation_split=0.25, shuffle=False, verbose=0).history
    found: Results = {}
    for epoch, losses in enumerate(zip(history["loss"], history["val_loss"], strict=True)):
        found[f"training/regularized losses {epoch}"] = np.float32(losses).tobytes()
    for k, w in enumerate(model.get_weights()):
        found[f"training/regularized weight {k}"] = w.tobytes()
    found["training/regularized forward 0"] = model.predict(x[:32], verbose=0).tobytes()
    return found


def training() -> Results:
    model = network()
    model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    found = {"training/digits forward 0": model.predict(batch(0)[0], batch_size=BATCH, verbose=0).tobytes()}
    for step in range(STEPS):
        model.reset_metrics()
        found[f"training/digits loss {step}"] = np.float32(model.train_on_batch(*batch(step))).tobytes()
    for k, w in enumerate(model.get_weights()):
        found[f"training/digits weight {k}"] = w.tobytes()
    found[f"training/digits forward {STEPS}"] = model.predict(batch(0)[0], batch_size=BATCH, verbose=0).tobytes()
    return found


def test_results_cover_every_case(python_results: Results) -> None:
    assert len(python_results) > 2000
    assert sum(name.startswith("training/digits") for name in python_results) == 2 + STEPS + 8
    assert sum(name.startswith("training/plain-") for name in python_results) == 2 * (5 + 8 + 1)
    assert sum(name.startswith("training/regularized") for name in python_results) == 7 + 14 + 1
    weights = [np.frombuffer(v, np.float32) for name, v in python_results.items() if re.match(r"training/\w+ weight", name)]
    assert len(weights) == 8 + 14
    assert all(np.isfinite(w).all() and w.any() for w in weights)


@pytest.mark.parametrize("door", ["c_results", "swift_results"])
def test_door_gives_the_bits_of_python(door: str, python_results: Results, request: pytest.FixtureRequest) -> None:
    other: Results = request.getfixturevalue(door)
    assert sorted(other) == sorted(python_results)
    differing = [name for name, expected in python_results.items() if other[name] != expected]
    assert differing == [], f"{len(differing)} of {len(python_results)} differ"
