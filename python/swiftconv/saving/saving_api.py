"""`save_model`, `load_model`, `save_weights`, `load_weights`."""

from __future__ import annotations

import datetime
import io
import json
import os
import warnings
import zipfile
from typing import Any

from swiftconv.saving import legacy_h5, safetensors_store, sharding
from swiftconv.saving._files import atomically, check_target, hdf5, opened
from swiftconv.saving.weights_store import read_weights, write_weights
from swiftconv.utils.serialization import deserialize_model, serialize_keras_object
from swiftconv.version import VERSION

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


def _path(filepath: Any, what: str) -> str:
    try:
        return os.fspath(filepath)  # type: ignore[no-any-return]
    except TypeError:
        raise ValueError(f"{what}: filepath: expected a path, received {filepath!r}") from None


def _weights_bytes(model: Any) -> bytes:
    buffer = io.BytesIO()
    with hdf5().File(buffer, "w") as file:
        write_weights(file, model)
    return buffer.getvalue()


def _parts(model: Any) -> dict[str, bytes]:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": legacy_h5.KERAS_VERSION, "date_saved": now, "swiftconv_version": VERSION}
    config = serialize_keras_object(model)
    return {
        _METADATA: json.dumps(metadata).encode(),
        _CONFIG: json.dumps(config).encode(),
        _WEIGHTS: _weights_bytes(model),
    }


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, include_optimizer: bool = True, **kwargs: Any
) -> None:
    """Writes a model: configuration, weights, training configuration and state of the optimizer.

    Args:
        model: the model.
        filepath: `.keras`, or the older `.h5` / `.hdf5`; with `zipped=False` a folder. `.safetensors` is what the Swift library
            reads and writes too: training goes on there as here.
        overwrite: whether an existing file is replaced.
        zipped: False writes a folder.
        include_optimizer: of `.h5` and `.safetensors` files: False leaves out how the model is compiled, and the optimizer's
            state.

    Raises:
        ValueError: another extension, an existing file with `overwrite=False`.
    """
    if kwargs:
        raise ValueError(f"save_model: unknown keyword arguments {sorted(kwargs)}")
    path = _path(filepath, "save_model")
    if zipped is False:
        _save_folder(model, path, overwrite)
        return
    if path.endswith(".weights.h5") or not path.endswith((".keras", ".h5", ".hdf5", safetensors_store.SUFFIX)):
        raise ValueError(f"save_model: filepath: expected a name that ends in .keras, .h5 or .safetensors, received {path!r}")
    check_target(path, overwrite)
    if path.endswith(safetensors_store.SUFFIX):
        safetensors_store.write(path, model, with_config=True, with_training=include_optimizer)
        return
    if path.endswith(".keras"):
        parts = _parts(model)
        with atomically(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        return
    with atomically(path) as temporary, hdf5().File(temporary, "w") as file:
        legacy_h5.write_model(file, model, include_optimizer)


def _save_folder(model: Any, path: str, overwrite: bool) -> None:
    if path.endswith((".h5", ".hdf5")):
        raise ValueError(f"save_model: zipped=False: expected the name of a folder, received {path!r}")
    if os.path.isfile(path) or (os.path.isdir(path) and os.listdir(path) and not overwrite):
        raise ValueError(f"save_model: filepath: {path!r} exists")
    parts = _parts(model)
    os.makedirs(path, exist_ok=True)
    for name, data in parts.items():
        with atomically(os.path.join(path, name)) as temporary, open(temporary, "wb") as file:
            file.write(data)


def _read_parts(path: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    if os.path.isdir(path):
        for name in (_CONFIG, _WEIGHTS, _METADATA):
            inner = os.path.join(path, name)
            if os.path.isfile(inner):
                with open(inner, "rb") as file:
                    found[name] = file.read()
    else:
        try:
            with zipfile.ZipFile(path) as archive:
                names = set(archive.namelist())
                for name in (_CONFIG, _WEIGHTS, _METADATA):
                    if name in names:
                        found[name] = archive.read(name)
        except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, NotImplementedError) as error:
            raise ValueError(f"load_model: {path!r} is not a .keras file: {error}") from error
    if _CONFIG not in found or _WEIGHTS not in found:
        raise ValueError(f"load_model: {path!r} holds no {_CONFIG if _CONFIG not in found else _WEIGHTS}")
    return found


def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True) -> Any:
    """Reads a model that was written here or by Keras. Nothing in the file is ever executed.

    Args:
        filepath: a `.keras` file or folder, an `.h5` file, or a `.safetensors` file of this library, in Swift or Python.
        custom_objects: name → class or function, for what is not the library's own.
        compile: whether the model is compiled as it was.
        safe_mode: accepted for Keras's sake.

    Raises:
        ValueError: no such file, a wrong one, a damaged one, or one that holds code.
    """
    path = _path(filepath, "load_model")
    if not os.path.exists(path):
        raise ValueError(f"load_model: filepath: {path!r} does not exist")
    if path.endswith((".h5", ".hdf5")) and not os.path.isdir(path):
        with opened(path, "load_model") as file:
            return legacy_h5.read_model(file, custom_objects, compile)
    if path.endswith(safetensors_store.SUFFIX) and not os.path.isdir(path):
        config = safetensors_store.read_config(path, "load_model")
        model = deserialize_model(config, f"load_model: {path!r}: the configuration", custom_objects, compile)
        safetensors_store.read_weights(path, model, "load_model")
        if compile:
            safetensors_store.read_training(path, model, "load_model")
        return model
    if not path.endswith(".keras") and not os.path.isdir(path):
        raise ValueError(f"load_model: filepath: expected a name that ends in .keras, .h5 or .safetensors, received {path!r}")
    parts = _read_parts(path)
    model = deserialize_model(parts[_CONFIG], f"load_model: {path!r}: {_CONFIG}", custom_objects, compile)
    with opened(io.BytesIO(parts[_WEIGHTS]), "load_model") as file:
        read_weights(file, model)
    return model


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: Any = None, objects_to_skip: Any = None
) -> None:
    """Writes the weights (and the optimizer's state) alone.

    Args:
        model: the model.
        filepath: `.weights.h5`, or `.safetensors` (weights alone, which the Swift library reads too); `.weights.json` for several
            files.
        overwrite: whether an existing file is replaced.
        max_shard_size: how many GiB of numbers one file may hold; the index is then `.weights.json`, the files beside it are
            numbered. None: one file.
        objects_to_skip: layers to leave out.

    Raises:
        ValueError: another extension, an existing file with `overwrite=False`, a model that is not built.
    """
    path = _path(filepath, "save_weights")
    limit = None if max_shard_size is None else sharding.limit_of(max_shard_size)
    if limit is not None and path.endswith(".weights.h5"):
        path = path.removesuffix(".weights.h5") + sharding.SUFFIX
        warnings.warn(f"save_weights: several files need an index: {path!r} is written", stacklevel=3)
    expected = (".weights.h5", safetensors_store.SUFFIX) if limit is None else (sharding.SUFFIX,)
    if not path.endswith(expected):
        more = "" if limit is None else " with max_shard_size"
        raise ValueError(f"save_weights: filepath: expected a name that ends in {' or '.join(expected)}{more}, received {path!r}")
    if not model.built:
        raise ValueError(f"save_weights: model {model.name!r} is not built yet: call it on data first")
    check_target(path, overwrite)
    if path.endswith(safetensors_store.SUFFIX):
        safetensors_store.write(path, model, with_config=False)
        return
    if limit is not None:
        sharding.write(path, model, limit, objects_to_skip)
        return
    with atomically(path) as temporary, hdf5().File(temporary, "w") as file:
        write_weights(file, model, objects_to_skip)


