"""Reads the reference values: for each family an index `<family>.json` and a blob `<family>.bin` of little-endian arrays.

    >>> from reference import load
    >>> case = load("convolution")[0]
    >>> case.op, case.inputs[0].shape, case.source
    ('conv2d', (1, 5, 5, 1), 'tensorflow')

A case says where its values come from: "tensorflow", "keras", or "numpy" where TensorFlow's CPU kernels refuse the case or
are known to be wrong (then the plain formula in float64, `make/plain.py`, gave them). `make_reference.py` makes the files;
Swift's tests read the same ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.testing

FOLDER = Path(__file__).parent
FAMILIES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@dataclass(frozen=True)
class Case:
    """One case. `fields` holds what its family has besides: `op`, `attributes`, `function`, `layer`, `config` …"""

    family: str
    name: str
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]
    output_gradients: list[np.ndarray | None] | None
    input_gradients: list[np.ndarray | None] | None
    steps: list[dict[str, list[np.ndarray]]]
    source: str
    fields: dict[str, Any] = field(repr=False)

    @property
    def op(self) -> str:
        return self.fields["op"]

    @property
    def attributes(self) -> dict[str, Any]:
        return self.fields["attributes"]

    @property
    def id(self) -> str:
        return f"{self.family}/{self.name}"


@cache
def load(family: str) -> list[Case]:
    """The cases of one family. The arrays are read-only views."""
    index = json.loads((FOLDER / f"{family}.json").read_text())
    blob = (FOLDER / f"{family}.bin").read_bytes()

    def arrays(entries: list[Any] | None) -> Any:
        return None if entries is None else [None if entry is None else _array(blob, entry) for entry in entries]

    cases = []
    for fields in index["cases"]:
        taken = {key: arrays(fields.pop(key, None)) for key in ("inputs", "outputs", "output_gradients", "input_gradients")}
        steps = [{key: arrays(value) for key, value in step.items()} for step in fields.pop("steps", [])]
        taken["outputs"] = taken["outputs"] or []
        cases.append(Case(family, fields.pop("name"), steps=steps, source=fields.pop("source"), fields=fields, **taken))
    return cases


def _array(blob: bytes, entry: dict[str, Any]) -> np.ndarray:
    dtype = np.dtype(entry["dtype"]).newbyteorder("<")
    count = int(np.prod(entry["shape"], dtype=np.int64))
    return np.frombuffer(blob, dtype, count, entry["offset"]).reshape(entry["shape"])


def assert_close(received: Any, expected: np.ndarray, what: str, factor: float = 1.0) -> None:
    """Fails unless `received` has the type and shape of `expected` and equals it within rounding.

    The tolerance is relative to the largest finite expected magnitude, as the error of a sum is: 1e-5 in float32, 1e-10 in
    float64, times `factor`. Infinities and NaN must stand where they are expected.
    """
    received = np.asarray(received)
    assert received.shape == expected.shape, f"{what}: expected shape {expected.shape}, received {received.shape}"
    assert received.dtype == expected.dtype, f"{what}: expected {expected.dtype}, received {received.dtype}"
    if expected.dtype.kind != "f":
        numpy.testing.assert_array_equal(received, expected, err_msg=what)
        return
    tolerance = factor * (1e-10 if expected.dtype == np.float64 else 1e-5)
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float(finite.max()) if finite.size else 1.0
    if scale > 1e6:  # huge values beside small ones (special values): each by itself
        scale = 1.0
    numpy.testing.assert_allclose(
        received, expected, rtol=tolerance, atol=tolerance * max(1.0, scale), equal_nan=True, err_msg=what
    )
