"""`Tensor`: what it is, how it meets NumPy, arithmetic, indexing."""

import pickle

import numpy as np
import pytest
import swiftconv as tf
from swiftconv.errors import InvalidArgumentError


def test_constant_takes_tensorflows_default_types():
    assert tf.constant([1, 2]).dtype == tf.int32
    assert tf.constant([1.0, 2]).dtype == tf.float32
    assert tf.constant(True).dtype == tf.bool
    assert tf.constant(np.zeros(2)).dtype == tf.float64
    assert tf.constant([1, 2], dtype=tf.float32).dtype == "float32"
    assert tf.constant(2**40).dtype == tf.int64


def test_constant_shape_fills_or_reshapes():
    assert tf.constant(3.0, shape=(2, 2)).numpy().tolist() == [[3, 3], [3, 3]]
    assert tf.constant([1, 2, 3, 4], shape=[2, 2]).shape == (2, 2)
    with pytest.raises(TypeError, match="shape"):
        tf.constant([1, 2, 3], shape=(2, 2))


@pytest.mark.parametrize(
    "bad", ["text", object(), 1j, [None], {"a": 1}, np.array(["a"]), np.array([object()]), np.zeros(2, "c8")]
)
def test_constant_refuses_what_is_no_number(bad):
    with pytest.raises(TypeError):
        tf.constant(bad)


def test_constant_copies_its_source():
    source = np.zeros(3, np.float32)
    t = tf.constant(source)
    source[0] = 1
    assert t.numpy()[0] == 0


def test_data_is_read_only_and_numpy_is_a_copy():
    t = tf.constant([1.0, 2.0])
    view = np.asarray(t)
    with pytest.raises(ValueError):
        view[0] = 5
    copy = t.numpy()
    copy[0] = 5
    assert t.numpy()[0] == 1


def test_repr_and_str_follow_tensorflow():
    assert repr(tf.constant([1, 2, 3])) == "<tf.Tensor: shape=(3,), dtype=int32, numpy=array([1, 2, 3], dtype=int32)>"
    assert str(tf.constant([1.0, 2.0])) == "tf.Tensor([1. 2.], shape=(2,), dtype=float32)"
    assert str(tf.constant(2.5)) == "tf.Tensor(2.5, shape=(), dtype=float32)"
    assert str(tf.constant([[1], [2]])) == "tf.Tensor(\n[[1]\n [2]], shape=(2, 1), dtype=int32)"
    assert f"{tf.constant(2.0):.3f}" == "2.000"


def test_python_protocols():
    t = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert len(t) == 2 and [row.shape for row in t] == [(2,), (2,)]
    assert float(tf.constant(2.5)) == 2.5 and int(tf.constant(3)) == 3 and bool(tf.constant(True))
    assert list(range(5))[tf.constant(2)] == 2
    assert hash(t) == hash(t) and len({t, tf.constant(1.0)}) == 2
    assert pickle.loads(pickle.dumps(t)).numpy().tolist() == t.numpy().tolist()
    for bad in (lambda: len(tf.constant(1)), lambda: list(tf.constant(1)), lambda: float(t)):
        with pytest.raises(TypeError):
            bad()
    with pytest.raises(ValueError):
        bool(t)


def test_arithmetic_matches_numpy():
    a, b = np.array([[4.0, -2.0], [0.5, 3.0]], "float32"), np.array([2.0, 3.0], "float32")
    x, y = tf.constant(a), tf.constant(b)
    for got, expected in [
        (x + y, a + b), (x - y, a - b), (x * y, a * b), (x / y, a / b), (x // y, a // b), (x % y, a % b), (-x, -a), (abs(x), abs(a)),  # noqa: E501
        (x**2, a**2), (y**x, b**a), (2 - x, 2 - a), (1 / y, 1 / b), (x @ x, a @ a), (x < y, a < b), (x >= y, a >= b), (x == y, a == b),  # noqa: E501
        (x != y, a != b), (a + y, a + b), (x * b, a * b), (2.0 ** y, 2.0**b),
    ]:  # fmt: skip
        assert isinstance(got, tf.Tensor)
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got.numpy(), expected, rtol=1e-6)


