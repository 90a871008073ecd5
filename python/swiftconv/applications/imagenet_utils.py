"""What goes into networks for ImageNet, and what comes out."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import convert_to_numpy, floatx, image_data_format

#: Mean and deviation of ImageNet's channels: of B, G, R from 0 to 255 for "caffe", of R, G, B from 0 to 1 for "torch".
_STATISTICS = {
    "caffe": ((103.939, 116.779, 123.68), None),
    "torch": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Brings pixels from 0 to 255 into the form that a network was trained with.

    Args:
        x: images (3D or 4D) in RGB: an array, which stays as it is, a tensor, or a symbolic value of a model.
        data_format: where the channels are; by default as configured.
        mode: `"caffe"`: BGR minus ImageNet's mean; `"tf"`: from -1 to 1; `"torch"`: from 0 to 1, then minus the mean and
            divided by the deviation of each channel.

    Returns:
        Floats, in the shape of `x`.

    Raises:
        ValueError: an unknown word, or an array that is not 3D or 4D with three channels.

    Example:
        >>> import numpy as np
        >>> from swiftconv.applications.imagenet_utils import preprocess_input
        >>> preprocess_input(np.full((1, 1, 3), 255, "uint8"), mode="tf")
        array([[[1., 1., 1.]]], dtype=float32)
    """
    if mode not in ("caffe", "tf", "torch"):
        raise ValueError(f"preprocess_input: mode: expected 'caffe', 'tf' or 'torch', received {mode!r}")
    if data_format not in (None, "channels_first", "channels_last"):
        raise ValueError(f"preprocess_input: data_format: expected 'channels_first' or 'channels_last', received {data_format!r}")
    first = (data_format or image_data_format()) == "channels_first"
    if not hasattr(x, "shape"):
        x = np.asarray(x)
    rank = len(x.shape)
    if mode == "tf":
        return _scaled(x, 1 / 127.5) - _like(x, 1.0)
    axis = rank - 3 if first else rank - 1
    if rank not in (3, 4) or x.shape[axis] != 3:
        raise ValueError(
            f"preprocess_input: x: expected images with 3 channels in axis {axis}, received shape {tuple(x.shape)} "
            f"(mode={mode!r}, data_format={'channels_first' if first else 'channels_last'!r})"
        )
    mean, deviation = _STATISTICS[mode]
    if mode == "caffe":
        y = _scaled(_reversed(x, axis), 1.0) - _along(x, mean, axis)
    else:
        y = (_scaled(x, 1 / 255.0) - _along(x, mean, axis)) / _along(x, deviation, axis)
    return y


def _float_type(x: Any) -> str:
    name = str(np.dtype(str(x.dtype)) if not isinstance(x.dtype, np.dtype) else x.dtype)
    return name if name.startswith("float") else floatx()


def _like(x: Any, value: Any) -> np.ndarray:
    return np.asarray(value, dtype=_float_type(x))


def _scaled(x: Any, factor: float) -> Any:
    dtype = _float_type(x)
    y = x.astype(dtype) if isinstance(x, np.ndarray) else ops.cast(x, dtype)
    return y if factor == 1.0 else y * np.asarray(factor, dtype=dtype)


def _along(x: Any, values: Any, axis: int) -> np.ndarray:
    shape = [1] * len(x.shape)
    shape[axis] = 3
    return _like(x, values).reshape(shape)


def _reversed(x: Any, axis: int) -> Any:
    return np.flip(x, axis) if isinstance(x, np.ndarray) else ops.flip(x, axis=axis)


def decode_predictions(preds: Any, top: int = 5, class_index: Any = None) -> list[list[tuple[str, str, float]]]:
    """The names of the most probable classes.

    Args:
        preds: probabilities of shape (samples, classes).
        top: how many names.
        class_index: the names: the path of a JSON file `{"0": ["n01440764", "tench"], …}`, such as the
            `imagenet_class_index.json` in `~/.keras/models`, or such a dict. By default the file in that folder (or in
            `KERAS_HOME`), where Keras puts it; it is not downloaded.

    Returns:
        For each sample a list of `(class name, description, score)`, best first.

    Raises:
        ValueError: another shape, no names, or another number of them.

    Example:
        >>> import numpy as np
        >>> from swiftconv.applications.imagenet_utils import decode_predictions
        >>> decode_predictions(np.array([[0.1, 0.9]]), 1, {"0": ["n0", "cat"], "1": ["n1", "dog"]})
        [[('n1', 'dog', 0.9)]]
    """
    values = np.asarray(convert_to_numpy(preds))
    names = _class_names(class_index)
    if values.ndim != 2 or values.shape[1] != len(names):
        raise ValueError(f"decode_predictions: preds: expected shape (samples, {len(names)}), received shape {values.shape}")
    order = np.argsort(-values, axis=1, kind="stable")[:, :top]
    return [[(*names[str(i)][:2], float(row[i])) for i in best] for row, best in zip(values, order.tolist())]


def _class_names(given: Any) -> dict[str, Any]:
    if isinstance(given, dict):
        return {str(key): value for key, value in given.items()}
    folder = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    path = given if given is not None else os.path.join(folder, "models", "imagenet_class_index.json")
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"decode_predictions: class_index: the names of the classes are not at {path!r} and are not downloaded: pass a dict, "
            f"or the path of imagenet_class_index.json ({error})"
        ) from error
    if not isinstance(found, dict):
        raise ValueError(f"decode_predictions: class_index: expected a dict in {path!r}, received {type(found).__name__}")
    return found
