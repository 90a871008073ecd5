"""Networks with the architectures, layer names and signatures of Keras's `applications`. Nothing is ever downloaded.

Example:
    >>> from swiftconv import applications
    >>> model = applications.MobileNetV2(input_shape=(96, 96, 3), alpha=0.35, weights=None, classes=10)
    >>> model.output_shape
    (None, 10)
"""

from swiftconv.applications import imagenet_utils, mobilenet, mobilenet_v2, resnet, resnet50, vgg16
from swiftconv.applications.mobilenet import MobileNet
from swiftconv.applications.mobilenet_v2 import MobileNetV2
from swiftconv.applications.resnet import ResNet20, ResNet50
from swiftconv.applications.vgg16 import VGG16

__all__ = [
    "VGG16",
    "MobileNet",
    "MobileNetV2",
    "ResNet20",
    "ResNet50",
    "imagenet_utils",
    "mobilenet",
    "mobilenet_v2",
    "resnet",
    "resnet50",
    "vgg16",
]
