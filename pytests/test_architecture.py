"""docs/architecture.md is true: its files and functions exist, Python takes its walks, its picture shows the targets."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

tf = pytest.importorskip("swiftconv")

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/architecture.md").read_text()
PACKAGE = ROOT / "python/swiftconv"


def walk(number: int) -> list[tuple[str, str]]:
    """The files and functions of a walk, in order."""
    section = PAGE.split(f"## Walk {number}")[1].split("\n## ")[0]
    rows = re.findall(r"^\| \d+ \| `([^`]+)` · `([^`]+)` \|", section, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^\| \d+ \|", section, re.MULTILINE)), "a row has another form"
    return rows


@pytest.mark.parametrize(("path", "name"), walk(1) + walk(2))
def test_function_of_a_walk_exists(path: str, name: str) -> None:
    text = (ROOT / path).read_text()
    words = {".py": r"(?:def|class)", ".swift": r"(?:func|class|struct|enum)", ".c": r"^\w[\w \*]*[ \*]"}[Path(path).suffix]
    pattern = rf"{words}{name}\(" if path.endswith(".c") else rf"\b{words} {name}\b"
    assert re.search(pattern, text, re.MULTILINE), f"{path} defines no {name}"


def test_paths_of_the_page_exist() -> None:
    named = set(re.findall(r"`((?:Sources|Tests|python|pytests|docs|tools|examples)/[^`\s]*)`", PAGE))
    assert len(named) > 20
    missing = [path for path in named if not (list(ROOT.glob(path)) if "*" in path else (ROOT / path).exists())]
    # Tests/<Target>Tests stands for all of them
    assert [path for path in missing if "<" not in path and "…" not in path] == []


def calls(run: Callable[[], object]) -> list[tuple[str, str]]:
    """The functions of the package that `run` calls, each at its first call."""
    seen: dict[tuple[str, str], None] = {}

    def watch(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(PACKAGE)):
            path = str(Path(code.co_filename).relative_to(ROOT))
            for name in code.co_qualname.split("."):  # a class is met in its methods
                seen.setdefault((path, name))

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        run()
    finally:
        sys.setprofile(before)
    return list(seen)


def in_order(steps: list[tuple[str, str]], seen: list[tuple[str, str]]) -> None:
    python = [step for step in steps if step[0].endswith(".py")]
    assert [step for step in python if step not in seen] == []
    places = [seen.index(step) for step in python]
    assert places == sorted(places), [seen[k] for k in sorted(places)]


def test_python_takes_walk_1() -> None:
    x, w = np.ones((1, 9, 7, 1), "float32"), np.ones((3, 3, 1, 1), "float32")
    in_order(walk(1), calls(lambda: tf.nn.conv2d(x, w, strides=2, padding=[[0, 0], [1, 2], [2, 1], [0, 0]])))
    # the second time nothing is spelled again
    again = calls(lambda: tf.nn.conv2d(x, w, strides=2, padding=((0, 0), (1, 2), (2, 1), (0, 0))))
    again = calls(lambda: tf.nn.conv2d(x, w, strides=2, padding=((0, 0), (1, 2), (2, 1), (0, 0))))
    assert ("python/swiftconv/nn/conv.py", "_conv2d_run") not in again


def test_python_takes_walk_2() -> None:
    layers = tf.keras.layers
    model = tf.keras.Sequential([layers.Input((5, 5, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])
    model.compile("adam", "mse")
    x, y = np.ones((4, 5, 5, 1), "float32"), np.ones((4, 2), "float32")
    seen = calls(lambda: model.fit(x, y, verbose=0))
    in_order(walk(2), seen)
    again = calls(lambda: model.fit(x, y, verbose=0))
    assert ("python/swiftconv/_core/trace.py", "compile_function") not in again


def test_picture_shows_the_targets() -> None:
    manifest = (ROOT / "Package.swift").read_text()
    targets = set(re.findall(r'\.target\(\s*name: "(\w+)"', manifest)) - {"_TestSupport", "_CDoor"}
    targets |= {f"Kernels{level}" for level in re.findall(r'kernels\("(\w+)"', manifest)}
    shown = set(re.findall(r">(\w+)</text>", (ROOT / "docs/house.svg").read_text()))
    assert len(targets) >= 12
    assert targets <= shown
