"""Where batches come from: arrays, generators, `PyDataset`s."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from swiftconv import _native
from swiftconv.models.training.arrays import (
    as_arrays,
    as_batch,
    batch_type,
    class_weights,
    count_samples,
    is_array,
    is_mapped,
    is_ready,
    rows_of,
    slice_of,
    triple,
)
from swiftconv.models.training.prefetch import AHEAD, Prefetch
from swiftconv.models.training.workers import in_workers
from swiftconv.utils import nest
from swiftconv.utils.py_dataset import PyDataset

Batch = tuple[Any, Any, Any]

#: Batches of fewer bytes are gathered at once: to hand one over costs as much as to gather it.
_WORTH_A_THREAD = 64 << 10


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
        self.sample_weight = as_arrays(sample_weight, "sample_weight")
        self.class_weight = class_weight
        self.samples = count_samples(self.x, self.y, self.sample_weight)
        if class_weight:
            class_weights(self.y[:0] if is_array(self.y) else self.y, None, class_weight)  # refuses what does not fit
        batch_size = 32 if batch_size is None else batch_size
        if not isinstance(batch_size, (int, np.integer)) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"batch_size: expected an integer > 0, received {batch_size!r}")
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.steps: int | None = -(-self.samples // self.batch_size)

    def epoch(self, limit: int | None = None) -> Iterator[Batch]:
        """The batches of one epoch, at most `limit`. The order is drawn at once, whoever makes the batches and when."""
        order = None
        starts: Any = range(0, self.samples, self.batch_size)
        if self.shuffle == "batch":
            starts = (np.random.permutation(self.steps or 0) * self.batch_size).tolist()
        elif self.shuffle:
            order = np.random.permutation(self.samples)
        starts = starts[:limit]
        batches = self._batches(starts, order)
        return Prefetch(batches) if len(starts) > 1 and self._pays_ahead(order is not None) else batches

    def _pays_ahead(self, gathers: bool) -> bool:
        """Whether a thread should make the batches: it may wait for a disk, or the engine leaves a core idle and there is much
        to copy.

        With all cores at work on the step, whoever gathers takes the time from it: measured 2 to 9 % slower with a thread on two
        of two cores, up to 1.6 times as fast on one of two.
        """
        leaves = [a for a in nest.flatten([self.x, self.y]) if a is not None]
        if any(is_mapped(a) for a in leaves):
            return True
        made = sum(a[:1].size * batch_type(a.dtype).itemsize for a in leaves if gathers or not is_ready(a))
        return made * min(self.batch_size, self.samples) >= _WORTH_A_THREAD and _has_idle_core()

    def _batches(self, starts: Sequence[int], order: np.ndarray | None) -> Iterator[Batch]:
        data = (self.x, self.y, self.sample_weight)
        for start in starts:
            end = min(start + self.batch_size, self.samples)
            if order is None:
                x, y, weight = (nest.map_structure(lambda a, s=start, e=end: slice_of(a, s, e), d) for d in data)
            else:
                rows = order[start:end]
                x, y, weight = (nest.map_structure(lambda a, r=rows: rows_of(a, r), d) for d in data)
            yield x, y, class_weights(y, weight, self.class_weight)

    def on_epoch_end(self) -> None:
        """Nothing: the order is drawn at the start of an epoch."""


def _has_idle_core() -> bool:
    return len(os.sched_getaffinity(0)) > _native.num_threads()


def unpack(item: Any) -> Batch:
    """`(x, y, sample_weight)` of what a generator gave.

    Raises:
        ValueError: a tuple of another length.
    """
    if isinstance(item, tuple) and not 1 <= len(item) <= 3:
        raise ValueError(f"generator: expected (x,), (x, y) or (x, y, sample_weight), received a tuple of {len(item)}")
    x, y, weight = triple(item)
    return as_batch(x, "x"), as_batch(y, "y"), as_batch(weight, "sample_weight")


def _weighed(batch: Batch, class_weight: dict[int, float] | None) -> Batch:
    x, y, weight = batch
    return x, y, class_weights(y, weight, class_weight)


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

    def epoch(self, limit: int | None = None) -> Iterator[Batch]:
        """The batches until the iterator ends, at most `limit`; no more than these are taken from the iterator."""
        if self.restartable and not self.fresh:
            self.iterator = iter(self.source)
        self.fresh = False
        taken = itertools.islice(self.iterator, limit)
        batches = (_weighed(unpack(item), self.class_weight) for item in taken)
        return batches if limit == 1 else Prefetch(batches)

    def on_epoch_end(self) -> None:
        """Nothing."""


class DatasetData:
    """Batches of a `PyDataset`, made by its workers."""

    def __init__(self, dataset: PyDataset, shuffle: Any = False, class_weight: dict[int, float] | None = None) -> None:
        self.dataset = dataset
        self.shuffle = shuffle
        self.class_weight = class_weight
        self.steps: int | None = dataset.num_batches

    def epoch(self, limit: int | None = None) -> Iterator[Batch]:
        """The batches in order, or in a random order, at most `limit`."""
        dataset, count = self.dataset, self.dataset.num_batches
        indices: Any = itertools.count() if count is None else range(count)
        if count is not None and self.shuffle:
            indices = np.random.permutation(count).tolist()
        dataset.on_epoch_begin()
        indices = itertools.islice(indices, limit)
        made = in_workers(dataset, indices)
        batches = (_weighed(unpack(item), self.class_weight) for item in made)
        ahead = min(AHEAD, dataset.max_queue_size)
        return Prefetch(batches, ahead) if limit != 1 and dataset.workers > 0 and ahead > 0 else batches

    def on_epoch_end(self) -> None:
        """Tells the data set."""
        self.dataset.on_epoch_end()


Source = ArrayData | IteratorData | DatasetData


class Epochs:
    """The batches of epoch after epoch.

    With `steps` an epoch has so many, and the next one goes on behind them; where the data ends within an epoch, that one is
    shorter, and the next begins at the start.

    Args:
        data: the source.
        steps: batches in an epoch, or None for all of the data.
        epochs: how many at most: so that no more batches are taken from a generator than are used.
    """

    def __init__(self, data: Source, steps: int | None, epochs: int) -> None:
        self.data = data
        self.steps = steps
        self.left = None if steps is None else steps * epochs
        self._batches: Any = None

    def epoch(self) -> Iterator[Batch]:
        """The batches of the next epoch."""
        if self._batches is None or self.steps is None:
            self.close()
            self._batches = self.data.epoch(self.left)
            self._seen = 0
        for _ in itertools.count() if self.steps is None else range(self.steps):
            batch = next(self._batches, None)
            if batch is None:
                self._batches = None
                return
            self._seen += 1
            if self.left is not None:
                self.left -= 1
            yield batch
        if self.data.steps is not None and self._seen >= self.data.steps:
            self.close()

    def close(self) -> None:
        """Ends what makes batches ahead."""
        if self._batches is not None:
            self._batches.close()
            self._batches = None


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
    is_iterator = not is_dataset and not is_array(x) and not isinstance(x, (list, tuple, dict)) and hasattr(x, "__iter__")
    if is_dataset or is_iterator:
        if y is not None or sample_weight is not None:
            raise ValueError("y, sample_weight: expected None, as x gives batches itself")
        return DatasetData(x, shuffle, class_weight) if is_dataset else IteratorData(x, class_weight)
    if x is None:
        raise ValueError("x: expected arrays, a generator or a PyDataset, received None")
    return ArrayData(x, y, sample_weight, batch_size, shuffle, class_weight)
