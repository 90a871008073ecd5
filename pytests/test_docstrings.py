"""The examples in the docstrings of the package run and give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

sc = pytest.importorskip("swiftconv")

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules() -> list[str]:
    found = [m.name for m in pkgutil.walk_packages(sc.__path__, "swiftconv.") if not m.name.endswith("__main__")]
    return sorted({"swiftconv", *found} - {"swiftconv._native"})


def examples() -> list[object]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = {}
    for name in modules():
        for test in finder.find(importlib.import_module(name), name):
            if test.examples:
                found[test.name] = test
    return [pytest.param(test, id=name) for name, test in sorted(found.items())]


@pytest.mark.parametrize("example", examples())
def test_example_gives_what_it_says(example: doctest.DocTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(example, out=report.append)
    assert not report, "".join(report)


def test_there_are_examples() -> None:
    assert len(examples()) > 80
