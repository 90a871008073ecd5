"""Devices, threads, global settings, and the report of `python -m swiftconv`."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import swiftconv as tf
from swiftconv import config, version
from swiftconv.keras import backend


def run(*arguments, **environment):
    import os

    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **environment}
    )


def test_report_names_what_was_found_and_tests_itself():
    done = run("-m", "swiftconv", SWIFTCONV_NUM_THREADS="2")
    assert done.returncode == 0, done.stderr
    for word in (version.VERSION, sys.version.split()[0], np.__version__, "SWIFTCONV_NUM_THREADS", "MB", "_native", "self-test"):
        assert word in done.stdout, word
    assert done.stderr == ""


def test_report_with_a_level_that_was_asked_for():
    done = run("-m", "swiftconv", SWIFTCONV_CPU_LEVEL="baseline")
    assert done.returncode == 0
    assert "baseline" in done.stdout


NONSENSE = [
    ("SWIFTCONV_CPU_LEVEL", "v9"),
    ("SWIFTCONV_NUM_THREADS", "many"),
    ("SWIFTCONV_NUM_THREADS", "0"),
    ("SWIFTCONV_GEMM", "magic"),
    ("SWIFTCONV_PRECISION", "exact"),
    ("SWIFTCONV_MEMORY_LIMIT", "-1"),
    ("SWIFTCONV_MEMORY_LIMIT", "1GB"),
    ("SWIFTCONV_AUTOTUNE", "yes"),
    ("SWIFTCONV_ALGORITHM", "fastest"),
]


@pytest.mark.parametrize(("name", "value"), NONSENSE)
def test_settings_that_are_nonsense_are_named(name, value):
    done = run("-c", "import numpy as np, swiftconv as tf; tf.matmul(np.ones((2, 2)), np.ones((2, 2)))", **{name: value})
    text = done.stdout + done.stderr
    assert done.returncode in (0, 1), f"killed: {text}"
    assert name in text
    assert value in text
    assert "expected" in text


def test_settings_are_all_documented():
    root = Path(__file__).parents[1]
    readers = [root / "Sources/Runtime/Environment.swift", *(root / "python/swiftconv").rglob("*.py")]
    read = {name for file in readers for name in re.findall(r'"(SWIFTCONV_[A-Z_]+)"', file.read_text())}
    assert {name for name, _ in NONSENSE} | {"SWIFTCONV_CACHE_DIR", "SWIFTCONV_DATA_DIR"} == read
    table = re.findall(r"^\| `(SWIFTCONV_[A-Z_]+)` \|", (root / "README.md").read_text(), re.MULTILINE)
    assert read == set(table)


def test_settings_are_taken():
    program = (
        "import swiftconv as tf; e = tf.config.environment(); "
        "print(e['precision'], e['memory_limit'], e['autotune'], e['threads'], e['level'], e['gemm'])"
    )
    chosen = {
        "SWIFTCONV_PRECISION": "highest",
        "SWIFTCONV_MEMORY_LIMIT": "123456",
        "SWIFTCONV_AUTOTUNE": "on",
        "SWIFTCONV_NUM_THREADS": "3",
        "SWIFTCONV_CPU_LEVEL": "baseline",
        "SWIFTCONV_GEMM": "native",
    }
    assert run("-c", program, **chosen).stdout == "highest 123456 True 3 baseline native\n"


def test_import_is_silent_and_starts_no_thread():
    done = run("-c", "import swiftconv, os; print(len(os.listdir('/proc/self/task')))", OPENBLAS_NUM_THREADS="1")
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_environment_has_the_facts():
    found = config.environment()
    assert {"cpu", "level", "level_source", "threads", "threads_source"} <= set(found)
    assert found["threads"] == config.num_threads()


def test_devices():
    assert [d.device_type for d in config.list_physical_devices()] == ["CPU"]
    assert config.list_physical_devices("GPU") == []
    assert config.list_logical_devices("CPU") == config.experimental.list_physical_devices("CPU")
    for gpu in config.list_physical_devices("GPU"):
        config.experimental.set_memory_growth(gpu, True)
    with pytest.raises(ValueError, match="CPU"):
        config.set_visible_devices([], "CPU")


def test_number_of_threads_is_set_and_refused():
    before = config.num_threads()
    try:
        config.set_num_threads(1)
        assert config.num_threads() == config.threading.get_intra_op_parallelism_threads() == 1
    finally:
        config.set_num_threads(before)
    for wrong in (0, -1, 2**40):
        with pytest.raises(ValueError, match="threads"):
            config.set_num_threads(wrong)
    for wrong in ("2", 1.5, None):
        with pytest.raises(TypeError, match="threads"):
            config.set_num_threads(wrong)
    assert config.num_threads() == before


def test_floatx_epsilon_and_layout():
    try:
        backend.set_floatx("float64")
        assert tf.keras.layers.Dense(1).dtype == "float64"
        config.set_epsilon(1e-3)
        assert backend.epsilon() == 1e-3
        config.set_image_data_format("channels_first")
        assert tf.keras.layers.Conv2D(1, 1).data_format == "channels_first"
    finally:
        config.set_floatx("float32")
        config.set_epsilon(1e-7)
        config.set_image_data_format("channels_last")
    for setter, wrong in ((config.set_floatx, "float3"), (config.set_image_data_format, "sideways")):
        with pytest.raises(ValueError, match=wrong):
            setter(wrong)
