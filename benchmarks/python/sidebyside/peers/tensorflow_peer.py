"""TensorFlow in a `tf.function`, with oneDNN (its default) or XLA."""

from __future__ import annotations

from typing import Any

import numpy as np

from sidebyside import numbers
from sidebyside.peers.base import EPSILON, Arrays, Job, Peer, Unsupported
from sidebyside.rows import Row


class TensorFlow(Peer):
    """Resident tensors, the function traced once."""

    tf: Any

    def __init__(self, xla: bool = False) -> None:
        self.xla = xla

    def environment(self, threads: int) -> dict[str, str]:
        return {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": ""}

    def start(self, threads: int) -> str:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        self.tf = tf
        return f"TensorFlow {tf.__version__}"

    def prepare(self, row: Row, arrays: Arrays) -> Job:
        tf = self.tf
        forward = self.forward(row)
        names = list(numbers.weights(arrays))

        def values(x: Any, rest: list[Any]) -> Any:
            return forward(x, **dict(zip(names, rest)))

        def gradients(x: Any, rest: list[Any], dy: Any) -> list[Any]:
            with tf.GradientTape() as tape:
                tape.watch([x, *rest])
                y = values(x, rest)
            found = tape.gradient(y, [x, *rest], dy)
            return found if row.direction == "backward" else [y, *found]

        if row.direction == "call":
            compiled = tf.function(values, jit_compile=self.xla or None, autograph=False)
            x, rest = arrays["x"], [arrays[name] for name in names]

            def run() -> Any:
                return compiled(tf.convert_to_tensor(x), [tf.convert_to_tensor(w) for w in rest]).numpy()

            return Job(run, lambda: [run()])
        x, rest = tf.constant(arrays["x"]), [tf.constant(arrays[name]) for name in names]
        if row.direction == "forward":
            compiled = tf.function(values, jit_compile=self.xla or None, autograph=False)
            return Job(lambda: compiled(x, rest), lambda: [compiled(x, rest).numpy()])
        dy = tf.constant(arrays["dy"])
        compiled = tf.function(gradients, jit_compile=self.xla or None, autograph=False)
        return Job(lambda: compiled(x, rest, dy), lambda: [np.asarray(part) for part in compiled(x, rest, dy)])

    def forward(self, row: Row) -> Any:
        tf = self.tf
        nn, k, s = tf.nn, row.kernel[0], row.stride
        pad = row.padding
        padding = [[0, 0], [pad, pad], [pad, pad], [0, 0]] if isinstance(pad, int) else pad
        if row.op in ("depthwise", "separable") and s > 1 and row.dilation > 1:
            raise Unsupported("strides and dilation together")
        strides, dilations = [1, s, s, 1], [row.dilation] * 2
        output = (row.batch, *row.output)
        norm = tf.compat.v1.nn.fused_batch_norm

        def normalized(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
            return norm(x, gamma, beta, mean, variance, epsilon=EPSILON, is_training=False)[0]

        return {
            "conv2d": lambda x, filter: nn.conv2d(x, filter, strides, padding, dilations=dilations),
            "depthwise": lambda x, depthwise: nn.depthwise_conv2d(x, depthwise, strides, padding, dilations=dilations),
            "separable": lambda x, depthwise, pointwise: nn.separable_conv2d(x, depthwise, pointwise, strides, padding),
            "transpose": lambda x, filter: nn.conv2d_transpose(x, filter, output, s, row.padding),
            "dense": lambda x, kernel, bias: nn.bias_add(tf.matmul(x, kernel), bias),
            "maxpool": lambda x: nn.max_pool2d(x, k, s, row.padding),
            "avgpool": lambda x: nn.avg_pool2d(x, k, s, row.padding),
            "globalpool": lambda x: tf.reduce_mean(x, [1, 2]),
            "batchnorm_training": lambda x, gamma, beta: norm(x, gamma, beta, epsilon=EPSILON, is_training=True)[0],
            "batchnorm": normalized,
            "conv_bn_relu": lambda x, filter, **rest: nn.relu(normalized(nn.conv2d(x, filter, strides, padding), **rest)),
            "softmax": nn.softmax,
            "relu": nn.relu,
        }[row.op]
