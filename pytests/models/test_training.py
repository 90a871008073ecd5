"""compile, fit, evaluate, predict."""

import numpy as np
import pytest
from swiftconv import Input, Model, callbacks, constant, layers, losses, metrics, models, ops, optimizers, random, utils
from swiftconv._core import GradientTape


def blobs(n=256, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    x = rng.normal(size=(n, 4)).astype("float32") + 3.0 * np.eye(4, dtype="float32")[y]
    return x, y


def mlp(**kwargs):
    utils.set_random_seed(1)
    model = models.Sequential([layers.Dense(16, activation="relu", input_shape=(4,)), layers.Dense(3, activation="softmax")])
    model.compile(**{"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **kwargs})
    return model


def test_fit_learns_and_history_records():
    x, y = blobs()
    model = mlp(optimizer=optimizers.Adam(0.01))
    history = model.fit(x, y, epochs=10, batch_size=32, verbose=0, validation_split=0.2)
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert len(history.history["loss"]) == 10
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert history.history["val_accuracy"][-1] > 0.8
    assert model.history is history


def test_evaluate_and_predict_agree():
    x, y = blobs(100)
    model = mlp()
    loss, accuracy = model.evaluate(x, y, batch_size=32, verbose=0)
    p = model.predict(x, batch_size=32, verbose=0)
    assert p.shape == (100, 3)
    assert accuracy == pytest.approx((p.argmax(1) == y).mean())
    assert loss == pytest.approx(-np.log(p[np.arange(100), y]).mean(), rel=1e-4)
    assert set(model.evaluate(x, y, return_dict=True, verbose=0)) == {"loss", "accuracy"}


def test_equal_seeds_give_equal_weights():
    x, y = blobs()
    found = []
    for _ in range(2):
        model = mlp()
        model.fit(x, y, epochs=2, verbose=0)
        found.append(model.get_weights())
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_compiled_and_eager_steps_agree():
    x, y = blobs(64)
    weights = []
    for eager in (False, True):
        model = mlp(run_eagerly=eager, optimizer=optimizers.SGD(0.1, momentum=0.9))
        model.fit(x, y, epochs=2, batch_size=20, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta", "adamax", "nadam"])
def test_every_optimizer_lowers_the_loss(name):
    x, y = blobs()
    model = mlp(optimizer=name)
    first = model.evaluate(x, y, verbose=0)[0]
    model.fit(x, y, epochs=3, verbose=0)
    assert model.evaluate(x, y, verbose=0)[0] < first


def test_one_hot_labels_and_other_losses():
    x, y = blobs()
    hot = utils.to_categorical(y, 3)
    for loss in ("categorical_crossentropy", "mse", "kl_divergence", losses.CategoricalCrossentropy(label_smoothing=0.1)):
        model = mlp(loss=loss, metrics=["accuracy", "mae"])
        history = model.fit(x, hot, epochs=2, verbose=0).history
        assert set(history) == {"loss", "accuracy", "mae"}
        assert history["loss"][1] < history["loss"][0]


def test_regularization_counts():
    x, y = blobs(32)
    model = models.Sequential([Input((4,)), layers.Dense(3, activation="softmax", kernel_regularizer="l2")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with_penalty = model.evaluate(x, y, verbose=0)
    kernel = model.get_weights()[0]
    plain = losses.SparseCategoricalCrossentropy()(y, model.predict(x, verbose=0))
    assert with_penalty == pytest.approx(float(plain) + 0.01 * float((kernel**2).sum()), rel=1e-4)


def test_several_outputs_with_weights():
    x, y = blobs(64)
    i = Input((4,))
    h = layers.Dense(8, activation="relu")(i)
    model = Model(i, [layers.Dense(3, activation="softmax", name="a")(h), layers.Dense(1, name="b")(h)])
    model.compile(
        "adam",
        {"a": "sparse_categorical_crossentropy", "b": "mse"},
        loss_weights={"a": 1.0, "b": 0.5},
        metrics={"a": ["accuracy"]},
    )
    target = x.sum(1)
    history = model.fit(x, {"a": y, "b": target}, epochs=2, verbose=0).history
    assert set(history) == {"loss", "a_loss", "b_loss", "a_accuracy"}
    assert history["loss"][0] == pytest.approx(history["a_loss"][0] + 0.5 * history["b_loss"][0], rel=1e-4)
    assert [p.shape for p in model.predict(x, verbose=0)] == [(64, 3), (64, 1)]


def test_generators_and_data_sets():
    x, y = blobs(64)

    def endless():
        while True:
            yield x[:32], y[:32]

    model = mlp()
    assert len(model.fit(endless(), epochs=2, steps_per_epoch=3, verbose=0).history["loss"]) == 2

    class Halves(utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return x[32 * index : 32 * index + 32], y[32 * index : 32 * index + 32]

    assert len(model.fit(Halves(), epochs=2, verbose=0, validation_data=Halves()).history["val_loss"]) == 2


def test_weights_of_samples_and_classes():
    x, y = blobs(64)
    model = mlp()
    weight = np.zeros(64, "float32")
    assert model.evaluate(x, y, sample_weight=weight, verbose=0)[0] == pytest.approx(0.0)
    model.fit(x, y, class_weight={0: 1.0, 1: 2.0, 2: 0.5}, epochs=1, verbose=0)


@pytest.mark.parametrize(
    ("labels", "word"),
    [
        (np.eye(3)[np.zeros(8, int)], "one-hot"),
        (np.full(8, 3), "range|label"),
        (np.full(8, -1), "range|label"),
        (np.zeros((8, 2), int), "shape"),
        (np.zeros(7, int), "samples"),
        (np.array(["a"] * 8), "numbers"),
    ],
)
def test_bad_labels(labels, word):
    model = mlp()
    with pytest.raises(ValueError, match=word):
        model.fit(np.ones((8, 4), "float32"), labels, verbose=0)


def test_bad_calls():
    x, y = blobs(8)
    model = mlp()
    with pytest.raises(ValueError, match="compile"):
        models.Sequential([layers.Dense(1, input_shape=(4,))]).fit(x, y)
    with pytest.raises(ValueError, match="received shape"):
        model.fit(np.ones((8, 5), "float32"), y, verbose=0)
    with pytest.raises(ValueError, match="batch_size"):
        model.fit(x, y, batch_size=0)
    with pytest.raises(ValueError, match="validation_split"):
        model.fit(x, y, validation_split=1.5)
    with pytest.raises(ValueError, match="unknown"):
        model.compile("adam", "nothing")
    with pytest.raises(ValueError, match="unknown optimizer"):
        model.compile("nothing", "mse")


def test_metric_that_needs_numbers_runs_between_the_steps():
    class Numpy(metrics.Metric):
        def __init__(self):
            super().__init__(name="seen")
            self.total = self.add_weight(name="total")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(float(np.asarray(y_pred).shape[0]))

        def result(self):
            return self.total.value

    x, y = blobs(50)
    model = mlp(metrics=[Numpy(), "accuracy"])
    history = model.fit(x, y, batch_size=16, epochs=2, verbose=0).history
    assert history["seen"] == [50.0, 50.0]


def test_overridden_train_step():
    class Mine(Model):
        def __init__(self):
            super().__init__()
            self.d = layers.Dense(3, activation="softmax")

        def call(self, x):
            return self.d(x)

        def train_step(self, data):
            x, y = data
            with GradientTape() as tape:
                loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
            weights = self.trainable_weights
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return {"mine": loss}

    x, y = blobs(64)
    model = Mine()
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(x, y, epochs=3, verbose=0).history["mine"]
    assert history[-1] < history[0]


def test_subclass_model_with_dropout_and_batch_norm_trains():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.a = layers.Dense(8)
            self.n = layers.BatchNormalization()
            self.d = layers.Dropout(0.2)
            self.o = layers.Dense(3, activation="softmax")

        def call(self, x, training=None):
            return self.o(self.d(ops.relu(self.n(self.a(x), training=training)), training=training))

    x, y = blobs()
    model = Net()
    model.compile(optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["acc"])
    model.fit(x, y, epochs=8, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] > 0.8
    assert float(np.abs(model.n.moving_mean.numpy()).sum()) > 0


def test_callbacks_stop_and_restore():
    x, y = blobs()
    model = mlp()
    stop = callbacks.EarlyStopping(monitor="loss", patience=0, min_delta=100.0)
    assert len(model.fit(x, y, epochs=5, callbacks=[stop], verbose=0).history["loss"]) < 5


def test_interruption_leaves_model_and_history():
    class Interrupt(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.history is not None and len(self.model.history.epoch) == 1:
                raise KeyboardInterrupt

    x, y = blobs()
    model = mlp()
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, epochs=5, callbacks=[Interrupt()], verbose=0)
    assert len(model.history.history["loss"]) == 1
    assert model.predict(x, verbose=0).shape == (256, 3)


def test_train_on_batch_and_plan():
    x, y = blobs(32)
    model = mlp()
    first = model.train_on_batch(x, y)
    assert len(first) == 2
    assert set(model.test_on_batch(x, y, return_dict=True)) == {"loss", "accuracy"}
    assert model.predict_on_batch(x).shape == (32, 3)
    assert model.plan()


def test_schedule_clipping_ema_and_accumulation():
    x, y = blobs()
    for optimizer in (
        optimizers.Adam(optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)),
        optimizers.SGD(0.1, clipnorm=0.5),
        optimizers.SGD(0.1, global_clipnorm=0.5),
        optimizers.SGD(0.1, clipvalue=0.1),
        optimizers.Adam(use_ema=True),
        optimizers.SGD(0.1, gradient_accumulation_steps=2),
    ):
        model = mlp(optimizer=optimizer)
        history = model.fit(x, y, epochs=3, verbose=0).history["loss"]
        assert history[-1] < history[0]
        assert int(optimizer.iterations.numpy()) == 24


def test_accumulated_gradients_equal_one_large_batch():
    x, y = blobs(64)
    found = []
    for optimizer, batch in ((optimizers.SGD(0.1, gradient_accumulation_steps=2), 32), (optimizers.SGD(0.1), 64)):
        model = mlp(optimizer=optimizer)
        model.fit(x, y, batch_size=batch, shuffle=False, verbose=0)
        found.append(model.get_weights())
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_frozen_layers_stay():
    x, y = blobs(64)
    model = mlp()
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.layers[0].get_weights()
    model.fit(x, y, verbose=0)
    for a, b in zip(before, model.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_empty_input_gives_empty_output():
    assert mlp().predict(np.zeros((0, 4), "float32"), verbose=0).shape == (0, 3)


def test_tensors_lists_and_integers_as_data():
    model = mlp()
    assert model.predict(constant(np.ones((2, 4), "float32")), verbose=0).shape == (2, 3)
    assert model.predict([[1, 2, 3, 4]], verbose=0).shape == (1, 3)
    assert model.predict(np.ones((2, 4), "uint8"), verbose=0).shape == (2, 3)
    assert random.normal((2, 2)).shape == (2, 2)


def test_on_batch_methods_give_the_numbers_of_that_batch():
    x, y = blobs(64)
    model = mlp(optimizer=optimizers.SGD(0.0))
    alone = [model.evaluate(x[i : i + 32], y[i : i + 32], verbose=0) for i in (0, 32)]
    for i, expected in zip((0, 32), alone, strict=True):
        assert model.train_on_batch(x[i : i + 32], y[i : i + 32]) == pytest.approx(expected, rel=1e-5)
        assert model.test_on_batch(x[i : i + 32], y[i : i + 32]) == pytest.approx(expected, rel=1e-5)


def test_custom_train_step_finds_the_compiled_metrics():
    class Own(Model):
        def train_step(self, data):
            x, y = data
            with GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)
            for metric in self.metrics:
                metric.update_state(*((loss,) if metric.name == "loss" else (y, y_pred)))
            return {metric.name: metric.result() for metric in self.metrics}

    x, y = blobs(64)
    inputs = Input((4,))
    model = Own(inputs, layers.Dense(3, activation="softmax")(inputs))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=2, verbose=0).history
    assert set(history) == {"loss", "accuracy"}
    assert 0 < history["accuracy"][-1] <= 1
