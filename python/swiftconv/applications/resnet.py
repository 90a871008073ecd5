"""ResNet-50 (He et al. 2015, with Keras's layer names) and ResNet-20 for images of 32 x 32."""

from __future__ import annotations

from typing import Any

from swiftconv import layers
from swiftconv.applications._network import Network, channel_axis
from swiftconv.applications.imagenet_utils import decode_predictions
from swiftconv.applications.imagenet_utils import preprocess_input as _preprocess

__all__ = ["ResNet20", "ResNet50", "decode_predictions", "preprocess_input"]

_EPSILON = 1.001e-5


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(axis=channel_axis(), epsilon=_EPSILON, name=name)(x)


def _bottleneck(x: Any, filters: int, stride: int, projects: bool, name: str) -> Any:
    """1x1, 3x3, 1x1 to four times the filters, and the shortcut."""
    shortcut = x
    if projects:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = _normalized(shortcut, f"{name}_0_bn")
    for index, (width, size) in enumerate(((filters, 1), (filters, 3), (4 * filters, 1)), 1):
        x = layers.Conv2D(width, size, strides=stride if index == 1 else 1, padding="same", name=f"{name}_{index}_conv")(x)
        x = _normalized(x, f"{name}_{index}_bn")
        if index < 3:
            x = layers.Activation("relu", name=f"{name}_{index}_relu")(x)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def ResNet50(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = "resnet50",
) -> Any:
    """ResNet-50: 25,636,712 parameters with 1000 classes.

    Args:
        include_top: whether the pooling and the dense layer at the end are there.
        weights: None for random weights, or the path of a file with weights (`.weights.h5`, `.h5`, `.keras`). The default, as in
            Keras, is refused: nothing is downloaded.
        input_tensor: what `Input()` or a layer returned, instead of an input of its own.
        input_shape: sizes without the batch, at least 32 x 32 pixels; 224 x 224 where the top needs sizes.
        pooling: without the top: None, `"avg"` or `"max"`.
        classes: how many there are.
        classifier_activation: of the dense layer; None for logits.
        name: of the model.

    Returns:
        A functional `Model`.

    Raises:
        ValueError: arguments that do not fit, or a file that does not.

    Example:
        >>> from swiftconv import applications
        >>> applications.ResNet50(weights=None, include_top=False, input_shape=(32, 32, 3)).output_shape
        (None, 1, 1, 2048)
    """
    network = Network("ResNet50", include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation)
    x = layers.ZeroPadding2D(((3, 3), (3, 3)), name="conv1_pad")(network.image)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    x = layers.Activation("relu", name="conv1_relu")(_normalized(x, "conv1_bn"))
    x = layers.ZeroPadding2D(((1, 1), (1, 1)), name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, (filters, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), 2):
        for block in range(1, blocks + 1):
            stride = 2 if block == 1 and stage > 2 else 1
            x = _bottleneck(x, filters, stride, block == 1, f"conv{stage}_block{block}")
    if include_top:
        x = network.classified(layers.GlobalAveragePooling2D(name="avg_pool")(x))
    else:
        x = network.pooled(x, ("avg_pool", "max_pool"))
    return network.model(x, name)


def _basic(x: Any, filters: int, stride: int, name: str) -> Any:
    """3x3, 3x3, and the shortcut, which a 1x1 convolution brings to the new size."""
    shortcut = x
    if stride != 1:
        shortcut = layers.Conv2D(filters, 1, strides=stride, use_bias=False, name=f"{name}_0_conv")(x)
        shortcut = _normalized(shortcut, f"{name}_0_bn")
    for index in (1, 2):
        x = layers.Conv2D(
            filters, 3, strides=stride if index == 1 else 1, padding="same", use_bias=False, name=f"{name}_{index}_conv"
        )(x)
        x = _normalized(x, f"{name}_{index}_bn")
        if index == 1:
            x = layers.Activation("relu", name=f"{name}_1_relu")(x)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def ResNet20(
    include_top: bool = True,
    weights: Any = None,
    input_tensor: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 10,
    classifier_activation: Any = "softmax",
    name: str | None = "resnet20",
) -> Any:
    """ResNet-20 for 32 x 32 images such as CIFAR's: 274,042 parameters with 10 classes, 272,474 of them trained.

    Three stages of three blocks with 16, 32 and 64 filters (He et al. 2015, section 4.2); a strided 1x1 convolution with batch
    normalization brings shortcuts to a new size. Keras has no such network; the layers are named as those of its ResNet-50.

    Args:
        include_top, weights, input_tensor, pooling, classifier_activation, name: as in `ResNet50`.
        input_shape: (32, 32, 3) by default, at least 8 x 8 pixels.
        classes: how many there are.

    Returns:
        A functional `Model`.

    Raises:
        ValueError: arguments that do not fit, or a file that does not.

    Example:
        >>> from swiftconv import applications
        >>> applications.ResNet20().output_shape
        (None, 10)
    """
    network = Network("ResNet20", include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, 32, 8)
    x = layers.Conv2D(16, 3, padding="same", use_bias=False, name="conv1_conv")(network.image)
    x = layers.Activation("relu", name="conv1_relu")(_normalized(x, "conv1_bn"))
    for stage, filters in enumerate((16, 32, 64), 2):
        for block in (1, 2, 3):
            x = _basic(x, filters, 2 if block == 1 and stage > 2 else 1, f"conv{stage}_block{block}")
    if include_top:
        x = network.classified(layers.GlobalAveragePooling2D(name="avg_pool")(x))
    else:
        x = network.pooled(x, ("avg_pool", "max_pool"))
    return network.model(x, name)


def preprocess_input(x: Any, data_format: str | None = None) -> Any:
    """RGB from 0 to 255 as BGR minus ImageNet's mean: mode `"caffe"` of `imagenet_utils.preprocess_input`."""
    return _preprocess(x, data_format, "caffe")
