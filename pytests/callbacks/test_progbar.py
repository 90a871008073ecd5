"""What a person sees of fit, evaluate and predict: on terminals of any width, in files, and when they are stopped."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import threading

import numpy as np
import pytest
from swiftconv import callbacks, layers, models

X = np.ones((64, 4), "float32")
Y = np.zeros((64, 1), "float32")


def model():
    found = models.Sequential([layers.Dense(1, input_shape=(4,))])
    found.compile("sgd", "mse", metrics=["mae", "mean_absolute_percentage_error"])
    return found


@pytest.fixture
def terminal(monkeypatch):
    """A function (columns) -> function () -> what was written to a terminal of that width, 0 for one that does not say."""
    opened = []

    def start(columns):
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24 if columns else 0, columns, 0, 0))
        out = os.fdopen(follower, "w", encoding="utf-8")
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "__stdout__", out)
        received = []

        def drain():
            try:
                while data := os.read(leader, 65536):
                    received.append(data)
            except OSError:
                pass

        reader = threading.Thread(target=drain)
        reader.start()
        opened.append((leader, reader))

        def text():
            monkeypatch.undo()
            out.close()
            reader.join(5)
            return b"".join(received).decode()

        return text

    yield start
    for leader, _ in opened:
        os.close(leader)


@pytest.mark.parametrize("columns", [0, 30, 200])
def test_terminal_shows_a_bar_and_then_the_whole_line(terminal, columns):
    text = terminal(columns)
    model().fit(X, Y, epochs=2, batch_size=8, validation_split=0.25)
    shown = text()
    assert "Epoch 1/2" in shown
    assert "Epoch 2/2" in shown
    assert "0/6 |" in shown, "no bar was drawn"
    last = shown.strip().splitlines()[-1].split("\r")[-1]
    assert re.fullmatch(
        r"6/6 - \d+\.\ds - [\d.]+ (ms|µs)/step - loss: \S+ - mae: \S+ - mean_absolute_percentage_error: \S+"
        r" - val_loss: \S+ - val_mae: \S+ - val_mean_absolute_percentage_error: \S+",
        last,
    )


def test_no_terminal_shows_one_line_an_epoch(capsys):
    model().fit(X, Y, epochs=2, batch_size=8)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0] == "Epoch 1/2"
    assert lines[1].startswith("8/8 - ")
    assert "loss: " in lines[1]


@pytest.mark.parametrize("verbose", [0, False])
def test_silence(capsys, verbose):
    m = model()
    m.fit(X, Y, verbose=verbose)
    m.evaluate(X, Y, verbose=verbose)
    m.predict(X, verbose=verbose)
    assert capsys.readouterr() == ("", "")


class Stop(callbacks.Callback):
    def __init__(self, kind):
        super().__init__()
        self.kind, self.told = kind, []

    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            raise self.kind("enough")

    on_test_batch_end = on_predict_batch_end = on_train_batch_end

    def on_interrupt(self, error):
        self.told.append(error)

    def on_train_end(self, logs=None):
        self.told.append("on_train_end")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_callbacks_are_told_of_an_exception_once(kind, method):
    stop = Stop(kind)
    with pytest.raises(kind):
        getattr(model(), method)(*([X] if method == "predict" else [X, Y]), batch_size=8, verbose=0, callbacks=[stop])
    assert len(stop.told) == 1
    assert isinstance(stop.told[0], kind)


def test_callbacks_are_told_once_when_validation_fails():
    class InValidation(Stop):
        def on_train_batch_end(self, batch, logs=None):
            pass

        def on_test_batch_end(self, batch, logs=None):
            raise ValueError("enough")

    stop = InValidation(ValueError)
    with pytest.raises(ValueError, match="enough"):
        model().fit(X, Y, validation_split=0.5, verbose=0, callbacks=[stop])
    assert len(stop.told) == 1


def test_interrupt_keeps_the_bar_and_frees_the_line(terminal):
    text = terminal(80)
    with pytest.raises(KeyboardInterrupt):
        model().fit(X, Y, batch_size=8, callbacks=[Stop(KeyboardInterrupt)])
    print("after", flush=True)
    shown = text()
    assert shown.endswith("\nafter\r\n")
    assert re.search(r"[23]/8 \|", shown)
