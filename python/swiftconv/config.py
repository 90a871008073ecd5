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
    "num_threads",
    "run_functions_eagerly",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_num_threads",
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
    """Sets how many threads an op may use. Results do not depend on it.

    Args:
        threads: at least 1.

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
