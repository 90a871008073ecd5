"""How `nn` spells its arguments: what is accepted, and the kind of each error."""

import numpy as np
import pytest
import swiftconv as tf
from swiftconv import nn
from swiftconv.errors import InvalidArgumentError, UnimplementedError

X = np.random.default_rng(1).normal(size=(2, 7, 6, 4)).astype("f")
W = np.random.default_rng(2).normal(size=(3, 3, 4, 5)).astype("f")
V = np.random.default_rng(3).normal(size=(3, 3, 4, 2)).astype("f")


def test_spellings_of_strides_agree():
    expected = nn.conv2d(X, W, (2, 3), "SAME")
    for strides in ([2, 3], [1, 2, 3, 1], (1, 2, 3, 1), np.array([2, 3])):
        np.testing.assert_array_equal(nn.conv2d(X, W, strides, "SAME"), expected)
    np.testing.assert_array_equal(nn.conv2d(X, W, [2], "SAME"), nn.conv2d(X, W, 2, "SAME"))


def test_explicit_padding_is_padding_by_hand():
    pads = [[0, 0], [1, 2], [0, 3], [0, 0]]
    np.testing.assert_allclose(nn.conv2d(X, W, 1, pads), nn.conv2d(np.pad(X, pads), W, 1, "VALID"), rtol=1e-4, atol=1e-5)
    lowered = np.pad(X, pads, constant_values=-np.inf)
    np.testing.assert_array_equal(nn.max_pool2d(X, (3, 4), 1, pads), nn.max_pool2d(lowered, (3, 4), 1, "VALID"))


@pytest.mark.parametrize(
    "call",
    [
        lambda x, f, **k: nn.conv2d(x, W, (2, 1), "SAME", **k),
        lambda x, f, **k: nn.conv2d(x, W, 1, [[0, 0], *([[0, 0]] if f else []), [1, 0], [2, 1], *([] if f else [[0, 0]])], **k),
        lambda x, f, **k: nn.depthwise_conv2d(x, V, [1, 1, 1, 2] if f else [1, 1, 2, 1], "VALID", **k),
        lambda x, f, **k: nn.separable_conv2d(x, V, np.ones((1, 1, 8, 3), "f"), [1, 1, 1, 1], "SAME", **k),
        lambda x, f, **k: nn.max_pool2d(x, [2, 3], [2, 1], "SAME", **k),
        lambda x, f, **k: nn.avg_pool2d(x, 2, 2, "VALID", **k),
        lambda x, f, **k: nn.max_pool_with_argmax(x, 2, 2, "SAME", **k)[1],
        lambda x, f, **k: nn.fused_batch_norm(x, np.ones(4, "f"), np.ones(4, "f"), **k)[0],
        lambda x, f, **k: nn.bias_add(x, np.arange(4, dtype="f"), **k),
        lambda x, f, **k: nn.conv2d_transpose(x, np.ones((3, 3, 2, 4), "f"), (2, 2, 14, 12) if f else (2, 14, 12, 2), 2, **k),
        lambda x, f, **k: nn.conv2d_backprop_input((2, 3, 7, 6) if f else (2, 7, 6, 3), np.ones((2, 2, 3, 4), "f"), x, 1, "SAME", **k),  # noqa: E501
    ],
)  # fmt: skip
def test_nchw_is_nhwc_transposed(call):
    expected = call(X, False, data_format="NHWC")
    got = call(np.ascontiguousarray(X.transpose(0, 3, 1, 2)), True, data_format="NCHW")
    np.testing.assert_allclose(np.transpose(got, (0, 2, 3, 1)), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("shape", "outputs"), [((8, 28, 27, 16), 24), ((1, 5, 6, 4), 3), ((2, 40, 40, 7), 33)])
@pytest.mark.parametrize("first", [False, True])
def test_separable_is_depthwise_then_pointwise(shape, outputs, first):
    rng = np.random.default_rng(6)
    x, d, p = (rng.normal(size=s).astype("f") for s in (shape, (3, 3, shape[3], 1), (1, 1, shape[3], outputs)))
    expected = nn.conv2d(nn.depthwise_conv2d(x, d, [1, 2, 2, 1], "SAME"), p, 1, "VALID")
    layout, strides = ("NCHW", [1, 1, 2, 2]) if first else ("NHWC", [1, 2, 2, 1])
    image = np.ascontiguousarray(x.transpose(0, 3, 1, 2)) if first else x

    def plain(y):
        return np.transpose(y, (0, 2, 3, 1)) if first else np.asarray(y)

    arguments = (d, p, strides, "SAME", layout)
    np.testing.assert_allclose(plain(nn.separable_conv2d(image, *arguments)), expected, rtol=1e-5, atol=1e-5)
    tensors = [tf.constant(v) for v in (image, d, p)]
    for _ in range(2):  # the second time with the packed filters of the first
        y = nn.separable_conv2d(*tensors, strides, "SAME", layout)
        assert isinstance(y, tf.Tensor)
        np.testing.assert_allclose(plain(y), expected, rtol=1e-5, atol=1e-5)
    compiled = tf.function(lambda x: nn.separable_conv2d(x, *arguments))
    np.testing.assert_allclose(plain(compiled(tensors[0])), expected, rtol=1e-5, atol=1e-5)
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        y = nn.separable_conv2d(*tensors, strides, "SAME", layout)
    assert [g.shape for g in tape.gradient(y, tensors)] == [t.shape for t in tensors]


