"""A training that one language began goes on in the other with the bits of one that never stopped: weights, states, draws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("swiftconv._native")
pytest.importorskip("safetensors")
import safetensors.numpy
import swiftconv as tf
from test_doors import SWIFT_TESTS, need, run

layers, optimizers = tf.keras.layers, tf.keras.optimizers


def decayed() -> Any:
    optimizer = optimizers.AdamW(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "adam": lambda: optimizers.Adam(0.01),
    "sgd": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "amsgrad": lambda: optimizers.Adam(0.01, amsgrad=True),
    "adamw": decayed,
    "adamax": lambda: optimizers.Adamax(0.01),
    "nadam": lambda: optimizers.Nadam(0.01),
    "adagrad": lambda: optimizers.Adagrad(0.01),
    "adadelta": lambda: optimizers.Adadelta(0.5),
    "accumulated": lambda: optimizers.SGD(0.05, clipnorm=0.5, gradient_accumulation_steps=3),
    "scheduled": lambda: optimizers.Adam(optimizers.schedules.CosineDecay(0.05, 20, warmup_target=0.1, warmup_steps=6)),
}


def network() -> Any:
    start = tf.keras.initializers.GlorotUniform
    return tf.keras.Sequential(
        [
            layers.Input((6, 6, 1)),
            layers.Conv2D(4, 3, activation="relu", kernel_initializer=start(seed=1), name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(name="flat"),
            layers.Dropout(0.3, name="drop"),
            layers.Dense(3, kernel_initializer=start(seed=2), name="head"),
        ]
    )


def train(model: Any, steps: range) -> None:
    """The same batches as in Swift."""
    for step in steps:
        x = ((np.arange(8 * 36) * 37 + step * 11) % 101 - 50).astype(np.float32) / np.float32(50)
        model.train_on_batch(x.reshape(8, 6, 6, 1), ((np.arange(8) * 7 + step) % 3).astype(np.int64))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need(SWIFT_TESTS, "swift build --build-tests", "Tests/DoorTests", "Tests/_TestSupport")
    path = tmp_path_factory.mktemp("trainings")
    for name, optimizer in OPTIMIZERS.items():
        model = network()
        model.compile(optimizer(), tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        train(model, range(4))
        model.save(path / f"python-begun-{name}.safetensors")
        train(model, range(4, 8))
        model.save(path / f"python-whole-{name}.safetensors")
    run(["swift", "test", "--skip-build", "--filter", "TrainingFileTests"], SWIFTCONV_TRAINING_FILES=str(path))
    for name in OPTIMIZERS:
        model = tf.keras.models.load_model(path / f"swift-begun-{name}.safetensors")
        train(model, range(4, 8))
        model.save(path / f"python-ended-{name}.safetensors")
    return path


def tensors(path: Path) -> dict[str, bytes]:
    """The bytes of all tensors; Nadam's product, which Swift keeps for each weight, once."""
    found = {}
    for name, value in safetensors.numpy.load_file(path).items():
        found["optimizer/u_product" if name.startswith("optimizer/u_product") else name] = value.tobytes()
    return found


@pytest.mark.parametrize("begun", ["python", "swift"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_training_goes_on_in_the_other_language_with_equal_bits(folder: Path, name: str, begun: str) -> None:
    ended = "swift" if begun == "python" else "python"
    whole = tensors(folder / f"{begun}-whole-{name}.safetensors")
    halves = tensors(folder / f"{ended}-ended-{name}.safetensors")
    assert whole.keys() == halves.keys()
    assert {"conv/kernel", "norm/moving_mean", "drop/seed_generator_state", "optimizer/iteration"} <= whole.keys()
    assert [key for key in whole if whole[key] != halves[key]] == []
    middle = tensors(folder / f"{begun}-begun-{name}.safetensors")
    assert middle.keys() == whole.keys()
    assert middle["conv/kernel"] != whole["conv/kernel"]
