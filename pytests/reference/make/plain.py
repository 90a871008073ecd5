"""Plain NumPy convolution and pooling in float64, straight from the formula: the reference where TensorFlow refuses or is wrong, and a
second opinion everywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Padding = str | Sequence[int]


def pads(size: int, window: int, stride: int, padding: Padding, axis: int) -> tuple[int, int]:
    """Pixels before and after; `window` is the dilated one."""
    if padding == "VALID":
        return 0, 0
    if padding == "SAME":
        total = max((-(-size // stride) - 1) * stride + window - size, 0)
        return total // 2, total - total // 2
    return tuple(padding[2 * axis : 2 * axis + 2])  # type: ignore[return-value, arg-type]


@dataclass
class Axis:
    """One spatial axis of a sliding window."""

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int

    @property
    def out(self) -> int:
        return max((self.size + self.before + self.after - (self.kernel - 1) * self.dilation - 1 + self.stride) // self.stride, 0)

    def cells(self, tap: int) -> slice:
        """The padded cells that meet tap number `tap`."""
        start = tap * self.dilation
        return slice(start, start + (self.out - 1) * self.stride + 1 if self.out else start, self.stride)


def axes_of(
    size: Sequence[int], kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int], padding: Padding
) -> list[Axis]:
    result = []
    for i in range(2):
        before, after = pads(size[i], (kernel[i] - 1) * dilations[i] + 1, strides[i], padding, i)
        result.append(Axis(size[i], kernel[i], strides[i], dilations[i], before, after))
    return result


def taps(h: Axis, w: Axis) -> Iterator[tuple[int, int, Any]]:
    for i in range(h.kernel):
        for j in range(w.kernel):
            yield i, j, (slice(None), h.cells(i), w.cells(j))


def _padded(x: np.ndarray, h: Axis, w: Axis, value: float = 0.0) -> np.ndarray:
    return np.pad(x.astype(np.float64), ((0, 0), (h.before, h.after), (w.before, w.after), (0, 0)), constant_values=value)


def _crop(x: np.ndarray, h: Axis, w: Axis) -> np.ndarray:
    return x[:, h.before : h.before + h.size, w.before : w.before + w.size]


def conv2d(x: np.ndarray, f: np.ndarray, strides=(1, 1), dilations=(1, 1), padding: Padding = "VALID") -> np.ndarray:
    h, w = axes_of(x.shape[1:3], f.shape[:2], strides, dilations, padding)
    groups = x.shape[3] // f.shape[2]
    xs = _padded(x, h, w)
    y = np.zeros((x.shape[0], h.out, w.out, f.shape[3]))
    for i, j, cells in taps(h, w):
        for g in range(groups):
            ic, oc = _group(g, groups, f)
            y[..., oc] += xs[cells][..., ic] @ f[i, j][:, oc].astype(np.float64)
    return y


def conv2d_backward_input(
    f: np.ndarray, dy: np.ndarray, input_shape, strides=(1, 1), dilations=(1, 1), padding: Padding = "VALID"
):
    h, w = axes_of(input_shape[1:3], f.shape[:2], strides, dilations, padding)
    groups = input_shape[3] // f.shape[2]
    dx = _padded(np.zeros(input_shape), h, w)
    for i, j, cells in taps(h, w):
        for g in range(groups):
            ic, oc = _group(g, groups, f)
            dx[(*cells, ic)] += dy[..., oc].astype(np.float64) @ f[i, j][:, oc].astype(np.float64).T
    return _crop(dx, h, w)


def conv2d_backward_filter(
    x: np.ndarray, dy: np.ndarray, filter_shape, strides=(1, 1), dilations=(1, 1), padding: Padding = "VALID"
):
    h, w = axes_of(x.shape[1:3], filter_shape[:2], strides, dilations, padding)
    groups = x.shape[3] // filter_shape[2]
    df = np.zeros(filter_shape)
    xs = _padded(x, h, w)
    for i, j, cells in taps(h, w):
        for g in range(groups):
            ic, oc = _group(g, groups, df)
            df[i, j][:, oc] += np.einsum("nhwi,nhwo->io", xs[cells][..., ic], dy[..., oc].astype(np.float64))
    return df


def _group(g: int, groups: int, f: np.ndarray) -> tuple[slice, slice]:
    ics, ocs = f.shape[2], f.shape[3] // groups
    return slice(g * ics, (g + 1) * ics), slice(g * ocs, (g + 1) * ocs)


def max_pool2d(x: np.ndarray, ksize, strides, padding: Padding = "VALID") -> np.ndarray:
    """NaN propagates."""
    h, w = axes_of(x.shape[1:3], ksize, strides, (1, 1), padding)
    xs = _padded(x, h, w, -np.inf)
    y = np.full((x.shape[0], h.out, w.out, x.shape[3]), -np.inf)
    for _, _, cells in taps(h, w):
        y = np.maximum(y, xs[cells])
    return y


def max_pool2d_backward(x: np.ndarray, dy: np.ndarray, ksize, strides, padding: Padding = "VALID") -> np.ndarray:
    """All of a window's gradient goes to its first maximum in scan order (its first NaN, if it has one)."""
    h, w = axes_of(x.shape[1:3], ksize, strides, (1, 1), padding)
    xs = _padded(x, h, w, -np.inf)
    y = max_pool2d(x, ksize, strides, padding)
    dx = np.zeros(xs.shape)
    taken = np.zeros(y.shape, bool)
    for _, _, cells in taps(h, w):
        hit = ~taken & ((xs[cells] == y) | (np.isnan(xs[cells]) & np.isnan(y)))
        dx[cells] += np.where(hit, dy, 0)
        taken |= hit
    return _crop(dx, h, w)


def avg_pool2d(x: np.ndarray, ksize, strides, padding: Padding = "VALID") -> np.ndarray:
    h, w = axes_of(x.shape[1:3], ksize, strides, (1, 1), padding)
    xs = _padded(x, h, w)
    return sum(xs[cells] for _, _, cells in taps(h, w)) / _valid(x.shape, h, w)


def avg_pool2d_backward(dy: np.ndarray, input_shape, ksize, strides, padding: Padding = "VALID") -> np.ndarray:
    h, w = axes_of(input_shape[1:3], ksize, strides, (1, 1), padding)
    dx = _padded(np.zeros(input_shape), h, w)
    share = dy / _valid(input_shape, h, w)
    for _, _, cells in taps(h, w):
        dx[cells] += share
    return _crop(dx, h, w)


def _valid(input_shape, h: Axis, w: Axis) -> np.ndarray:
    """How many real cells each window sees."""
    ones = _padded(np.ones((1, *input_shape[1:3], 1)), h, w)
    return sum(ones[cells] for _, _, cells in taps(h, w))
