"""Schedules of the learning rate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

tf = pytest.importorskip("swiftconv")


@pytest.mark.parametrize(
    "schedule", [lambda epoch: 0.5 ** (epoch + 1), lambda epoch, rate: rate / 2, lambda epoch, rate=1.0: rate / 2]
)
def test_schedules_of_epoch_or_of_epoch_and_rate(schedule: Callable[..., float]) -> None:
    model = tf.keras.Sequential([tf.layers.Input((2,)), tf.layers.Dense(1)])
    model.compile(tf.optimizers.SGD(1.0), "mse")
    callback = tf.keras.callbacks.LearningRateScheduler(schedule)
    history = model.fit(np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32"), epochs=3, verbose=0, callbacks=[callback])
    assert history.history["learning_rate"] == [0.5, 0.25, 0.125]


def test_a_schedule_that_gives_no_number_is_named() -> None:
    model = tf.keras.Sequential([tf.layers.Input((2,)), tf.layers.Dense(1)])
    model.compile("sgd", "mse")
    callback = tf.keras.callbacks.LearningRateScheduler(lambda epoch: None)
    with pytest.raises(ValueError, match="expected a float"):
        model.fit(np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32"), verbose=0, callbacks=[callback])
