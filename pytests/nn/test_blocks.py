"""`depth_to_space` and `space_to_depth`."""

import numpy as np
import pytest
import swiftconv as sc


def image(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("block", [1, 2, 3])
def test_each_channel_goes_to_its_place(block):
    x = image(2, 4, 5, 2 * block * block)
    y = np.asarray(sc.nn.depth_to_space(x, block))
    assert y.shape == (2, 4 * block, 5 * block, 2)
    for row, column, channel in np.ndindex(*y.shape[1:]):
        place = (row % block * block + column % block) * 2 + channel
        np.testing.assert_array_equal(y[:, row, column, channel], x[:, row // block, column // block, place])
    np.testing.assert_array_equal(sc.nn.space_to_depth(y, block), x)


def test_channels_first_is_the_same_with_axes_moved():
    x = image(1, 8, 4, 6)
    last = np.transpose(x, (0, 2, 3, 1))
    for f in (sc.nn.depth_to_space, sc.nn.space_to_depth):
        expected = np.transpose(np.asarray(f(last, 2)), (0, 3, 1, 2))
        np.testing.assert_array_equal(f(x, 2, data_format="NCHW"), expected)


def test_symbols_and_gradients():
    inputs = sc.Input((4, 4, 4))
    model = sc.Model(inputs, sc.nn.depth_to_space(inputs, 2))
    x = image(3, 4, 4, 4)
    np.testing.assert_array_equal(model.predict(x, verbose=0), sc.nn.depth_to_space(x, 2))
    t = sc.constant(x)
    with sc.GradientTape() as tape:
        tape.watch(t)
        y = sc.reduce_sum(sc.nn.space_to_depth(t, 2) * np.arange(3 * 2 * 2 * 16, dtype="float32").reshape(3, 2, 2, 16))
    expected = sc.nn.depth_to_space(np.arange(3 * 2 * 2 * 16, dtype="float32").reshape(3, 2, 2, 16), 2)
    np.testing.assert_array_equal(tape.gradient(y, t), expected)


@pytest.mark.parametrize(
    ("name", "shape", "block"),
    [
        ("depth_to_space", (1, 2, 2, 6), 2),
        ("depth_to_space", (1, 2, 2, 4), 0),
        ("depth_to_space", (2, 2, 4), 2),
        ("space_to_depth", (1, 3, 4, 1), 2),
        ("space_to_depth", (1, 4, 3, 1), 2),
        ("space_to_depth", (1, 4, 4, 1), -1),
    ],
)
def test_what_does_not_fit_is_refused(name, shape, block):
    with pytest.raises(ValueError, match=name):
        getattr(sc.nn, name)(np.zeros(shape, "float32"), block)
