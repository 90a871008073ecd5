"""The number of threads changes no bit of a training; threads of the program share models, and use others at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from swiftconv import callbacks, config, layers, models, optimizers, utils

RNG = np.random.default_rng(5)
X = RNG.standard_normal((50, 20, 18, 6)).astype("float32")
Y = RNG.integers(0, 4, 50)


@pytest.fixture(autouse=True)
def threads_as_they_were() -> Iterator[None]:
    before = config.num_threads()
    yield
    config.set_num_threads(before)


def tutorial() -> Any:
    return models.Sequential(
        [
            layers.Input((20, 18, 6)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(33, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(40, activation="tanh"),
            layers.Dense(4, activation="softmax"),
        ]
    )


def residual() -> Any:
    """Batch normalization, depthwise, grouped, strided and dilated convolutions, additions, all poolings."""
    inputs = layers.Input((20, 18, 6))
    x = layers.Conv2D(32, 3, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.DepthwiseConv2D(3, padding="same")(x)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.Conv2D(32, 1)(y)
    x = layers.Add()([x, y])
    x = layers.Conv2D(48, 3, strides=2, groups=4, padding="same", activation="elu")(x)
    x = layers.Conv2D(24, 3, dilation_rate=2, padding="same", activation="sigmoid")(x)
    x = layers.AveragePooling2D(2, padding="same")(x)
    x = layers.Concatenate()([x, layers.SeparableConv2D(8, 3, padding="same")(x)])
    x = layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="gelu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return models.Model(inputs, layers.Dense(4, activation="softmax")(x))


OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: optimizers.Adam(clipnorm=1.0),
    "rmsprop": lambda: optimizers.RMSprop(centered=True),
}


def trained(network: Callable[[], Any], optimizer: str, threads: int) -> tuple[list[np.ndarray], Any, np.ndarray]:
    config.set_num_threads(threads)
    utils.set_random_seed(11)
    model = network()
    model.compile(OPTIMIZERS[optimizer](), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(X, Y, batch_size=16, epochs=2, validation_split=0.2, verbose=0)
    return model.get_weights(), history.history, model.predict(X, verbose=0)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("network", [tutorial, residual])
def test_fit_gives_the_same_bits_on_one_two_and_three_threads(network: Callable[[], Any], optimizer: str) -> None:
    weights, history, answers = trained(network, optimizer, 1)
    assert history["loss"][1] != history["loss"][0]
    for threads in (2, 3):
        others, other_history, other_answers = trained(network, optimizer, threads)
        for a, b in zip(weights, others, strict=True):
            assert a.tobytes() == b.tobytes()
        assert history == other_history
        assert answers.tobytes() == other_answers.tobytes()


def test_threads_may_change_between_epochs() -> None:
    class Turn(callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            config.set_num_threads(1 + epoch % 3)

    results = []
    for changing in ([], [Turn()]):
        config.set_num_threads(2)
        utils.set_random_seed(1)
        model = tutorial()
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(X, Y, batch_size=25, epochs=4, verbose=0, callbacks=changing)
        results.append(model.get_weights())
    for a, b in zip(*results, strict=True):
        assert a.tobytes() == b.tobytes()


FOLLOWING = """
import json, pathlib, sys
import numpy as np
from swiftconv import config, layers, models, utils

def workers():
    return sum(path.read_text().startswith("swiftconv-") for path in pathlib.Path("/proc/self/task").glob("*/comm"))

assert config.num_threads() == 1
utils.set_random_seed(3)
model = models.Sequential([layers.Input((20, 18, 6)), layers.Conv2D(32, 3, activation="relu"), layers.Flatten(), layers.Dense(4)])
x = np.random.default_rng(0).standard_normal((16, 20, 18, 6)).astype("float32")
found = []
for threads in (1, 3, 2, 4):
    config.set_num_threads(threads)
    bits = model.predict(x, batch_size=16, verbose=0).tobytes().hex()
    found.append((threads, model.plan()["threads"], workers(), bits))
print(json.dumps(found))
"""


def test_a_compiled_step_follows_the_number_of_threads() -> None:
    """In a process that begins with one thread, whatever this machine offers: the engine's own threads are counted."""
    environment = {**os.environ, "SWIFTCONV_NUM_THREADS": "1"}
    ran = subprocess.run([sys.executable, "-c", FOLLOWING], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert [(asked, planned) for asked, planned, _, _ in found] == [(1, 1), (3, 3), (2, 2), (4, 4)]
    # the caller works too; threads that were started once stay
    assert [workers for _, _, workers, _ in found] == [0, 2, 2, 3]
    assert len({bits for *_, bits in found}) == 1


def run_all(works: list[Callable[[], None]]) -> None:
    """Runs each in a thread; what one raises is raised here. A deadlock is an error after two minutes."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    if errors:
        raise errors[0]


def test_threads_predict_with_one_model_while_another_is_fitted() -> None:
    shared = residual()
    expected = {batch: shared.predict(X, batch_size=batch, verbose=0).tobytes() for batch in (1, 7, 50)}
    alone, _, _ = trained(tutorial, "adam", config.num_threads())
    utils.set_random_seed(11)
    fitted = tutorial()
    fitted.compile(OPTIMIZERS["adam"](), "sparse_categorical_crossentropy", metrics=["accuracy"])
    compared = []
    done = threading.Event()

    def predict(batch: int) -> None:
        while not done.is_set() or len(compared) < 6:
            assert shared.predict(X, batch_size=batch, verbose=0).tobytes() == expected[batch]
            compared.append(batch)

    def fit() -> None:
        try:
            fitted.fit(X, Y, batch_size=16, epochs=2, validation_split=0.2, verbose=0)
        finally:
            done.set()

    run_all([lambda: predict(50), lambda: predict(7), lambda: predict(1), fit])
    assert set(compared) == {1, 7, 50}
    for a, b in zip(fitted.get_weights(), alone, strict=True):
        assert a.tobytes() == b.tobytes()


def test_threads_use_ops_settings_and_models_at_once() -> None:
    """The settings that prepared ops look at change under them."""
    model = tutorial()
    expected = model.predict(X, verbose=0)
    stop = threading.Event()

    def change() -> None:
        for turn in range(60):
            config.set_num_threads(1 + turn % 3)
            config.set_autotune(False)
        stop.set()

    def work() -> None:
        while not stop.is_set():
            assert model.predict(X, verbose=0).tobytes() == expected.tobytes()
            assert model.predict_on_batch(X[:3]).shape == (3, 4)

    run_all([work, work, change])
