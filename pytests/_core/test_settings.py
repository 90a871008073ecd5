"""Precision, memory limit, autotune; and the packed forms that a constant keeps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import swiftconv as tf
from swiftconv._core.apply import get_op

X = np.random.default_rng(0).standard_normal((2, 16, 16, 32)).astype("float32")
W = np.random.default_rng(1).standard_normal((3, 3, 32, 32)).astype("float32")


@pytest.fixture(autouse=True)
def settings_as_they_were() -> Iterator[None]:
    yield
    tf.config.set_precision("default")
    tf.config.set_memory_limit(None)
    tf.config.set_autotune(False)


def described() -> dict[str, object]:
    op = get_op("conv2d", {"padding": "SAME"})
    return json.loads(op.describe([("float32", X.shape), ("float32", W.shape)]))


def convolve(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The definition, in float64."""
    padded = np.pad(x.astype("float64"), ((0, 0), (1, 1), (1, 1), (0, 0)))
    rows, columns = x.shape[1:3]
    return sum(padded[:, i : i + rows, j : j + columns] @ w[i, j].astype("float64") for i in range(3) for j in range(3))


def test_precision_changes_the_algorithm_and_the_rounding() -> None:
    assert str(described()["algorithm"]).startswith("winograd-4x4")
    quick = np.asarray(tf.nn.conv2d(X, W, 1, "SAME"))
    tf.config.set_precision("highest")
    assert tf.config.precision() == "highest"
    assert described()["algorithm"] == "direct"
    exact = np.asarray(tf.nn.conv2d(X, W, 1, "SAME"))
    truth = convolve(X, W)
    assert 0 < np.abs(exact - truth).max() < np.abs(quick - truth).max() < 1e-3


@pytest.mark.parametrize("word", ["fast", "", "Highest"])
def test_precision_of_another_name(word: str) -> None:
    with pytest.raises(ValueError, match="expected default or highest"):
        tf.config.set_precision(word)


def test_memory_limit_passes_over_greedy_algorithms() -> None:
    needed = described()["workspace_bytes"]
    assert isinstance(needed, int)
    tf.config.set_memory_limit(needed - 1)
    assert tf.config.memory_limit() == needed - 1
    least = described()["workspace_bytes"]
    assert isinstance(least, int) and least < needed
    np.testing.assert_allclose(tf.nn.conv2d(X, W, 1, "SAME"), convolve(X, W), atol=1e-3)


def test_memory_limit_of_a_model_names_the_least_that_works() -> None:
    model = tf.keras.Sequential([tf.keras.layers.Input((16, 16, 32)), tf.keras.layers.Conv2D(32, 3)])
    tf.config.set_memory_limit(0)
    x = np.concatenate([X, X, X])
    model_of_two = tf.keras.Sequential([model, tf.keras.layers.Conv2D(8, 3), tf.keras.layers.Conv2D(8, 3)])
    with pytest.raises(MemoryError, match=r"at least \d+ bytes") as raised:
        model_of_two.predict(x, verbose=0)
    least = int(str(raised.value).split("at least ")[1].split()[0])
    tf.config.set_memory_limit(least)
    tight = model_of_two.predict(x, verbose=0)
    tf.config.set_memory_limit(None)
    free = tf.keras.Sequential(model_of_two.layers)
    np.testing.assert_allclose(tight, free.predict(x, verbose=0), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("limit", "error"), [(-1, ValueError), (1.5, TypeError), ("8", TypeError)])
def test_memory_limit_of_another_kind(limit: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        tf.config.set_memory_limit(limit)  # type: ignore[arg-type]


def test_a_constant_filter_keeps_what_ops_made_of_it() -> None:
    w = tf.constant(W)
    first = tf.nn.conv2d(X, w, 1, "SAME")
    assert len(w._packed) == 1
    again = tf.nn.conv2d(X, w, 1, "SAME")
    assert len(w._packed) == 1
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first, convolve(X, W), atol=1e-3)
    for n in range(20):  # other shapes: other forms, of which the latest are kept
        tf.nn.conv2d(X[:, : 3 + n % 13], w, 1, "SAME")
    assert len(w._packed) <= 8


def test_a_setting_outdates_what_a_constant_keeps() -> None:
    w = tf.constant(W)
    quick = np.asarray(tf.nn.conv2d(X, w, 1, "SAME"))
    tf.config.set_precision("highest")
    exact = np.asarray(tf.nn.conv2d(X, w, 1, "SAME"))
    truth = convolve(X, W)
    assert np.abs(exact - truth).max() < np.abs(quick - truth).max()
    threads = tf.config.num_threads()
    tf.config.set_num_threads(threads + 1)
    np.testing.assert_array_equal(tf.nn.conv2d(X, w, 1, "SAME"), exact)
    tf.config.set_num_threads(threads)


def test_constants_of_other_ops() -> None:
    a, b = X.reshape(-1, 32), W.reshape(-1, 32)[:32]
    constant = tf.constant(b)
    for _ in range(2):
        np.testing.assert_allclose(tf.matmul(a, constant), a.astype("float64") @ b, atol=1e-4)
    dy = tf.nn.conv2d(X, W, 1, "SAME")
    w = tf.constant(W)
    expected = tf.nn.conv2d_backprop_input(X.shape, W, dy, 1, "SAME")
    for _ in range(2):
        np.testing.assert_allclose(tf.nn.conv2d_backprop_input(X.shape, w, dy, 1, "SAME"), expected, atol=1e-2)


