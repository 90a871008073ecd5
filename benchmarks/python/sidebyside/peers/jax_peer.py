"""JAX, compiled by `jit`."""

from __future__ import annotations

from typing import Any

import numpy as np

from sidebyside import numbers
from sidebyside.peers.base import EPSILON, Arrays, Job, Peer
from sidebyside.rows import Row

IMAGES = ("NHWC", "HWIO", "NHWC")


class Jax(Peer):
    """Resident arrays; weights are arguments, as training has them."""

    jax: Any

    def environment(self, threads: int) -> dict[str, str]:
        return {"JAX_PLATFORMS": "cpu", "NPROC": str(threads), "OMP_NUM_THREADS": str(threads)}

    def start(self, threads: int) -> str:
        import jax

        self.jax = jax
        return f"JAX {jax.__version__}"

    def prepare(self, row: Row, arrays: Arrays) -> Job:
        jax = self.jax
        forward = self.forward(row)

        def values(x: Any, rest: dict[str, Any]) -> Any:
            return forward(x, **rest)

        def gradients(x: Any, rest: dict[str, Any], dy: Any) -> list[Any]:
            y, back = jax.vjp(values, x, rest)
            dx, others = back(dy)
            found = [dx, *(others[name] for name in numbers.weights(arrays))]
            return found if row.direction == "backward" else [y, *found]

        if row.direction == "call":
            compiled = jax.jit(values)

            def run() -> Any:
                return np.asarray(compiled(arrays["x"], numbers.weights(arrays)))

            return Job(run, lambda: [run()])
        placed = {name: jax.device_put(value) for name, value in arrays.items()}
        arguments = [placed["x"], numbers.weights(placed)]
        if row.direction != "forward":
            arguments.append(placed["dy"])
        compiled = jax.jit(values if row.direction == "forward" else gradients)
        return Job(
            lambda: jax.block_until_ready(compiled(*arguments)),
            lambda: [np.asarray(part) for part in jax.tree.leaves(compiled(*arguments))],
        )

    def forward(self, row: Row) -> Any:
        jax, lax, jnp = self.jax, self.jax.lax, self.jax.numpy

        def conv(x: Any, filter: Any, groups: int = row.groups) -> Any:
            return lax.conv_general_dilated(
                x,
                filter,
                (row.stride,) * 2,
                row.pads,
                rhs_dilation=(row.dilation,) * 2,
                dimension_numbers=IMAGES,
                feature_group_count=groups,
            )

        def depth(x: Any, depthwise: Any) -> Any:
            kh, kw, c, m = depthwise.shape
            return conv(x, depthwise.reshape(kh, kw, 1, c * m), c)

        def separable(x: Any, depthwise: Any, pointwise: Any) -> Any:
            return lax.conv_general_dilated(depth(x, depthwise), pointwise, (1, 1), "VALID", dimension_numbers=IMAGES)

        def pool(x: Any, start: float, function: Any) -> Any:
            window, strides = (1, *row.kernel, 1), (1, row.stride, row.stride, 1)
            return lax.reduce_window(x, start, function, window, strides, ((0, 0), *row.pads, (0, 0)))

        def average(x: Any) -> Any:
            return pool(x, 0.0, lax.add) / pool(jnp.ones((1, *row.image[:2], 1)), 0.0, lax.add)

        def normalized(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
            factor = gamma * lax.rsqrt(variance + EPSILON)
            return x * factor + (beta - mean * factor)

        def training(x: Any, gamma: Any, beta: Any) -> Any:
            return normalized(x, gamma, beta, jnp.mean(x, (0, 1, 2)), jnp.var(x, (0, 1, 2)))

        return {
            "conv2d": conv,
            "depthwise": depth,
            "separable": separable,
            "transpose": lambda x, filter: lax.conv_transpose(
                x, filter, (row.stride,) * 2, row.padding, dimension_numbers=IMAGES, transpose_kernel=True
            ),
            "dense": lambda x, kernel, bias: x @ kernel + bias,
            "maxpool": lambda x: pool(x, -jnp.inf, lax.max),
            "avgpool": average,
            "globalpool": lambda x: jnp.mean(x, (1, 2)),
            "batchnorm_training": training,
            "batchnorm": normalized,
            "conv_bn_relu": lambda x, filter, **rest: jax.nn.relu(normalized(conv(x, filter), **rest)),
            "softmax": jax.nn.softmax,
            "relu": jax.nn.relu,
        }[row.op]
