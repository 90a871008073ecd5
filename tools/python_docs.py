"""The Python site: `python_docs.py FOLDER`. Writes the API's pages (docs/api) and the gallery (docs/gallery), then runs Sphinx.

Every public module gets one page with what its `__all__` names, from the docstrings. The gallery shows the examples' pictures.
"""

from __future__ import annotations

import importlib
import inspect
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import swiftconv
from sphinx.cmd.build import main as sphinx
from swiftconv import _LAZY, _top_level

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
#: Modules without names of their own.
SKIPPED = {"keras", "version"}
PUBLIC = sorted(name for name in _LAZY if not name.startswith("_") and name not in SKIPPED)
PICTURES = {
    "history": ("Loss and accuracy of a network that learns to read digits", "mnist_cnn.py"),
    "feature_maps": ("What both convolutions of that network make of one digit", "mnist_cnn.py"),
    "edges": ("Edges of a picture by three classic filters and one call of `nn.conv2d`", "edge_detection.py"),
    "edges-swift": (
        "Edges by the same filters, found by a Swift program in a picture that it draws",
        "swift/Sources/edge-detection/main.swift",
    ),
    "digits-swift": (
        "Test pictures in columns by the digit, 0 to 9, that a network says they show, after one epoch in Swift",
        "swift/Sources/tutorial/main.swift",
    ),
}
SWIFT = ("swift", "run", "-c", "release", "--package-path", str(ROOT / "examples/swift"))


def page(name: str, title: str, members: dict[str, Any], text: str, known: dict[int, str]) -> str:
    """A page of the API: classes, then functions, then what else there is. `known` is where an object has its place already."""
    groups: dict[str, list[str]] = {"Classes": [], "Functions": [], "Other names": []}
    for member, value in sorted(members.items()):
        kind = "Classes" if inspect.isclass(value) else "Functions" if callable(value) else "Other names"
        groups[kind].append(member)
    lines = [title, "=" * len(title), "", text, "", f".. py:currentmodule:: {name}", ""]
    for group, listed in groups.items():
        found = [member for member in listed if not inspect.ismodule(members[member])]
        if not found:
            continue
        lines += [group, "-" * len(group), ""]
        if group == "Other names":
            lines += [", ".join(f"``{member}``" for member in found), ""]
            continue
        for member in found:
            place = known.setdefault(id(members[member]), f"{name}.{member}")
            if place != f"{name}.{member}":
                lines += [f"``{member}`` is :py:obj:`{place}`.", ""]
                continue
            directive = "autoclass" if group == "Classes" else "autofunction"
            lines += [f".. {directive}:: {name}.{member}"]
            lines += ["   :members:", "   :show-inheritance:"] if group == "Classes" else []
            lines.append("")
    return "\n".join(lines)


def first_paragraph(docstring: str | None) -> str:
    return inspect.cleandoc(docstring or "").split("\n\n")[0]


def write_api(folder: Path) -> None:
    """One page for each public module, and one for the names at the top."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    known: dict[int, str] = {}
    for name in PUBLIC:
        module = importlib.import_module(f"swiftconv.{name}")
        names = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
        members = {n: getattr(module, n) for n in names}
        (folder / f"{name}.rst").write_text(
            page(module.__name__, module.__name__, members, first_paragraph(module.__doc__), known)
        )
    lazy = {name: getattr(swiftconv, name) for name in ("GradientTape", "Variable", "KerasTensor")}
    top = {name: getattr(swiftconv, name) for name in sorted(set(_top_level.__all__))} | lazy
    also = ("Tensor", "TensorShape", "DType", "convert_to_tensor", "convert_to_numpy")
    top |= {name: getattr(swiftconv, name) for name in also}
    (folder / "swiftconv.rst").write_text(page("swiftconv", "swiftconv", top, first_paragraph(swiftconv.__doc__), known))
    pages = "\n".join(["swiftconv", *PUBLIC])
    (folder / "index.md").write_text(f"# Python, by modules\n\n```{{toctree}}\n:maxdepth: 1\n\n{pages}\n```\n")


def make_swift_pictures(output: Path) -> None:
    """The pictures of the Swift programs, unless `make examples` left them; without libpng there are none."""
    if subprocess.run(["pkg-config", "--exists", "libpng"], check=False).returncode:
        print("libpng-dev is not installed: the gallery has no pictures of the Swift programs")
        return
    output.mkdir(exist_ok=True)
    if not (output / "edges-swift.png").exists():
        subprocess.run([*SWIFT, "edge-detection", "--output", output / "edges-swift.png"], check=True)
    if not (output / "digits-swift.png").exists():
        files = ["--model", output / "digits-swift.safetensors", "--picture", output / "digit-swift.png"]
        files += ["--sorted", output / "digits-swift.png"]
        subprocess.run([*SWIFT, "tutorial", "--images", "6000", "--epochs", "1", *files], check=True)


def write_gallery(folder: Path) -> None:
    """The pictures of the examples: those that `make demo` left, or made now."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    output = ROOT / "demo-output"
    if not (output / "edges.png").exists():
        subprocess.run([sys.executable, ROOT / "examples/edge_detection.py", "--output", output], check=True)
    if not (output / "history.png").exists():
        subprocess.run([sys.executable, ROOT / "examples/mnist_cnn.py", "--epochs", "2", "--output", output], check=True)
    make_swift_pictures(output)
    lines = ["# Gallery", "", "The pictures that the programs in `examples/` make.", ""]
    for picture in sorted(output.glob("*.png")):
        if picture.stem == "digit-swift":  # one digit, for `classify` to read
            continue
        shutil.copyfile(picture, folder / picture.name)
        text, program = PICTURES.get(picture.stem, (picture.stem.replace("_", " ").capitalize(), ""))
        source = f": [examples/{program}](../../examples/{program})" if program else ""
        lines += [f"![{picture.stem}]({picture.name})", "", f"{text}{source}.", ""]
    (folder / "index.md").write_text("\n".join(lines))


def main() -> int:
    write_api(DOCS / "api")
    write_gallery(DOCS / "gallery")
    return sphinx(["-q", "-W", "--keep-going", "-j", "2", "-d", "build/sphinx", str(DOCS), sys.argv[1]])


if __name__ == "__main__":
    sys.exit(main())
