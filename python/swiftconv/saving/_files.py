"""Writing whole or not at all, and HDF5 files without surprises."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from typing import Any


def hdf5() -> Any:
    """h5py, imported when it is needed.

    Raises:
        ImportError: it is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise ImportError("reading and writing HDF5 files needs h5py: pip install h5py") from error
    return h5py


def check_target(path: str, overwrite: bool) -> None:
    """Refuses to replace a file with `overwrite=False`.

    Raises:
        ValueError: the file exists, or its folder does not.
    """
    if os.path.exists(path) and not overwrite:
        raise ValueError(f"save: filepath: {path!r} exists and overwrite=False")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise ValueError(f"save: filepath: the folder {folder!r} does not exist")


@contextlib.contextmanager
def atomically(path: str) -> Iterator[str]:
    """The name of a temporary file beside `path`, which takes its place when all went well."""
    path = os.path.abspath(path)
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=os.path.dirname(path))
    os.close(handle)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)
        raise


@contextlib.contextmanager
def opened(source: Any, what: str) -> Iterator[Any]:
    """An HDF5 file for reading.

    Raises:
        ValueError: it is none.
    """
    h5py = hdf5()
    try:
        file = h5py.File(source, "r")
    except FileNotFoundError:
        raise ValueError(f"{what}: the file {source!r} does not exist") from None
    except OSError as error:
        raise ValueError(f"{what}: not an HDF5 file: {error}") from error
    with file:
        yield file


def child(group: Any, name: str) -> Any:
    """A member of a group; None if there is none.

    Raises:
        ValueError: the member is a link to elsewhere.
    """
    h5py = hdf5()
    current = group
    for part in name.split("/"):
        if not isinstance(current, h5py.Group) or part not in current:
            return None
        if not isinstance(current.get(part, getlink=True), h5py.HardLink):
            raise ValueError(f"HDF5: {current.name}/{part} is a link to elsewhere, which is not followed")
        try:
            current = current[part]
        except (KeyError, OSError) as error:
            raise ValueError(f"HDF5: {part} cannot be read: {error}") from error
    return current


def array_of(dataset: Any) -> Any:
    """The numbers of a data set.

    Raises:
        ValueError: not numbers, or kept outside of the file.
    """
    h5py = hdf5()
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"HDF5: {getattr(dataset, 'name', dataset)}: expected a data set")
    if dataset.external or dataset.is_virtual:
        raise ValueError(f"HDF5: {dataset.name} keeps its data outside of the file, which is not followed")
    if dataset.dtype.kind not in "fiub":
        raise ValueError(f"HDF5: {dataset.name}: expected numbers, received dtype {dataset.dtype}")
    try:
        return dataset[()]
    except OSError as error:
        raise ValueError(f"HDF5: {dataset.name} cannot be read: {error}") from error
