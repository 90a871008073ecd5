"""Keras's `ops` against NumPy, on arrays, tensors and in shapes."""

import numpy as np
import pytest
import swiftconv as tf
from swiftconv import ops
from swiftconv._core import KerasTensor

A = np.array([[1.5, -2.0, 3.0], [0.5, 4.0, -6.0]], "f")
B = np.array([2.0, 1.0, 0.5], "f")

CASES = {
    "add": (lambda o: o.add(A, B), A + B),
    "power": (lambda o: o.power(B, 2), B**2),
    "divide ints": (lambda o: o.divide(np.array([1, 2]), np.array([2, 2])), np.array([0.5, 1], "f")),
    "promotes": (lambda o: o.add(A, np.array([1, 2, 3])), A + np.array([1, 2, 3], "f")),
    "bool times float": (lambda o: o.multiply(A > 0, A), (A > 0) * A),
    "maximum": (lambda o: o.maximum(A, 0), np.maximum(A, 0)),
    "mean axis": (lambda o: o.mean(A, axis=(0, -1)), A.mean()),
    "mean ints": (lambda o: o.mean(np.array([1, 2])), np.float32(1.5)),
    "sum keepdims": (lambda o: o.sum(A, axis=1, keepdims=True), A.sum(1, keepdims=True)),
    "sum bool": (lambda o: o.sum(A > 0), np.int32(4)),
    "max": (lambda o: o.max(A, 0), A.max(0)),
    "var": (lambda o: o.var(A, 1), A.var(1)),
    "std": (lambda o: o.std(A), A.std()),
    "any": (lambda o: o.any(A > 3, 1), (A > 3).any(1)),
    "all": (lambda o: o.all(A > -7), np.True_),
    "argmax": (lambda o: o.argmax(A, 1), A.argmax(1).astype("int32")),
    "argmax all": (lambda o: o.argmax(A), np.int32(A.argmax())),
    "logsumexp": (lambda o: o.logsumexp(A, 1), np.log(np.exp(A).sum(1))),
    "cumsum": (lambda o: o.cumsum(A, 1), A.cumsum(1)),
    "where": (lambda o: o.where(A > 0, A, 0), np.where(A > 0, A, 0)),
    "clip": (lambda o: o.clip(A, -1, 2), A.clip(-1, 2)),
    "one_hot": (lambda o: o.one_hot(np.array([1, 0, 5]), 3), np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0]], "f")),
    "take": (lambda o: o.take(A, [2, -1], 1), A.take([2, -1], 1)),
    "concatenate": (lambda o: o.concatenate([A, A], -1), np.concatenate([A, A], -1)),
    "stack": (lambda o: o.stack([B, B], 1), np.stack([B, B], 1)),
    "split": (lambda o: o.split(A, 3, 1)[1], A[:, 1:2]),
    "pad": (lambda o: o.pad(A, ((1, 0), (0, 2)), constant_values=3), np.pad(A, ((1, 0), (0, 2)), constant_values=3)),
    "pad reflect": (lambda o: o.pad(A, ((0, 0), (2, 1)), "reflect"), np.pad(A, ((0, 0), (2, 1)), "reflect")),
    "tile": (lambda o: o.tile(B, (2, 2)), np.tile(B, (2, 2))),
    "flip": (lambda o: o.flip(A, 1), A[:, ::-1]),
    "transpose": (lambda o: o.transpose(A), A.T),
    "moveaxis": (lambda o: o.moveaxis(A[None], 0, -1), np.moveaxis(A[None], 0, -1)),
    "squeeze": (lambda o: o.squeeze(A[None, :, :1]), A[:, 0]),
    "expand_dims": (lambda o: o.expand_dims(A, -1), A[..., None]),
    "broadcast_to": (lambda o: o.broadcast_to(B, (2, 3)), np.broadcast_to(B, (2, 3))),
    "matmul": (lambda o: o.matmul(A, B), A @ B),
    "matmul ints": (lambda o: o.matmul(np.array([[1, 2]]), np.array([[3], [4]])), np.array([[11]])),
    "norm": (lambda o: o.norm(A, axis=1), np.linalg.norm(A, axis=1)),
    "normalize": (lambda o: o.normalize(A, axis=0), A / np.linalg.norm(A, axis=0)),
    "isinf": (lambda o: o.isinf(np.array([1, np.inf, np.nan], "f")), np.array([False, True, False])),
    "round": (lambda o: o.round(np.array([0.5, 1.5, -2.5], "f")), np.array([0, 2, -2], "f")),
    "softmax axes": (lambda o: o.softmax(A, (0, 1)), np.exp(A) / np.exp(A).sum()),
    "celu": (lambda o: o.celu(A, 2.0), np.where(A > 0, A, 2 * np.expm1(A / 2))),
    "soft_shrink": (lambda o: o.soft_shrink(A), np.sign(A) * np.maximum(np.abs(A) - 0.5, 0)),
    "glu": (lambda o: o.glu(A[:, :2]), A[:, :1] / (1 + np.exp(-A[:, 1:2]))),
    "cast": (lambda o: o.cast(A, "int32"), A.astype("int32")),
    "zeros_like": (lambda o: o.zeros_like(A), np.zeros_like(A)),
    "arange": (lambda o: o.arange(2, 5), np.arange(2, 5, dtype="int32")),
}


