"""utils: one-hot labels and back, seeds, names."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from swiftconv import random, utils


@settings(max_examples=50, deadline=None)
@given(labels=st.lists(st.integers(0, 9), min_size=1, max_size=20), more=st.integers(0, 3))
def test_to_categorical_and_back(labels, more):
    n = max(labels) + 1 + more
    hot = utils.to_categorical(labels, n)
    assert hot.shape == (len(labels), n)
    assert (hot.sum(-1) == 1).all()
    np.testing.assert_array_equal(hot.argmax(-1), labels)
    assert utils.to_categorical(labels).shape == (len(labels), max(labels) + 1)
    np.testing.assert_array_equal(utils.to_categorical(np.array(labels)[:, None], n), hot)


def test_to_categorical_refuses_labels_out_of_range():
    for labels in ([0, 3], [-4]):
        with pytest.raises((ValueError, IndexError)):
            utils.to_categorical(labels, 3)


def test_seeds_cover_python_numpy_and_the_engine():
    import random as python_random

    def draw():
        utils.set_random_seed(11)
        return python_random.random(), np.random.rand(), np.asarray(random.normal((3,))).tolist()

    assert draw() == draw()
    utils.set_random_seed(12)
    assert np.asarray(random.normal((3,))).tolist() != draw()[2]
