"""Ctrl-C within fit, several threads at once, and processes that were forked."""

import multiprocessing
import os
import signal
import threading
import time

import numpy as np
import pytest
from swiftconv import callbacks, layers, models, utils

X = np.random.default_rng(0).normal(size=(256, 16, 16, 3)).astype("float32")
Y = np.random.default_rng(1).integers(0, 4, 256)


def cnn():
    utils.set_random_seed(0)
    model = models.Sequential(
        [
            layers.Conv2D(16, 3, activation="relu", input_shape=(16, 16, 3)),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises KeyboardInterrupt; a process that a script starts in the background begins with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("eager", [False, True])
def test_ctrl_c_stops_fit_and_leaves_a_usable_model(eager):
    model = cnn()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], run_eagerly=eager)
    reached = threading.Event()

    class Watch(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                reached.set()

    def press():
        reached.wait(60)
        time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=100000, batch_size=16, verbose=0, callbacks=[Watch()])
    thread.join()
    assert len(model.history.history["loss"]) >= 2
    assert model.history.epoch == list(range(len(model.history.history["loss"])))
    weights = model.get_weights()
    assert all(np.isfinite(w).all() for w in weights)
    assert model.predict(X[:3], verbose=0).shape == (3, 4)
    again = model.fit(X, Y, epochs=1, batch_size=16, verbose=0)
    assert np.isfinite(again.history["loss"][0])


def test_threads_predict_at_once():
    model = cnn()
    expected = {n: cnn().predict(X[:n], verbose=0) for n in (1, 5, 32, 40)}
    wrong = []
    barrier = threading.Barrier(4)

    def work(n):
        barrier.wait(30)  # the first call, which traces and builds, is met by all at once
        for _ in range(10):
            try:
                if not np.array_equal(model.predict(X[:n], verbose=0), expected[n]):
                    wrong.append(n)
            except Exception as error:
                wrong.append(repr(error))

    threads = [threading.Thread(target=work, args=(n,)) for n in expected]
    [t.start() for t in threads]
    [t.join(120) for t in threads]
    assert not any(t.is_alive() for t in threads)
    assert not wrong


def test_threads_train_models_of_their_own():
    def train():
        model = cnn()
        model.fit(X[:64], Y[:64], batch_size=16, verbose=0, shuffle=False)
        return model.get_weights()

    expected = train()
    models_of_threads = [cnn() for _ in range(3)]  # seeds and names are set before the threads start
    failed = []

    def work(model):
        try:
            model.fit(X[:64], Y[:64], batch_size=16, verbose=0, shuffle=False)
        except Exception as error:
            failed.append(repr(error))

    threads = [threading.Thread(target=work, args=(m,)) for m in models_of_threads]
    [t.start() for t in threads]
    [t.join(120) for t in threads]
    assert not failed
    for model in models_of_threads:
        for a, b in zip(model.get_weights(), expected, strict=True):
            np.testing.assert_array_equal(a, b)


def _child(model, queue):
    queue.put(model.predict(X[:5], verbose=0))
    queue.put(model.fit(X[:32], Y[:32], batch_size=16, verbose=0).history["loss"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_predicts_and_trains():
    model = cnn()
    expected = model.predict(X[:5], verbose=0)
    model.fit(X[:32], Y[:32], batch_size=16, verbose=0)
    expected = model.predict(X[:5], verbose=0)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=_child, args=(model, queue)) for _ in range(2)]
    [c.start() for c in children]
    found = [queue.get(timeout=60) for _ in range(4)]
    [c.join(60) for c in children]
    assert [c.exitcode for c in children] == [0, 0]
    for item in found:
        if isinstance(item, np.ndarray):
            np.testing.assert_array_equal(item, expected)
        else:
            assert np.isfinite(item).all()
    np.testing.assert_array_equal(model.predict(X[:5], verbose=0), expected)
