"""TensorFlow's `config`: devices and threads; and Keras's global settings."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from swiftconv import _native
from swiftconv._core import epsilon, floatx, image_data_format, set_epsilon, set_floatx, set_image_data_format
from swiftconv._core.arguments import integer
from swiftconv.errors import InvalidArgumentError

__all__ = [
    "PhysicalDevice",
    "epsilon",
    "experimental",
    "floatx",
    "functions_run_eagerly",
    "get_visible_devices",
    "image_data_format",
    "list_logical_devices",
    "list_physical_devices",
    "memory_limit",
    "num_threads",
    "precision",
    "roofline",
    "run_functions_eagerly",
    "set_autotune",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_memory_limit",
    "set_num_threads",
    "set_precision",
    "set_visible_devices",
    "threading",
]


class PhysicalDevice(NamedTuple):
    """A device that the engine runs on."""

    name: str
    device_type: str


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of a type: one CPU, no GPU.

    Args:
        device_type: `"CPU"`, `"GPU"`, or None for all.

    Example:
        >>> import swiftconv as tf
        >>> tf.config.list_physical_devices("GPU")
        []
    """
    devices = [PhysicalDevice("/physical_device:CPU:0", "CPU")]
    return [d for d in devices if device_type is None or d.device_type == device_type]


list_logical_devices = get_visible_devices = list_physical_devices


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Accepted for TensorFlow's sake: there is one CPU, and it stays visible.

    Raises:
        ValueError: the CPU is missing from the devices.
    """
    given = devices if isinstance(devices, (list, tuple)) else [devices]
    if device_type in (None, "CPU") and not any(getattr(d, "device_type", None) == "CPU" for d in given):
        raise ValueError("set_visible_devices: devices: expected the CPU among them: there is nothing else to run on")


class experimental:
    """TensorFlow's names for what GPUs need; there is none."""

    list_physical_devices = staticmethod(list_physical_devices)
    list_logical_devices = staticmethod(list_physical_devices)

    @staticmethod
    def set_memory_growth(device: Any, enable: bool) -> None:
        """Accepted for TensorFlow's sake: memory is taken as it is needed."""

    @staticmethod
    def get_memory_growth(device: Any) -> bool:
        """Always True: memory is taken as it is needed."""
        return True


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Accepted for TensorFlow's sake: functions run eagerly; for the steps of `fit` there is `compile(run_eagerly=True)`."""


def functions_run_eagerly() -> bool:
    """Always True."""
    return True


def set_num_threads(threads: int) -> None:
    """Sets how many threads an op may use, from its next run on. Results do not depend on it.

    What was compiled before follows too: with the algorithms it has, so that the bits stay. Under a memory limit that leaves no
    room for the work memory of more threads, a compiled step keeps its number.

    Args:
        threads: from 1 to 1024.

    Raises:
        InvalidArgumentError: below 1.
        TypeError: no integer.
    """
    number = integer("set_num_threads", "threads", threads)
    if number < 1:
        raise InvalidArgumentError(f"set_num_threads: threads: expected at least 1, received {number}")
    _native.set_num_threads(number)


def num_threads() -> int:
    """How many threads an op may use."""
    return _native.num_threads()


def set_precision(precision: str) -> None:
    """Sets how exact float32 convolutions have to be. Executables that exist keep the algorithms they have.

    Args:
        precision: `"default"`: algorithms with fewer multiplications (Winograd) are allowed, within the bounds of
            `docs/numerics.md`; `"highest"`: every product of the definition is computed.

    Raises:
        InvalidArgumentError: another word.

    Example:
        >>> import swiftconv as tf
        >>> tf.config.set_precision("highest")
        >>> tf.config.precision()
        'highest'
        >>> tf.config.set_precision("default")
    """
    _native.set_precision(precision)


def precision() -> str:
    """`"default"` or `"highest"`."""
    return str(environment()["precision"])


def set_memory_limit(limit: int | None) -> None:
    """Limits the work memory of one op, and the memory that one executable plans for its values.

    A training step that needs more computes values of its forward half again instead of keeping them, to the same bits;
    algorithms that need more are passed over. Where nothing is left, a `MemoryError` names the smallest limit that works.
    The arrays given and returned, weights and their packed forms are not counted, but a packed form larger than the
    limit is not kept.

    Args:
        limit: bytes, or None for no limit.

    Raises:
        InvalidArgumentError: below 0.
        TypeError: no integer.

    Example:
        >>> import swiftconv as tf
        >>> tf.config.set_memory_limit(400 << 20)
        >>> tf.config.memory_limit()
        419430400
        >>> tf.config.set_memory_limit(None)
    """
    number = -1 if limit is None else integer("set_memory_limit", "limit", limit)
    if limit is not None and number < 0:
        raise InvalidArgumentError(f"set_memory_limit: limit: expected at least 0 bytes, or None, received {number}")
    _native.set_memory_limit(number)


def memory_limit() -> int | None:
    """The limit in bytes, None where there is none."""
    limit: int | None = environment()["memory_limit"]
    return limit


def set_autotune(on: bool) -> None:
    """Sets whether algorithms are chosen by measuring them rather than by a cost model.

    Each shape is measured once; the choices are kept in a file of the user's cache (`SWIFTCONV_CACHE_DIR`) for each
    processor, which is ignored when it is damaged. Algorithms differ in rounding, so two processes give equal bits only
    if they chose alike.
    """
    _native.set_autotune(on)


def roofline(threads: int | None = None) -> dict[str, Any]:
    """Measures what this machine can do at most, for about a quarter of a second.

    The roofline model (S. Williams, A. Waterman, D. Patterson, CACM 52 (4), 2009): nothing is faster than its arithmetic
    at `gflops` or its traffic at the bandwidth of the memory level that holds its data.

    Args:
        threads: how many threads share the work; by default `num_threads()`.

    Returns:
        `threads`; `level`, the CPU level whose instructions were used; `gflops`, float32 additions and multiplications a
        nanosecond; `memory`, for L1, L2, L3 and main memory the `name`, the `working_set` of each thread in bytes, and the
        bandwidth of a `read` and of a `copy` (what is read plus what is written) in GB/s, all threads together.

    Raises:
        InvalidArgumentError: fewer than one thread.

    Example:
        >>> import swiftconv as tf
        >>> limits = tf.config.roofline(threads=1)
        >>> limits["gflops"] > 1
        True
    """
    number = 0 if threads is None else integer("roofline", "threads", threads)
    if threads is not None and number < 1:
        raise InvalidArgumentError(f"roofline: threads: expected at least 1, received {number}")
    return json.loads(_native.roofline(number))  # type: ignore[no-any-return]


class threading:
    """TensorFlow's names for the number of threads; there is one pool."""

    @staticmethod
    def set_intra_op_parallelism_threads(num_threads: int) -> None:
        """`set_num_threads`; 0 leaves the default."""
        if num_threads:
            set_num_threads(num_threads)

    @staticmethod
    def get_intra_op_parallelism_threads() -> int:
        """`num_threads`."""
        return num_threads()

    @staticmethod
    def set_inter_op_parallelism_threads(num_threads: int) -> None:
        """Accepted for TensorFlow's sake: ops run one after the other, each on all threads."""

    @staticmethod
    def get_inter_op_parallelism_threads() -> int:
        """Always 1."""
        return 1


def environment() -> dict[str, Any]:
    """What the engine found and chose: CPU, level, threads, and why."""
    return json.loads(_native.environment())  # type: ignore[no-any-return]
