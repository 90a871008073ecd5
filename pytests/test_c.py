"""The C door: header, Swift functions, test programs and the built library name the same functions; the example runs a model."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from install_c import HEADER, abi_version, code, functions

BUILT = ROOT / "build/c"
REQUIRED = bool(os.environ.get("SWIFTCONV_REQUIRE_DOORS"))
#: C's types by the Swift types that `@_cdecl` functions spell.
TYPES = {
    "int32_t": "Int32",
    "sc_status": "Int32",
    "int64_t": "Int64",
    "void *": "UnsafeMutableRawPointer?",
    "const void *": "UnsafeRawPointer?",
    "const char *": "UnsafePointer<CChar>?",
    "char *": "UnsafeMutablePointer<CChar>?",
    "char **": "UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?",
    "const void *const *": "UnsafePointer<UnsafeRawPointer?>?",
    "void *const *": "UnsafePointer<UnsafeMutableRawPointer?>?",
    "void": "",
}
ELEMENTS = {"float": "Float", "int32_t": "Int32", "int64_t": "Int64"}
HANDLES = {"sc_op", "sc_prepared", "sc_packed", "sc_variable", "sc_graph", "sc_executable"}


def built(name: str) -> Path:
    """A file that `make test-c` made; where it did not, the test is skipped."""
    path = BUILT / name
    if not path.exists():
        if REQUIRED:
            pytest.fail(f"{path} is missing: make test-c")
        pytest.skip(f"{path.relative_to(ROOT)} is not built: make test-c")
    return path


def swift_type(c: str) -> str:
    """How Swift spells a C type of the header."""
    c = re.sub(r"\s*\*\s*", " *", " ".join(c.split())).replace("* *", "**").replace("*const *", "*const *").strip()
    if c in TYPES:
        return TYPES[c]
    found = re.fullmatch(r"(const )?(\w+) (\*+)", c)
    assert found, c
    constant, name, stars = found.groups()
    if name in HANDLES:
        return "OpaquePointer?" if stars == "*" else "UnsafeMutablePointer<OpaquePointer?>?"
    return f"Unsafe{'' if constant else 'Mutable'}Pointer<{ELEMENTS.get(name, name)}>?"


def prototypes() -> dict[str, tuple[str, list[str]]]:
    """For each function of the header its result and its parameters, in Swift's spelling."""
    found = re.findall(r"^([\w ]+?[ *]+)(sc_\w+)\(([^)]*)\);", code(), re.MULTILINE | re.DOTALL)
    result = {}
    for kind, name, parameters in found:
        types = [re.sub(r"\w+$", "", " ".join(p.split())).strip() for p in parameters.split(",") if p.strip() != "void"]
        result[name] = (swift_type(kind.strip()), [swift_type(t) for t in types])
    return result


def definitions() -> dict[str, tuple[str, list[str]]]:
    """The same of the `@_cdecl` functions."""
    result = {}
    for path in (ROOT / "Sources/SwiftConvC").glob("*.swift"):
        text = path.read_text()
        for name, parameters, kind in re.findall(
            r'@_cdecl\("(\w+)"\)\s*public func \w+\(([^{]*?)\)\s*(?:->\s*([^{]+?))?\s*\{', text, re.DOTALL
        ):
            types = [re.sub(r"^\s*\w+ \w+\s*:\s*", "", p).strip() for p in re.split(r",(?![^<]*>)", parameters) if p.strip()]
            result[name] = (kind.strip(), types)
    return result


def test_every_prototype_has_its_function_with_the_same_types() -> None:
    expected, received = prototypes(), definitions()
    assert sorted(expected) == sorted(functions())
    assert sorted(expected) == sorted(received)
    for name, (kind, parameters) in expected.items():
        # a string that is not owned comes back as UnsafePointer<CChar>?
        assert received[name] == (kind, parameters), name


def comments() -> dict[str, str]:
    """For each function of the header the comment right above it; "" where there is none."""
    lines = HEADER.read_text().splitlines()
    result = {}
    for i, line in enumerate(lines):
        if found := re.match(r"[a-z]\w*[\w ]*[ *]+(sc_\w+)\(", line):
            above = itertools.takewhile(lambda text: re.match(r"// (?!----)", text), reversed(lines[:i]))
            result[found[1]] = " ".join(text.removeprefix("// ") for text in reversed(list(above)))
    return result


def test_every_function_of_the_header_is_documented() -> None:
    documented = comments()
    assert list(documented) == functions()
    assert [name for name, comment in documented.items() if len(comment.split()) < 6 or not comment.endswith(".")] == []


