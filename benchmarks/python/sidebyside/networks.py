"""Whole networks as lists of nodes, with the same weights for everybody; `peers` turn them into models of their libraries.

The demo's network; ResNet-20 and ResNet-50 (He et al., arXiv:1512.03385), MobileNet-V2 (Sandler et al., arXiv:1801.04381), VGG-16
(Simonyan and Zisserman, arXiv:1409.1556).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

EPSILON = 1e-3
Pads = tuple[tuple[int, int], tuple[int, int]]


@dataclass
class Node:
    """One operation: what it reads (numbers of nodes), what it makes of one image, and its weights as Keras orders them."""

    op: str
    inputs: list[int]
    shape: tuple[int, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    weights: list[np.ndarray] = field(default_factory=list)


class Network:
    """A network under construction: each method adds a node and returns its number. Node 0 is the image."""

    def __init__(self, name: str, image: tuple[int, int, int]) -> None:
        self.name = name
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.nodes = [Node("input", [], image)]
        self.flops = 0

    def _add(self, op: str, inputs: list[int], shape: tuple[int, ...], weights: Any = (), **attributes: Any) -> int:
        self.nodes.append(Node(op, inputs, shape, attributes, list(weights)))
        return len(self.nodes) - 1

    def _normal(self, *shape: int, fan: int) -> np.ndarray:
        return (self.random.standard_normal(shape, dtype=np.float32) * math.sqrt(2 / fan)).astype(np.float32)

    def _window(self, x: int, kernel: int, stride: int, padding: str) -> tuple[tuple[int, int], Pads]:
        """Height and width of the result, and the zeros around the image."""
        sizes, pads = [], []
        for size in self.nodes[x].shape[:2]:
            out = -(-size // stride) if padding == "same" else (size - kernel) // stride + 1
            zeros = max(0, (out - 1) * stride + kernel - size)
            sizes.append(out)
            pads.append((zeros // 2, zeros - zeros // 2))
        return (sizes[0], sizes[1]), (pads[0], pads[1])

    def conv(
        self,
        x: int,
        out: int,
        kernel: int,
        stride: int = 1,
        padding: str = "same",
        bias: bool = False,
        activation: str = "linear",
    ) -> int:
        """A convolution."""
        inside = self.nodes[x].shape[2]
        size, pads = self._window(x, kernel, stride, padding)
        weights = [self._normal(kernel, kernel, inside, out, fan=kernel * kernel * inside)]
        weights += [self._normal(out, fan=100)] if bias else []
        self.flops += 2 * math.prod(size) * kernel * kernel * inside * out
        return self._add(
            "conv", [x], (*size, out), weights, out=out, kernel=kernel, stride=stride, padding=padding, pads=pads, bias=bias,
            activation=activation,
        )  # fmt: skip

    def depthwise(self, x: int, kernel: int, stride: int = 1, padding: str = "same") -> int:
        """A depthwise convolution without bias."""
        channels = self.nodes[x].shape[2]
        size, pads = self._window(x, kernel, stride, padding)
        self.flops += 2 * math.prod(size) * kernel * kernel * channels
        weights = [self._normal(kernel, kernel, channels, 1, fan=kernel * kernel)]
        return self._add("depthwise", [x], (*size, channels), weights, kernel=kernel, stride=stride, padding=padding, pads=pads)

    def norm(self, x: int) -> int:
        """Batch normalization."""
        c = self.nodes[x].shape[-1]
        gamma, beta, mean = (self._normal(c, fan=200) + start for start in (1, 0, 0))
        variance = np.abs(self._normal(c, fan=200)) + np.float32(1)
        return self._add("norm", [x], self.nodes[x].shape, [gamma, beta, mean, variance])

    def relu(self, x: int, ceiling: float | None = None) -> int:
        """Negative values to 0, at most `ceiling`."""
        return self._add("relu", [x], self.nodes[x].shape, ceiling=ceiling)

    def pad(self, x: int, pads: Pads) -> int:
        """Zeros around the image."""
        h, w, c = self.nodes[x].shape
        return self._add("pad", [x], (h + sum(pads[0]), w + sum(pads[1]), c), pads=pads)

    def maxpool(self, x: int, kernel: int, stride: int, padding: str = "valid") -> int:
        """Max pooling."""
        size, pads = self._window(x, kernel, stride, padding)
        return self._add(
            "maxpool", [x], (*size, self.nodes[x].shape[2]), kernel=kernel, stride=stride, padding=padding, pads=pads
        )

    def add(self, a: int, b: int) -> int:
        """A sum of two."""
        return self._add("add", [a, b], self.nodes[a].shape)

    def mean(self, x: int) -> int:
        """The mean of each channel."""
        return self._add("mean", [x], self.nodes[x].shape[2:])

    def flatten(self, x: int) -> int:
        """An image as a vector, rows first, channels last."""
        return self._add("flatten", [x], (math.prod(self.nodes[x].shape),))

    def dense(self, x: int, units: int, activation: str = "linear") -> int:
        """A dense layer with bias."""
        inside = self.nodes[x].shape[0]
        self.flops += 2 * inside * units
        weights = [self._normal(inside, units, fan=2 * inside), self._normal(units, fan=100)]
        return self._add("dense", [x], (units,), weights, units=units, activation=activation)


def demo() -> Network:
    """Two convolutions, pooling, two dense layers, on 28×28 digits."""
    net = Network("demo", (28, 28, 1))
    x = net.conv(0, 32, 3, padding="valid", bias=True, activation="relu")
    x = net.conv(x, 64, 3, padding="valid", bias=True, activation="relu")
    x = net.dense(net.flatten(net.maxpool(x, 2, 2)), 128, "relu")
    net.dense(x, 10, "softmax")
    return net


def demo_norm() -> Network:
    """The demo's network with batch normalization between its convolutions and their ReLU."""
    net = Network("demo-norm", (28, 28, 1))
    x = 0
    for out in (32, 64):
        x = net.relu(net.norm(net.conv(x, out, 3)))
    x = net.dense(net.flatten(net.maxpool(x, 2, 2)), 128, "relu")
    net.dense(x, 10, "softmax")
    return net


