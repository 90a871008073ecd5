"""Both ways to multiply matrices, native and OpenBLAS, side by side: dense layers and 1×1 convolutions with their gradients."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

tf = pytest.importorskip("swiftconv")

PROGRAM = """
import json, sys
import numpy as np
import swiftconv as tf

random = np.random.default_rng(7)
def numbers(*shape):
    return random.standard_normal(shape, dtype="float32")

x, dy = numbers(2, 9, 7, 37), numbers(2, 9, 7, 21)
filters = numbers(1, 1, 37, 21)
dense = tf.layers.Dense(19, activation="relu")
image = numbers(67, 45)
dense.build(image.shape)
dense.set_weights([numbers(45, 19), numbers(19)])
results = [
    tf.matmul(image, numbers(45, 33)),
    tf.matmul(numbers(3, 5, 8), numbers(3, 6, 8), transpose_b=True),
    dense(image),
    tf.nn.conv2d(x, filters, 1, "VALID"),
    tf.nn.conv2d_backprop_input(x.shape, filters, dy, 1, "VALID"),
    tf.nn.conv2d_backprop_filter(x, filters.shape, dy, 1, "VALID"),
]
print(json.dumps([tf.config.environment()["gemm"], [np.asarray(r).ravel().tolist() for r in results]]))
"""


def run(gemm: str, threads: int) -> list[np.ndarray]:
    environment = os.environ | {"SWIFTCONV_GEMM": gemm, "SWIFTCONV_NUM_THREADS": str(threads)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    used, results = json.loads(done.stdout)
    assert used == gemm
    return [np.array(values, "float32") for values in results]


@pytest.mark.skipif(not tf.config.environment()["openblas"], reason="libopenblas.so.0 is not installed")
def test_gemm_native_and_openblas_agree() -> None:
    native, other, threaded = run("native", 1), run("openblas", 1), run("openblas", 2)
    for k, (a, b, c) in enumerate(zip(native, other, threaded, strict=True)):
        np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-4, err_msg=f"result {k}")
        np.testing.assert_array_equal(b, c, err_msg=f"result {k} depends on the number of threads")
