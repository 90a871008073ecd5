"""`Plan`: how the engine runs a compiled step, as data and as text."""

from __future__ import annotations

import json
from typing import Any

from swiftconv.models.inspection.text import bytes_text, count_text, table


class Plan(dict[str, Any]):
    """The plan of a step: a dict that prints as text.

    `nodes` have the op, its algorithm, what was fused into it, the layers (`labels`) whose work it is; `buffers` their place
    (`arena` with an offset, `feed`, `fetch`, `variable`, `constant`, `kept` between runs) and the nodes between which they count;
    `arena_bytes` is what was laid out, `peak_bytes` what is alive at once at most; `passes` says how the graph was rewritten.
    Nodes that are `repeated` compute again what a memory limit left no room for.
    """

    def to_json(self, **kwargs: Any) -> str:
        """The plan as JSON."""
        return json.dumps(self, **kwargs)

    def _place(self, buffer: dict[str, Any]) -> str:
        place = str(buffer["place"])
        return (
            f"{place} +{buffer['offset']:,}"
            if "offset" in buffer
            else f"{place} {buffer['index']}"
            if "index" in buffer
            else place
        )

    def __str__(self) -> str:
        nodes = []
        for index, node in enumerate(self["nodes"]):
            op = " + ".join([node["op"], *node["fused"]])
            output = node["outputs"][0]
            note = "alias" if node["alias"] else "once a version" if node["once_per_version"] else ""
            if node["repeated"]:
                note = f"{note}, again" if note else "again"
            if node["gradient"]:
                note = f"{note}, backward" if note else "backward"
            nodes.append(
                [
                    str(index),
                    ", ".join(node["labels"]),
                    op,
                    node["algorithm"],
                    note,
                    str(output["buffer"]),
                    str(tuple(output["spec"]["shape"])),
                    count_text(node["flops"]),
                    bytes_text(node["workspace_bytes"]),
                ]
            )
        lines = table(["node", "layer", "op", "algorithm", "", "buffer", "output", "FLOP", "scratch"], nodes, 5)
        buffers = [
            [str(b["buffer"]), self._place(b), bytes_text(b["bytes"]), f"{b['first']} to {b['last']}", str(b["values"])]
            for b in self["buffers"]
            if b["place"] not in ("variable", "constant")
        ]
        lines += ["", *table(["buffer", "place", "bytes", "nodes", "values"], buffers, 2)]
        lines += [
            "",
            f"Arena: {bytes_text(self['arena_bytes'])}, of which {bytes_text(self['peak_bytes'])} are alive at once at most; "
            f"kept between runs: {bytes_text(self['kept_bytes'])}; variables: "
            f"{bytes_text(self['variables_bytes'])}; constants: {bytes_text(self['constants_bytes'])}",
            f"FLOP: {self['flops']:,}; planned for {self['threads']} threads; in place: {len(self['in_place'])} nodes; copied at "
            f"the end: {self['fetch_copies']} outputs, {self['assignment_copies']} variables",
        ]
        lines += [f"- {note}" for note in _counted(self["passes"])]
        return "\n".join(lines)

    __repr__ = __str__


def _counted(notes: list[str]) -> list[str]:
    """Each note once, with how often it occurs."""
    counts: dict[str, int] = {}
    for note in notes:
        counts[note] = counts.get(note, 0) + 1
    return [note if count == 1 else f"{note} ({count} times)" for note, count in counts.items()]
