"""The extension: odd arrays, bad arguments, threads, fork."""

import contextlib
import gc
import os
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from swiftconv import _native, nn
from swiftconv._core import get_op
from swiftconv.errors import InvalidArgumentError, UnimplementedError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 6, 5, 3)).astype("f")
W = RNG.normal(size=(3, 3, 3, 4)).astype("f")


def _unaligned(a):
    raw = np.zeros(a.nbytes + 1, np.uint8)
    odd = raw[1:].view(a.dtype).reshape(a.shape)
    odd[...] = a
    return odd


def _read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


ODD = {
    "fortran": np.asfortranarray,
    "reversed": lambda a: a[::-1].copy()[::-1],
    "strided": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "read-only": _read_only,
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "unaligned": _unaligned,
    "subclass": lambda a: a.view(type("Mine", (np.ndarray,), {})),
    "list": lambda a: a.tolist(),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_arrays_give_the_same_and_stay_untouched(kind):
    expected = nn.conv2d(X, W, 1, "SAME")
    odd = ODD[kind](X)
    before = np.array(odd)
    got = nn.conv2d(odd, W, 1, "SAME")
    assert type(got) is np.ndarray and got.dtype == np.float32
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.array(odd), before)
    np.testing.assert_array_equal(nn.conv2d(X, ODD[kind](W), 1, "SAME"), expected)


@pytest.mark.parametrize("dtype", ["float16", "int8", "int16", "uint16", "uint32"])
def test_other_number_types_are_converted(dtype):
    got = nn.relu(np.ones(3, dtype)) if dtype == "float16" else get_op("add").apply(np.ones(3, dtype), np.ones(3, dtype))
    assert got.tolist() in ([1, 1, 1], [2, 2, 2])


@pytest.mark.parametrize(
    "bad",
    [np.array([object()]), np.array(["a"]), np.ones(2, "c8"), np.array(["2020"], "M8[D]"), "text", None, {}, 1j],
)
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(TypeError):
        nn.relu(bad)


def test_mixed_types_are_refused_by_name():
    with pytest.raises(TypeError, match=r"(?s)float32.*float64|float64.*float32"):
        nn.conv2d(X, W.astype("d"), 1, "SAME")


def test_empty_batches():
    assert nn.conv2d(X[:0], W, 1, "SAME").shape == (0, 6, 5, 4)
    assert nn.conv2d(X[:0, ::2], W, 1, "SAME").shape == (0, 3, 5, 4)


def test_int32_convolution_is_exact():
    x = RNG.integers(-(2**20), 2**20, (1, 5, 5, 3)).astype("int32")
    w = RNG.integers(-50, 50, (3, 3, 3, 2)).astype("int32")
    got = nn.conv2d(x, w, 1, "VALID")
    expected = np.zeros((1, 3, 3, 2), np.int64)
    for y, v in np.ndindex(3, 3):
        expected[0, y, v] = np.einsum("abc,abco->o", x[0, y : y + 3, v : v + 3].astype(np.int64), w.astype(np.int64))
    assert got.dtype == np.int32 and np.array_equal(got, expected)


def test_outputs_own_their_memory():
    big = np.ones((64, 1024), "f")
    first = nn.relu(big)
    copy = first.copy()
    for _ in range(20):
        nn.relu(-big)
    np.testing.assert_array_equal(first, copy)
    assert first.flags.writeable and first.flags.c_contiguous
    alive = weakref.ref(first)
    view = first[3:5]
    del first
    gc.collect()
    nn.relu(-big)
    assert view.sum() == 2048 and (alive() is None or True)


def test_many_shapes_pass_through_the_cache():
    for n in list(range(1, 80)) * 2:
        assert nn.relu(np.full(n, -1, "f")).tolist() == [0] * n


def test_variable_exports_its_memory():
    v = _native.Variable("float32", (2, 3))
    a = np.asarray(v)
    assert a.shape == (2, 3) and a.dtype == np.float32 and not a.any() and a.flags.writeable
    a[1, 2] = 7
    del v
    gc.collect()
    assert np.asarray(a).sum() == 7
    assert np.asarray(_native.Variable("int64", ())).shape == ()
    assert np.asarray(_native.Variable("bool", (0, 4))).shape == (0, 4)


