"""`PyDataset`: batches by number."""

from __future__ import annotations

from typing import Any


class PyDataset:
    """Base class: subclasses define `__len__` (batches in an epoch) and `__getitem__(index)`, which returns a batch.

    Args:
        workers: threads that make batches ahead; with 0 they are made when they are needed.
        use_multiprocessing: whether the workers are processes, each with a copy of the data set.
        max_queue_size: how many batches several workers are ahead at most; one worker is at most two ahead.

    Example:
        >>> import numpy as np
        >>> class Ones(PyDataset):
        ...     def __len__(self):
        ...         return 2
        ...     def __getitem__(self, index):
        ...         return np.ones((4, 3)), np.zeros((4, 1))
        >>> Ones().num_batches
        2
    """

    workers = 1
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """The batch `index`."""
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__() method")

    @property
    def num_batches(self) -> int | None:
        """Batches in an epoch; None for endless ones."""
        length = getattr(self, "__len__", None)
        return None if length is None else int(length())

    def on_epoch_begin(self) -> None:
        """Called before an epoch."""

    def on_epoch_end(self) -> None:
        """Called after an epoch."""


Sequence = PyDataset
