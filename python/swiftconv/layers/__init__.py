"""Layers, under Keras's names."""

from swiftconv.layers.activations.activation_layers import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from swiftconv.layers.convolutional.conv1d import Conv1D
from swiftconv.layers.convolutional.conv2d import Conv2D
from swiftconv.layers.convolutional.conv2d_transpose import Conv2DTranspose
from swiftconv.layers.convolutional.depthwise_conv2d import DepthwiseConv2D
from swiftconv.layers.convolutional.separable_conv2d import SeparableConv2D
from swiftconv.layers.core.core_layers import Dense, Identity, Lambda
from swiftconv.layers.core.input_layer import Input, InputLayer
from swiftconv.layers.input_spec import InputSpec
from swiftconv.layers.layer import Layer
from swiftconv.layers.merging.merging_layers import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from swiftconv.layers.normalization.batch_normalization import BatchNormalization
from swiftconv.layers.normalization.group_normalization import GroupNormalization
from swiftconv.layers.normalization.layer_normalization import LayerNormalization
from swiftconv.layers.pooling.average_pooling2d import AveragePooling2D
from swiftconv.layers.pooling.global_average_pooling2d import GlobalAveragePooling2D
from swiftconv.layers.pooling.global_max_pooling2d import GlobalMaxPooling2D
from swiftconv.layers.pooling.max_pooling2d import MaxPooling2D
from swiftconv.layers.pooling.pooling1d import (
    AveragePooling1D,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from swiftconv.layers.regularization.regularization_layers import (
    ActivityRegularization,
    Dropout,
    GaussianNoise,
    SpatialDropout2D,
)
from swiftconv.layers.reshaping.reshaping_layers import (
    Cropping2D,
    Flatten,
    Permute,
    RepeatVector,
    Rescaling,
    Reshape,
    UpSampling2D,
    ZeroPadding2D,
)

Convolution1D = Conv1D
MaxPool1D = MaxPooling1D
AvgPool1D = AveragePooling1D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalAvgPool1D = GlobalAveragePooling1D
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
DepthwiseConvolution2D = DepthwiseConv2D
SeparableConvolution2D = SeparableConv2D
MaxPool2D = MaxPooling2D
AvgPool2D = AveragePooling2D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalAvgPool2D = GlobalAveragePooling2D

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "Add",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AvgPool1D",
    "AvgPool2D",
    "BatchNormalization",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Convolution1D",
    "Convolution2D",
    "Convolution2DTranspose",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "DepthwiseConvolution2D",
    "Dropout",
    "Flatten",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPooling1D",
    "MaxPooling2D",
    "Maximum",
    "Minimum",
    "Multiply",
    "PReLU",
    "Permute",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "SeparableConv2D",
    "SeparableConvolution2D",
    "Softmax",
    "SpatialDropout2D",
    "Subtract",
    "UpSampling2D",
    "ZeroPadding2D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]


def serialize(layer: object) -> object:
    """The config of a layer."""
    from swiftconv.utils.serialization import serialize_keras_object

    return serialize_keras_object(layer)


def deserialize(config: object, custom_objects: object = None) -> object:
    """The layer of a config."""
    from swiftconv.utils.serialization import deserialize_keras_object

    return deserialize_keras_object(config, custom_objects)  # type: ignore[arg-type]
