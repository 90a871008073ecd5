"""Writes Tests/DocumentTests/Snippets.swift: the Swift programs of all documents, each page a test that runs its blocks in order.

`python tools/swift_snippets.py` after a document changed; pytests/test_documents.py compares. A block sees what those before it
declared, and may declare it anew. A block that begins with `// Package.swift` is no program and left out.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "Tests/DocumentTests/Snippets.swift"
HEAD = """// Written by tools/swift_snippets.py from the documents: do not edit.
// swift-format-ignore-file
import Foundation
import SwiftConv
import Testing

/// The Swift programs of README.md and of the documentation, page by page. What pages take for granted is declared first.
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
_ = (images, labels)
"""


def pages() -> list[Path]:
    """Every document that may hold Swift."""
    folders = (ROOT / "docs", ROOT / "Sources/SwiftConv")
    found = [ROOT / "README.md", *(page for folder in folders for page in sorted(folder.rglob("*.md")))]
    return [page for page in found if not {"site", "api", "gallery"} & set(page.relative_to(ROOT).parts)]


def blocks(page: Path, language: str) -> list[str]:
    """The programs of a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    """A Swift identifier for a page."""
    first, *others = re.split(r"[^A-Za-z0-9]+", page.stem)
    first = first.lower() if first.isupper() else first[0].lower() + first[1:]
    return first + "".join(word.capitalize() for word in others)


def indented(text: str, depth: int) -> str:
    return "".join("    " * depth + line if line.strip() else line for line in text.splitlines(keepends=True))


def test(page: Path) -> str:
    """A page as one test; each block in a scope inside that of the block before."""
    programs = [block for block in blocks(page, "swift") if not block.startswith("// Package.swift")]
    if not programs:
        return ""
    lines = [f"    // {page.relative_to(ROOT)}\n    @Test func {name_of(page)}() async throws {{\n", indented(GIVEN, 2)]
    for depth, program in enumerate(programs, 2):
        body = re.sub(r"^import SwiftConv\n+", "", program)
        body = PRINTS.sub(r'printed(\1, "\2")', body)
        lines += [indented("do {\n", depth), indented(body, depth + 1)]
    lines += ["    " * depth + "}\n" for depth in range(1 + len(programs), 1, -1)]
    return "".join(lines) + "    }\n"


def text() -> str:
    """The whole file."""
    return HEAD + "\n".join(filter(None, map(test, pages()))) + "}\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text())
    sys.exit(0)
