"""The Python API as pages: `python_docs.py FOLDER`. What modules import on first use is resolved: pdoc reads them as they lie."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pdoc
import swiftconv
from swiftconv import _LAZY

PUBLIC = sorted(name for name in _LAZY if not name.startswith("_"))


def main() -> None:
    warnings.simplefilter("error")
    for name in PUBLIC:
        module = getattr(swiftconv, name)
        for member in getattr(module, "__all__", ()):
            module.__dict__.setdefault(member, getattr(module, member))
    pdoc.render.configure(docformat="google", search=True, show_source=False)
    # `!` leaves modules out
    pdoc.pdoc("swiftconv", "!swiftconv[.]_.*", "!swiftconv[.](nn|ops)[.].*", output_directory=Path(sys.argv[1]))


if __name__ == "__main__":
    main()
