"""The ratios of a run as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw(run: dict[str, Any], path: Path) -> bool:
    """A bar for each row that has a peer, on a logarithmic axis around 1; whether there were rows, and matplotlib."""
    rows = [row for row in run["rows"] if row["ratio"]]
    try:
        import matplotlib
    except ImportError:
        return False
    if not rows:
        return False
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "swiftconv"  # the same picture for the same figures
    figure, axis = plt.subplots(figsize=(9, 1.2 + 0.19 * len(rows)), layout="constrained")
    ratios = [row["ratio"] for row in rows]
    places = range(len(rows))
    colours = ["tab:green" if ratio >= 1 else "tab:red" for ratio in ratios]
    axis.barh(places, [ratio - 1 for ratio in ratios], left=1, color=colours, height=0.7)
    axis.set_xscale("log")
    ticks = [t for t in (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20) if min(*ratios, 0.7) / 1.2 <= t <= max(*ratios, 1.5) * 1.2]
    axis.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axis.minorticks_off()
    axis.set_yticks(places, [f"{row['title']}  ({row['best']})" for row in rows], fontsize=7)
    axis.invert_yaxis()
    axis.margins(y=0.01)
    axis.axvline(1, color="black", linewidth=0.8)
    axis.grid(axis="x", alpha=0.3)
    axis.set_xlabel("time of the best peer / time of swiftconv")
    about = run["about"]
    axis.set_title(f"{about['cpu']}, {about['threads']} threads, {about['date']}", fontsize=9)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=120)
    plt.close(figure)
    return True