def test_operands_take_the_tensors_type_or_are_refused():
    assert (tf.constant([1.0]) + np.array([1.0])).dtype == tf.float32
    assert (tf.constant([1.0]) + 1).dtype == tf.float32
    assert (tf.constant([1]) / tf.constant([2])).dtype == tf.float64
    for bad in (
        lambda: tf.constant([1]) + 1.5,
        lambda: tf.constant([1.0]) + tf.constant([1]),
        lambda: tf.constant([1.0]) + tf.constant([1.0], "float64"),
        lambda: tf.constant([1]) + np.array([1.0]),
        lambda: tf.constant([1.0]) + "a",
        lambda: tf.constant([1.0]) + None,
    ):
        with pytest.raises(TypeError):
            bad()
    with pytest.raises(InvalidArgumentError):
        tf.constant([1.0, 2.0]) + tf.constant([1.0, 2.0, 3.0])


def test_numpy_functions_give_tensors():
    t = tf.constant([1.0, 4.0])
    assert isinstance(np.add(t, 1), tf.Tensor) and np.add(t, 1).numpy().tolist() == [2, 5]
    assert isinstance(np.sqrt(t), tf.Tensor) and np.sqrt(t).numpy().tolist() == [1, 2]
    assert isinstance(np.arctan2(t, t), tf.Tensor)
    assert isinstance(np.array([1.0, 1.0], "float32") * t, tf.Tensor)
    with pytest.raises(TypeError):
        np.add(np.ones(2), 1, out=t)
    target = np.ones(2, "float32")
    target += t
    assert isinstance(target, (np.ndarray, tf.Tensor))


def test_indexing_matches_numpy():
    a = np.arange(24, dtype="float32").reshape(2, 3, 4)
    t = tf.constant(a)
    for key in [0, -1, (1, 2), (slice(None), 1), (..., 0), (slice(None, None, -1), None, 1, slice(0, 4, 2)), (0, ..., slice(1, 3)),  # noqa: E501
                (slice(5, 1),), (np.array([1, 0]),), a > 5]:  # fmt: skip
        got = t[key]
        assert isinstance(got, tf.Tensor)
        np.testing.assert_array_equal(got.numpy(), a[key])
    with pytest.raises(IndexError):
        t[2]
    with pytest.raises(IndexError):
        t[0, 0, 0, 0]


def test_dlpack_gives_the_content():
    t = tf.constant([[1.0, 2.0]])
    got = np.from_dlpack(t)
    assert got.tolist() == [[1, 2]] and t.__dlpack_device__() == (1, 0)


def test_dtypes_compare_with_their_other_names():
    assert tf.float32 == "float32" and tf.float32 == np.float32 and tf.float32 == np.dtype("float32") and np.float32 == tf.float32
    assert tf.float32 != tf.float64 and tf.float32 != "int32" and tf.float32 is not None and tf.float32 != 3
    assert np.zeros(1, tf.int64).dtype == np.int64
    assert {tf.float32: 1}["float32"] == 1
    assert tf.float32.as_numpy_dtype is np.float32 and tf.int64.size == 8 and tf.int32.is_integer and repr(tf.bool) == "tf.bool"
    with pytest.raises(TypeError):
        tf.as_dtype("float7")


def test_shape_is_a_tuple_with_more_names():
    shape = tf.zeros((2, 3)).shape
    assert shape == (2, 3) and shape.as_list() == [2, 3] and shape.rank == 2 and shape.num_elements() == 6
    assert str(shape) == "(2, 3)" and repr(shape) == "TensorShape([2, 3])" and shape[1:] == (3,)


def test_huge_shapes_are_refused():
    for bad in (lambda: tf.reshape(tf.zeros((1,)), (2**62, 4)), lambda: tf.broadcast_to(tf.zeros((1,)), (2**40, 2**40)),
                lambda: tf._core.infer_specs("relu", [("float32", (2**70,))])):  # fmt: skip
        with pytest.raises((ValueError, MemoryError)):
            bad()
