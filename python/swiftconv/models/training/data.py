"""Where batches come from: arrays, generators, `PyDataset`s."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from swiftconv._core import Tensor, Variable, floatx
from swiftconv.utils import nest
from swiftconv.utils.py_dataset import PyDataset

Batch = tuple[Any, Any, Any]


def as_arrays(value: Any, what: str) -> Any:
    """Nested data as arrays that the engine reads in place; float64 becomes `floatx()` once and for all.

    Raises:
        ValueError: what is no array of numbers.
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: as_arrays(item, what) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and value and any(_is_array(item) or isinstance(item, dict) for item in value):
        if all(_is_array(item) and np.ndim(item) == 0 for item in value):
            return _one(np.asarray(value), what)
        return type(value)(as_arrays(item, what) for item in value)
    return _one(value, what)


def _is_array(value: Any) -> bool:
    return isinstance(value, (np.ndarray, Tensor, Variable)) or (hasattr(value, "__array__") and hasattr(value, "shape"))


def _one(value: Any, what: str) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{what}: expected an array of numbers, received nested lists: {error}") from error
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{what}: expected an array of numbers, received {type(value).__name__} of dtype {array.dtype}")
    if array.dtype.kind == "f" and array.dtype != np.dtype(floatx()):
        array = array.astype(floatx())
    elif array.dtype.kind in "iu" and array.dtype.name not in ("int32", "int64", "uint8"):
        array = array.astype("int32" if array.dtype.itemsize < 4 else "int64")
    if array.ndim == 0:
        raise ValueError(f"{what}: expected an array with samples along its first axis, received a scalar")
    return array


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
    """Sample weights that hold the weight of each sample's class.

    Raises:
        ValueError: several outputs, or a label without a weight.
    """
    if not weights:
        return sample_weight
    if not isinstance(y, np.ndarray):
        raise ValueError("class_weight: expected a model with one output and labels given as one array")
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y))
    table = {int(k): float(v) for k, v in weights.items()}
    own = np.asarray([table.get(int(label), 1.0) for label in labels], dtype=floatx())
    return own if sample_weight is None else np.asarray(sample_weight).reshape(-1) * own


