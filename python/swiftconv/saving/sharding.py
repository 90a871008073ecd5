"""Weights in several files, as Keras 3.15 has them: `name.weights.json` says which of `name_00000.weights.h5` … hold what."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from swiftconv.saving._files import array_of, atomically, child, hdf5, opened
from swiftconv.saving.weights_store import Shards, stores_of

SUFFIX = ".weights.json"


def limit_of(max_shard_size: Any) -> int:
    """The bytes of a number of gibibytes.

    Raises:
        ValueError: no positive number.
    """
    if isinstance(max_shard_size, bool) or not isinstance(max_shard_size, (int, float)) or not 0 < max_shard_size < 2**30:
        raise ValueError(f"save_weights: max_shard_size: expected a number of GiB above 0, received {max_shard_size!r}")
    return int(max_shard_size * 1024**3)


def write(path: str, model: Any, limit: int, objects_to_skip: Any = None) -> None:
    """Writes the files, none of which holds more than `limit` bytes of numbers; they take their places when all are complete.

    Raises:
        ValueError: one weight is larger than that.
    """
    shards: list[list[tuple[str, str, str, np.ndarray]]] = [[]]
    used = total = 0
    for group, name, arrays in stores_of(model, objects_to_skip):
        for key, array in arrays.items():
            if array.nbytes > limit:
                raise ValueError(
                    f"save_weights: max_shard_size: {name}: weight {key} has {array.nbytes} bytes, a file may have {limit}"
                )
            if used + array.nbytes > limit and shards[-1]:
                shards.append([])
                used = 0
            shards[-1].append((group, name, key, array))
            used += array.nbytes
            total += array.nbytes
    base = path.removesuffix(SUFFIX)
    names = [f"{os.path.basename(base)}_{number:05}.weights.h5" for number in range(len(shards))]
    places: dict[str, list[str]] = {}
    with contextlib.ExitStack() as stack:
        folder = os.path.dirname(path)
        # left in reverse: the files with numbers first, then the one that names them
        with open(stack.enter_context(atomically(path)), "w", encoding="utf8") as index:
            for number, (file_name, content) in enumerate(zip(names, shards, strict=True)):
                temporary = stack.enter_context(atomically(os.path.join(folder, file_name)))
                with hdf5().File(temporary, "w") as file:
                    for group, name, key, array in content:
                        made = file.require_group(group)
                        made.attrs["name"] = name
                        made.create_dataset(key, data=array)
                        files = places.setdefault(f"/{group}", [])
                        if names[number] not in files:
                            files.append(names[number])
            json.dump({"metadata": {"total_size": total}, "weight_map": places}, index, indent=4)


@contextlib.contextmanager
def reading(path: str, what: str) -> Iterator[Shards]:
    """The files that an index names, open.

    Raises:
        ValueError: the index or one of its files is damaged or missing.
    """
    try:
        with open(path, encoding="utf8") as file:
            index = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{what}: {path!r} is not an index of weights: {error}") from error
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict):
        raise ValueError(f"{what}: {path!r}: weight_map: expected an object, received {places!r:.80}")
    with contextlib.ExitStack() as stack:
        files: dict[str, Any] = {}
        for group, names in places.items():
            if not isinstance(names, list) or not names:
                raise ValueError(f"{what}: {path!r}: weight_map: {group}: expected a list of files, received {names!r:.80}")
            for name in names:
                if not isinstance(name, str) or os.path.basename(name) != name or not name.endswith(".weights.h5"):
                    raise ValueError(f"{what}: {path!r}: weight_map: {group}: expected files beside it, received {name!r:.80}")
                if name not in files:
                    files[name] = stack.enter_context(opened(os.path.join(os.path.dirname(path), name), what))

        def read(group: str) -> dict[str, np.ndarray] | None:
            found: dict[str, np.ndarray] = {}
            for name in places.get(f"/{group}", ()):
                part = child(files[name], group)
                if part is None:
                    raise ValueError(f"{what}: {path!r}: {name} does not hold {group}")
                found.update({key: array_of(child(part, key)) for key in part})
            return {key: found[key] for key in sorted(found)} or None

        yield Shards(read)
