"""Whatever `nn` is given, it answers with the right numbers or with an error that says why not; inputs stay as they are."""

import numpy as np
import pytest
import swiftconv as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from swiftconv import nn, ops

REFUSALS = (TypeError, ValueError, NotImplementedError, MemoryError)
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

sizes = st.sampled_from([0, 1, 2, 3, 5, 8])
integers = st.sampled_from([-(2**63), -1, 0, 1, 2, 3, 2**40, 2**62, 10**30])
odd = st.one_of(
    integers,
    st.sampled_from([float("nan"), float("inf"), -1.5, None, "same", "", b"x", (), [], {}, True, np.float32(2), np.array(2)]),
    st.lists(integers, max_size=5),
    st.lists(st.lists(integers, min_size=2, max_size=2), min_size=4, max_size=4),
)
paddings = st.one_of(st.sampled_from(["SAME", "VALID", [[0, 0], [1, 2], [0, 1], [0, 0]]]), odd)


def unaligned(a):
    b = np.zeros(a.nbytes + 1, "u1")[1:].view(a.dtype).reshape(a.shape)
    b[...] = a
    return b


def strided(a):
    return np.repeat(a, 2, axis=0)[::2] if a.ndim else a


def read_only(a):
    a.flags.writeable = False
    return a


FORMS = {
    "plain": lambda a: a,
    "fortran": np.asfortranarray,
    "strided": strided,
    "reversed": lambda a: np.flip(a).copy()[(slice(None, None, -1),) * a.ndim],
    "unaligned": unaligned,
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "read-only": read_only,
    "broadcast": lambda a: np.broadcast_to(a[:1], a.shape) if a.ndim and a.shape[0] else a,
}


@st.composite
def arrays(draw, ranks=(0, 1, 2, 3, 4, 4, 4, 4, 5, 9), dtypes=("f4", "f8", "i4", "i8", "u1", "?", "f2", "c8", "U2", "O")):
    shape = tuple(draw(st.lists(sizes, min_size=(n := draw(st.sampled_from(ranks))), max_size=n))) if ranks else ()
    shape = tuple(min(n, 2) for n in shape) if len(shape) > 5 else shape
    numbers = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 7 - 3)
    a = numbers.astype(draw(st.sampled_from(dtypes)))
    if a.dtype.kind == "f" and a.size and draw(st.booleans()):
        a.reshape(-1)[0] = draw(st.sampled_from([np.nan, np.inf, -np.inf, 3e38 if a.dtype.itemsize > 2 else 6e4]))
    return np.asarray(draw(st.sampled_from([f for name, f in FORMS.items() if name != "unaligned" or a.dtype.kind == "f"]))(a))


def answer(function, *args, **kwargs):
    """The result, or the refusal's text: every other exception fails the test, and so does an input that was changed."""
    before = [a.copy() for a in args if isinstance(a, np.ndarray)]
    try:
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)
    except REFUSALS as error:
        assert str(error), f"{type(error).__name__} without a word"
        return None
    finally:
        for a, b in zip((a for a in args if isinstance(a, np.ndarray)), before, strict=True):
            assert a.tobytes() == b.tobytes(), "an input was changed"


@QUICK
@given(
    x=arrays(),
    w=arrays(),
    strides=st.one_of(st.sampled_from([1, 2, [1, 2, 2, 1]]), odd),
    padding=paddings,
    dilations=st.one_of(st.none(), odd),
)
@pytest.mark.filterwarnings("ignore")
def test_convolutions_answer(x, w, strides, padding, dilations):
    for function in (nn.conv2d, nn.depthwise_conv2d):
        found = answer(function, x, w, strides, padding, dilations=dilations)
        assert found is None or found.ndim >= 3
    answer(nn.conv2d_transpose, x, w, strides, padding, padding)
    answer(nn.conv2d_backprop_input, strides, w, x, strides, padding)
    answer(nn.conv2d_backprop_filter, x, strides, w, strides, padding)


@QUICK
@given(x=arrays(), window=odd, strides=st.one_of(st.sampled_from([1, 2]), odd), padding=paddings)
@pytest.mark.filterwarnings("ignore")
def test_pools_answer(x, window, strides, padding):
    for function in (nn.max_pool2d, nn.avg_pool2d, nn.max_pool_with_argmax):
        answer(function, x, window, strides, padding)