class ArrayData:
    """Batches of arrays: contiguous slices without copies, or gathered rows when shuffled."""

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        shuffle: Any = False,
        class_weight: dict[int, float] | None = None,
    ) -> None:
        self.x = as_arrays(x, "x")
        self.y = as_arrays(y, "y")
        self.sample_weight = class_weights(self.y, as_arrays(sample_weight, "sample_weight"), class_weight)
        self.samples = count_samples(self.x, self.y, self.sample_weight)
        batch_size = 32 if batch_size is None else batch_size
        if not isinstance(batch_size, (int, np.integer)) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"batch_size: expected an integer > 0, received {batch_size!r}")
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.steps: int | None = -(-self.samples // self.batch_size)

    def epoch(self) -> Iterator[Batch]:
        """The batches of one epoch."""
        data = (self.x, self.y, self.sample_weight)
        order = None
        if self.shuffle == "batch":
            starts = np.random.permutation(self.steps or 0) * self.batch_size
        else:
            starts = np.arange(self.steps or 0) * self.batch_size
            if self.shuffle:
                order = np.random.permutation(self.samples)
        for start in starts.tolist():
            end = min(start + self.batch_size, self.samples)
            if order is None:
                yield tuple(nest.map_structure(lambda a, s=start, e=end: None if a is None else a[s:e], d) for d in data)
            else:
                rows = order[start:end]
                yield tuple(nest.map_structure(lambda a, r=rows: None if a is None else a[r], d) for d in data)

    def on_epoch_end(self) -> None:
        """Nothing: order is drawn at the start of an epoch."""


def unpack(item: Any) -> Batch:
    """`(x, y, sample_weight)` of what a generator gave.

    Raises:
        ValueError: a tuple of another length.
    """
    if isinstance(item, tuple):
        if not 1 <= len(item) <= 3:
            raise ValueError(f"generator: expected (x,), (x, y) or (x, y, sample_weight), received a tuple of {len(item)}")
        x, y, weight = (*item, None, None)[:3]
    else:
        x, y, weight = item, None, None
    return as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(weight, "sample_weight")


class IteratorData:
    """Batches of a generator or another iterable; a generator goes on where the last epoch ended."""

    def __init__(self, source: Any, class_weight: dict[int, float] | None = None) -> None:
        self.source = source
        self.class_weight = class_weight
        self.iterator = iter(source)
        self.restartable = self.iterator is not source
        self.fresh = True
        try:
            self.steps: int | None = len(source)
        except TypeError:
            self.steps = None

    def epoch(self) -> Iterator[Batch]:
        """The batches until the iterator ends."""
        if self.restartable and not self.fresh:
            self.iterator = iter(self.source)
        self.fresh = False
        for item in self.iterator:
            x, y, weight = unpack(item)
            yield x, y, class_weights(y, weight, self.class_weight)

    def on_epoch_end(self) -> None:
        """Nothing."""


class DatasetData:
    """Batches of a `PyDataset`."""

    def __init__(self, dataset: PyDataset, shuffle: Any = False, class_weight: dict[int, float] | None = None) -> None:
        self.dataset = dataset
        self.shuffle = shuffle
        self.class_weight = class_weight
        self.steps: int | None = dataset.num_batches

    def epoch(self) -> Iterator[Batch]:
        """The batches in order, or in a random order."""
        count = self.dataset.num_batches
        indices: Any = range(count) if count is not None else iter(int, 1)
        if count is not None and self.shuffle:
            indices = np.random.permutation(count).tolist()
        if count is None:
            indices = _counting()
        self.dataset.on_epoch_begin()
        for index in indices:
            x, y, weight = unpack(self.dataset[index])
            yield x, y, class_weights(y, weight, self.class_weight)

    def on_epoch_end(self) -> None:
        """Tells the data set."""
        self.dataset.on_epoch_end()


def _counting() -> Iterator[int]:
    index = 0
    while True:
        yield index
        index += 1


def adapt(
    x: Any, y: Any, sample_weight: Any, batch_size: int | None, shuffle: Any, class_weight: dict[int, float] | None = None
) -> Any:
    """The source of batches that `x` stands for.

    Raises:
        ValueError: `y` or weights beside a generator.
    """
    if isinstance(x, (ArrayData, IteratorData, DatasetData)):
        return x
    is_dataset = isinstance(x, PyDataset)
    is_iterator = not is_dataset and not _is_array(x) and not isinstance(x, (list, tuple, dict)) and hasattr(x, "__iter__")
    if is_dataset or is_iterator:
        if y is not None or sample_weight is not None:
            raise ValueError("y, sample_weight: expected None, as x gives batches itself")
        return DatasetData(x, shuffle, class_weight) if is_dataset else IteratorData(x, class_weight)
    if x is None:
        raise ValueError("x: expected arrays, a generator or a PyDataset, received None")
    return ArrayData(x, y, sample_weight, batch_size, shuffle, class_weight)


def split(data: tuple[Any, Any, Any], fraction: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The first part for training and the last `fraction` for validation.

    Raises:
        ValueError: a fraction outside (0, 1), no arrays, or a part without samples.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"validation_split: expected a number in (0, 1), received {fraction!r}")
    x = data[0]
    if isinstance(x, PyDataset) or (not _is_array(x) and not isinstance(x, (list, tuple, dict))):
        raise ValueError("validation_split: expected arrays as x, received a generator or data set")
    arrays = tuple(as_arrays(d, name) for d, name in zip(data, ("x", "y", "sample_weight"), strict=True))
    samples = count_samples(*arrays)
    at = int(samples * (1 - fraction))
    if at == 0 or at == samples:
        raise ValueError(f"validation_split: {samples} samples cannot be split at {fraction}: one part would be empty")

    def cut(part: slice) -> tuple[Any, ...]:
        return tuple(nest.map_structure(lambda a: None if a is None else a[part], d) for d in arrays)

    return cut(slice(None, at)), cut(slice(at, None))
