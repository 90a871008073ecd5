"""Tables, the document's markers, the choice of the best peer, and a run from end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sidebyside import measure, report

RUN = Path(__file__).resolve().parents[1] / "run.py"


def a_run() -> dict[str, Any]:
    def row(title: str, ours: float, theirs: float, others: float = 0.0) -> dict[str, Any]:
        cells = {
            "swiftconv": {"median": ours, "minimum": ours, "gflops": 100.0, "of_limit": None, "agrees": True},
            "swiftconv-numpy": {"median": 2 * ours},
            "jax": {"median": theirs, "agrees": True},
            "openvino": {"median": theirs / 10, "agrees": False},
            "torch": {"error": "RuntimeError: no"},
        }
        best = measure.best(cells)
        return {"title": title, "group": "g", "flops": 1, "cells": cells, "best": best, "ratio": theirs / ours, "others": others}

    about = {
        "date": "2026-01-02",
        "cpu": "a CPU",
        "threads": 2,
        "versions": {"jax": "JAX 1"},
        "skipped": ["x"],
        "titles": {"g": "Group"},
    }
    return {"about": about, "rows": [row("g/a-b1/forward", 1e-3, 2e-3), row("g/b-b1/forward", 4e-6, 2e-6, others=1.0)]}


def test_markdown() -> None:
    text = report.markdown(a_run())
    assert "### Group (ratio 1.00, worst 0.50)" in text
    assert "| a-b1/forward | 1.00 ms | 100 | 2.00 ms | 2.00 ms, jax | 2.00 |" in text
    assert "| b-b1/forward ‡ | 4.00 µs | 100 | 8.00 µs | 2.00 µs, jax | 0.50 |" in text
    assert "faster in 1, slower in 1" in text
    assert "of the limit" not in text and "Not measured, for want of the library: x." in text


def test_a_wrong_result_is_not_the_best() -> None:
    assert a_run()["rows"][0]["best"] == "jax"
    assert measure.best({"swiftconv": {"median": 1.0}, "swiftconv-numpy": {"median": 0.5}}) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(1.2345, "1234 ms"), (0.01234, "12.3 ms"), (1.5e-4, "0.150 ms"), (9.9e-6, "9.90 µs")]
)
def test_three_digits_count(seconds: float, text: str) -> None:
    assert report.milliseconds(seconds) == text


def test_rates() -> None:
    assert [report.rate(g) for g in (123.4, 9.876, 0.0312)] == ["123", "9.9", "0.031"]


def test_figures_go_between_the_markers() -> None:
    document = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    once = report.published(document, "new\n")
    assert once == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"
    assert report.published(once, "new\n") == once
    with pytest.raises(ValueError, match="expected the lines"):
        report.published("no markers", "new\n")


def test_the_document_has_the_markers() -> None:
    document = Path(__file__).resolve().parents[3] / "docs/performance.md"
    report.published(document.read_text(), "figures\n")


def test_a_run_from_end_to_end(tmp_path: Path) -> None:
    pytest.importorskip("swiftconv")
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes/tiny.txt").write_text("# Tiny\na conv2d image=5x5x1 filter=3x3x2 directions=forward,call\n")
    (tmp_path / "doc.md").write_text(f"{report.BEGIN}\n{report.END}\n")
    command = [sys.executable, RUN, "--quick", "--threads", "1", "--shapes", tmp_path / "shapes", "--json", tmp_path / "run.json"]
    command += ["--peers", "swiftconv|swiftconv-numpy|jax", "--python", tmp_path / "python", "--publish", tmp_path / "doc.md"]
    (tmp_path / "python").write_text("#!/bin/sh\nexit 3\n")  # an interpreter that does not work is a peer that is absent
    (tmp_path / "python").chmod(0o755)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "skipped: jax: its process ended with status 3" in done.stdout
    run = json.loads((tmp_path / "run.json").read_text())
    assert [set(row["cells"]) for row in run["rows"]] == [{"swiftconv", "swiftconv-numpy"}, {"swiftconv"}]
    assert all(cell["median"] > 0 and cell["agrees"] for row in run["rows"] for cell in row["cells"].values())
    assert "### Tiny" in (tmp_path / "doc.md").read_text()
