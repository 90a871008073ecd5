"""Numbers and tables as text."""

from __future__ import annotations

from collections.abc import Sequence


def bytes_text(count: float) -> str:
    """`1.5 MB`: powers of 1024."""
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.2f} GB"


def count_text(count: float) -> str:
    """`1.5 M`: powers of 1000."""
    for unit in ("", " k", " M"):
        if count < 1000:
            return f"{count:.0f}{unit}" if not unit or count >= 100 else f"{count:.1f}{unit}"
        count /= 1000
    return f"{count:.2f} G"


def time_text(nanoseconds: float) -> str:
    """`1.5 ms`."""
    for unit in ("ns", "µs", "ms"):
        if nanoseconds < 1000:
            return f"{nanoseconds:.0f} {unit}" if unit == "ns" or nanoseconds >= 100 else f"{nanoseconds:.1f} {unit}"
        nanoseconds /= 1000
    return f"{nanoseconds:.2f} s"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Lines of a table; the first `left` columns are aligned to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [cell.ljust(w) if i < left else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))]
        return "  ".join(cells).rstrip()

    return [line(head), "  ".join("─" * w for w in widths), *map(line, rows)]
