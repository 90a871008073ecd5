"""Builds the engine with SwiftPM and links the extension with Swift's runtime inside: one file, no Swift at run time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
SOURCES = ["module.c", "values.c", "memory.c", "op.c", "prepared.c", "graph.c"]
WARNINGS = ["-Wall", "-Wextra", "-Werror"]


def tool(name: str) -> str:
    """The path of a tool of the Swift toolchain, or the end of the build with the reason."""
    found = os.environ.get(name.upper()) or shutil.which(name)
    if not found:
        sys.exit(
            f"swiftconv: building from source needs Swift 6.2 or later, but `{name}` is not on the PATH.\n"
            f"Install it from https://www.swift.org/install, or name it in the environment variable {name.upper()}."
        )
    return found


def run(*command: str | Path) -> str:
    """Runs a command in the root of the source; its output. A failure ends the build with the command and its status."""
    words = [str(word) for word in command]
    print("swiftconv:", " ".join(words), flush=True)
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"swiftconv: {words[0]} {words[1]} failed with status {done.returncode}\n{done.stdout}")
    return done.stdout


def compiler() -> str:
    """The C compiler: `CC`, else the clang that came with Swift, else `cc`."""
    beside = Path(tool("swift")).resolve().with_name("clang")
    return os.environ.get("CC", "").split(" ")[0] or (str(beside) if beside.exists() else "cc")


class BuildEngine(build_ext):
    """`build_ext` for an extension whose engine is a SwiftPM product."""

    def build_extension(self, extension: Extension) -> None:
        swift, swiftc = tool("swift"), tool("swiftc")
        # an archive of the source holds the kernels once, without the links by which each CPU level reaches them
        for level in ROOT.glob("Sources/Kernels[A-Z]*"):
            if not (level / "Shared").exists():
                (level / "Shared").symlink_to("../KernelSource")
        build = [swift, "build", "-c", "release", "--product", "SwiftConvC"]
        run(*build)
        archive = Path(run(*build, "--show-bin-path").strip()) / "libSwiftConvC.a"

        objects = []
        temporary = Path(self.build_temp).resolve()
        temporary.mkdir(parents=True, exist_ok=True)
        include = [f"-I{sysconfig.get_path('include')}", f"-I{ROOT / 'Sources/CABI/include'}"]
        for source in SOURCES:
            objects.append(temporary / f"{Path(source).stem}.o")
            flags = ["-std=gnu11", "-O2", "-fPIC", "-fvisibility=hidden", "-ffunction-sections", *WARNINGS]
            run(compiler(), "-c", ROOT / "python/src" / source, "-o", objects[-1], *flags, *include)

        target = Path(self.get_ext_fullpath(extension.name)).resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        wanted = ["--gc-sections", "--exclude-libs=ALL", "-s", f"--version-script={ROOT / 'python/src/native.map'}"]
        linker = [word for flag in wanted for word in ("-Xlinker", flag)]
        # -static-stdlib puts Swift's runtime into the file; an own file name first, so that a running program keeps the old one
        fresh = target.with_suffix(".new")
        run(swiftc, "-emit-library", "-static-stdlib", *objects, archive, "-o", fresh, *linker)
        fresh.replace(target)


setup(
    ext_modules=[Extension("swiftconv._native", [f"python/src/{name}" for name in SOURCES], py_limited_api=True)],
    cmdclass={"build_ext": BuildEngine},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