def test_comments_of_the_header_name_what_exists() -> None:
    text = HEADER.read_text()
    known = set(functions()) | HANDLES | set(re.findall(r"\b(sc_\w+);", code()))
    assert set(re.findall(r"\b(sc_\w+)", "".join(comments().values()))) <= known
    constants = set(re.findall(r"\bSC_\w+", code()))
    assert set(re.findall(r"\bSC_\w+", text)) <= constants
    # a pointer that is written to is spoken of by its name
    for name, parameters in re.findall(r"\b(sc_\w+)\(([^)]*)\);", code()):
        for handle in re.findall(r"sc_\w+ \*\*(\w+)", parameters):
            assert f"`*{handle}`" in comments()[name], name


def test_every_function_is_called_by_the_test_program() -> None:
    called = "".join(path.read_text() for path in (ROOT / "Tests/_CDoor").glob("*.[ch]"))
    assert [name for name in functions() if not re.search(rf"\b{name}\(", called)] == []


def test_every_check_is_run_by_both_runners() -> None:
    checks = set(re.findall(r"c_door_\w+(?=\(void\))", (ROOT / "Tests/_CDoor/include/c_door.h").read_text()))
    for runner in ("Tests/SwiftConvCTests/CDoorTests.swift", "Tests/_CPrograms/door.c"):
        missing = checks - set(re.findall(r"c_door_\w+", (ROOT / runner).read_text()))
        assert missing <= {"c_door_run_nanoseconds"}, runner


def test_header_is_cpp_too(tmp_path: Path) -> None:
    beside = Path(shutil.which("swift") or "/").resolve().with_name("clang")
    compiler = shutil.which("g++") or shutil.which("clang++") or (str(beside) if beside.exists() else None)
    if compiler is None:
        pytest.skip("no C++ compiler")
    source = tmp_path / "program.cpp"
    source.write_text("#include <swiftconv.h>\nint main() { return SC_ABI_MATCHES() ? 0 : 1; }\n")
    subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{HEADER.parent}", source], check=True)


def test_library_exports_the_functions_of_the_header_alone() -> None:
    library = built("lib/libswiftconv.so")
    listed = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    assert sorted(line.split()[-1] for line in listed.splitlines()) == sorted(functions())
    assert (built("include/swiftconv.h")).read_text() == (ROOT / "Sources/CABI/include/swiftconv.h").read_text()


def test_library_is_found_by_its_abi_version() -> None:
    library = built("lib/libswiftconv.so")
    listed = subprocess.run(["readelf", "-d", library], check=True, capture_output=True, text=True).stdout
    assert f"[libswiftconv.so.{abi_version()}]" in listed
    assert library.resolve().name.startswith(f"libswiftconv.so.{abi_version()}.")


def test_library_needs_no_swift_runtime() -> None:
    listed = subprocess.run(["ldd", built("lib/libswiftconv.so")], check=True, capture_output=True, text=True).stdout
    assert "libc.so" in listed
    assert "swift" not in listed


def test_example_runs_a_model_that_python_exported(tmp_path: Path) -> None:
    tf = pytest.importorskip("swiftconv")
    program = built("bin/classify")
    tf.keras.utils.set_random_seed(3)
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Input((12, 12, 2)),
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.export(tmp_path / "model.safetensors")
    done = subprocess.run([program, tmp_path / "model.safetensors"], check=True, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert [line.split() for line in lines[:3]] == [["3", "0", "-3"], ["4", "0", "-4"], ["3", "0", "-3"]]
    received = np.float32([line.split(": ")[1] for line in lines[3:]])
    x = (np.arange(288, dtype=np.float32) / np.float32(288)).reshape(1, 12, 12, 2)
    np.testing.assert_array_equal(received, model.predict(x, verbose=0)[0])
    failed = subprocess.run([program, tmp_path / "none.safetensors"], check=False, capture_output=True, text=True)
    assert failed.returncode == 1
    assert "none.safetensors: cannot be opened" in failed.stderr


def test_a_whole_network_gives_the_bits_of_python(tmp_path: Path) -> None:
    tf = pytest.importorskip("swiftconv")
    program = built("bin/classify")
    model = tf.keras.applications.ResNet20()
    shape = tuple(model.inputs[0].shape[1:])
    model.export(tmp_path / "resnet.safetensors")
    done = subprocess.run([program, tmp_path / "resnet.safetensors"], check=True, capture_output=True, text=True)
    received = np.float32([line.split(": ")[1] for line in done.stdout.splitlines()[3:]])
    count = int(np.prod(shape))
    x = (np.arange(count, dtype=np.float32) / np.float32(count)).reshape(1, *shape)
    np.testing.assert_array_equal(received, model.predict(x, verbose=0)[0])
