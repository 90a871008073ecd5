"""TensorFlow's names at the top of the package."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import swiftconv as tf


def test_every_name_is_there_and_is_listed():
    for name in tf.__dir__():
        assert getattr(tf, name, tf) is not tf, name
    with pytest.raises(AttributeError, match="magic"):
        _ = tf.magic


def test_math_and_linalg_share_the_functions_of_the_top():
    assert tf.math.add is tf.add
    assert tf.linalg.matmul is tf.matmul
    for name in tf.math.__all__:
        assert callable(getattr(tf.math, name)), name
    a = np.arange(6.0).reshape(1, 2, 3)
    np.testing.assert_array_equal(tf.linalg.matrix_transpose(a), a.swapaxes(-1, -2))


def test_newaxis_adds_an_axis():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert x[tf.newaxis].shape == (1, 2, 2)
    np.testing.assert_array_equal(x[tf.newaxis, ..., 0], [[1.0, 3.0]])


def test_print_shows_numbers(capsys):
    tf.print("x:", tf.constant([1, 2]), tf.Variable(3.0), sep="|", end="!\n")
    assert capsys.readouterr() == ("", "x:|[1 2]|3.0!\n")


def test_like_functions_follow_their_input():
    for function, value in ((tf.zeros_like, 0), (tf.ones_like, 1)):
        found = function(np.full((2, 3), 7, "int32"))
        assert isinstance(found, tf.Tensor)
        assert found.dtype == tf.int32
        assert (found.numpy() == value).all()
        assert function([1.5], dtype="float64").dtype == tf.float64


def test_unstack_gives_tensors():
    rows = tf.unstack(np.arange(6).reshape(2, 3))
    assert [type(r) for r in rows] == [tf.Tensor, tf.Tensor]
    np.testing.assert_array_equal(rows[1], [3, 4, 5])
    np.testing.assert_array_equal(tf.unstack(np.arange(6).reshape(2, 3), axis=1)[2], [2, 5])


def test_a_prediction_imports_nothing_that_downloads_or_draws():
    """A fresh process should predict at once: what the first model does not need is imported when it is asked for."""
    program = """
import sys
import tracemalloc
import numpy as np
import swiftconv as tf
layers = tf.keras.layers
model = tf.keras.Sequential([tf.keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)])
model.predict(np.zeros((1, 8, 8, 1), "float32"), verbose=0)
print(*sys.modules)
"""
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert "swiftconv.layers" in loaded
    for name in ("urllib.request", "ssl", "h5py", "matplotlib", "tqdm", "swiftconv.applications", "swiftconv.datasets"):
        assert name not in loaded, name


def test_operands_that_are_arrays_are_not_copied():
    x, y = (np.random.default_rng(i).standard_normal((1000, 500)).astype("float32") for i in range(2))
    for function in (tf.add, tf.multiply, tf.maximum, tf.less, tf.divide, tf.math.squared_difference):
        expected = np.asarray(function(tf.constant(x), tf.constant(y)))
        tracemalloc.start()
        try:
            got = function(x, y)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < x.nbytes / 4
        assert isinstance(got, tf.Tensor)
        np.testing.assert_array_equal(np.asarray(got), expected)
        assert x.flags.writeable and y.flags.writeable


def test_a_tape_keeps_what_operands_were():
    x = np.float32([1, 2, 3])
    v = tf.Variable([1.0, 1.0, 1.0])
    with tf.GradientTape() as tape:
        y = tf.multiply(x, v)
    x[:] = 100
    np.testing.assert_array_equal(np.asarray(tape.gradient(y, v)), [1, 2, 3])


@pytest.mark.parametrize("x", [np.arange(6.0)[::2], np.float16([1, 2, 3]), np.arange(3.0).astype(">f8"), [1.0, 2.0, 3.0], 2])
def test_other_operands_are_converted(x):
    y = np.asarray(x).astype(np.asarray(x).dtype.newbyteorder("="))
    np.testing.assert_allclose(np.asarray(tf.add(x, y)), y + y)
