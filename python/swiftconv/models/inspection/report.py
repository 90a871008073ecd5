"""`Report`: the work of a model by layers, as data, text, JSON and a page."""

from __future__ import annotations

import json
import os
from typing import Any

from swiftconv.models.inspection.text import bytes_text, count_text, table, time_text


class Report:
    """What `model.explain` and `model.profile` return; prints as a table.

    Attributes:
        data: the content of `to_json`: `model`, `kind`, `threads`, `level`, `limits` (the roofline), totals, and `layers`, a
            list of dicts with `layer`, `phase`, `ops`, `algorithm`, `flops`, `bytes`, `scratch_bytes`, `least_ns` (by the
            roofline), and with times `ns`, `share` and `of_roofline`.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    @property
    def layers(self) -> list[dict[str, Any]]:
        """One dict for each layer and phase, in the order of their first work."""
        return list(self.data["layers"])

    @property
    def is_timed(self) -> bool:
        """Whether there are times."""
        return bool(self.data["timed"])

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """The table's head and rows."""
        head = ["layer", "phase", "ops", "algorithm", "FLOP", "bytes", "scratch", "least"]
        rows = []
        for row in self.data["layers"]:
            cells = [row["layer"], row["phase"], row["ops"], row["algorithm"], count_text(row["flops"])]
            cells += [bytes_text(row["bytes"]), bytes_text(row["scratch_bytes"]), time_text(row["least_ns"])]
            if self.is_timed:
                cells += [time_text(row["ns"]), f"{100 * row['share']:.1f} %", f"{100 * row['of_roofline']:.0f} %"]
            rows.append(cells)
        return head + (["time", "share", "roofline"] if self.is_timed else []), rows

    def lines_below(self) -> list[str]:
        """What is said under the table."""
        data = self.data
        lines = [
            f"{count_text(data['flops'])} FLOP, arena {bytes_text(data['arena_bytes'])}, variables "
            f"{bytes_text(data['variables_bytes'])}; limits of {data['threads']} threads ({data['level']}): "
            f"{data['limits']['gflops']:.0f} GFLOP/s, "
            + ", ".join(f"{m['name']} {m['read']:.0f} GB/s" for m in data["limits"]["memory"])
        ]
        if self.is_timed:
            lines.append(
                f"A run takes {time_text(data['run_ns'])} (median of {data['repeats']}), {time_text(data['nodes_ns'])} of it in "
                f"the nodes: {data['flops'] / max(1, data['run_ns']):.1f} GFLOP/s"
            )
        lines.append("least: what the roofline allows. FLOP as in the definition: Winograd needs fewer, and may be beyond 100 %.")
        return lines

    def __str__(self) -> str:
        head, rows = self.cells()
        title = f"{self.data['model']}, {self.data['kind']}, batch of {self.data['batch']}"
        return "\n".join([title, *table(head, rows, 4), *self.lines_below()])

    __repr__ = __str__

    def to_json(self, **kwargs: Any) -> str:
        """The data as JSON."""
        return json.dumps(self.data, **kwargs)

    def to_html(self) -> str:
        """A page of its own, without anything to load: chart and table."""
        from swiftconv.models.inspection.page import page

        return page(self)

    def save(self, filepath: Any) -> None:
        """Writes the report as `.html`, `.json` or `.txt`.

        Raises:
            ValueError: another extension.
        """
        path = os.fspath(filepath)
        made = {".html": self.to_html, ".json": self.to_json, ".txt": self.__str__}.get(os.path.splitext(path)[1])
        if made is None:
            raise ValueError(f"save: filepath: expected a name that ends in .html, .json or .txt, received {path!r}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(made())

    def _repr_html_(self) -> str:
        """For notebooks."""
        from swiftconv.models.inspection.page import body

        return body(self)
