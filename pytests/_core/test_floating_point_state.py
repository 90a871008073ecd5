"""Denormal numbers count as zero inside of kernels; the caller's rounding and handling of denormals stay what they were."""

from __future__ import annotations

import ctypes
import ctypes.util
import platform
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import swiftconv as tf
from swiftconv import layers, models, utils
from swiftconv import random as swiftconv_random

if platform.machine() != "x86_64" or platform.system() != "Linux":
    pytest.skip("reads the control word of x86-64 through glibc's fenv_t", allow_module_level=True)

_libm = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")
_MXCSR = 28  # its place in glibc's fenv_t for x86-64, of 32 bytes
_FLAGS = 0x3F  # what has happened: no part of the state that results depend on

STATES = {
    "as processes begin": 0x1F80,
    "round down": 0x1F80 | 0x2000,
    "round towards zero, denormals flushed": 0x1F80 | 0x6000 | 0x8040,
    "denormal results flushed": 0x1F80 | 0x8000,
    "denormal operands as zero": 0x1F80 | 0x0040,
}


def state() -> int:
    """The control word of this thread."""
    environment = (ctypes.c_uint8 * 32)()
    assert _libm.fegetenv(environment) == 0
    return int.from_bytes(bytes(environment)[_MXCSR:], "little")


def set_state(word: int) -> None:
    environment = (ctypes.c_uint8 * 32)()
    assert _libm.fegetenv(environment) == 0
    environment[_MXCSR:] = word.to_bytes(4, "little")
    assert _libm.fesetenv(environment) == 0


@pytest.fixture(autouse=True)
def state_as_it_was() -> Iterator[None]:
    before = state()
    yield
    set_state(before)


RNG = np.random.default_rng(0)
X = RNG.standard_normal((4, 40, 40, 16)).astype("float32")
W = RNG.standard_normal((3, 3, 16, 24)).astype("float32")
DEPTHWISE = RNG.standard_normal((3, 3, 16, 1)).astype("float32")
LABELS = RNG.integers(0, 5, 4)


