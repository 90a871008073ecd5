"""Arrays for training as the user gave them: checked, never copied as a whole; a batch is cast when its turn comes."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from swiftconv._core import Tensor, Variable, floatx
from swiftconv.utils import nest
from swiftconv.utils.py_dataset import PyDataset

_INTEGERS = ("int32", "int64", "uint8")


def is_array(value: Any) -> bool:
    """Whether `value` is an array, of whatever library."""
    return isinstance(value, (np.ndarray, Tensor, Variable)) or (hasattr(value, "__array__") and hasattr(value, "shape"))


def is_mapped(array: Any) -> bool:
    """Whether the elements lie in a file (`np.memmap`, or a view of one)."""
    while array is not None:
        if isinstance(array, (np.memmap, mmap.mmap)):
            return True
        array = getattr(array, "base", None)
    return False


def as_arrays(value: Any, what: str) -> Any:
    """Nested data as NumPy arrays in their own types, without a copy of what is an array already (`np.memmap` too).

    Raises:
        ValueError: what is no array of numbers.
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: as_arrays(item, what) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and value and any(is_array(item) or isinstance(item, dict) for item in value):
        if all(is_array(item) and np.ndim(item) == 0 for item in value):
            return _one(np.asarray(value), what)
        return type(value)(as_arrays(item, what) for item in value)
    return _one(value, what)


def _one(value: Any, what: str) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{what}: expected an array of numbers, received nested lists: {error}") from error
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{what}: expected an array of numbers, received {type(value).__name__} of dtype {array.dtype}")
    if array.ndim == 0:
        raise ValueError(f"{what}: expected an array with samples along its first axis, received a scalar")
    return array


def batch_type(dtype: np.dtype) -> np.dtype:
    """The type in which a batch of such elements goes to the engine: floats `floatx()`, small integers int32, others int64."""
    if dtype.kind == "f":
        return np.dtype(floatx())
    if dtype.kind in "iu" and dtype.name not in _INTEGERS:
        return np.dtype("int32" if dtype.itemsize < 4 else "int64")
    return dtype.newbyteorder("=")


def is_ready(array: Any) -> bool:
    """Whether batches of the array go to the engine as they are."""
    return array is None or (array.dtype == batch_type(array.dtype) and array.dtype.isnative)


def _cast(array: Any) -> Any:
    return array if is_ready(array) else array.astype(batch_type(array.dtype))


def as_batch(value: Any, what: str) -> Any:
    """Nested data of one batch in the types of the engine.

    Raises:
        ValueError: what is no array of numbers.
    """
    return nest.map_structure(_cast, as_arrays(value, what))


def rows_of(array: Any, rows: np.ndarray) -> Any:
    """A batch of scattered rows, cast."""
    if array is None:
        return None
    # `take` is faster where it needs not copy the whole array first
    plain = array.flags.c_contiguous and array.flags.aligned and array.dtype.isnative
    return _cast(array.take(rows, axis=0) if plain else array[rows])


def slice_of(array: Any, start: int, end: int) -> Any:
    """A batch of neighbouring rows: a view, where nothing is cast."""
    return None if array is None else _cast(array[start:end])


def count_samples(*groups: Any) -> int:
    """How many samples there are.

    Raises:
        ValueError: arrays that disagree, or none.
    """
    sizes = [leaf.shape[0] for group in groups for leaf in nest.flatten(group) if leaf is not None]
    if not sizes:
        raise ValueError("x: expected arrays, received none")
    if len(set(sizes)) > 1:
        raise ValueError(f"x, y, sample_weight: expected equal numbers of samples, received {sizes}")
    return int(sizes[0])


def class_weights(y: Any, sample_weight: Any, weights: dict[int, float] | None) -> Any:
    """Sample weights of a batch that hold the weight of each sample's class; classes that are not named weigh 1.

    Raises:
        ValueError: several outputs.
    """
    if not weights:
        return sample_weight
    if not isinstance(y, np.ndarray):
        raise ValueError("class_weight: expected a model with one output and labels given as one array")
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y))
    labels = labels.astype("int64")
    own = np.ones(labels.shape, dtype=floatx())
    for label, weight in weights.items():
        own[labels == int(label)] = float(weight)
    return own if sample_weight is None else np.asarray(sample_weight).reshape(-1) * own


def split(data: tuple[Any, Any, Any], fraction: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The first part for training and the last `fraction` for validation, both views.

    Raises:
        ValueError: a fraction outside (0, 1), no arrays, or a part without samples.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"validation_split: expected a number in (0, 1), received {fraction!r}")
    x = data[0]
    if isinstance(x, PyDataset) or (not is_array(x) and not isinstance(x, (list, tuple, dict))):
        raise ValueError("validation_split: expected arrays as x, received a generator or data set")
    arrays = tuple(as_arrays(d, name) for d, name in zip(data, ("x", "y", "sample_weight"), strict=True))
    samples = count_samples(*arrays)
    at = int(samples * (1 - fraction))
    if at == 0 or at == samples:
        raise ValueError(f"validation_split: {samples} samples cannot be split at {fraction}: one part would be empty")

    def cut(part: slice) -> tuple[Any, ...]:
        return tuple(nest.map_structure(lambda a: None if a is None else a[part], d) for d in arrays)

    return cut(slice(None, at)), cut(slice(at, None))


def triple(data: Any) -> tuple[Any, Any, Any]:
    """x, y and sample weights of a tuple, or x alone; what is missing is None."""
    if not isinstance(data, tuple):
        return data, None, None
    x, y, weight = (*data, None, None)[:3]
    return x, y, weight
