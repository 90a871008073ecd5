"""MobileNet (Howard et al. 2017), with Keras's layer names."""

from __future__ import annotations

from typing import Any

from swiftconv import layers
from swiftconv.applications._network import Network, channel_axis, sizes
from swiftconv.applications.imagenet_utils import decode_predictions
from swiftconv.applications.imagenet_utils import preprocess_input as _preprocess

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

#: Filters and stride of each pair of depthwise and pointwise convolutions.
_BLOCKS = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)


def _activated(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(axis=channel_axis(), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _block(x: Any, filters: int, stride: int, multiplier: int, index: int) -> Any:
    if stride == 2:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{index}")(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=stride,
        padding="same" if stride == 1 else "valid",
        depth_multiplier=multiplier,
        use_bias=False,
        name=f"conv_dw_{index}",
    )(x)
    x = _activated(x, f"conv_dw_{index}")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{index}")(x)
    return _activated(x, f"conv_pw_{index}")


def MobileNet(
    input_shape: Any = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 1e-3,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Any:
    """MobileNet: 4,253,864 parameters with 1000 classes.

    Args:
        input_shape: sizes without the batch, at least 32 x 32 pixels; 224 x 224 where the top needs sizes.
        alpha: factor of all widths.
        depth_multiplier: output channels of the depthwise convolutions for each input channel.
        dropout: rate before the classifier.
        include_top: whether pooling, dropout and classifier are there.
        weights: None for random weights, or the path of a file with weights (`.weights.h5`, `.h5`, `.keras`). The default, as in
            Keras, is refused: nothing is downloaded.
        input_tensor: what `Input()` or a layer returned, instead of an input of its own.
        pooling: without the top: None, `"avg"` or `"max"`.
        classes: how many there are.
        classifier_activation: of the classifier; None for logits.
        name: of the model.

    Returns:
        A functional `Model`.

    Raises:
        ValueError: arguments that do not fit, or a file that does not.

    Example:
        >>> from swiftconv import applications
        >>> applications.MobileNet((64, 64, 3), alpha=0.25, weights=None, classes=5).output_shape
        (None, 5)
    """
    if not alpha > 0:
        raise ValueError(f"MobileNet: alpha: expected a number > 0, received {alpha!r}")
    network = Network("MobileNet", include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation)
    x = layers.Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(network.image)
    x = _activated(x, "conv1")
    for index, (filters, stride) in enumerate(_BLOCKS, 1):
        x = _block(x, int(filters * alpha), stride, depth_multiplier, index)
    if include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Conv2D(classes, 1, padding="same", name="conv_preds")(x)
        x = layers.Reshape((classes,), name="reshape_2")(x)
        x = layers.Activation(classifier_activation, name="predictions")(x)
    else:
        x = network.pooled(x)
    return network.model(x, name or f"mobilenet_{alpha:0.2f}_{sizes(network.shape)[0]}")


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Pixels from 0 to 255 as numbers from -1 to 1: mode `"tf"` of `imagenet_utils.preprocess_input`."""
    return _preprocess(x, data_format, "tf")
