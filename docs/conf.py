"""Sphinx's settings of the Python site; `make docs` runs tools/python_docs.py, which writes the API's pages and the gallery."""

from __future__ import annotations

import re
from typing import Any

from swiftconv.version import VERSION

project = "swiftconv"
author = "the swiftconv contributors"
copyright = author
release = version = VERSION

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["site", "Thumbs.db"]
html_theme = "furo"
html_title = f"swiftconv {VERSION}"
html_show_sphinx = False
html_static_path: list[str] = []

# `name` in a docstring is a link to that name where there is one.
default_role = "py:obj"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = ["Input shape", "Output shape", "Source", "Call arguments"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
# docs/performance.md is written by a program and skips a heading; links to documents outside docs/ lead into the repository
# (pytests/test_documents.py checks that every link has its target).
suppress_warnings = ["myst.header", "myst.xref_missing"]


def _for_sphinx(app: object, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Plurals behind names (`Input`s), names of several arguments that need two lines, amounts (|x|)."""
    joined: list[str] = []
    for line in lines:
        if joined and joined[-1].endswith(",") and ":" not in joined[-1] and line.startswith(" " * 8):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    joined = [line if ">>>" in line else re.sub(r"\|(\w+)\|", r"\|\1\|", line) for line in joined]
    lines[:] = [re.sub(r"(?<!`)(`[^`]+`)(?=[a-z])", r"\1\\ ", line) for line in joined]


def setup(app: Any) -> None:
    """What is changed in docstrings before they are read."""
    app.connect("autodoc-process-docstring", _for_sphinx, priority=100)  # before napoleon
