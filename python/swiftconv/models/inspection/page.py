"""A report as HTML with a chart in SVG."""

from __future__ import annotations

from html import escape
from typing import Any

from swiftconv.models.inspection.text import time_text

_STYLE = """
.swiftconv { font: 14px system-ui, sans-serif; color: #222; }
.swiftconv table { border-collapse: collapse; margin-top: 1em; }
.swiftconv th, .swiftconv td { padding: 2px 10px; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap; }
.swiftconv th:nth-child(-n+4), .swiftconv td:nth-child(-n+4) { text-align: left; }
.swiftconv svg text { font: 12px system-ui, sans-serif; fill: #222; }
.swiftconv .forward { fill: #4c78a8; } .swiftconv .backward { fill: #f58518; } .swiftconv .least { fill: #222; }
"""
_ROW, _NAMES, _BARS, _VALUES = 20, 300, 480, 170  # pixels


def _chart(rows: list[dict[str, Any]], timed: bool) -> str:
    """A bar for each layer: its time, or the least time; a mark at the least time where there are both."""
    values = [row["ns"] if timed else row["least_ns"] for row in rows]
    longest = max(values, default=0) or 1
    width, height = _NAMES + _BARS + _VALUES, _ROW * len(rows)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">'
    ]
    for i, (row, value) in enumerate(zip(rows, values, strict=True)):
        y, length = _ROW * i, _BARS * value / longest
        phase = "backward" if row["phase"] == "backward" else "forward"
        name = row["layer"] if len(row["layer"]) <= 42 else row["layer"][:41] + "…"
        parts.append(f"<g><title>{escape(row['layer'])}: {escape(row['ops'])}, {escape(row['algorithm'])}</title>")
        parts.append(f'<text x="{_NAMES - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect class="{phase}" x="{_NAMES}" y="{y + 3}" width="{max(length, 0.5):.1f}" height="{_ROW - 6}"/>')
        text = time_text(value)
        if timed:
            least = min(_BARS, _BARS * row["least_ns"] / longest)
            parts.append(f'<rect class="least" x="{_NAMES + least:.1f}" y="{y + 1}" width="2" height="{_ROW - 2}"/>')
            text += f" ({100 * row['of_roofline']:.0f} % of the roofline)"
        parts.append(f'<text x="{_NAMES + max(length, 0.5) + 6:.1f}" y="{y + 14}">{escape(text)}</text></g>')
    return "".join([*parts, "</svg>"])


def body(report: Any) -> str:
    """The report without the page around it."""
    head, cells = report.cells()
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)
    title = f"{report.data['model']}: {report.data['kind']}, batch of {report.data['batch']}"
    what = (
        "bar: measured time; mark: what the roofline allows"
        if report.is_timed
        else "bar: the least time that the roofline allows"
    )
    return (
        f'<div class="swiftconv"><style>{_STYLE}</style><h2>{escape(title)}</h2>'
        + "".join(f"<p>{escape(line)}</p>" for line in report.lines_below())
        + f"<p>{escape(what)}; blue forward, orange backward.</p>"
        + _chart(report.layers, report.is_timed)
        + "<table><tr>"
        + "".join(f"<th>{escape(cell)}</th>" for cell in head)
        + f"</tr>{rows}</table></div>"
    )


def page(report: Any) -> str:
    """The whole page."""
    title = escape(f"{report.data['model']}: {report.data['kind']}")
    head = f'<head><meta charset="utf-8"><title>{title}</title></head>'
    return f'<!DOCTYPE html>\n<html lang="en">{head}<body>{body(report)}</body></html>\n'
