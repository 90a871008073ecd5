"""Where batches come from: arrays in place, generators and data sets ahead of the step, ends and errors."""

import gc
import threading
import time
import tracemalloc

import numpy as np
import pytest
from swiftconv import callbacks, config, layers, models, utils
from swiftconv.models.training.data import ArrayData, Epochs, IteratorData
from swiftconv.models.training.prefetch import Prefetch

RNG = np.random.default_rng(0)
X = RNG.random((96, 12)).astype("float32")
Y = RNG.integers(0, 3, 96)


def mlp(units=8, size=12):
    utils.set_random_seed(0)
    model = models.Sequential(
        [layers.Input((size,)), layers.Dense(units, activation="relu"), layers.Dense(3, activation="softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fitted(x, y, **arguments):
    model = mlp()
    np.random.seed(0)
    history = model.fit(x, y, verbose=0, **{"epochs": 2, "batch_size": 16, **arguments}).history
    return model.get_weights(), history


def same(a, b):
    for u, v in zip(a[0], b[0], strict=True):
        np.testing.assert_array_equal(u, v)
    assert a[1] == b[1]


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("swiftconv-")]


@pytest.fixture(autouse=True)
def no_thread_stays():
    yield
    gc.collect()
    end = time.monotonic() + 5
    while threads() and time.monotonic() < end:
        time.sleep(0.01)
    assert not threads()


# ---- arrays -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int64", "float16", "float64", ">f4", ">i4", "bool"])
def test_batches_are_cast_as_the_whole_would_be(dtype):
    x = (RNG.random((96, 12)) * 100).astype(dtype)
    same(fitted(x, Y), fitted(x.astype("float32"), Y))
    model = mlp()
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x.astype("float32"), verbose=0))
    np.testing.assert_array_equal(model.predict_on_batch(x), model.predict_on_batch(x.astype("float32")))
    assert model.evaluate(x, Y.astype("uint8"), verbose=0) == model.evaluate(x.astype("float32"), Y, verbose=0)


