"""Executables keep forms made from weights: packed filters, folded norms. None may outlive a change of them."""

import threading

import numpy as np
import pytest
from swiftconv import GradientTape, Input, Variable, callbacks, layers, models, nn, optimizers, utils
from swiftconv._core.trace import compile_function


def images(n=4, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 12, 12, 16)).astype("float32")


def labels(n=4):
    return np.arange(n) % 5


def network():
    """Every layer whose op packs a weight (Winograd, implicit products, 1×1, depthwise, transposed, dense), and norms to fold."""
    utils.set_random_seed(3)
    model = models.Sequential(
        [
            Input((12, 12, 16)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.Conv2D(24, 5, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.Conv2D(16, 1),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.Conv2DTranspose(8, 3, strides=2, padding="same"),
            layers.SeparableConv2D(8, 3),
            layers.Flatten(),
            layers.Dense(5, activation="softmax"),
        ]
    )
    model.compile(optimizers.SGD(0.05), "sparse_categorical_crossentropy")
    return model


def uncached(model, x):
    """The same network by eager ops on plain arrays, which keep nothing between calls."""
    for layer in model.layers:
        w = layer.get_weights()
        if isinstance(layer, layers.BatchNormalization):
            gamma, beta, mean, variance = w
            x = nn.batch_normalization(x, mean, variance, beta, gamma, layer.epsilon)
        elif isinstance(layer, layers.DepthwiseConv2D):
            x = nn.bias_add(nn.depthwise_conv2d(x, w[0], strides=[1, 1, 1, 1], padding="SAME"), w[1])
        elif isinstance(layer, layers.Conv2DTranspose):
            shape = (x.shape[0], 2 * x.shape[1], 2 * x.shape[2], 8)
            x = nn.bias_add(nn.conv2d_transpose(x, w[0], shape, strides=2, padding="SAME"), w[1])
        elif isinstance(layer, layers.SeparableConv2D):
            x = nn.bias_add(nn.separable_conv2d(x, w[0], w[1], strides=[1, 1, 1, 1], padding="VALID"), w[2])
        elif isinstance(layer, layers.Conv2D):
            x = nn.bias_add(nn.conv2d(x, w[0], strides=layer.strides, padding=layer.padding.upper()), w[1])
            x = np.maximum(x, 0) if layer.activation.__name__ == "relu" else x
        elif isinstance(layer, layers.Flatten):
            x = x.reshape(len(x), -1)
        else:
            x = nn.softmax(x @ w[0] + w[1])
    return x


def noise(weights, seed=1):
    rng = np.random.default_rng(seed)
    return [np.abs(w + rng.normal(scale=0.3, size=w.shape)).astype(w.dtype) for w in weights]


def by_assign(model, tmp_path):
    for variable, value in zip(model.weights, noise(model.get_weights()), strict=True):
        variable.assign(value)


def by_assign_add(model, tmp_path):
    for variable in model.trainable_weights:
        variable.assign_add(np.full(variable.shape, 0.05, "float32"))


def by_assign_sub(model, tmp_path):
    for variable in model.trainable_weights:
        variable.assign_sub(np.full(variable.shape, 0.05, "float32"))


def by_set_weights(model, tmp_path):
    model.set_weights(noise(model.get_weights()))


def by_layer_set_weights(model, tmp_path):
    for layer in model.layers:
        layer.set_weights(noise(layer.get_weights()))


def by_load_weights(model, tmp_path):
    other = network()
    other.set_weights(noise(other.get_weights()))
    other.save_weights(tmp_path / "w.weights.h5")
    model.load_weights(tmp_path / "w.weights.h5")


def by_legacy_load_weights(model, tmp_path):
    other = network()
    other.set_weights(noise(other.get_weights()))
    other.save(tmp_path / "w.h5")
    model.load_weights(tmp_path / "w.h5")


def by_fit(model, tmp_path):
    model.fit(images(), labels(), epochs=2, batch_size=3, verbose=0)


def by_train_on_batch(model, tmp_path):
    model.train_on_batch(images(), labels())


def by_eager_fit(model, tmp_path):
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    model.fit(images(), labels(), verbose=0)


def tape_gradients(model):
    with GradientTape() as tape:
        loss = model(images(), training=True)[:, 0]
    return tape.gradient(loss, model.trainable_weights)


def by_apply_gradients(model, tmp_path):
    optimizers.Adam(0.1).apply_gradients(zip(tape_gradients(model), model.trainable_weights, strict=True))


def by_optimizer_apply(model, tmp_path):
    optimizers.SGD(0.1, momentum=0.9).apply(tape_gradients(model), model.trainable_weights)


def by_training_call(model, tmp_path):
    """Moving statistics, which predict's folded filters hold."""
    for _ in range(5):
        model(5 * images(seed=9) + 2, training=True)


def by_restored_best_weights(model, tmp_path):
    stop = callbacks.EarlyStopping(monitor="loss", patience=0, restore_best_weights=True, mode="max", min_delta=1e9)
    model.fit(images(), labels(), epochs=4, verbose=0, callbacks=[stop])


def by_traced_assign(model, tmp_path):
    def halve():
        for variable in model.trainable_weights:
            variable.assign(variable * 0.5)

    compile_function(halve, []).run()


def by_a_thread(model, tmp_path):
    thread = threading.Thread(target=by_assign, args=(model, tmp_path))
    thread.start()
    thread.join()


WAYS = [value for name, value in list(globals().items()) if name.startswith("by_")]


@pytest.mark.parametrize("change", WAYS, ids=lambda way: way.__name__)
def test_predict_sees_weights_that_were_changed(change, tmp_path):
    model = network()
    x = images(seed=5)
    before = model.predict(x, verbose=0)
    np.testing.assert_allclose(before, uncached(model, x), rtol=2e-3, atol=2e-5)
    model.predict(x, verbose=0)  # packed filters are in use now
    change(model, tmp_path)
    after = model.predict(x, verbose=0)
    np.testing.assert_allclose(after, uncached(model, x), rtol=2e-3, atol=2e-5)
    assert np.abs(after - before).max() > 1e-3, "the change was too small to show a stale filter"
    change(model, tmp_path)  # and once more, after the executable has met a changed version
    np.testing.assert_allclose(model.predict(x, verbose=0), uncached(model, x), rtol=2e-3, atol=2e-5)


def test_every_array_of_a_variable_is_a_copy_or_read_only():
    variable = Variable(np.ones((2, 3), "float32"))
    views = [variable._array, variable.numpy(), np.asarray(variable), np.array(variable), np.from_dlpack(variable)]
    views += [variable.value.numpy(), np.asarray(variable.value), variable[0].numpy(), np.asarray(variable[0])]
    for view in views:
        if view.flags.writeable:
            view[...] = 7
    np.testing.assert_array_equal(variable.numpy(), np.ones((2, 3)))
    model = models.Sequential([layers.Dense(2, input_shape=(3,))])
    model.get_weights()[0][...] = 7
    assert not (model.get_weights()[0] == 7).any()
    given = np.zeros((3, 2), "float32")
    model.layers[0].kernel.assign(given)
    given[...] = 7
    assert not model.get_weights()[0].any()


def test_a_variable_shared_by_two_models_changes_in_both():
    shared = layers.Conv2D(16, 3, padding="same")
    a = models.Sequential([Input((12, 12, 16)), shared])
    b = models.Sequential([Input((12, 12, 16)), shared, layers.Flatten(), layers.Dense(5)])
    b.compile("sgd", "mse")
    x = images(1)
    a.predict(x, verbose=0)
    b.predict(x, verbose=0)
    b.fit(images(), np.ones((4, 5), "float32"), verbose=0)
    expected = nn.bias_add(nn.conv2d(x, shared.get_weights()[0], strides=1, padding="SAME"), shared.get_weights()[1])
    np.testing.assert_allclose(a.predict(x, verbose=0), expected, rtol=1e-3, atol=1e-5)
