"""What all networks share: arguments, input, the top, weights from a file."""

from __future__ import annotations

import os
import warnings
from typing import Any

from swiftconv import layers
from swiftconv._core import image_data_format
from swiftconv.layers._node import is_keras_tensor
from swiftconv.models import Model
from swiftconv.models._graph import node_of
from swiftconv.utils import nest

_LEAST = 32  # pixels: five halvings leave one


def channel_axis() -> int:
    """The axis of the channels of a batch."""
    return 1 if image_data_format() == "channels_first" else -1


def sizes(shape: Any) -> tuple[Any, Any]:
    """Height and width of a shape without the batch."""
    rows, columns = (shape[1], shape[2]) if image_data_format() == "channels_first" else (shape[0], shape[1])
    return rows, columns


class Network:
    """One network in the making: checks the arguments that all have, then puts head and weights on.

    Args:
        owner: what the network is called in messages.
        include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation: as in Keras.
        default_size: height and width where none are given and the top needs them.
        least: the smallest height and width.

    Raises:
        ValueError: unknown words, weights that are no file, a shape that does not fit.
    """

    def __init__(
        self,
        owner: str,
        include_top: bool,
        weights: Any,
        input_tensor: Any,
        input_shape: Any,
        pooling: str | None,
        classes: int,
        classifier_activation: Any,
        default_size: int = 224,
        least: int = _LEAST,
    ) -> None:
        self.owner = owner
        self.include_top = include_top
        self.weights = weights
        self.pooling = pooling
        self.classes = classes
        self.activation = classifier_activation
        self._check_words()
        self._check_weights()
        self.shape = self._checked_shape(input_shape, default_size, least)
        if input_tensor is not None and not is_keras_tensor(input_tensor):
            raise ValueError(f"{owner}: input_tensor: expected what Input() returns, received {input_tensor!r}")
        self.input_tensor = input_tensor
        self.image = layers.Input(shape=self.shape) if input_tensor is None else input_tensor

    def _check_words(self) -> None:
        if self.pooling not in (None, "avg", "max"):
            raise ValueError(f"{self.owner}: pooling: expected None, 'avg' or 'max', received {self.pooling!r}")
        if self.include_top and (not isinstance(self.classes, int) or isinstance(self.classes, bool) or self.classes <= 0):
            raise ValueError(f"{self.owner}: classes: expected an integer > 0, received {self.classes!r}")

    def _check_weights(self) -> None:
        if self.weights is None:
            return
        if self.weights == "imagenet":
            raise ValueError(
                f"{self.owner}: weights: 'imagenet' would need a download, and nothing is downloaded here: pass weights=None "
                "(random weights), or the path of a weights file that Keras wrote (.weights.h5, .h5 or .keras)"
            )
        try:
            there = os.path.exists(self.weights)
        except TypeError:
            there = False
        if not there:
            raise ValueError(f"{self.owner}: weights: expected None or the path of a file that exists, received {self.weights!r}")

    def _checked_shape(self, given: Any, default: int, least: int) -> tuple[Any, ...]:
        first = image_data_format() == "channels_first"
        if given is None:
            side = default if self.include_top else None
            return (3, side, side) if first else (side, side, 3)
        shape = tuple(given)
        if len(shape) != 3:
            raise ValueError(f"{self.owner}: input_shape: expected three sizes (without the batch), received {given!r}")
        channels = shape[0] if first else shape[-1]
        if channels not in (1, 3):
            warnings.warn(f"{self.owner}: input_shape: images have 1 or 3 channels, received {shape}", stacklevel=4)
        if any(size is not None and size < least for size in sizes(shape)):
            raise ValueError(f"{self.owner}: input_shape: expected at least {least} x {least} pixels, received {shape}")
        if self.include_top and None in shape:
            raise ValueError(f"{self.owner}: input_shape: expected known sizes where include_top=True, received {shape}")
        return shape

    def pooled(self, x: Any, names: tuple[str | None, str | None] = (None, None)) -> Any:
        """The features without the top: as they are, or one value a channel."""
        if self.pooling == "avg":
            return layers.GlobalAveragePooling2D(name=names[0])(x)
        if self.pooling == "max":
            return layers.GlobalMaxPooling2D(name=names[1])(x)
        return x

    def classified(self, x: Any) -> Any:
        """The dense layer at the end."""
        return layers.Dense(self.classes, activation=self.activation, name="predictions")(x)

    def model(self, output: Any, name: str | None) -> Any:
        """The model from the image (or what `input_tensor` was made from), with the weights of the file."""
        inputs = self.image if self.input_tensor is None else _sources(self.input_tensor)
        model = Model(inputs, output, name=name)
        if self.weights is not None:
            model.load_weights(self.weights)
        return model


def _sources(tensor: Any) -> Any:
    """The inputs that a symbolic tensor depends on; the tensor itself if it is one."""
    found: dict[int, Any] = {}
    seen: set[int] = set()
    stack = [tensor]
    while stack:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        before = node_of(one).inputs
        if not before:
            found[id(one)] = one
        stack.extend(nest.flatten(list(before)))
    inputs = list(found.values())
    return inputs[0] if len(inputs) == 1 else inputs
