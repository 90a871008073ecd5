"""MobileNetV2 (Sandler et al. 2018), with Keras's layer names."""

from __future__ import annotations

from typing import Any

from swiftconv import layers
from swiftconv._core import image_data_format
from swiftconv.applications._network import Network, channel_axis, sizes
from swiftconv.applications.imagenet_utils import decode_predictions
from swiftconv.applications.imagenet_utils import preprocess_input as _preprocess

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

#: Filters, stride of the first block, blocks: the rows of table 2 of the paper.
_STAGES = ((16, 1, 1), (24, 2, 2), (32, 2, 3), (64, 2, 4), (96, 1, 3), (160, 2, 3), (320, 1, 1))
_EXPANSION = 6


def _divisible(width: float, by: int = 8) -> int:
    """The multiple of `by` next to `width`, but at most a tenth below it."""
    rounded = max(by, int(width + by / 2) // by * by)
    return rounded + by if rounded < 0.9 * width else rounded


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(axis=channel_axis(), epsilon=1e-3, momentum=0.999, name=name)(x)


def _activated(x: Any, name: str, normalization: str) -> Any:
    return layers.ReLU(6.0, name=f"{name}_relu")(_normalized(x, normalization))


def _halving_pads(shape: Any) -> Any:
    """What a strided 3x3 window needs around an image: nothing before an even size."""
    height, width = (shape[2], shape[3]) if image_data_format() == "channels_first" else (shape[1], shape[2])
    if height is None:
        return (0, 1), (0, 1)
    return (height % 2, 1), (width % 2, 1)


def _block(inputs: Any, filters: int, stride: int, index: int) -> Any:
    """Expansion, depthwise convolution, projection; a shortcut where the shape stays."""
    x = inputs
    channels = inputs.shape[channel_axis()]
    prefix = f"block_{index}_" if index else "expanded_conv_"
    if index:
        x = layers.Conv2D(_EXPANSION * channels, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = _activated(x, f"{prefix}expand", f"{prefix}expand_BN")
    if stride == 2:
        x = layers.ZeroPadding2D(_halving_pads(x.shape), name=f"{prefix}pad")(x)
    x = layers.DepthwiseConv2D(
        3, strides=stride, padding="same" if stride == 1 else "valid", use_bias=False, name=f"{prefix}depthwise"
    )(x)
    x = _activated(x, f"{prefix}depthwise", f"{prefix}depthwise_BN")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _normalized(x, f"{prefix}project_BN")
    if stride == 1 and channels == filters:
        return layers.Add(name=f"{prefix}add")([inputs, x])
    return x


def MobileNetV2(
    input_shape: Any = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Any:
    """MobileNetV2: 3,538,984 parameters with 1000 classes.

    Args:
        input_shape: sizes without the batch, at least 32 x 32 pixels; 224 x 224 where the top needs sizes.
        alpha: factor of all widths, which are rounded to multiples of 8.
        include_top: whether pooling and classifier are there.
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
        >>> applications.MobileNetV2((96, 96, 3), weights=None, include_top=False, pooling="avg").output_shape
        (None, 1280)
    """
    if not alpha > 0:
        raise ValueError(f"MobileNetV2: alpha: expected a number > 0, received {alpha!r}")
    network = Network("MobileNetV2", include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation)
    first = _divisible(32 * alpha)
    x = layers.Conv2D(first, 3, strides=2, padding="same", use_bias=False, name="Conv1")(network.image)
    x = _activated(x, "Conv1", "bn_Conv1")
    index = 0
    for filters, stride, blocks in _STAGES:
        for block in range(blocks):
            x = _block(x, _divisible(int(filters * alpha)), stride if block == 0 else 1, index)
            index += 1
    last = _divisible(1280 * alpha) if alpha > 1 else 1280
    x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
    x = _activated(x, "out", "Conv_1_bn")
    x = network.classified(layers.GlobalAveragePooling2D()(x)) if include_top else network.pooled(x)
    rows = sizes(network.shape)[0]
    if input_shape is None and input_tensor is not None:  # as Keras names it: after the tensor, where that is a usual size
        height, width = sizes(input_tensor.shape[1:])
        rows = height if height == width and height in (96, 128, 160, 192, 224) and include_top else rows
    return network.model(x, name or f"mobilenetv2_{alpha:0.2f}_{rows}")


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """Pixels from 0 to 255 as numbers from -1 to 1: mode `"tf"` of `imagenet_utils.preprocess_input`."""
    return _preprocess(x, data_format, "tf")
