"""Writes Tests/DocumentTests/Snippets.swift: the Swift programs of all documents and of the comments that document the library.

`python tools/swift_snippets.py` after a document changed; pytests/test_documents.py compares. Each page, and each source file, is
a test that runs its blocks in order. A block sees what those before it declared, and may declare it anew. A manifest (its first
line names the version of the tools) is no program; pytests/test_documents.py gives it to SwiftPM.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "Tests/DocumentTests/Snippets.swift"
HEAD = """// Written by tools/swift_snippets.py from the documents: do not edit.
// swift-format-ignore-file
import Foundation
import SwiftConv
import Testing

/// The Swift programs of the documents and of comments in the library. What they take for granted is declared first.
/// They set the seed of the process, so they run in one of their own: `make test-swift`.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["SWIFTCONV_TESTED_ALONE"] != nil))
struct DocumentTests {
    /// What a page prints, and says that it does in a comment.
    private func printed<T>(_ value: T, _ text: String, _ location: SourceLocation = #_sourceLocation) {
        #expect("\\(value)" == text, sourceLocation: location)
    }

"""
#: `print(value)    // what it prints`, where the comment is a number, a list or a truth value.
PRINTS = re.compile(r"^print\((.*)\) +// (\[.*\]|true|false|-?[\d.]+)$", re.MULTILINE)
#: What the programs of a page take for granted.
GIVEN = """let images = try Random.uniform([128, 28, 28, 1])
let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
let (testImages, testLabels) = (images, labels)
let folder = NSTemporaryDirectory()
let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
let model = Sequential { Dense(1, activation: .sigmoid) }
try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
_ = (testImages, testLabels, folder, x, y)
"""
#: Folders with pages, and those below them that are made, not written.
FOLDERS = ("docs", "Sources", "Tests", "benchmarks", "examples", "pytests", "python", "tools")
MADE = {"site", "api", "gallery", "results"}
#: A line that opens or closes a block, with what is said behind the fence.
FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*(.*?)\s*")


def pages() -> list[Path]:
    """Every document."""
    found = [*sorted(ROOT.glob("*.md")), *(page for folder in FOLDERS for page in sorted((ROOT / folder).rglob("*.md")))]
    parts = [(page, page.relative_to(ROOT).parts) for page in found]
    return [page for page, names in parts if not MADE & set(names) and not any(name.startswith(".") for name in names)]


def sources() -> list[Path]:
    """The files of Swift whose comments are documentation."""
    return [path for path in sorted((ROOT / "Sources").rglob("*.swift")) if "Shared" not in path.parts]


def fenced(text: str) -> list[tuple[str, str]]:
    """The blocks of a text in Markdown: what stands behind the opening fence, and the content."""
    result: list[tuple[str, str]] = []
    opening, language, lines = "", "", []
    for line in text.splitlines(keepends=True):
        fence = FENCE.fullmatch(line.rstrip("\n"))
        if not opening and fence:
            (opening, language), lines = fence.groups(), []
        elif fence and fence[1].startswith(opening) and not fence[2]:
            result.append((language, "".join(lines)))
            opening = ""
        elif opening:
            lines.append(line)
    if opening:
        raise ValueError(f"a block is not closed: {opening}{language}")
    return result


def blocks(page: Path, language: str) -> list[str]:
    """The programs of a page."""
    return [content for name, content in fenced(page.read_text()) if name == language]


def comment_blocks(source: Path) -> list[str]:
    """The programs in the comments of a file of Swift: lines of `///` that are indented by four, or fenced."""
    result: list[str] = []
    for comment in re.findall(r"(?:^[ \t]*///.*\n)+", source.read_text(), re.MULTILINE):
        text = re.sub(r"^[ \t]*/// ?", "", comment, flags=re.MULTILINE)
        result += [content for name, content in fenced(text) if name in ("", "swift")]
        text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE):
            result.append(textwrap.dedent(block.strip("\n")) + "\n")
    return result


def is_manifest(block: str) -> bool:
    return block.startswith("// swift-tools-version")


def name_of(page: Path) -> str:
    """A Swift identifier for a page, or for the comments of a file."""
    first, *others = re.split(r"[^A-Za-z0-9]+", page.stem)
    if page.suffix == ".swift":
        first, others = "comments", ["Of", first, *others]
    first = first.lower() if first.isupper() else first[0].lower() + first[1:]
    return first + "".join(word[0].upper() + word[1:] for word in others)


def indented(text: str, depth: int) -> str:
    return "".join("    " * depth + line if line.strip() else line for line in text.splitlines(keepends=True))


def test(page: Path) -> str:
    """A page, or a file's comments, as one test; each block in a scope inside that of the block before."""
    found = comment_blocks(page) if page.suffix == ".swift" else blocks(page, "swift")
    programs = [block for block in found if not is_manifest(block)]
    if not programs:
        return ""
    waits = "async " if any("await" in program for program in programs) else ""  # `fit` is another one where tasks wait
    lines = [f"    // {page.relative_to(ROOT)}\n    @Test func {name_of(page)}() {waits}throws {{\n", indented(GIVEN, 2)]
    for depth, program in enumerate(programs, 2):
        body = re.sub(r"^import SwiftConv\n+", "", program)
        body = PRINTS.sub(r'printed(\1, "\2")', body)
        lines += [indented("do {\n", depth), indented(body, depth + 1)]
    lines += ["    " * depth + "}\n" for depth in range(1 + len(programs), 1, -1)]
    return "".join(lines) + "    }\n"


def text() -> str:
    """The whole file."""
    return HEAD + "\n".join(filter(None, map(test, [*pages(), *sources()]))) + "}\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text())
    sys.exit(0)