def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False, objects_to_skip: Any = None
) -> None:
    """Reads weights into a model.

    Args:
        model: a built model.
        filepath: a `.weights.h5`, `.weights.json`, `.safetensors`, `.keras` or `.h5` file.
        skip_mismatch: whether layers that do not fit are left as they are.
        by_name: of `.h5` files: whether layers are matched by name.
        objects_to_skip: layers to leave as they are.

    Raises:
        ValueError: no such file, a wrong one, or one that does not fit the model.
    """
    path = _path(filepath, "load_weights")
    if not os.path.exists(path):
        raise ValueError(f"load_weights: filepath: {path!r} does not exist")
    if path.endswith(".weights.h5"):
        if by_name:
            raise ValueError("load_weights: by_name: only for .h5 files")
        with opened(path, "load_weights") as file:
            read_weights(file, model, skip_mismatch, objects_to_skip)
    elif path.endswith(sharding.SUFFIX):
        with sharding.reading(path, "load_weights") as shards:
            read_weights(shards, model, skip_mismatch, objects_to_skip)
    elif path.endswith(".keras"):
        with opened(io.BytesIO(_read_parts(path)[_WEIGHTS]), "load_weights") as file:
            read_weights(file, model, skip_mismatch, objects_to_skip)
    elif path.endswith((".h5", ".hdf5")):
        if not model.built:
            raise ValueError(f"load_weights: model {model.name!r} is not built yet: call it on data first")
        with opened(path, "load_weights") as file:
            group = file["model_weights"] if "model_weights" in file and "layer_names" not in file.attrs else file
            legacy_h5.read_model_weights(group, model, skip_mismatch, by_name)
    elif path.endswith(safetensors_store.SUFFIX):
        if not model.built:
            raise ValueError(f"load_weights: model {model.name!r} is not built yet: call it on data first")
        safetensors_store.read_weights(path, model, "load_weights", skip_mismatch)
    else:
        endings = ".weights.h5, .weights.json, .safetensors, .keras or .h5"
        raise ValueError(f"load_weights: filepath: expected {endings}, received {path!r}")
