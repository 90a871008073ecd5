"""Traced functions and functional shapes."""

import numpy as np
import pytest
import swiftconv as tf
from swiftconv import ops
from swiftconv._core import KerasTensor, Variable, compile_function, compute_output_spec, gradients, in_trace, is_symbolic


def test_a_traced_function_runs_on_arrays():
    def fn(a, pair):
        assert in_trace() and is_symbolic(a) and a.shape == (2, 3)
        return {"sum": a + pair[0], "rest": [pair[1] * 2.0, 7]}

    compiled = compile_function(fn, [("float32", (2, 3)), [("float32", (3,)), ("float32", ())]])
    got = compiled.run(np.ones((2, 3), "f"), np.arange(3, dtype="f"), np.array(4, "f"))
    assert got["sum"].tolist() == [[1, 2, 3]] * 2 and got["rest"][0] == 8 and got["rest"][1] == 7
    assert isinstance(compiled.plan(), dict) and not in_trace()


def test_variables_are_read_and_assigned_in_one_run():
    v = Variable(np.array([1.0, 2.0], "f"))

    def fn(x):
        v.assign_add(x)
        v.assign(v * 2.0)
        return v.value

    compiled = compile_function(fn, [("float32", (2,))])
    assert v.numpy().tolist() == [1, 2]
    assert compiled.run(np.array([1, 1], "f")).tolist() == [4, 6]
    assert v.numpy().tolist() == [4, 6]
    compiled.run(np.array([0, 0], "f"))
    assert v.numpy().tolist() == [8, 12]


def test_gradients_in_a_trace():
    v, unused = Variable(np.array([3.0], "f")), Variable(np.array([3.0], "f"))

    def fn(x):
        loss = ops.sum(ops.square(v * x))
        dv, none, dx = gradients(loss, [v, unused, x])
        assert none is None
        v.assign_sub(dv * 0.1)
        return loss, dx

    loss, dx = compile_function(fn, [("float32", (1,))]).run(np.array([2.0], "f"))
    assert loss == 36 and dx.tolist() == [36]
    np.testing.assert_allclose(v.numpy(), [3 - 2.4], rtol=1e-6)


def test_a_tape_in_a_trace_is_symbolic():
    v = Variable(3.0)

    def fn(x):
        with tf.GradientTape() as tape:
            y = v * v * x
        return tape.gradient(y, v)

    assert compile_function(fn, [("float32", ())]).run(np.array(2, "f")) == 12


def test_symbols_have_no_numbers():
    seen = []

    def fn(x):
        for use in (np.asarray, bool, float, int, lambda s: s.numpy(), np.arctan):
            with pytest.raises(TypeError):
                use(x)
        seen.append(x)
        return x * 1.0

    compile_function(fn, [("float32", (2,))])
    with pytest.raises(ValueError, match="trace"):
        seen[0] + 1.0


def test_an_exception_in_the_function_ends_the_trace():
    def fn(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        compile_function(fn, [("float32", (2,))])
    assert not in_trace()


@pytest.mark.parametrize("bad", [(), (np.ones(3, "f"),), (np.ones(2, "d"),), ("text",), (np.ones(2, "f"),) * 2, (None,)])
def test_feeds_that_do_not_fit(bad):
    compiled = compile_function(lambda x: x + 1.0, [("float32", (2,))])
    with pytest.raises((TypeError, ValueError)):
        compiled.run(*bad)


def test_odd_feeds_are_taken():
    compiled = compile_function(lambda x: x + 1.0, [("float32", (2, 2))])
    base = np.arange(8, dtype="f").reshape(2, 4)
    assert compiled.run(base[:, ::2]).tolist() == [[1, 3], [5, 7]]
    assert compiled.run(np.asfortranarray(base[:, :2])).tolist() == [[1, 2], [5, 6]]


def test_keras_tensors_infer_unknown_sizes():
    x = KerasTensor((None, 28, 28, 3))
    y = ops.conv(x, np.zeros((3, 3, 3, 8), "f"), 2, "same")
    assert y.shape == (None, 14, 14, 8) and y.dtype == "float32"
    assert ops.reshape(y, (-1, 14 * 14 * 8)).shape == (None, 1568)
    assert (x + x).shape == (None, 28, 28, 3) and x[:, 0].shape == (None, 28, 3) and ops.mean(x).shape == ()
    assert ops.conv_transpose(x, np.zeros((3, 3, 4, 3), "f"), 2, "same").shape == (None, 56, 56, 4)
    node, place = y._history
    assert node.name == "conv2d" and place == 0 and node.inputs == [x] and node.outputs[0] is y
    assert node([np.ones((2, 28, 28, 3), "f")]).shape == (2, 14, 14, 8)


def test_compute_output_spec_leaves_no_history():
    y = compute_output_spec(ops.relu, KerasTensor((None, 4)))
    assert y.shape == (None, 4) and y._history is None


def test_keras_tensors_have_no_numbers():
    x = KerasTensor((None, 2))
    for use in (np.asarray, float, iter):
        with pytest.raises((TypeError, ValueError, NotImplementedError)):
            use(x)
    with pytest.raises(TypeError):
        bool(x)
    with pytest.raises(ValueError, match="None"):
        ops.matmul(x, np.zeros((3, 2), "f"))


def test_variable_protocol():
    v = Variable([[1.0, 2.0]], name="w")
    assert v.shape == (1, 2) and v.dtype == "float32" and v.name == "w" and v.path == "w" and v.trainable
    assert v.assign([[3.0, 4.0]]) is v and v.numpy().tolist() == [[3, 4]]
    assert v.assign_add([[1.0, 1.0]]).numpy().tolist() == [[4, 5]] and v.assign_sub(np.ones((1, 2))).numpy().tolist() == [[3, 4]]
    before = np.asarray(v)
    v.assign(np.zeros((1, 2)))
    assert before.tolist() == [[3, 4]]
    assert isinstance(v + 1, tf.Tensor) and isinstance(v.value, tf.Tensor) and v[0, 1].shape == ()
    for bad in ([1.0, 2.0, 3.0], [[1.0], [2.0]]):
        with pytest.raises(ValueError, match="shape"):
            v.assign(bad)
    with pytest.raises(ValueError):
        Variable()
    with pytest.raises(TypeError):
        Variable("text")
