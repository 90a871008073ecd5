"""PyTorch: contiguous NCHW, channels last, or compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from sidebyside import numbers
from sidebyside.peers.base import EPSILON, Arrays, Job, Peer
from sidebyside.rows import Row

#: HWIO to OIHW; depthwise [kh, kw, c, 1] to [c, 1, kh, kw]; transposed [kh, kw, out, in] to [in, out, kh, kw].
LAYOUTS = {"filter": (3, 2, 0, 1), "pointwise": (3, 2, 0, 1), "depthwise": (2, 3, 0, 1)}


class Torch(Peer):
    """Resident tensors; the gradients start from a graph that the forward pass left, as a training loop's do."""

    torch: Any

    def __init__(self, channels_last: bool = False, compiled: bool = False) -> None:
        self.channels_last = channels_last
        self.compiled = compiled

    def environment(self, threads: int) -> dict[str, str]:
        return {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": ""}

    def start(self, threads: int) -> str:
        import torch

        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        self.torch = torch
        return f"PyTorch {torch.__version__}"

    def takes(self, row: Row) -> bool:
        if row.op == "network" or (row.op == "dense" and self.channels_last):
            return False
        return not self.compiled or row.op in ("conv_bn_relu", "separable", "softmax")

    def tensor(self, array: np.ndarray, order: tuple[int, ...] | None) -> Any:
        tensor = self.torch.from_numpy(array)
        if order is None or tensor.ndim != 4:
            return tensor
        memory = self.torch.channels_last if self.channels_last else self.torch.contiguous_format
        return tensor.permute(order).contiguous(memory_format=memory)

    def back(self, tensor: Any, order: tuple[int, ...] | None) -> np.ndarray:
        tensor = tensor.detach()
        if order is not None and tensor.ndim == 4:
            tensor = tensor.permute(tuple(np.argsort(order)))
        found: np.ndarray = tensor.contiguous().numpy()
        return found

    def prepare(self, row: Row, arrays: Arrays) -> Job:
        torch = self.torch
        image = (0, 3, 1, 2)
        orders = {name: LAYOUTS.get(name, image) for name in arrays}
        values = {name: self.tensor(array, orders[name]) for name, array in arrays.items()}
        names = list(numbers.weights(values))
        forward = self.forward(row)
        if self.compiled:
            forward = torch.compile(forward, dynamic=False)
        x, rest = values["x"], numbers.weights(values)
        if row.direction == "call":

            def call() -> np.ndarray:
                with torch.inference_mode():
                    return self.back(forward(self.tensor(arrays["x"], image), **rest), image)

            return Job(call, lambda: [call()])
        if row.direction == "forward":

            def run() -> Any:
                with torch.inference_mode():
                    return forward(x, **rest)

            return Job(run, lambda: [self.back(run(), image)])
        wanted = [x.requires_grad_(), *(tensor.requires_grad_() for tensor in rest.values())]
        if row.direction == "both":

            def both() -> Any:
                y = forward(x, **rest)
                return [y, *torch.autograd.grad(y, wanted, values["dy"])]

            return Job(
                both, lambda: [self.back(t, order) for t, order in zip(both(), [image, image, *(orders[n] for n in names)])]
            )
        y = forward(x, **rest)

        def gradients() -> Any:
            return torch.autograd.grad(y, wanted, values["dy"], retain_graph=True)

        return Job(
            gradients, lambda: [self.back(t, order) for t, order in zip(gradients(), [image, *(orders[n] for n in names)])]
        )

    def forward(self, row: Row) -> Any:
        F, k, s = self.torch.nn.functional, row.kernel[0], row.stride
        (top, bottom), (left, right) = row.pads
        even = top == bottom and left == right
        border = (left, right, top, bottom)

        def padded(x: Any, value: float = 0.0) -> Any:
            return x if even else F.pad(x, border, value=value)

        padding = (top, left) if even else (0, 0)

        def conv(x: Any, filter: Any, groups: int = row.groups) -> Any:
            return F.conv2d(padded(x), filter, None, s, padding, row.dilation, groups)

        def normalized(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
            return F.batch_norm(x, mean, variance, gamma, beta, False, 0.0, EPSILON)

        def average(x: Any) -> Any:
            return F.avg_pool2d(x, k, s, padding, count_include_pad=False) if even else F.avg_pool2d(padded(x), k, s)

        return {
            "conv2d": conv,
            "depthwise": lambda x, depthwise: conv(x, depthwise, row.image[2]),
            "separable": lambda x, depthwise, pointwise: F.conv2d(conv(x, depthwise, row.image[2]), pointwise),
            "transpose": lambda x, filter: F.conv_transpose2d(x, filter, None, s, (top, left)),
            "dense": lambda x, kernel, bias: self.torch.addmm(bias, x, kernel),
            "maxpool": lambda x: F.max_pool2d(padded(x, float("-inf")), k, s, padding),
            "avgpool": average,
            "globalpool": lambda x: x.mean((2, 3)),
            "batchnorm_training": lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, True, 0.0, EPSILON),
            "batchnorm": normalized,
            "conv_bn_relu": lambda x, filter, **rest: F.relu(normalized(conv(x, filter), **rest)),
            "softmax": lambda x: self.torch.softmax(x, 1),
            "relu": F.relu,
        }[row.op]
