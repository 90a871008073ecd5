"""The programs of examples/swift, where `make examples` has built them: Python's numbers, a picture, and errors that help."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

tf = pytest.importorskip("swiftconv")

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / ".build/release"
sys.path.insert(0, str(ROOT / "examples"))
import edge_detection


def run(name: str, *arguments: str | Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a program, or skips the test where it was not built."""
    if not (BUILT / name).exists():
        if os.environ.get("SWIFTCONV_REQUIRE_DOORS"):
            pytest.fail(f"{BUILT / name} is missing: make examples")
        pytest.skip(f"{name} is not built: make examples")
    command = [BUILT / name, *arguments]
    variables = os.environ | (environment or {})
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, env=variables)


def chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def png(pixels: np.ndarray) -> bytes:
    """A PNG file of grey pixels, uint8 [height, width], without filters."""
    height, width = pixels.shape
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def strongest(image: np.ndarray) -> list[float]:
    """What examples/edge_detection.py prints for a picture, float32 [height, width]."""
    filters = np.stack(list(edge_detection.FILTERS.values()), axis=-1)[:, :, np.newaxis, :]
    edges = tf.nn.conv2d(image[np.newaxis, :, :, np.newaxis], filters, strides=1, padding="SAME")
    return [float(np.abs(edges[0, 1:-1, 1:-1, k]).max()) for k in range(len(edge_detection.FILTERS))]


def printed(done: subprocess.CompletedProcess[str]) -> list[float]:
    assert done.returncode == 0, done.stderr
    return [float(number) for number in re.findall(r"strongest response ([\d.]+)", done.stdout)]


def size(path: Path) -> tuple[int, int]:
    """Width and height, by the head of the file."""
    head = path.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def test_edge_detection_draws_what_python_draws(tmp_path: Path) -> None:
    done = run("edge-detection", "--output", tmp_path / "edges.png")
    np.testing.assert_allclose(printed(done), strongest(edge_detection.picture()), atol=1e-3)
    assert size(tmp_path / "edges.png") == (4 * 128 + 3 * 4, 128)


def test_edge_detection_reads_a_picture(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (21, 34), dtype=np.uint8)
    (tmp_path / "picture.png").write_bytes(png(pixels))
    done = run("edge-detection", tmp_path / "picture.png", "--output", tmp_path / "edges.png")
    np.testing.assert_allclose(printed(done), strongest(pixels.astype("float32") / 255), atol=1e-3)
    assert size(tmp_path / "edges.png") == (4 * 34 + 3 * 4, 21)


def test_edge_detection_says_what_is_wrong(tmp_path: Path) -> None:
    text = tmp_path / "text.png"
    text.write_text("Words, not pixels")
    missing, wrong = run("edge-detection", tmp_path / "none.png"), run("edge-detection", text)
    assert (missing.returncode, wrong.returncode) == (1, 1)
    assert "none.png: cannot be opened: No such file or directory" in missing.stderr
    assert "text.png: is no PNG picture" in wrong.stderr
    (tmp_path / "tiny.png").write_bytes(png(np.zeros((1, 2), np.uint8)))
    assert "expected at least 3 rows and columns, received 1 × 2" in run("edge-detection", tmp_path / "tiny.png").stderr
    assert run("edge-detection", "--size").returncode == 2


def test_classify_reads_a_model_of_python(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    layers = tf.keras.layers
    parts = [layers.Input((6, 5, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(4, activation="softmax")]
    model = tf.keras.Sequential(parts)
    model.save(tmp_path / "model.safetensors")
    pixels = np.arange(30, dtype=np.uint8).reshape(6, 5) * 8
    (tmp_path / "picture.png").write_bytes(png(pixels))
    done = run("classify", tmp_path / "model.safetensors", tmp_path / "picture.png", "--top", "4")
    assert done.returncode == 0, done.stderr
    expected = np.asarray(model(pixels[np.newaxis, :, :, np.newaxis].astype(np.float32) / np.float32(255)))[0]
    shown = dict(re.findall(r"class (\d+): ([\d.]+) %", done.stdout))
    assert [int(k) for k in shown] == np.argsort(-expected, kind="stable").tolist()
    for k, share in shown.items():
        assert float(share) == pytest.approx(100 * expected[int(k)], abs=0.1)


def test_classify_says_what_is_wrong(tmp_path: Path) -> None:
    layers = tf.keras.layers
    pytest.importorskip("safetensors")
    tf.keras.Sequential([layers.Input((6, 5, 1)), layers.Flatten(), layers.Dense(4)]).save(tmp_path / "model.safetensors")
    (tmp_path / "picture.png").write_bytes(png(np.zeros((4, 4), np.uint8)))
    for arguments, status, message in [
        ([], 2, "usage: classify"),
        (["a", "b", "--top", "0"], 2, "usage: classify"),
        ([tmp_path / "none.safetensors", tmp_path / "picture.png"], 1, "does not exist"),
        ([tmp_path / "picture.png", tmp_path / "picture.png"], 1, "not a safetensors file"),
        ([tmp_path / "model.safetensors", tmp_path / "picture.png"], 1, "expected 6 × 5 pixels"),
        ([tmp_path / "model.safetensors", tmp_path / "none.png"], 1, "none.png"),
    ]:
        done = run("classify", *arguments)
        assert done.returncode == status
        assert message in done.stderr


def test_tutorial_learns_without_any_data_set(tmp_path: Path) -> None:
    arguments = [
        "--epochs",
        "3",
        "--model",
        tmp_path / "m.safetensors",
        "--picture",
        tmp_path / "p.png",
        "--sorted",
        tmp_path / "s.png",
    ]
    environment = {"XDG_CACHE_HOME": str(tmp_path), "SWIFTCONV_DATA_DIR": str(tmp_path)}
    done = run("tutorial", *arguments, environment=environment)
    assert done.returncode == 0, done.stderr
    found = re.search(r"Test accuracy: ([\d.]+)", done.stdout)
    assert found is not None
    assert float(found.group(1)) > 0.9
    assert tf.keras.models.load_model(tmp_path / "m.safetensors").input_shape == (None, 28, 28, 1)
    assert run("tutorial", "--epochs", "0").returncode == 2