@pytest.mark.parametrize("name", CASES)
def test_matches_numpy(name):
    call, expected = CASES[name]
    got = call(ops)
    assert isinstance(got, np.ndarray) and got.shape == np.shape(expected)
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_tensors_stay_tensors():
    assert isinstance(ops.add(tf.constant(A), 1), tf.Tensor) and isinstance(ops.mean(tf.constant(A)), tf.Tensor)


def test_shapes_of_unknown_batches():
    x = KerasTensor((None, 8, 8, 4))
    for got, shape in [
        (ops.max_pool(x, 2), (None, 4, 4, 4)),
        (ops.average_pool(x, 3, 1, "same"), (None, 8, 8, 4)),
        (ops.upsample2d(x, (2, 3)), (None, 16, 24, 4)),
        (ops.mean(x, (1, 2)), (None, 4)),
        (ops.concatenate([x, x], -1), (None, 8, 8, 8)),
        (ops.concatenate([x, x], 0), (None, 8, 8, 4)),
        (ops.depthwise_conv(x, np.zeros((3, 3, 4, 2), "f")), (None, 6, 6, 8)),
        (ops.batch_normalization(x, B[[0] * 4], B[[0] * 4], -1), (None, 8, 8, 4)),
        (ops.softmax(x), (None, 8, 8, 4)),
        (ops.zeros_like(x), (None, 8, 8, 4)),
        (ops.dropout(x, 0.5), (None, 8, 8, 4)),
        (ops.expand_dims(x, 1), (None, 1, 8, 8, 4)),
        (ops.argmax(x, -1), (None, 8, 8)),
        (ops.sparse_categorical_crossentropy(KerasTensor((None,), "int32"), KerasTensor((None, 10))), (None,)),
        (ops.categorical_crossentropy(KerasTensor((None, 10)), KerasTensor((None, 10)), True), (None,)),
    ]:
        assert isinstance(got, KerasTensor) and got.shape == shape


def test_crossentropies():
    p = np.array([[0.2, 0.8], [0.5, 0.5]], "f")
    np.testing.assert_allclose(ops.sparse_categorical_crossentropy(np.array([1, 0]), p), -np.log([0.8, 0.5]), rtol=1e-5)
    np.testing.assert_allclose(ops.categorical_crossentropy(np.eye(2, dtype="f"), p), -np.log([0.2, 0.5]), rtol=1e-5)
    np.testing.assert_allclose(ops.binary_crossentropy(np.ones(2, "f"), p[0]), -np.log([0.2, 0.8]), rtol=1e-5)
    with pytest.raises(ValueError):
        ops.categorical_crossentropy(np.ones((2, 3)), p)
    with pytest.raises(ValueError):
        ops.sparse_categorical_crossentropy(np.ones(3, int), p)