def resnet20() -> Network:
    """ResNet-20 for 32×32 images in ten classes."""
    net = Network("resnet20", (32, 32, 3))
    x = net.relu(net.norm(net.conv(0, 16, 3)))
    for stage, out in enumerate((16, 32, 64)):
        for block in range(3):
            stride = 2 if stage and not block else 1
            y = net.relu(net.norm(net.conv(x, out, 3, stride)))
            y = net.norm(net.conv(y, out, 3))
            if stride == 2:
                x = net.norm(net.conv(x, out, 1, 2))
            x = net.relu(net.add(x, y))
    net.dense(net.mean(x), 10, "softmax")
    return net


def resnet50() -> Network:
    """ResNet-50 for 224×224 images in a thousand classes."""
    net = Network("resnet50", (224, 224, 3))
    x = net.pad(0, ((3, 3), (3, 3)))
    x = net.relu(net.norm(net.conv(x, 64, 7, 2, "valid", bias=True)))
    x = net.maxpool(net.pad(x, ((1, 1), (1, 1))), 3, 2)
    for stage, (out, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            y = net.relu(net.norm(net.conv(x, out, 1, stride, bias=True)))
            y = net.relu(net.norm(net.conv(y, out, 3, bias=True)))
            y = net.norm(net.conv(y, 4 * out, 1, bias=True))
            if not block:
                x = net.norm(net.conv(x, 4 * out, 1, stride, bias=True))
            x = net.relu(net.add(x, y))
    net.dense(net.mean(x), 1000, "softmax")
    return net


def _mobilenet_v2(name: str, size: int) -> Network:
    net = Network(name, (size, size, 3))
    x = net.relu(net.norm(net.conv(0, 32, 3, 2)), 6)
    stages = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for expansion, out, blocks, first_stride in stages:
        for block in range(blocks):
            stride, inside = (1 if block else first_stride), net.nodes[x].shape[2]
            y = x
            if expansion != 1:
                y = net.relu(net.norm(net.conv(y, expansion * inside, 1)), 6)
            y = net.relu(net.norm(net.depthwise(y, 3, stride)), 6)
            y = net.norm(net.conv(y, out, 1))
            x = net.add(x, y) if stride == 1 and inside == out else y
    x = net.relu(net.norm(net.conv(x, 1280, 1)), 6)
    net.dense(net.mean(x), 1000, "softmax")
    return net


def mobilenet_v2() -> Network:
    """MobileNet-V2 for 224×224 images."""
    return _mobilenet_v2("mobilenet-v2", 224)


def mobilenet_v2_96() -> Network:
    """MobileNet-V2 for 96×96 images."""
    return _mobilenet_v2("mobilenet-v2-96", 96)


def vgg16() -> Network:
    """VGG-16 for 224×224 images."""
    net = Network("vgg16", (224, 224, 3))
    x = 0
    for out, blocks in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(blocks):
            x = net.conv(x, out, 3, bias=True, activation="relu")
        x = net.maxpool(x, 2, 2)
    x = net.dense(net.dense(net.flatten(x), 4096, "relu"), 4096, "relu")
    net.dense(x, 1000, "softmax")
    return net


#: The networks by the names of their rows.
NETWORKS: dict[str, Callable[[], Network]] = {
    "demo": demo,
    "demo-norm": demo_norm,
    "resnet20": resnet20,
    "resnet50": resnet50,
    "mobilenet-v2": mobilenet_v2,
    "mobilenet-v2-96": mobilenet_v2_96,
    "vgg16": vgg16,
}
