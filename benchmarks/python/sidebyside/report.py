"""A run as Markdown: what it was measured on, and a table for each group."""

from __future__ import annotations

import math
from typing import Any

from sidebyside import peers

#: Others that kept this share of a core busy spoil a row.
LOUD = 0.2
BEGIN, END = "<!-- figures: begin (make bench-peers writes them) -->", "<!-- figures: end -->"


def milliseconds(seconds: float) -> str:
    """Three digits that count, in ms or, below 0.1 ms, µs."""
    value, unit = (seconds * 1e3, "ms") if seconds >= 1e-4 else (seconds * 1e6, "µs")
    digits = max(0, 2 - math.floor(math.log10(value))) if value > 0 else 0
    return f"{value:.{digits}f} {unit}"


def rate(gflops: float) -> str:
    """Three digits, or two."""
    return f"{gflops:.0f}" if gflops >= 10 else f"{gflops:.2g}"


def geometric_mean(values: list[float]) -> float:
    """The mean of ratios; nan of none."""
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def table(group: str, rows: list[dict[str, Any]]) -> list[str]:
    """One group's rows. Columns that no row has are left out."""
    variants = [name for name in peers.VARIANTS if any("median" in row["cells"].get(name, {}) for row in rows)]
    has_best = any(row["best"] for row in rows)
    has_limit = any(row["cells"].get(peers.OURS, {}).get("of_limit") for row in rows)
    has_flops = any(row["flops"] for row in rows)
    head = ["row", peers.OURS]
    head += ["GFLOP/s"] * has_flops + ["of the limit"] * has_limit
    head += [name.removeprefix("swiftconv-") for name in variants]
    head += ["best peer", "ratio"] * has_best
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        ours = row["cells"].get(peers.OURS, {})
        mark = "" if row["others"] < LOUD else " ‡"
        cells = [row["title"].removeprefix(f"{group}/") + mark, shown(ours)]
        if has_flops:
            cells.append(rate(ours["gflops"]) if ours.get("gflops") else "")
        if has_limit:
            cells.append(f"{ours['of_limit']:.0%}" if ours.get("of_limit") else "")
        cells += [shown(row["cells"].get(name, {})) for name in variants]
        if has_best:
            best = row["best"]
            cells.append(f"{shown(row['cells'][best])}, {best}" if best else "")
            cells.append(f"{row['ratio']:.2f}" if row["ratio"] else "")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def shown(cell: dict[str, Any]) -> str:
    """A cell's median, marked where the result was not that of the others."""
    if "median" not in cell:
        return "failed" if "error" in cell else ""
    return milliseconds(cell["median"]) + ("" if cell.get("agrees", True) else " (wrong)")


def markdown(run: dict[str, Any]) -> str:
    """The whole run."""
    about = run["about"]
    lines = [
        f"{about['date']}, {about['cpu']}, {about['threads']} thread{'s' * (about['threads'] > 1)}, float32; medians. "
        + "; ".join(dict.fromkeys(about["versions"].values()))
        + ".",
    ]
    if about.get("skipped"):
        lines.append(f"Not measured, for want of the library: {', '.join(about['skipped'])}.")
    if any(row["others"] >= LOUD for row in run["rows"]):
        lines.append("‡ other processes used the machine meanwhile: do not rely on the row.")
    everything = [row["ratio"] for row in run["rows"] if row["ratio"]]
    if everything:
        wins = sum(ratio >= 1 for ratio in everything)
        lines.append(
            f"Ratio = the best peer's time / ours: above 1 swiftconv is faster. Geometric mean of all {len(everything)} rows "
            f"{geometric_mean(everything):.2f}; faster in {wins}, slower in {len(everything) - wins}."
        )
    for group in dict.fromkeys(row["group"] for row in run["rows"]):
        rows = [row for row in run["rows"] if row["group"] == group]
        ratios = [row["ratio"] for row in rows if row["ratio"]]
        mean = f" (ratio {geometric_mean(ratios):.2f}, worst {min(ratios):.2f})" if ratios else ""
        lines += ["", f"### {about['titles'].get(group) or group}{mean}", "", *table(group, rows)]
    return "\n".join(lines) + "\n"


def published(document: str, figures: str) -> str:
    """The document with these figures between its markers.

    Raises:
        ValueError: the markers are missing.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"expected the lines {BEGIN!r} and {END!r} in the document")
    return f"{before}{BEGIN}\n{figures}{END}{after}"
