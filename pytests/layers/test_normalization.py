"""`LayerNormalization` and `GroupNormalization` against their formulas in NumPy, and their gradients against differences."""

import numpy as np
import pytest
import swiftconv as sc
from swiftconv import layers


def standardized(x, axes, epsilon):
    mean = x.mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + epsilon)


def image(*shape):
    return np.random.default_rng(3).normal(2.0, 3.0, shape)


@pytest.mark.parametrize("axis", [-1, 1, [1, 2], [-1, 1], [1, 2, 3]])
def test_layer_normalization_is_its_formula(axis):
    x = image(2, 3, 4, 5)
    axes = tuple(a % 4 for a in (axis if isinstance(axis, list) else [axis]))
    layer = layers.LayerNormalization(axis=axis, epsilon=0.01, dtype="float64")
    layer.build(x.shape)
    # a factor and an offset for each place along the axes, in the order in which these stand in the shape
    gamma, beta = (np.random.default_rng(k).random(layer.gamma.shape) for k in (1, 2))
    layer.set_weights([gamma, beta])
    shape = [n if i in axes else 1 for i, n in enumerate(x.shape)]
    expected = standardized(x, axes, 0.01) * gamma.reshape(shape) + beta.reshape(shape)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-12, atol=1e-12)


def test_rms_scaling_keeps_the_mean():
    x = image(2, 5)
    layer = layers.LayerNormalization(epsilon=0.01, rms_scaling=True, scale=False, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([np.arange(5.0)])
    np.testing.assert_allclose(layer(x), x / np.sqrt(x.var(-1, keepdims=True) + 0.01) * np.arange(5.0), rtol=1e-12)


@pytest.mark.parametrize(("groups", "axis"), [(1, -1), (2, -1), (3, -1), (6, -1), (-1, -1), (2, 1), (-1, 1)])
def test_group_normalization_is_its_formula(groups, axis):
    x = image(2, 4, 3, 6)
    layer = layers.GroupNormalization(groups=groups, axis=axis, epsilon=0.01, dtype="float64")
    layer.build(x.shape)
    size = x.shape[axis]
    gamma, beta = np.arange(1.0, size + 1), np.arange(size) / 2
    layer.set_weights([gamma, beta])
    moved = np.moveaxis(x, axis, -1)
    parts = size if groups == -1 else groups
    # neighbouring channels form a group
    normal = standardized(moved.reshape(2, -1, parts, size // parts), (1, 3), 0.01).reshape(moved.shape)
    np.testing.assert_allclose(layer(x), np.moveaxis(normal * gamma + beta, -1, axis), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "layer",
    [
        layers.LayerNormalization(axis=[1, 2], dtype="float64"),
        layers.GroupNormalization(groups=2, dtype="float64"),
        layers.Conv1D(2, 2, padding="causal", dilation_rate=2, groups=2, dtype="float64"),
        layers.AveragePooling1D(2, 1, padding="same", dtype="float64"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_gradients_are_differences(layer):
    x = image(2, 4, 4)
    weights = [np.random.default_rng(5).normal(size=w.shape) for w in (layer.build(x.shape), layer.weights)[1]]
    layer.set_weights(weights)
    scale = np.cos(np.arange(layer(x).size)).reshape(layer(x).shape)
    t = sc.constant(x)
    with sc.GradientTape() as tape:
        tape.watch(t)
        total = sc.reduce_sum(layer(t) * scale)
    found = tape.gradient(total, [t, *layer.trainable_weights])

    def value(x, weights):
        layer.set_weights(weights)
        return float((np.asarray(layer(x)) * scale).sum())

    for k, gradient in enumerate(found):
        for place in np.ndindex(*gradient.shape):
            values = []
            for step in (1e-6, -1e-6):
                changed = [a.copy() for a in (x, *weights)]
                changed[k][place] += step
                values.append(value(changed[0], changed[1:]))
            assert abs(float(np.asarray(gradient)[place]) - (values[0] - values[1]) / 2e-6) < 1e-6


def test_both_train_in_a_model():
    x = image(32, 8, 3).astype("float32")
    y = (x.mean((1, 2)) > 2).astype("float32")[:, None]
    model = sc.models.Sequential(
        [
            layers.Conv1D(8, 3, activation="relu"),
            layers.GroupNormalization(groups=4),
            layers.MaxPooling1D(),
            layers.GlobalAveragePooling1D(),
            layers.LayerNormalization(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(sc.optimizers.Adam(0.02), "binary_crossentropy")
    losses = model.fit(x, y, epochs=40, verbose=0, shuffle=False).history["loss"]
    assert losses[-1] < 0.6 * losses[0]


def test_causal_outputs_know_nothing_of_later_steps():
    layer = layers.Conv1D(1, 3, padding="causal", dilation_rate=2, use_bias=False)
    x = image(1, 9, 1).astype("float32")
    y = np.asarray(layer(x))
    kernel = np.asarray(layer.kernel)[:, 0, 0]
    long = np.concatenate([np.zeros(4), x[0, :, 0]])
    expected = [sum(kernel[k] * long[i + 2 * k] for k in range(3)) for i in range(9)]
    np.testing.assert_allclose(y[0, :, 0], expected, rtol=1e-5, atol=1e-5)
