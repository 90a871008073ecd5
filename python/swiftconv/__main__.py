"""`python -m swiftconv`: what is installed, what the engine found and chose, and whether it calculates rightly."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import numpy as np

from swiftconv import _native, config, nn
from swiftconv.version import VERSION

#: The numbers 0…15 as a 4×4 image, convolved by the filter 1…9, SAME; worked out in whole numbers.
_EXPECTED = [[83, 139, 178, 121], [198, 303, 348, 225], [330, 483, 528, 333], [181, 253, 274, 163]]


def self_test() -> tuple[bool, str]:
    """Whether a small convolution gives its reference values, and a line that says so."""
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    kernel = np.arange(1, 10, dtype=np.float32).reshape(3, 3, 1, 1)
    result = nn.conv2d(image, kernel, strides=1, padding="SAME")
    right = result.shape == (1, 4, 4, 1) and np.array_equal(result[0, :, :, 0], _EXPECTED)
    return right, f"conv2d of (1, 4, 4, 1) by (3, 3, 1, 1), SAME: shape {result.shape}, {'right' if right else 'WRONG'}"


def main() -> int:
    """Prints the report; 0 if the self-test passed."""
    found = config.environment()
    native = Path(_native.__file__)
    right, line = self_test()
    rows = {
        "swiftconv": VERSION,
        "Python": f"{platform.python_version()} ({sys.executable})",
        "NumPy": np.__version__,
        "system": platform.platform(),
        "compiler": found.get("compiler"),
        "CPU": found.get("cpu"),
        "level": f"{found.get('level')} (chosen by {found.get('level_source')}; possible: {', '.join(found.get('levels', []))})",
        "threads": f"{found.get('threads')} (from {found.get('threads_source')})",
        "GEMM": f"{found.get('gemm')} (OpenBLAS: {found.get('openblas') or 'not found'})",
        "native file": f"{native} ({native.stat().st_size / 1e6:.1f} MB)",
        "self-test": line,
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
