"""Installs the C library: `install_c.py PREFIX [--destdir FOLDER]` after `swift build -c release --product SwiftConvC`.

    PREFIX/include/swiftconv.h
    PREFIX/lib/libswiftconv.so → libswiftconv.so.1 → libswiftconv.so.1.0.1.0      1 is SC_ABI_VERSION, the rest the version
    PREFIX/lib/pkgconfig/swiftconv.pc

Swift's runtime is inside, and exported are the functions of the header alone.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = ROOT / "Sources/CABI/include/swiftconv.h"


def code(header: Path = HEADER) -> str:
    """The header without comments."""
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)


def functions(header: Path = HEADER) -> list[str]:
    """The functions that the header declares, in its order."""
    without_macros = re.sub(r"^#[^\n]*", "", code(header), flags=re.MULTILINE)
    return re.findall(r"\b(sc_\w+)\(", without_macros)


def abi_version() -> str:
    """What the header says of itself."""
    found = re.search(r"#define SC_ABI_VERSION (\d+)", code())
    assert found
    return found[1]


def version() -> str:
    """The version of the package."""
    found = re.search(r'VERSION = "([^"]+)"', (ROOT / "python/swiftconv/version.py").read_text())
    assert found
    return found[1]


def link(target: Path, soname: str, script: Path) -> None:
    """One shared library: the C door's own objects, whose names are exported, and what they need of the archive, hidden."""
    release = ROOT / ".build/release"
    door = sorted((release / "SwiftConvC.build").glob("*.o"))
    archive = release / "libSwiftConvC.a"
    if not door or not archive.exists():
        sys.exit(f"install_c: {archive} is missing: swift build -c release --product SwiftConvC")
    swiftc = shutil.which(os.environ.get("SWIFTC", "swiftc"))
    if not swiftc:
        sys.exit("install_c: `swiftc` is not on the PATH")
    script.write_text("{ global: " + "".join(f"{name}; " for name in functions()) + "local: *; };\n")
    flags = [f"-soname={soname}", "--gc-sections", "--exclude-libs=ALL", "-s", f"--version-script={script}"]
    words = [word for flag in flags for word in ("-Xlinker", flag)]
    subprocess.run([swiftc, "-emit-library", "-static-stdlib", *door, archive, "-o", target, *words], check=True)
    script.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("prefix", type=Path)
    parser.add_argument("--destdir", type=Path, default=None, help="everything goes below it, as if it were the root")
    arguments = parser.parse_args()
    prefix = arguments.prefix.absolute()
    root = prefix if arguments.destdir is None else arguments.destdir.absolute() / prefix.relative_to(prefix.anchor)
    include, library, packages = root / "include", root / "lib", root / "lib/pkgconfig"
    for folder in (include, library, packages):
        folder.mkdir(parents=True, exist_ok=True)

    soname = f"libswiftconv.so.{abi_version()}"
    file = f"{soname}.{version()}"
    fresh = library / f"{file}.new"
    link(fresh, soname, library / f"{file}.map")
    fresh.replace(library / file)  # a program that runs keeps the old one
    for name, target in ((soname, file), ("libswiftconv.so", soname)):
        (library / name).unlink(missing_ok=True)
        (library / name).symlink_to(target)
    shutil.copyfile(HEADER, include / HEADER.name)
    (packages / "swiftconv.pc").write_text(
        f"prefix={prefix}\nincludedir=${{prefix}}/include\nlibdir=${{prefix}}/lib\n\n"
        "Name: swiftconv\nDescription: Convolution and convolutional networks on the CPU\n"
        f"Version: {version()}\nCflags: -I${{includedir}}\nLibs: -L${{libdir}} -lswiftconv\n"
    )
    print(f"installed: {root}/include/swiftconv.h, {root}/lib/{file}, {root}/lib/pkgconfig/swiftconv.pc")


if __name__ == "__main__":
    main()