@pytest.mark.parametrize(
    "call",
    [
        lambda: _native.Op("no such op", {}),
        lambda: _native.Op(3, {}),
        lambda: _native.Op("relu", {1: 2}),
        lambda: _native.Op("relu", [1]),
        lambda: _native.Op("pad", {"paddings": [1.5]}),
        lambda: _native.Op("pad", {"paddings": [2**70]}),
        lambda: _native.Op("pad", {"value": object()}),
        lambda: _native.Op("relu", {}).run(),
        lambda: _native.Op("relu", {}).run(X, X),
        lambda: _native.Op("relu", {}).run(*[X] * 50),
        lambda: _native.Op("relu", {}).run([1.0]),
        lambda: _native.Op("relu", {}).run(X[:, ::2]),
        lambda: _native.Op("relu", {})(X, key=1),
        lambda: _native.Op("relu", {}).infer([("float32",)]),
        lambda: _native.Op("relu", {}).infer([("float7", (1,))]),
        lambda: _native.Op("relu", {}).infer([("float32", (-1,))]),
        lambda: _native.Op("relu", {}).infer([("float32", (2**40, 2**40))]),
        lambda: _native.Op("relu", {}).infer([("float32", (1,) * 9)]),
        lambda: _native.Op("relu", {}).infer(5),
        lambda: _native.Variable("float32", (2**62,)),
        lambda: _native.Variable("float32", (2**200,)),
        lambda: _native.Variable("float32", "ab"),
        lambda: _native.Variable("float32"),
        lambda: _native.Graph(1),
        lambda: _native.Graph().spec(0),
        lambda: _native.Graph().spec(2**80),
        lambda: _native.Graph().constant([1]),
        lambda: _native.Graph().variable(3),
        lambda: _native.Graph().apply("relu", [0]),
        lambda: _native.Graph().apply(_native.Op("relu", {}), [7]),
        lambda: _native.Graph().apply(_native.Op("relu", {}), ["a"]),
        lambda: _native.Graph().gradient([0], None, [0]),
        lambda: _native.Graph().gradient([], [None], []),
        lambda: _native.Graph().assign(_native.Variable("float32", ()), 5),
        lambda: _native.Executable(None, [], []),
        lambda: _native.Executable(_native.Graph(), [3], [4]),
        lambda: _native.Executable(_native.Graph(), [-5], [2**40]),
        lambda: _native.Buffer(),  # noqa: PLW0108
        lambda: _native.set_num_threads(0),
        lambda: _native.set_num_threads(2**80),
        lambda: _native.set_num_threads("a"),
        lambda: _native.set_fallback(3),
    ],
)  # fmt: skip
def test_bad_arguments_raise(call):
    with pytest.raises((TypeError, ValueError, MemoryError, NotImplementedError)):
        call()


_words = st.sampled_from(["float32", "int64", "relu", "SAME"])
_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["Op", "Variable", "Graph", "Executable"]), st.lists(_junk, max_size=3), _junk)
def test_junk_never_crashes(name, arguments, more):
    graph = _native.Graph()
    for call in (
        lambda: getattr(_native, name)(*arguments),
        lambda: graph.placeholder(*arguments),
        lambda: graph.gradient(more, None, more),
        lambda: graph.apply(_native.Op("relu", {}), more),
        lambda: _native.Executable(graph, more, more),
        lambda: _native.Op("conv2d", {"strides": more, "padding": more}).infer([("float32", X.shape), ("float32", W.shape)]),
        lambda: nn.conv2d(X, W, more, "SAME"),
        lambda: nn.conv2d(X, W, 1, more),
        lambda: nn.max_pool2d(X, more, more, "VALID"),
        lambda: nn.relu(more),
    ):
        with contextlib.suppress(TypeError, ValueError, MemoryError, NotImplementedError, OverflowError):
            call()


def test_threads_give_the_same():
    expected = nn.conv2d(X, W, 1, "SAME")
    wrong = []

    def work(seed):
        for i in range(200):
            n = (seed + i) % 7 + 1
            if not np.array_equal(nn.conv2d(X[:1].repeat(n, 0), W, 1, "SAME"), expected[:1].repeat(n, 0)):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not wrong


def test_executables_may_be_run_by_several_threads():
    graph = _native.Graph()
    x = graph.placeholder("float32", (64, 64))
    (y,) = graph.apply(_native.Op("relu", {}), [x])
    executable = _native.Executable(graph, [x], [y])
    wrong = []

    def work(value):
        for _ in range(100):
            (got,) = executable.run(np.full((64, 64), value, "f"))
            if not (got == value).all():
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(1, 5)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not wrong


def test_it_works_after_fork():
    expected = nn.conv2d(X, W, 1, "SAME")
    pid = os.fork()
    if pid == 0:
        os._exit(0 if np.array_equal(nn.conv2d(X, W, 1, "SAME"), expected) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_import_is_silent_and_lazy():
    code = (
        "import sys, threading, numpy, swiftconv; "
        "bad = [m for m in ('h5py', 'matplotlib', 'swiftconv.keras', 'swiftconv.layers') if m in sys.modules]; "
        "assert not bad, bad"
    )
    done = _python(code)
    assert done.returncode == 0 and done.stdout == "" and done.stderr == ""


def test_import_starts_no_thread():
    count = "len(os.listdir('/proc/self/task'))"
    done = _python(f"import os, numpy; before = {count}; import swiftconv; print({count} - before)")
    assert done.stdout.strip() == "0", done.stderr


def test_the_report_passes_its_self_test():
    done = subprocess.run([sys.executable, "-m", "swiftconv"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for word in ("compiler", "level", "threads", "native file", "(1, 4, 4, 1)", "right"):
        assert word in done.stdout


def test_only_the_init_function_is_exported():
    done = subprocess.run(["nm", "-D", "--defined-only", _native.__file__], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("nm is not installed")
    names = [line.split()[-1] for line in done.stdout.splitlines()]
    assert [n for n in names if not n.startswith("_ZT")] == ["PyInit__native"]


def test_errors_have_tensorflows_and_pythons_kinds():
    assert issubclass(InvalidArgumentError, ValueError) and issubclass(UnimplementedError, NotImplementedError)