def test_backprops_are_the_gradients():
    x, w = tf.constant(X), tf.constant(V)
    with tf.GradientTape() as tape:
        tape.watch([x, w])
        y = nn.depthwise_conv2d(x, w, [1, 2, 2, 1], "SAME")
    dx, dw = tape.gradient(y, [x, w])
    ones = np.ones(y.shape, "f")
    np.testing.assert_allclose(
        nn.depthwise_conv2d_backprop_input(X.shape, V, ones, [1, 2, 2, 1], "SAME"), dx, rtol=1e-5, atol=1e-5
    )
    np.testing.assert_allclose(
        nn.depthwise_conv2d_native_backprop_filter(X, V.shape, ones, [1, 2, 2, 1], "SAME"), dw, rtol=1e-4, atol=1e-4
    )
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = nn.conv2d(x, W, 2, "SAME")
    got = nn.conv2d_backprop_input(X.shape, W, np.ones(y.shape, "f"), 2, "SAME")
    np.testing.assert_allclose(got, tape.gradient(y, x), rtol=1e-5, atol=1e-5)


def test_more_batch_dimensions():
    np.testing.assert_array_equal(nn.conv2d(X.reshape(1, 2, 7, 6, 4), W, 1, "SAME")[0], nn.conv2d(X, W, 1, "SAME"))


def test_one_dimension():
    y = nn.max_pool(X[:, 0], 2, 2, "VALID")
    np.testing.assert_array_equal(y, X[:, 0].reshape(2, 3, 2, 4).max(2))
    assert nn.convolution(X[:, 0], W[0], 2, "same").shape == (2, 3, 5)