def network() -> Any:
    utils.set_random_seed(3)
    model = models.Sequential(
        [
            layers.Input((40, 40, 16)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(5, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


# Python's own arithmetic follows the caller's rounding, such as 1 - momentum while a step is traced: steps are compiled before.


def predicting() -> Callable[[], Any]:
    model = network()
    model.predict(X, verbose=0)
    return lambda: model.predict(X, verbose=0)


def training() -> Callable[[], Any]:
    model = network()
    model.train_on_batch(X, LABELS)
    return lambda: [np.float32([model.train_on_batch(X, LABELS) for _ in range(2)]), *model.get_weights()]


def fitting() -> Callable[[], Any]:
    model = network()
    model.fit(X, LABELS, batch_size=2, shuffle=False, verbose=0)
    return lambda: [model.fit(X, LABELS, batch_size=2, shuffle=False, verbose=0) and X, *model.get_weights()]


def taped() -> Any:
    w = tf.Variable(W)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.nn.relu(tf.nn.conv2d(X, w, 1, "SAME")) ** 2)
    return tape.gradient(loss, w)


def autotuned() -> Any:
    tf.config.set_autotune(True)
    try:
        return tf.nn.relu(X)
    finally:
        tf.config.set_autotune(False)


def refused() -> Any:
    with pytest.raises(ValueError, match="expected classes from 0 to 4"):
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=np.int64([0, 5]), logits=np.zeros((2, 5), "float32"))
    return np.float32(0)


PREPARED = {"predict": predicting, "training steps": training, "fit": fitting}
CALLS: dict[str, Callable[[], Any]] = {
    "a small op": lambda: tf.nn.conv2d(X[:1, :5, :5, :1], W[..., :1, :1], 1, "SAME"),
    "an op on all threads": lambda: tf.nn.conv2d(X, W, 1, "SAME"),
    "an op with a constant": lambda: tf.nn.conv2d(X, tf.constant(W), 1, "SAME"),
    "depthwise": lambda: tf.nn.depthwise_conv2d(X, DEPTHWISE, [1, 1, 1, 1], "SAME"),
    "elementwise": lambda: tf.exp(X),
    "reduction": lambda: tf.reduce_mean(X),
    "softmax": lambda: tf.nn.softmax(X),
    "float64": lambda: tf.tanh(X.astype("float64")),
    "random": lambda: swiftconv_random.normal((1000,), seed=7),
    "tape": taped,
    "autotune": autotuned,
    "an op that fails": refused,
    "roofline": lambda: tf.config.roofline(threads=2) and np.float32(0),
}


def bits(result: Any) -> list[bytes]:
    return [np.asarray(part).tobytes() for part in (result if isinstance(result, list) else [result])]


@pytest.mark.parametrize("call", [*CALLS, *PREPARED])
def test_the_state_comes_back_and_does_not_matter(call: str) -> None:
    def prepared() -> Callable[[], Any]:
        return PREPARED[call]() if call in PREPARED else CALLS[call]

    expected = bits(prepared()())
    for name, word in STATES.items():
        run = prepared()
        set_state(word)
        try:
            found = bits(run())
            after = state()
        finally:
            set_state(STATES["as processes begin"])
        assert after & ~_FLAGS == word, f"{call}, {name}: {after:#x}"
        assert found == expected, f"{call}, {name}: other bits"


def test_other_threads_of_the_program_too() -> None:
    expected = bits(training()())
    runs = {name: [training() for _ in range(3)] for name in STATES}  # here: seeds are the program's
    problems: list[str] = []

    def work(name: str, word: int) -> None:
        set_state(word)
        for run in runs[name]:
            if bits(run()) != expected:
                problems.append(f"{name}: other bits")
            if state() & ~_FLAGS != word:
                problems.append(f"{name}: {state():#x}")

    threads = [threading.Thread(target=work, args=item) for item in STATES.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_numpy_keeps_its_denormals_after_a_call() -> None:
    denormal = np.float32(2.0**-140)
    tf.nn.conv2d(X, W, 1, "SAME")
    assert denormal * np.float32(0.5) == np.float32(2.0**-141)


TINY = float(np.finfo(np.float32).tiny)


def test_denormal_operands_and_results_count_as_zero() -> None:
    x = np.full((2, 9, 9, 8), 2.0**-130, "float32")
    ones = np.ones((3, 3, 8, 8), "float32")
    # 72 of them would be a normal number
    assert np.asarray(tf.nn.conv2d(x, ones * np.float32(2.0**20), 1, "VALID")).max() == 0
    assert np.asarray(tf.matmul(x.reshape(-1, 8), np.full((8, 8), 2.0**20, "float32"))).max() == 0
    # products that are denormal, of normal numbers
    small = np.full((2, 9, 9, 8), 2.0**-70, "float32")
    assert np.asarray(tf.nn.conv2d(small, ones * np.float32(2.0**-70), 1, "VALID")).max() == 0
    assert np.asarray(tf.exp(np.full(100, -100, "float32"))).max() == 0
    assert np.asarray(tf.reduce_sum(x)) == 0


def test_moving_and_comparing_keeps_denormals() -> None:
    x = np.float32([2.0**-130, -(2.0**-149), 0, 1]).reshape(1, 2, 2, 1)
    for same in (tf.identity(x), tf.transpose(tf.transpose(x)), tf.pad(x, [[0, 0]] * 4), tf.concat([x], 0)):
        assert np.asarray(same).tobytes() == x.tobytes()


def test_the_smallest_normal_numbers_are_exact() -> None:
    x = np.full((1, 6, 6, 4), TINY, "float32")
    w = np.zeros((1, 1, 4, 4), "float32")
    w[0, 0] = np.eye(4)
    np.testing.assert_array_equal(np.asarray(tf.nn.conv2d(x, w, 1, "SAME")), x)
    np.testing.assert_array_equal(np.asarray(tf.multiply(x, np.float32(1))), x)
    np.testing.assert_array_equal(np.asarray(tf.add(x, np.zeros_like(x))), x)
