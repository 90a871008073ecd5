"""The MNIST digits: 60,000 pictures to train with and 10,000 to test, 28×28, grey.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998.
"""

from __future__ import annotations

import hashlib
import os
import tempfile

import numpy as np

Arrays = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
#: sha256 of that file, as Keras publishes it
_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
_SHAPES = {"x_train": (60000, 28, 28), "y_train": (60000,), "x_test": (10000, 28, 28), "y_test": (10000,)}


def cache_path() -> str:
    """Where a downloaded copy is kept: `$XDG_CACHE_HOME/swiftconv/mnist.npz`, by default below `~/.cache`."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(root, "swiftconv", "mnist.npz")


def find(path: str | os.PathLike[str] | None = None) -> str | None:
    """The file that `load_data(path)` would read without downloading, or None.

    Args:
        path: a file, or a folder that holds `mnist.npz`. Without it: the folder named by the environment variable
            `SWIFTCONV_DATA_DIR`, then the cache.

    Raises:
        FileNotFoundError: if `path` is given and is not there.
    """
    if path is not None:
        given = os.fspath(path)
        file = os.path.join(given, "mnist.npz") if os.path.isdir(given) else given
        if not os.path.isfile(file):
            raise FileNotFoundError(f"mnist.load_data: path: expected a file mnist.npz or its folder, received {given!r}")
        return file
    folder = os.environ.get("SWIFTCONV_DATA_DIR")
    candidates = ([os.path.join(folder, "mnist.npz")] if folder else []) + [cache_path()]
    return next((c for c in candidates if os.path.isfile(c)), None)


def load_data(path: str | os.PathLike[str] | None = None) -> Arrays:
    """Loads MNIST.

    Args:
        path: a file `mnist.npz`, or its folder. Without it the folder named by the environment variable `SWIFTCONV_DATA_DIR` is
            looked at, then the cache; else the file is downloaded to the cache and checked. The bare name `mnist.npz`, Keras's
            default, means the same as none unless there is such a file.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 pictures of shape `(60000, 28, 28)` and `(10000, 28, 28)`, uint8 labels of
        shape `(60000,)` and `(10000,)`.

    Raises:
        FileNotFoundError: if `path` is given and is not there, or there is no copy and no network.
        ValueError: if the file is not MNIST.
    """
    if path == "mnist.npz" and not os.path.exists(path):
        path = None
    file = find(path) or _download()
    try:
        with open(file, "rb") as handle, np.load(handle, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in _SHAPES}
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ValueError(f"mnist.load_data: expected the arrays {', '.join(_SHAPES)} in {file!r}: {error}") from error
    except Exception as error:  # zipfile.BadZipFile, zlib.error: damaged archives
        raise ValueError(f"mnist.load_data: {file!r} is damaged: {error}") from error
    for name, shape in _SHAPES.items():
        if arrays[name].shape != shape or arrays[name].dtype != np.uint8:
            raise ValueError(
                f"mnist.load_data: {name}: expected uint8{shape}, received {arrays[name].dtype}{arrays[name].shape} in {file!r}"
            )
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def _download() -> str:
    # here, because they take longer to import than all of this package
    import urllib.error
    import urllib.request

    target = cache_path()
    try:
        with urllib.request.urlopen(_URL, timeout=30) as answer:
            data = answer.read()
    except (urllib.error.URLError, OSError, TimeoutError) as error:
        raise FileNotFoundError(
            f"mnist.load_data: no copy of MNIST here and {_URL} can't be reached ({error}): put the file mnist.npz at {target}, "
            "or into a folder named by SWIFTCONV_DATA_DIR, or use swiftconv.datasets.mnist_5k"
        ) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != _SHA256:
        raise ValueError(f"mnist.load_data: {_URL}: expected sha256 {_SHA256}, received {digest}: the download is damaged")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    return target