@QUICK
@given(x=arrays(), y=st.one_of(arrays(), odd), axis=odd)
@pytest.mark.filterwarnings("ignore")
def test_other_ops_answer(x, y, axis):
    for function in (nn.relu, nn.softmax, nn.log_softmax, nn.gelu, nn.l2_loss, ops.transpose, tf.reduce_sum, tf.where):
        answer(function, x)
    for function in (
        nn.softmax,
        nn.dropout,
        tf.reduce_max,
        tf.argmax,
        tf.tile,
        tf.reshape,
        tf.expand_dims,
        tf.transpose,
        ops.split,
    ):
        answer(function, x, axis)
    for function in (nn.softmax_cross_entropy_with_logits, nn.sparse_softmax_cross_entropy_with_logits):
        answer(function, labels=y, logits=x)
    for function in (tf.add, tf.divide, tf.maximum, tf.equal, nn.bias_add, tf.matmul, ops.take):
        answer(function, x, y)
    answer(nn.batch_normalization, x, y, y, None, None, axis)
    answer(nn.fused_batch_norm, x, y, y)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_forms_of_arrays_give_the_same_numbers(form, dtype):
    rng = np.random.default_rng(0)
    make = FORMS[form]
    for n in (0, 1, 3):
        x, w = rng.normal(size=(n, 9, 8, 6)).astype(dtype), rng.normal(size=(3, 3, 6, 5)).astype(dtype)
        p, k, b = (
            rng.normal(size=(3, 3, 6, 2)).astype(dtype),
            rng.normal(size=(6, 4)).astype(dtype),
            rng.normal(size=6).astype(dtype),
        )
        calls = [
            (lambda x, w: nn.conv2d(x, w, 1, "SAME"), x, w),
            (lambda x, w: nn.conv2d(x, w, 2, "VALID", dilations=2), x, w),
            (lambda x, p: nn.depthwise_conv2d(x, p, [1, 1, 1, 1], "SAME"), x, p),
            (lambda x: nn.max_pool2d(x, 3, 2, "SAME"), x),
            (lambda x: nn.avg_pool2d(x, 3, 2, "SAME"), x),
            (lambda x, k: tf.matmul(x, np.broadcast_to(k, (*x.shape[:2], 6, 4))), x, k),
            (nn.softmax, x),
            (nn.bias_add, x, b),
        ]
        for call, *inputs in calls:
            odd_inputs = [make(a.copy()) for a in inputs]
            expected = call(*[np.array(a, dtype, order="C") for a in odd_inputs])
            before = [a.tobytes() for a in odd_inputs]
            np.testing.assert_array_equal(call(*odd_inputs), expected)
            assert [a.tobytes() for a in odd_inputs] == before
            assert expected.shape[0] == n


IMAGE = np.ones((1, 4, 4, 2), "f")
FILTER = np.ones((1, 1, 2, 1), "f")
LOGITS = np.ones((1, 5), "f")
FAR = [[0, 0], [2**40, 0], [2**40, 0], [0, 0]]
TOO_LARGE = (MemoryError, ValueError)
sparse = nn.sparse_softmax_cross_entropy_with_logits


@pytest.mark.parametrize(
    ("kind", "match", "call"),
    [
        (ValueError, "rank|dimension", lambda: nn.conv2d(np.ones((2, 2), "f"), FILTER, 1, "SAME")),
        (ValueError, "depth", lambda: nn.conv2d(np.ones((1, 4, 4, 3), "f"), FILTER, 1, "SAME")),
        (ValueError, "strides", lambda: nn.conv2d(IMAGE, FILTER, 0, "SAME")),
        (ValueError, "padding.*'FULL'", lambda: nn.conv2d(IMAGE, FILTER, 1, "FULL")),
        (ValueError, "filter|window|larger", lambda: nn.conv2d(IMAGE, np.ones((6, 6, 2, 1), "f"), 1, "VALID")),
        (TOO_LARGE, ".", lambda: nn.conv2d(IMAGE, FILTER, 1, FAR)),
        (TOO_LARGE, ".", lambda: tf.tile(np.ones((2**10, 2**10), "f"), [2**30, 2**30])),
        (TOO_LARGE, ".", lambda: tf.tile(np.ones((2, 0), "f"), [2**62, 2**40])),
        (TOO_LARGE, ".", lambda: tf.broadcast_to(np.ones(1, "f"), (2**31, 2**31))),
        (TOO_LARGE, ".", lambda: tf.broadcast_to(np.ones(1, "f"), (2**40, 2**40, 0))),
        (TOO_LARGE, ".", lambda: tf.reshape(np.ones((0,), "f"), (2**40, 2**40, 0))),
        (TOO_LARGE, ".", lambda: tf.zeros((2**40, 2**40))),
        (ValueError, "labels.*5", lambda: sparse([5], LOGITS)),
        (ValueError, "labels.*-1", lambda: sparse([-1], LOGITS)),
        (ValueError, "labels", lambda: sparse([1, 2], LOGITS)),
        ((TypeError, ValueError), "labels", lambda: sparse(np.eye(5, dtype="f"), np.ones((5, 5), "f"))),
        (ValueError, "shape", lambda: nn.softmax_cross_entropy_with_logits([[1.0, 0.0]], LOGITS)),
        (TypeError, "str 'abc'", lambda: tf.add(np.ones(3, "f"), "abc")),
        (TypeError, "NoneType", lambda: tf.maximum(np.ones(3, "f"), None)),
        (TypeError, "expected numbers", lambda: nn.softmax_cross_entropy_with_logits(["a"], LOGITS)),
        (TypeError, "complex64", lambda: nn.relu(np.ones(3, "c8"))),
    ],
)
def test_refusals_say_what_is_wrong(kind, match, call):
    with pytest.raises(kind, match=match):
        call()


def test_empty_tensors_with_huge_sizes_elsewhere():
    assert tf.tile(np.ones((0, 0), "f"), [2**62, 2**62]).shape == (0, 0)
    assert tf.tile(np.ones((0, 2), "f"), [2**20, 2**20]).shape == (0, 2**21)
    with pytest.raises((MemoryError, ValueError)):
        tf.tile(np.ones((2, 0), "f"), [2**40, 2**40, 2**40])