def test_roofline_is_a_plausible_machine() -> None:
    limits = tf.config.roofline(threads=1)
    assert limits["threads"] == 1
    assert 0.1 < limits["gflops"] < 10_000
    names = [level["name"] for level in limits["memory"]]
    assert names[0] == "L1" and names[-1] == "memory"
    sets = [level["working_set"] for level in limits["memory"]]
    assert sets == sorted(sets)
    assert all(0.01 < level[kind] < 100_000 for level in limits["memory"] for kind in ("read", "copy"))
    with pytest.raises(ValueError, match="expected at least 1, received 0"):
        tf.config.roofline(0)


def test_autotune_keeps_its_choices(tmp_path: object) -> None:
    program = (
        "import json, numpy as np, swiftconv as tf\n"
        "x, w = np.ones((1, 12, 12, 32), 'f'), np.ones((3, 3, 32, 32), 'f')\n"
        "y = tf.nn.conv2d(x, w, 1, 'SAME')\n"
        "assert abs(np.asarray(y)[0, 5, 5, 0] - 288) < 1e-2\n"
    )
    environment = {**os.environ, "SWIFTCONV_AUTOTUNE": "on", "SWIFTCONV_CACHE_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    (name,) = os.listdir(str(tmp_path))
    assert name.startswith("autotune-")
    path = os.path.join(str(tmp_path), name)
    with open(path) as file:
        text = file.read()
    assert "conv2d" in text and text.splitlines()[-1].startswith("sum ")
    with open(path, "w") as file:
        file.write("damaged")
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    with open(path) as file:
        assert "conv2d" in file.read()


def test_autotune_of_several_processes_leaves_a_whole_file(tmp_path: Path) -> None:
    """Each writes the file anew for each of its shapes, while the others read it."""
    program = (
        "import sys, numpy as np, swiftconv as tf\n"
        "for side in range(6, 14):\n"
        "    x, w = np.ones((1, side, int(sys.argv[1]), 16), 'f'), np.ones((3, 3, 16, 16), 'f')\n"
        "    assert abs(np.asarray(tf.nn.conv2d(x, w, 1, 'SAME'))[0, 3, 3, 0] - 144) < 1e-2\n"
    )
    environment = {**os.environ, "SWIFTCONV_AUTOTUNE": "on", "SWIFTCONV_CACHE_DIR": str(tmp_path), "SWIFTCONV_NUM_THREADS": "1"}
    running = [subprocess.Popen([sys.executable, "-c", program, str(width)], env=environment) for width in (6, 7, 8, 9)]
    torn = 0
    while any(process.poll() is None for process in running):
        for path in tmp_path.glob("autotune-*.txt"):
            lines = path.read_text().splitlines()
            torn += not (lines and lines[0].startswith("swiftconv autotune") and lines[-1].startswith("sum "))
    assert [process.returncode for process in running] == [0] * 4
    assert torn == 0
    (path,) = tmp_path.iterdir()  # no temporary file is left
    assert "conv2d" in path.read_text()


@pytest.mark.parametrize("content", ["", "\0" * 100, "swiftconv autotune 1: another processor\nsum 0\n", None])
def test_autotune_ignores_what_is_no_file_of_its_own(tmp_path: Path, content: str | None) -> None:
    program = (
        "import numpy as np, swiftconv as tf\n"
        "x, w = np.ones((1, 12, 12, 32), 'f'), np.ones((3, 3, 32, 32), 'f')\n"
        "assert abs(np.asarray(tf.nn.conv2d(x, w, 1, 'SAME'))[0, 5, 5, 0] - 288) < 1e-2\n"
    )
    environment = {**os.environ, "SWIFTCONV_AUTOTUNE": "on", "SWIFTCONV_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    (path,) = tmp_path.iterdir()
    if content is None:  # nothing can be written there
        path.unlink()
        tmp_path.rmdir()
        tmp_path.write_text("a file")
    else:
        path.write_text(content)
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    if content is not None:
        assert "conv2d" in path.read_text()
        assert tf.config.environment()["cpu"] in path.read_text()


def test_autotune_takes_what_the_file_says(tmp_path: Path) -> None:
    """Not what it would measure: the file of another run decides."""
    program = (
        "import json, swiftconv as tf\n"
        "from swiftconv._core.apply import get_op\n"
        "op = get_op('conv2d', {'padding': 'SAME'})\n"
        "print(json.loads(op.describe([('float32', (1, 12, 12, 32)), ('float32', (3, 3, 32, 32))]))['algorithm'])\n"
    )
    environment = {**os.environ, "SWIFTCONV_AUTOTUNE": "on", "SWIFTCONV_CACHE_DIR": str(tmp_path)}

    def chosen() -> str:
        done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    first = chosen()
    (path,) = tmp_path.iterdir()
    other = "direct" if first != "direct" else "winograd-2x2"
    lines = path.read_text().splitlines()
    lines[1:-1] = [line.replace(f"\t{first}", f"\t{other}") for line in lines[1:-1]]
    body = "\n".join(lines[:-1]) + "\n"
    checksum = 0xCBF29CE484222325  # FNV-1a
    for byte in body.encode():
        checksum = (checksum ^ byte) * 0x100000001B3 % 2**64
    path.write_text(f"{body}sum {checksum:x}\n")
    assert chosen() == other
