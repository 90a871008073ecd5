"""VGG-16 (Simonyan and Zisserman 2014), with Keras's layer names."""

from __future__ import annotations

from typing import Any

from swiftconv import layers
from swiftconv.applications._network import Network
from swiftconv.applications.imagenet_utils import decode_predictions
from swiftconv.applications.imagenet_utils import preprocess_input as _preprocess

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

#: Filters and convolutions of each block.
_BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def VGG16(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "vgg16",
) -> Any:
    """VGG-16: 138,357,544 parameters with 1000 classes.

    Args:
        include_top: whether the three dense layers are there.
        weights: None for random weights, or the path of a file with weights (`.weights.h5`, `.h5`, `.keras`). The default, as in
            Keras, is refused: nothing is downloaded.
        input_tensor: what `Input()` or a layer returned, instead of an input of its own.
        input_shape: sizes without the batch, at least 32 x 32 pixels; 224 x 224 where the top needs sizes.
        pooling: without the top: None, `"avg"` or `"max"`.
        classes: how many there are.
        classifier_activation: of the last dense layer; None for logits.
        name: of the model.

    Returns:
        A functional `Model`.

    Raises:
        ValueError: arguments that do not fit, or a file that does not.

    Example:
        >>> from swiftconv import applications
        >>> applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 3)).output_shape
        (None, 2, 2, 512)
    """
    network = Network("VGG16", include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation)
    x = network.image
    for block, (filters, convolutions) in enumerate(_BLOCKS, 1):
        for index in range(1, convolutions + 1):
            x = layers.Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{index}")(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = network.classified(layers.Dense(4096, activation="relu", name="fc2")(x))
    else:
        x = network.pooled(x)
    return network.model(x, name)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """RGB from 0 to 255 as BGR minus ImageNet's mean: mode `"caffe"` of `imagenet_utils.preprocess_input`."""
    return _preprocess(x, data_format, "caffe")
