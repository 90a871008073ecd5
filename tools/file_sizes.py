"""The file-size report: 200 lines are typical, 400 the soft limit (named), 600 the hard one (fails).

What a tool writes is left out.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

SOFT, HARD = 400, 600
SUFFIXES = (".swift", ".py", ".pyi", ".c", ".h")
WRITTEN = {"Tests/DocumentTests/Snippets.swift"}  # by tools/swift_snippets.py


def main() -> int:
    listed = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.splitlines()
    sizes: dict[str, int] = {}
    for name in listed:
        path = Path(name)
        is_link = any(parent.is_symlink() for parent in path.parents)
        if path.suffix in SUFFIXES and name not in WRITTEN and path.is_file() and not is_link:
            sizes[name] = len(path.read_text().splitlines())
    for suffix in SUFFIXES:
        lines = [n for name, n in sizes.items() if name.endswith(suffix)]
        if lines:
            middle = statistics.median(lines)
            print(f"{suffix:7}{len(lines):4} files {sum(lines):7} lines, median {middle:.0f}, largest {max(lines)}")
    too_long = 0
    for name, n in sorted(sizes.items(), key=lambda item: -item[1]):
        if n > SOFT:
            too_long += n > HARD
            print(f"{'above the hard limit' if n > HARD else 'above the soft limit'}: {name}: {n} lines")
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
