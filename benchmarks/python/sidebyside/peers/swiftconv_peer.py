"""swiftconv: with constant filters (which keep their packed forms), with NumPy arrays, or with OpenBLAS."""

from __future__ import annotations

from typing import Any

import numpy as np

from sidebyside import numbers
from sidebyside.peers import keras_network
from sidebyside.peers.base import EPSILON, Arrays, Job, Peer
from sidebyside.rows import Row


class SwiftConv(Peer):
    """Ours. Filters of forward rows are constants, as ONNX Runtime and OpenVINO have them; gradients start from NumPy arrays."""

    tf: Any

    def __init__(self, constant: bool = True, gemm: str = "native") -> None:
        self.constant = constant
        self.gemm = gemm

    def environment(self, threads: int) -> dict[str, str]:
        return {"SWIFTCONV_NUM_THREADS": str(threads), "SWIFTCONV_GEMM": self.gemm}

    def start(self, threads: int) -> str:
        import swiftconv

        found = swiftconv.config.environment()
        if self.gemm == "openblas" and not found["openblas"]:
            raise ImportError("libopenblas.so.0 is not installed")
        swiftconv.config.set_num_threads(threads)
        self.tf = swiftconv
        return f"swiftconv {swiftconv.__version__} ({found['level']})"

    def takes(self, row: Row) -> bool:
        if self.gemm == "openblas":
            return row.op == "dense" or (row.op == "conv2d" and row.kernel == (1, 1) and row.stride == row.groups == 1)
        return self.constant or (row.direction == "forward" and row.op in ("conv2d", "transpose", "dense"))

    def prepare(self, row: Row, arrays: Arrays) -> Job:
        tf = self.tf
        if row.op == "network":
            return keras_network.prepare(tf.keras, row)
        if row.direction == "backward":
            run = self.gradient(row, arrays)
            return Job(run, lambda: [np.asarray(part) for part in run()])
        keep = tf.constant if self.constant and row.direction != "call" else np.asarray
        values = {name: keep(value) for name, value in arrays.items()}
        if row.direction == "both":
            run = self.both(row, values)
            return Job(run, lambda: [np.asarray(part) for part in run()])
        forward = self.forward(row)
        x, rest = values["x"], numbers.weights(values)
        return Job(lambda: forward(x, **rest), lambda: [np.asarray(forward(x, **rest))])

    def window(self, row: Row) -> dict[str, Any]:
        pad = row.padding
        padding = [[0, 0], [pad, pad], [pad, pad], [0, 0]] if isinstance(pad, int) else pad
        return {"strides": [1, row.stride, row.stride, 1], "padding": padding, "dilations": [row.dilation, row.dilation]}

    def forward(self, row: Row) -> Any:
        nn, window, k, s = self.tf.nn, self.window(row), row.kernel[0], row.stride
        if row.op == "conv_bn_relu":
            return self.layers(row)
        output = (row.batch, *row.output)
        return {
            "conv2d": lambda x, filter: nn.conv2d(x, filter, **window),
            "depthwise": lambda x, depthwise: nn.depthwise_conv2d(x, depthwise, **window),
            "separable": lambda x, depthwise, pointwise: nn.separable_conv2d(x, depthwise, pointwise, **window),
            "transpose": lambda x, filter: nn.conv2d_transpose(x, filter, output, s, row.padding),
            "dense": lambda x, kernel, bias: nn.bias_add(self.tf.matmul(x, kernel), bias),
            "maxpool": lambda x: nn.max_pool2d(x, k, s, row.padding),
            "avgpool": lambda x: nn.avg_pool2d(x, k, s, row.padding),
            "globalpool": lambda x: self.tf.reduce_mean(x, [1, 2]),
            "batchnorm_training": lambda x, gamma, beta: nn.fused_batch_norm(x, gamma, beta, epsilon=EPSILON, is_training=True)[
                0
            ],
            "batchnorm": lambda x, gamma, beta, mean, variance: nn.batch_normalization(x, mean, variance, beta, gamma, EPSILON),
            "softmax": nn.softmax,
            "relu": nn.relu,
        }[row.op]

    def layers(self, row: Row) -> Any:
        """The chain as a model, whose passes fold and fuse it."""
        layers, made = self.tf.keras.layers, {}

        def forward(x: Any, filter: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
            if "model" not in made:
                model = self.tf.keras.Sequential(
                    [
                        layers.Input(row.image),
                        layers.Conv2D(row.out, row.kernel, row.stride, str(row.padding).lower(), use_bias=False),
                        layers.BatchNormalization(epsilon=EPSILON),
                        layers.ReLU(),
                    ]
                )
                model.set_weights([np.asarray(w) for w in (filter, gamma, beta, mean, variance)])
                made.update(model=model, x=np.asarray(x))
            return made["model"].predict_on_batch(made["x"])

        return forward

    def gradient(self, row: Row, arrays: Arrays) -> Any:
        """Both gradients, from NumPy arrays: the filter is packed each time."""
        nn, window, x, dy = self.tf.nn, self.window(row), arrays["x"], arrays["dy"]
        if row.op == "conv2d":
            f = arrays["filter"]
            return lambda: (
                nn.conv2d_backprop_input(x.shape, f, dy, **window),
                nn.conv2d_backprop_filter(x, f.shape, dy, **window),
            )
        if row.op == "transpose":
            f = arrays["filter"]
            return lambda: (nn.conv2d(dy, f, **window), nn.conv2d_backprop_filter(dy, f.shape, x, **window))
        if row.op == "dense":
            f, matmul = arrays["kernel"], self.tf.matmul
            return lambda: (matmul(dy, f, transpose_b=True), matmul(x, dy, transpose_a=True), self.tf.reduce_sum(dy, 0))
        d = arrays["depthwise"]
        if row.op == "depthwise":
            return lambda: self.depthwise_gradient(x, d, dy, window)
        # as in training, the depthwise result is there from the forward pass
        values = [self.tf.constant(a) for a in (x, d, arrays["pointwise"])]
        with self.tf.GradientTape(persistent=True) as tape:
            for value in values:
                tape.watch(value)
            y = nn.separable_conv2d(*values, **window)
        dy = self.tf.constant(dy)
        return lambda: tape.gradient(y, values, output_gradients=dy)

    def depthwise_gradient(self, x: Any, d: Any, dy: Any, window: dict[str, Any]) -> Any:
        nn = self.tf.nn
        return (
            nn.depthwise_conv2d_backprop_input(x.shape, d, dy, **window),
            nn.depthwise_conv2d_backprop_filter(x, d.shape, dy, **window),
        )

    def both(self, row: Row, values: dict[str, Any]) -> Any:
        """Forward and gradients through the tape."""
        forward, dy = self.forward(row), values["dy"]
        x, rest = values["x"], numbers.weights(values)

        def run() -> Any:
            with self.tf.GradientTape() as tape:
                tape.watch([x, *rest.values()])
                y = forward(x, **rest)
            return [y, *tape.gradient(y, [x, *rest.values()], dy)]

        return run