@pytest.mark.parametrize("dtype", ["float64", "int16", "float32", "uint8"])
def test_the_data_set_is_never_copied(dtype):
    x = np.zeros((40_000, 64 if dtype != "uint8" else 256), dtype)  # 5 MB at least
    y = np.zeros(40_000, "int8")
    model = mlp(size=x.shape[1])
    model.fit(x[:256], y[:256], batch_size=128, verbose=0)
    tracemalloc.start()
    try:
        model.fit(x, y, batch_size=128, epochs=1, validation_split=0.1, class_weight={0: 2.0}, verbose=0)
        model.evaluate(x, y, batch_size=128, verbose=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_500_000  # the order of the samples alone takes 288,000 bytes


def anonymous_bytes():
    """What this process has of its own in memory: pages of files are not counted."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon"))


@pytest.mark.parametrize("shuffle", [True, False])
def test_bytes_in_a_file_are_used_where_they_are(tmp_path, shuffle):
    """48 MB of uint8 that are 192 MB as float32, by fit, evaluate and predict: less than 12 MB of memory."""
    count = 62_500
    np.memmap(tmp_path / "x.bin", "uint8", "w+", shape=(count, 768)).flush()
    x = np.memmap(tmp_path / "x.bin", "uint8", "r", shape=(count, 768))
    y = np.zeros(count, "uint8")
    model = mlp(size=768)
    model.fit(x[:1024], y[:1024], batch_size=500, verbose=0)
    model.evaluate(x[:1024], y[:1024], batch_size=500, verbose=0)
    model.predict(x[:1024], batch_size=500, verbose=0)
    gc.collect()
    before = anonymous_bytes()
    model.fit(x, y, batch_size=500, epochs=2, shuffle=shuffle, verbose=0)
    model.evaluate(x, y, batch_size=500, verbose=0)
    assert model.predict(x, batch_size=500, verbose=0).shape == (count, 3)
    assert anonymous_bytes() - before < 12 << 20


def test_memory_maps_are_read_batch_by_batch(tmp_path):
    np.save(tmp_path / "x.npy", (X * 255).astype("uint8"))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    same(fitted(mapped, Y), fitted(np.array(mapped), Y))
    same(fitted(mapped[::2], Y[::2]), fitted(np.array(mapped)[::2], Y[::2]))
    seen = []

    class Watch(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.extend(threads())

    mlp().fit(mapped, Y, batch_size=16, verbose=0, callbacks=[Watch()])
    assert seen  # a disk may be slow: a thread reads


@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_batches_made_ahead_are_those_made_in_time(shuffle, monkeypatch):
    from swiftconv.models.training import data

    order = {}
    arguments = {"shuffle": shuffle, "class_weight": {1: 3.0}, "sample_weight": RNG.random(96), "validation_split": 0.2}
    for ahead in (True, False):
        monkeypatch.setattr(data.ArrayData, "_pays_ahead", lambda self, gathers, ahead=ahead: ahead)
        order[ahead] = fitted(X, Y, **arguments)
    same(order[True], order[False])


def test_idle_cores_gather(monkeypatch):
    x = np.zeros((512, 1024), "float32")
    before = config.num_threads()
    config.set_num_threads(1)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1})
    try:
        shuffled = ArrayData(x, batch_size=64, shuffle=True).epoch()
        assert isinstance(shuffled, Prefetch)
        shuffled.close()
        assert not isinstance(ArrayData(x, batch_size=64).epoch(), Prefetch)  # views cost nothing
        monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0})
        assert not isinstance(ArrayData(x, batch_size=64, shuffle=True).epoch(), Prefetch)
    finally:
        config.set_num_threads(before)


def test_class_weights_are_sample_weights():
    table = {0: 1.0, 2: 0.25}
    weights = np.array([table.get(int(label), 1.0) for label in Y], "float32")
    same(fitted(X, Y, class_weight=table), fitted(X, Y, sample_weight=weights))
    with pytest.raises(ValueError, match="class_weight"):
        mlp().fit(X, class_weight=table, verbose=0)


def test_steps_per_epoch_goes_on_and_starts_again_at_the_end():
    data = ArrayData(np.arange(10.0), batch_size=2)  # 5 batches
    epochs = Epochs(data, 3, 4)
    found = [[float(x[0]) for x, _, _ in epochs.epoch()] for _ in range(4)]
    assert found == [[0, 2, 4], [6, 8], [0, 2, 4], [6, 8]]
    all_of_it = Epochs(data, None, 2)
    assert [len(list(all_of_it.epoch())) for _ in range(2)] == [5, 5]


# ---- generators, iterables, data sets -----------------------------------------------------------------------------------------


def batches(size=16, times=1):
    for _ in range(times):
        for start in range(0, len(X), size):
            yield X[start : start + size], Y[start : start + size]


def test_generators_give_what_arrays_give():
    same(fitted(batches(times=2), None, steps_per_epoch=6, batch_size=None), fitted(X, Y, shuffle=False))


def test_no_more_is_taken_from_a_generator_than_is_used():
    taken = []

    def counting():
        for batch in batches(times=100):
            taken.append(1)
            yield batch

    source = counting()
    model = mlp()
    model.fit(source, steps_per_epoch=3, epochs=2, validation_data=batches(times=100), validation_steps=2, verbose=0)
    assert len(taken) == 6
    model.evaluate(source, steps=2, verbose=0)
    assert model.predict(source, steps=1, verbose=0).shape == (16, 3)
    assert len(taken) == 9


def test_lists_of_batches_and_iterables_start_again():
    class Batches:
        def __iter__(self):
            return batches()

    same(fitted(Batches(), None, batch_size=None), fitted(X, Y, shuffle=False))
    history = mlp().fit(Batches(), steps_per_epoch=4, epochs=3, verbose=0).history
    assert len(history["loss"]) == 3


@pytest.mark.parametrize(
    "arguments",
    [{}, {"workers": 0}, {"workers": 3, "max_queue_size": 2}, {"workers": 2, "use_multiprocessing": True}],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork where there are threads
def test_data_sets(arguments):
    calls = []

    class Rows(utils.PyDataset):
        def __len__(self):
            return 6

        def __getitem__(self, index):
            return X[16 * index : 16 * index + 16], Y[16 * index : 16 * index + 16]

        def on_epoch_end(self):
            calls.append("end")

    if arguments.get("use_multiprocessing"):
        globals()["Rows"] = Rows
        Rows.__qualname__ = "Rows"
    same(fitted(Rows(**arguments), None, batch_size=None, shuffle=False), fitted(X, Y, shuffle=False))
    assert calls == ["end", "end"]


def test_data_sets_without_the_base_constructor_or_a_length():
    class Endless(utils.PyDataset):
        def __init__(self):
            self.asked = []

        @property
        def num_batches(self):
            return None

        def __getitem__(self, index):
            self.asked.append(index)
            return X[:16], Y[:16]

    source = Endless()
    mlp().fit(source, steps_per_epoch=3, epochs=2, verbose=0)
    assert source.asked == [0, 1, 2, 3, 4, 5]


# ---- ends ---------------------------------------------------------------------------------------------------------------------


def test_at_most_two_are_made_ahead():
    made = []

    def numbers():
        for i in range(100):
            made.append(i)
            yield i

    ahead = Prefetch(numbers())
    assert next(ahead) == 0
    time.sleep(0.05)
    assert len(made) <= 3
    ahead.close()
    assert list(ahead) == []


def test_an_error_comes_in_its_turn():
    def broken():
        yield X[:16], Y[:16]
        raise RuntimeError("no more disk")

    seen = []

    class Watch(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(batch)

    with pytest.raises(RuntimeError, match="no more disk"):
        mlp().fit(broken(), verbose=0, callbacks=[Watch()])
    assert seen == [0]
    with pytest.raises(ValueError, match="tuple of 4"):
        mlp().fit(iter([(X, Y, None, 1)]), verbose=0)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interrupted_fit_ends_the_thread(error):
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                raise error

    with pytest.raises(error):
        mlp().fit(batches(times=1000), verbose=0, callbacks=[Stop()])


def test_a_forgotten_iteration_ends_its_thread():
    iterator = IteratorData(batches(times=1000)).epoch()
    next(iterator)
    del iterator


# ---- one model, two threads ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compiled_before", [True, False])
def test_two_threads_predict_with_one_model(compiled_before):
    model = models.Sequential(
        [
            layers.Input((20, 20, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    x = RNG.random((2, 60, 20, 20, 3)).astype("float32")
    expected = None
    if compiled_before:
        expected = [model.predict(half, batch_size=7, verbose=0) for half in x]
    found = [[], []]
    failures = []

    def work(which):
        try:
            for _ in range(15):
                found[which].append(model.predict(x[which], batch_size=7, verbose=0))
                found[which].append(model(x[which]))
        except Exception as error:
            failures.append(error)

    running = [threading.Thread(target=work, args=(i,)) for i in (0, 1)]
    [t.start() for t in running]
    [t.join(60) for t in running]
    assert not failures
    expected = expected or [model.predict(half, batch_size=7, verbose=0) for half in x]
    for which in (0, 1):
        for i, y in enumerate(found[which]):
            if i % 2 == 0:
                np.testing.assert_array_equal(y, expected[which])
            else:
                np.testing.assert_allclose(y, expected[which], rtol=1e-4, atol=1e-5)
