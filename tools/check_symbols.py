"""Checks what the linker could mix up and what the extension shows to the world.

Kernels are compiled once for each CPU level. A weak symbol that two levels share (a generic of the standard library, specialised
in each) is kept once by the linker, and it may be the copy with instructions which an older CPU lacks; so kernel objects may
define weak symbols only under their own module's name.
The extension exports its init function alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

LEVELS = ("KernelsBaseline", "KernelsV3", "KernelsV4", "KernelsNEON")
# What every object of a Swift module carries: no code, equal in all levels.
HARMLESS = (
    "_swift_FORCE_LOAD",
    "__swift_FORCE_LOAD",
    "__swift_reflection_version",
    "symbolic ",
    "__swift_async",
    "_swift1_autolink_entries",
    "got.",
)
# Accessors of conformances, such as that of Double to BinaryFloatingPoint: a look-up and its cache, no arithmetic.
HARMLESS_ENDS = ("Wl", "WL")


def nm(tool: str, *arguments: str) -> list[str]:
    return subprocess.run([tool, *arguments], check=True, capture_output=True, text=True).stdout.splitlines()


def shared_weak_symbols(tool: str, build: Path) -> list[str]:
    """Weak code or data of one level's objects that another level's objects define too."""
    owners: dict[str, set[str]] = {}
    for level in LEVELS:
        for item in build.glob(f"{level}.build/**/*.o"):
            for line in nm(tool, "--defined-only", str(item)):
                kind, name = line.split(maxsplit=2)[-2:]
                if kind in "WVu" and not name.startswith(HARMLESS) and not name.endswith(HARMLESS_ENDS):
                    owners.setdefault(name, set()).add(level)
    return sorted(f"{name}  ({', '.join(sorted(levels))})" for name, levels in owners.items() if len(levels) > 1)


def exports(tool: str, extension: Path) -> list[str]:
    return [line.split()[-1] for line in nm(tool, "-D", "--defined-only", str(extension))]


def main() -> int:
    tool = shutil.which("nm") or shutil.which("llvm-nm")
    if tool is None:
        print("check_symbols: no nm on the PATH", file=sys.stderr)
        return 1
    failed = False
    build = Path(".build/release")  # what is shipped; without optimisation the standard library's generics are not inlined
    if not build.exists():
        print("check_symbols: nothing is built yet: swift build -c release", file=sys.stderr)
        return 1
    found = shared_weak_symbols(tool, build)
    print(f"{build}: {len(found)} weak symbols shared by kernel levels")
    for line in found[:20]:
        print("  " + line)
    failed |= bool(found)
    for extension in Path("python/swiftconv").glob("_native*.so"):
        names = exports(tool, extension)
        print(f"{extension}: exports {', '.join(names)}")
        failed |= names != ["PyInit__native"]
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
