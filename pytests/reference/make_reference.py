"""Makes the reference values of this folder with real TensorFlow.

    TF_ENABLE_ONEDNN_OPTS=0 python pytests/reference/make_reference.py [family …]

Needs TensorFlow (tensorflow-cpu) and Keras; the versions that were used stand in each index. The tests need neither. Run it again
only to add cases or to move to another TensorFlow: equal versions give equal files.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # oneDNN changes the order of sums and has faults of its own
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

FAMILIES = (
    "convolution", "dense", "pooling", "normalization", "elementwise", "reduction", "movement", "loss",
    "optimizer", "layout", "layers", "training",
)  # fmt: skip


def main() -> None:
    import keras
    import numpy as np
    import tensorflow as tf
    from make.record import disagreed, refused
    from make.writer import Family

    versions = {"tensorflow": tf.__version__, "keras": keras.__version__, "numpy": np.__version__}
    for name in sys.argv[1:] or FAMILIES:
        family = Family(name)
        importlib.import_module(f"make.{name}").build(family)
        family.write(HERE, versions)
        size = (HERE / f"{name}.json").stat().st_size + (HERE / f"{name}.bin").stat().st_size
        print(f"{name}: {len(family.cases)} cases, {size / 1024:.0f} KiB")
    for what, count in sorted(refused.items()):
        print(f"refused {count:4d} × {what}")
    for what in disagreed:
        print(f"TensorFlow and the plain reference disagree (the plain one is stored): {what}")


if __name__ == "__main__":
    main()
