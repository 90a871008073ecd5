"""`GradientTape`: against numbers worked out by hand, and against differences."""

import numpy as np
import pytest
import swiftconv as tf


def test_gradient_of_a_square():
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(x * x)
    assert tape.gradient(y, x).numpy().tolist() == [2, 4, 6]


def test_variables_are_watched_by_themselves():
    v, w = tf.Variable([2.0]), tf.Variable([3.0], trainable=False)
    with tf.GradientTape() as tape:
        y = v * v * w
    dv, dw = tape.gradient(y, [v, w])
    assert dv.numpy().tolist() == [12] and dw is None
    assert tape.watched_variables() == ()


def test_variables_are_not_watched_when_told_so():
    v = tf.Variable(2.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        y = v * v
    assert tape.gradient(y, v) is None


def test_second_derivative_by_nested_tapes():
    x = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        dy = inner.gradient(y, x)
    assert float(dy) == 27 and float(outer.gradient(dy, x)) == 18


def test_second_derivative_of_a_variable():
    v = tf.Variable(2.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = v**3
        dy = inner.gradient(y, v)
        z = dy * v
    assert float(outer.gradient(z, v)) == pytest.approx(36)


def test_tape_once_and_persistent():
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError):
        tape.gradient(y, x)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert float(tape.gradient(z, x)) == 32 and float(tape.gradient(y, x)) == 4 and float(tape.gradient(z, y)) == 8


def test_unconnected_sources():
    x, u = tf.constant(2.0), tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, u])
        y = x * x
    assert tape.gradient(y, u) is None
    assert tape.gradient(y, u, unconnected_gradients="zero").numpy().tolist() == [0, 0]
    with pytest.raises(ValueError):
        tape.gradient(y, u, unconnected_gradients="other")


def test_output_gradients_weigh_the_target():
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x, output_gradients=tf.constant([1.0, 10.0])).numpy().tolist() == [2, 40]


def test_the_value_at_recording_counts_not_the_one_after_assign():
    v = tf.Variable([3.0])
    with tf.GradientTape() as tape:
        y = v * v
    v.assign([100.0])
    assert tape.gradient(y, v).numpy().tolist() == [6]


def test_the_array_at_recording_counts_not_the_one_after_a_write():
    v, a = tf.Variable([3.0]), np.array([2.0], "float32")
    with tf.GradientTape() as tape:
        y = v * a
    a[:] = 50
    assert tape.gradient(y, v).numpy().tolist() == [2]


def test_results_are_tensors_while_recording():
    v = tf.Variable(np.ones((1, 1, 2, 2), "float32"))
    x = np.ones((1, 2, 2, 2), "float32")
    assert isinstance(tf.nn.conv2d(x, v, 1, "SAME"), np.ndarray)
    with tf.GradientTape() as tape:
        y = tf.nn.conv2d(x, v, 1, "SAME")
    assert isinstance(y, tf.Tensor)
    assert tape.gradient(y, v).numpy().tolist() == [[[[4, 4], [4, 4]]]]


def test_stop_recording():
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with tape.stop_recording():
            y = x * x
        z = x * 3.0
    assert tape.gradient([y, z], x).numpy() == 3


def test_gradient_through_numpys_spelling_indexing_and_reshape():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = np.multiply(np.square(x)[:, 1], 2.0) + tf.reshape(x, (4,))[::2]
    assert tape.gradient(y, x).numpy().tolist() == [[1, 8], [1, 16]]


def test_structures_of_sources():
    a, b = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = a * b
    got = tape.gradient(y, {"a": a, "rest": [b]})
    assert float(got["a"]) == 3 and float(got["rest"][0]) == 2


def test_jacobian():
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
    assert tape.jacobian(y, x).numpy().tolist() == [[2, 0], [0, 4]]


def _differences(fn, x, step=1e-6):
    grad = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        grad[place] = (fn(up) - fn(down)) / (2 * step)
    return grad


NN = {
    "conv2d": lambda x: tf.nn.conv2d(x, np.linspace(-1, 1, 3 * 2 * 2 * 3).reshape(3, 2, 2, 3), (2, 1), "SAME"),
    "conv2d_groups": lambda x: tf.nn.conv2d(x, np.linspace(-1, 1, 9 * 4).reshape(3, 3, 1, 4), 1, "VALID"),
    "depthwise": lambda x: tf.nn.depthwise_conv2d(x, np.linspace(-1, 1, 2 * 3 * 2 * 2).reshape(2, 3, 2, 2), [1, 1, 2, 1], "SAME"),
    "nchw": lambda x: tf.nn.conv2d(x, np.linspace(-1, 1, 3 * 3 * 5 * 2).reshape(3, 3, 5, 2), 1, "SAME", data_format="NCHW"),
    "transpose": lambda x: tf.nn.conv2d_transpose(x, np.linspace(-1, 1, 3 * 3 * 3 * 2).reshape(3, 3, 3, 2), (2, 10, 8, 3), 2),
    "separable": lambda x: tf.nn.separable_conv2d(
        x, np.linspace(-1, 1, 18).reshape(3, 3, 2, 1), np.ones((1, 1, 2, 3)), [1, 1, 1, 1], "SAME"
    ),
    "max_pool": lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME"),
    "avg_pool": lambda x: tf.nn.avg_pool2d(x, (3, 2), (2, 1), "SAME"),
    "argmax_pool": lambda x: tf.nn.max_pool_with_argmax(x, 2, 1, "VALID")[0],
    "softmax": lambda x: tf.nn.softmax(x, axis=1),
    "log_softmax": tf.nn.log_softmax,
    "gelu": tf.nn.gelu,
    "silu": tf.nn.silu,
    "elu": tf.nn.elu,
    "moments": lambda x: tf.nn.moments(x, [0, 1])[1],
    "l2_normalize": lambda x: tf.nn.l2_normalize(x, axis=-1),
    "fused_batch_norm": lambda x: tf.nn.fused_batch_norm(x, np.array([1.5, 2.0]), np.array([0.0, 1.0]))[0],
    "batch_normalization": lambda x: tf.nn.batch_normalization(x, np.ones(2), np.full(2, 2.0), None, np.full(2, 3.0), 0.1),
    "cross_entropy": lambda x: tf.nn.softmax_cross_entropy_with_logits(np.full((2, 5, 4, 2), 0.5), x),
    "sparse": lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(np.ones((2, 5, 4), int), x),
    "sigmoid_cross_entropy": lambda x: tf.nn.sigmoid_cross_entropy_with_logits(np.full((2, 5, 4, 2), 0.3), x),
    "l2_loss": tf.nn.l2_loss,
    "bias_add": lambda x: tf.nn.bias_add(x, np.arange(5.0), "NCHW"),
}


