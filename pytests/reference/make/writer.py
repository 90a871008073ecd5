"""Collects the cases of one family and writes them: `<family>.json`, an index for people and programs, and `<family>.bin`, its arrays."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ALIGNMENT = 8  # bytes: every array of the blob can be read in place as its own type


def generator(name: str) -> np.random.RandomState:
    """The random numbers of a case depend on its name alone, and RandomState's streams are frozen by NumPy's policy."""
    return np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)


def draw(random: np.random.RandomState, shape: Sequence[int], dtype: str = "float32", step: float = 1 / 64) -> np.ndarray:
    """Normal numbers, rounded to multiples of `step` (a coarse step makes ties, which pooling must break as TensorFlow does)."""
    return (np.round(random.standard_normal(tuple(shape)) / step) * step).astype(dtype)


class Family:
    """One pair of files."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cases: list[dict[str, Any]] = []
        self.blob = bytearray()
        self.names: set[str] = set()
        self.seen: dict[bytes, int] = {}

    def array(self, value: Any) -> dict[str, Any] | None:
        """Stores an array (once, if it comes again) and returns its entry in the index."""
        if value is None:
            return None
        value = np.asarray(value)
        shape = list(value.shape)
        value = np.ascontiguousarray(value)
        if value.dtype.byteorder == ">":
            value = value.astype(value.dtype.newbyteorder("<"))
        data = value.tobytes()
        key = data + str(value.dtype).encode()
        offset = self.seen.get(key)
        if offset is None:
            self.blob += bytes(-len(self.blob) % ALIGNMENT)
            offset = self.seen[key] = len(self.blob)
            self.blob += data
        return {"dtype": str(value.dtype), "shape": shape, "offset": offset}

    def add(self, name: str, **fields: Any) -> None:
        """Adds a case. Lists of arrays are stored; everything else must be JSON."""
        if name in self.names:
            raise ValueError(f"two cases of {self.name} are named {name}")
        self.names.add(name)
        for key in ("inputs", "outputs", "output_gradients", "input_gradients"):
            if key in fields:
                fields[key] = [self.array(value) for value in fields[key]]
        if "steps" in fields:
            fields["steps"] = [{k: [self.array(v) for v in values] for k, values in step.items()} for step in fields["steps"]]
        self.cases.append({"name": name, **fields})

    def write(self, folder: Path, versions: dict[str, str]) -> None:
        """Writes both files; each case is one line of the index, so that a change shows as such in a diff."""
        lines = ",\n".join(json.dumps(case, allow_nan=False, separators=(", ", ": ")) for case in self.cases)
        head = json.dumps({"family": self.name, "versions": versions})[:-1]
        (folder / f"{self.name}.json").write_text(head + ', "cases": [\n' + lines + "\n]}\n")
        (folder / f"{self.name}.bin").write_bytes(bytes(self.blob))


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two ways to the same values agree, by the measure of the tests (see `pytests/reference/__init__.py`)."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    if a.size == 0:
        return True
    tolerance = 1e-10 if a.dtype == np.float64 else 1e-5
    finite = b[np.isfinite(b)] if b.dtype.kind == "f" else b
    scale = max(1.0, float(np.max(np.abs(finite))) if finite.size else 1.0)
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance * scale, equal_nan=True)) and not math.isnan(scale)