def test_type_in_is_type_out():
    assert type(nn.conv2d(X, W, 1, "SAME")) is np.ndarray
    assert type(nn.conv2d(X, tf.Variable(W), 1, "SAME")) is np.ndarray
    assert isinstance(nn.conv2d(tf.constant(X), W, 1, "SAME"), tf.Tensor)
    assert isinstance(nn.relu(tf.Variable(1.0)), tf.Tensor)
    assert type(nn.relu([1.0, -1.0])) is np.ndarray and nn.relu([1.0, -1.0]).dtype == np.float32
    assert nn.relu(np.ones(2)).dtype == np.float64


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (InvalidArgumentError, lambda: nn.conv2d(X, W, 0, "SAME")),
        (InvalidArgumentError, lambda: nn.conv2d(X, W, -1, "SAME")),
        (InvalidArgumentError, lambda: nn.conv2d(X, W, 1, "SAME", dilations=0)),
        (InvalidArgumentError, lambda: nn.conv2d(X, W, 1, "same")),
        (InvalidArgumentError, lambda: nn.conv2d(X, W, 1, "FULL")),
        (TypeError, lambda: nn.conv2d(X, W, 1, 3)),
        (TypeError, lambda: nn.conv2d(X, W, 1, None)),
        (TypeError, lambda: nn.conv2d(X, W, 1.5, "SAME")),
        (ValueError, lambda: nn.conv2d(X, W, [1, 1, 1], "SAME")),
        (ValueError, lambda: nn.conv2d(X, W, 1, [[1, 1], [1, 1]])),
        (InvalidArgumentError, lambda: nn.conv2d(X, W, 1, [[1, 0], [0, 0], [0, 0], [0, 0]])),
        (InvalidArgumentError, lambda: nn.conv2d(X, W, 1, [[0, 0], [-1, 0], [0, 0], [0, 0]])),
        (UnimplementedError, lambda: nn.conv2d(X, W, [2, 1, 1, 1], "SAME")),
        (UnimplementedError, lambda: nn.conv2d(X, W, [1, 1, 1, 2], "SAME")),
        (InvalidArgumentError, lambda: nn.conv2d(X, W, 1, "SAME", "NHCW")),
        (InvalidArgumentError, lambda: nn.conv2d(X[0], W, 1, "SAME")),
        (InvalidArgumentError, lambda: nn.conv2d(X, W[0], 1, "SAME")),
        (InvalidArgumentError, lambda: nn.conv2d(X, W[:, :, :3], 1, "SAME")),
        (InvalidArgumentError, lambda: nn.conv2d(X, np.ones((9, 9, 4, 1), "f"), 1, "VALID")),
        (InvalidArgumentError, lambda: nn.depthwise_conv2d(X, W[:, :, :2], [1, 1, 1, 1], "SAME")),
        (InvalidArgumentError, lambda: nn.separable_conv2d(X, V, np.ones((1, 1, 7, 3), "f"), [1, 1, 1, 1], "SAME")),
        (InvalidArgumentError, lambda: nn.conv2d_transpose(X, np.ones((3, 3, 2, 4), "f"), (2, 99, 12, 2), 2)),
        (ValueError, lambda: nn.conv2d_transpose(X, np.ones((3, 3, 2, 4), "f"), (14, 12), 2)),
        (InvalidArgumentError, lambda: nn.max_pool2d(X, 0, 1, "SAME")),
        (InvalidArgumentError, lambda: nn.max_pool2d(X, 2, 1, [[0, 0], [2, 0], [0, 0], [0, 0]])),
        (UnimplementedError, lambda: nn.max_pool2d(X, [1, 2, 2, 2], 1, "SAME")),
        (InvalidArgumentError, lambda: nn.avg_pool2d(X, 9, 1, "VALID")),
        (InvalidArgumentError, lambda: nn.bias_add(X, np.ones(3, "f"))),
        (InvalidArgumentError, lambda: nn.softmax(X, axis=4)),
        (InvalidArgumentError, lambda: nn.sparse_softmax_cross_entropy_with_logits(np.array([5]), np.zeros((1, 5), "f"))),
        (InvalidArgumentError, lambda: nn.sparse_softmax_cross_entropy_with_logits(np.array([-1]), np.zeros((1, 5), "f"))),
        (InvalidArgumentError, lambda: nn.sparse_softmax_cross_entropy_with_logits(np.eye(5), np.zeros((5, 5), "f"))),
        (InvalidArgumentError, lambda: nn.softmax_cross_entropy_with_logits(np.zeros((2, 3)), np.zeros((2, 4)))),
        (InvalidArgumentError, lambda: nn.sigmoid_cross_entropy_with_logits(np.zeros((2, 3)), np.zeros((2, 4)))),
        (ValueError, lambda: nn.dropout(X, 1.0)),
        (ValueError, lambda: nn.dropout(X, -0.1)),
        (ValueError, lambda: nn.dropout(X, float("nan"))),
        (ValueError, lambda: nn.fused_batch_norm(X, np.ones(4, "f"), np.ones(4, "f"), is_training=False)),
        (TypeError, lambda: nn.relu(np.ones(2, bool))),
    ],
)
def test_kinds_of_errors(kind, call):
    with pytest.raises(kind):
        call()


def test_batch_norm_returns_the_unbiased_variance():
    _, mean, variance = nn.fused_batch_norm(X, np.ones(4, "f"), np.zeros(4, "f"))
    np.testing.assert_allclose(mean, X.mean((0, 1, 2)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(variance, X.var((0, 1, 2), ddof=1), rtol=1e-5)
    old = np.full(4, 10, "f")
    _, mean, _ = nn.fused_batch_norm(X, np.ones(4, "f"), np.zeros(4, "f"), old, old, exponential_avg_factor=0.25)
    np.testing.assert_allclose(mean, 7.5 + 0.25 * X.mean((0, 1, 2)), rtol=1e-5)


def test_losses_match_numpy():
    logits, labels = X.reshape(-1, 4), np.abs(X.reshape(-1, 4)[::-1])
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    np.testing.assert_allclose(nn.softmax_cross_entropy_with_logits(labels, logits), -(labels * logs).sum(1), rtol=1e-4)
    classes = np.arange(len(logits)) % 4
    got = nn.sparse_softmax_cross_entropy_with_logits(classes, logits)
    np.testing.assert_allclose(got, -logs[np.arange(len(logits)), classes], rtol=1e-4, atol=1e-5)
    moved = nn.softmax_cross_entropy_with_logits(labels.T, logits.T, axis=0)
    np.testing.assert_allclose(moved, -(labels * logs).sum(1), rtol=1e-4)
    assert nn.softmax_cross_entropy_with_logits(np.ones((1, 4), "f"), logits).shape == (len(logits),)
    assert nn.sparse_softmax_cross_entropy_with_logits(np.zeros((0,), int), np.zeros((0, 3), "f")).shape == (0,)
