"""`export_model`: a model's prediction as a graph in one file, for programs without Python (swiftconv.h)."""

from __future__ import annotations

import os
from typing import Any

from swiftconv._core import history_disabled, save_function
from swiftconv.utils import nest


def export_model(model: Any, filepath: Any, batch_size: int = 1) -> None:
    """Writes what `predict` computes, with the weights of now, as a safetensors file that `sc_graph_load` of the C library reads.

    The file's tensors are the weights; its metadata holds the ops as JSON. Layers are in inference mode.

    Args:
        model: a built model with symbolic inputs (`Sequential`, functional).
        filepath: a name that ends in `.safetensors`.
        batch_size: how many samples a run of the file takes; it is fixed.

    Raises:
        ValueError: another extension, a model that is not built, a size of an input that is not known.

    Example:
        >>> import swiftconv as tf
        >>> layers = tf.keras.layers
        >>> model = tf.keras.Sequential([layers.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten()])
        >>> model.export("features.safetensors")
    """
    path = os.fspath(filepath)
    if not path.endswith(".safetensors"):
        raise ValueError(f"export: filepath: expected a name that ends in .safetensors, received {path!r}")
    if batch_size < 1:
        raise ValueError(f"export: batch_size: expected at least 1, received {batch_size}")
    try:
        inputs = model.inputs
    except AttributeError as error:
        raise ValueError(f"export: {error}") from None
    specs = []
    for i, tensor in enumerate(inputs):
        shape = (batch_size, *tensor.shape[1:])
        if None in shape:
            raise ValueError(
                f"export: model {model.name!r}: input {i}: expected known sizes, received shape {tuple(tensor.shape)}"
            )
        specs.append((str(tensor.dtype), shape))

    def predict(*symbols: Any) -> Any:
        with history_disabled():
            return model(nest.pack_like(model.input, list(symbols)), training=False)

    save_function(predict, specs, path)
