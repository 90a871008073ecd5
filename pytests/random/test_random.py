"""Random numbers: repeatable, of the right distribution, drawn anew."""

import numpy as np
import pytest
import swiftconv as tf
from swiftconv import random
from swiftconv._core import compile_function


def test_an_integer_seed_repeats():
    a, b = random.normal((5,), seed=3), random.normal((5,), seed=3)
    assert isinstance(a, tf.Tensor) and np.array_equal(a, b) and not np.array_equal(a, random.normal((5,), seed=4))


def test_a_generator_moves_on_and_set_random_seed_starts_anew():
    random.set_random_seed(1)
    first = [np.asarray(random.uniform((4,))), np.random.rand()]
    assert not np.array_equal(first[0], random.uniform((4,)))
    random.set_random_seed(1)
    assert np.array_equal(first[0], random.uniform((4,))) and first[1] == np.random.rand()
    with pytest.raises(ValueError):
        random.set_random_seed(-1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_distributions(dtype):
    n = random.normal((20000,), 2.0, 3.0, dtype, seed=1).numpy()
    u = random.uniform((20000,), -1, 3, dtype, seed=1).numpy()
    t = random.truncated_normal((20000,), 0.0, 1.0, dtype, seed=1).numpy()
    assert n.dtype == u.dtype == t.dtype == dtype
    assert abs(n.mean() - 2) < 0.1 and abs(n.std() - 3) < 0.1
    assert u.min() >= -1 and u.max() < 3 and abs(u.mean() - 1) < 0.05
    assert np.abs(t).max() <= 2 and abs(t.mean()) < 0.05


def test_integers():
    r = random.randint((1000,), -3, 4, seed=1).numpy()
    assert r.dtype == np.int32 and set(r) == set(range(-3, 4))
    assert random.uniform((3,), 0, 10, "int64", seed=2).dtype == tf.int64
    for bad in (
        lambda: random.uniform((3,), 0, dtype="int32"),
        lambda: random.randint((3,), 5, 5),
        lambda: random.normal((-1,)),
    ):
        with pytest.raises(ValueError):
            bad()


def test_dropout():
    x = np.ones((100, 100), "f")
    y = tf.nn.dropout(x, 0.25, seed=7)
    assert isinstance(y, np.ndarray) and set(np.unique(y)) == {0, np.float32(1 / 0.75)} and abs(y.mean() - 1) < 0.03
    same = tf.nn.dropout(x, 0.5, noise_shape=(100, 1), seed=7)
    assert all(len(np.unique(row)) == 1 for row in same)
    t = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(t)
        z = tf.nn.dropout(t, 0.5)
    assert np.array_equal(tape.gradient(z, t), z)


def test_draws_inside_a_trace_differ_from_run_to_run():
    generator = random.SeedGenerator(5)
    compiled = compile_function(lambda: random.normal((4,), seed=generator), [])
    a, b = compiled.run(), compiled.run()
    assert not np.array_equal(a, b)
    assert np.array_equal(a, random.normal((4,), seed=random.SeedGenerator(5)))


def test_shuffle_is_a_permutation():
    x = np.arange(50)
    y = random.shuffle(x, seed=1)
    assert sorted(np.asarray(y)) == list(x) and not np.array_equal(y, x)
