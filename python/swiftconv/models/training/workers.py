"""The workers of a `PyDataset`: threads or processes that make several batches at a time."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import concurrent.futures

#: In a process of workers: the data set that it got when it began.
_dataset: Any = None


def _begin(dataset: Any) -> None:
    global _dataset
    _dataset = dataset


def _item(index: int) -> Any:
    return _dataset[index]


def _pool(dataset: Any) -> tuple[concurrent.futures.Executor, Any]:
    import concurrent.futures

    if dataset.use_multiprocessing:
        return concurrent.futures.ProcessPoolExecutor(dataset.workers, initializer=_begin, initargs=(dataset,)), _item
    return concurrent.futures.ThreadPoolExecutor(dataset.workers, "swiftconv-data"), dataset.__getitem__


def in_workers(dataset: Any, indices: Iterable[int]) -> Iterator[Any]:
    """`dataset[index]` for each index, in their order; several workers are at most `max_queue_size` batches ahead."""
    if dataset.workers <= 1 and not (dataset.use_multiprocessing and dataset.workers == 1):
        for index in indices:
            yield dataset[index]
        return
    pool, make = _pool(dataset)
    waiting: collections.deque[Any] = collections.deque()
    try:
        for index in indices:
            waiting.append(pool.submit(make, index))
            if len(waiting) >= max(1, dataset.max_queue_size):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