@pytest.mark.parametrize("name", NN)
def test_gradient_matches_differences(name):
    rng = np.random.default_rng(3)
    x = rng.permutation(80).reshape(2, 5, 4, 2) / 20.0 - 2.0
    weights = rng.normal(size=np.shape(NN[name](x)))
    t = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(t)
        y = NN[name](t)
        loss = tf.reduce_sum(y * weights)
    got = tape.gradient(loss, t).numpy()
    np.testing.assert_allclose(got, _differences(lambda a: float(np.sum(NN[name](a) * weights)), x), rtol=1e-5, atol=1e-6)


def _slopes(fn, x, weights):
    t = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(t)
        y = fn(t)
        loss = tf.reduce_sum(y * y * weights)
    return tape.gradient(loss, t)


@pytest.mark.parametrize("name", NN)
def test_gradient_of_the_gradient_matches_differences(name):
    rng = np.random.default_rng(5)
    x = rng.permutation(80).reshape(2, 5, 4, 2) / 20.0 - 2.013  # no kink within reach
    weights = rng.normal(size=np.shape(NN[name](x)))
    directions = rng.normal(size=x.shape)
    t = tf.constant(x)
    with tf.GradientTape() as outer:
        outer.watch(t)
        with tf.GradientTape() as inner:
            inner.watch(t)
            y = NN[name](t)
            loss = tf.reduce_sum(y * y * weights)
        along = tf.reduce_sum(inner.gradient(loss, t) * directions)
    got = outer.gradient(along, t).numpy()

    def slope(a):
        return float(np.sum(_slopes(NN[name], a, weights).numpy() * directions))

    np.testing.assert_allclose(got, _differences(slope, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_curvatures_of_activations(dtype):
    """Closed forms: silu'' and gelu'', both kinds; flat ones have gradients of zeros, as in TensorFlow."""
    x = np.array([-4.5, -2, -0.7, 0, 0.3, 1, 2.5, 5], dtype)
    s = 1 / (1 + np.exp(-x.astype("float64")))
    wide = x.astype("float64")
    c, a = np.sqrt(2 / np.pi), 0.044715
    u, du, ddu = c * (wide + a * wide**3), c * (1 + 3 * a * wide**2), 6 * c * a * wide
    th = np.tanh(u)
    expected = {
        "silu": (tf.nn.silu, s * (1 - s) * (2 + wide * (1 - 2 * s))),
        "gelu": (lambda v: tf.nn.gelu(v, approximate=False), np.exp(-(wide**2) / 2) / np.sqrt(2 * np.pi) * (2 - wide**2)),
        "gelu_tanh": (
            lambda v: tf.nn.gelu(v, approximate=True),
            (1 - th**2) * (du + wide / 2 * ddu - wide * th * du**2),
        ),
        "relu": (tf.nn.relu, np.zeros(8)),
        "leaky_relu": (tf.nn.leaky_relu, np.zeros(8)),
    }
    for name, (function, second) in expected.items():
        t = tf.constant(x)
        with tf.GradientTape() as outer:
            outer.watch(t)
            with tf.GradientTape() as inner:
                inner.watch(t)
                y = function(t)
            slope = inner.gradient(y, t)
        got = outer.gradient(slope, t)
        assert got.dtype == dtype
        np.testing.assert_allclose(got.numpy(), second, rtol=0, atol=5e-6 if dtype == "float32" else 1e-14, err_msg=name)


def test_a_gradient_penalty_reaches_the_weights_through_pooling_and_batch_normalization():
    """The norm of the input's gradient as a loss: second derivatives with respect to weights and input."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, 6, 6, 2))
    kernel, gamma = rng.normal(size=(3, 3, 2, 4)), rng.uniform(0.5, 2, 4)

    def penalty(kernel, gamma):
        t = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(t)
            y = tf.nn.conv2d(t, kernel, 1, "SAME")
            y, _, _ = tf.nn.fused_batch_norm(y, gamma, np.zeros(4))
            y = tf.reduce_sum(tf.nn.silu(tf.nn.max_pool2d(y, 2, 2, "VALID")))
        slope = tape.gradient(y, t)
        return tf.reduce_sum(slope * slope)

    weights = [tf.Variable(kernel), tf.Variable(gamma)]
    with tf.GradientTape() as outer:
        loss = penalty(*weights)
    found = [g.numpy() for g in outer.gradient(loss, weights)]
    expected = (
        _differences(lambda k: float(penalty(tf.constant(k), tf.constant(gamma))), kernel),
        _differences(lambda g: float(penalty(tf.constant(kernel), tf.constant(g))), gamma),
    )
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)
