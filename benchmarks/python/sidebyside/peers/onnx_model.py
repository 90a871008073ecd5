"""A row as an ONNX model, NCHW, with its weights as constants."""

from __future__ import annotations

from typing import Any

import numpy as np

from sidebyside.peers.base import EPSILON, Arrays, Unsupported
from sidebyside.rows import Row


def model(row: Row, arrays: Arrays) -> bytes:
    """The serialised model with input `x` and output `y`.

    Raises:
        Unsupported: training and gradients.
    """
    from onnx import TensorProto, helper, numpy_helper

    if row.direction not in ("forward", "call") or row.op == "batchnorm_training":
        raise Unsupported("inference alone")
    (top, bottom), (left, right) = row.pads
    window: dict[str, Any] = {"kernel_shape": row.kernel, "strides": [row.stride] * 2, "pads": [top, left, bottom, right]}
    convolution = {**window, "dilations": [row.dilation] * 2}
    constants: dict[str, np.ndarray] = {}
    nodes = []

    def node(op: str, inputs: list[str], output: str = "y", **attributes: Any) -> None:
        nodes.append(helper.make_node(op, inputs, [output], **attributes))

    def constant(name: str, order: tuple[int, ...] | None = None) -> str:
        constants[name] = arrays[name] if order is None else np.ascontiguousarray(arrays[name].transpose(order))
        return name

    norm = ["gamma", "beta", "mean", "variance"]
    if row.op == "conv2d":
        node("Conv", ["x", constant("filter", (3, 2, 0, 1))], group=row.groups, **convolution)
    elif row.op == "depthwise":
        node("Conv", ["x", constant("depthwise", (2, 3, 0, 1))], group=row.image[2], **convolution)
    elif row.op == "separable":
        node("Conv", ["x", constant("depthwise", (2, 3, 0, 1))], "middle", group=row.image[2], **convolution)
        node("Conv", ["middle", constant("pointwise", (3, 2, 0, 1))])
    elif row.op == "transpose":
        node("ConvTranspose", ["x", constant("filter", (3, 2, 0, 1))], **window)
    elif row.op == "dense":
        node("Gemm", ["x", constant("kernel"), constant("bias")])
    elif row.op == "maxpool":
        node("MaxPool", ["x"], **window)
    elif row.op == "avgpool":
        node("AveragePool", ["x"], **window)
    elif row.op == "globalpool":
        node("GlobalAveragePool", ["x"], "means")
        node("Flatten", ["means"])
    elif row.op == "batchnorm":
        node("BatchNormalization", ["x", *(constant(name) for name in norm)], epsilon=EPSILON)
    elif row.op == "conv_bn_relu":
        node("Conv", ["x", constant("filter", (3, 2, 0, 1))], "product", group=row.groups, **convolution)
        node("BatchNormalization", ["product", *(constant(name) for name in norm)], "normal", epsilon=EPSILON)
        node("Relu", ["normal"])
    elif row.op == "softmax":
        node("Softmax", ["x"], axis=1)
    elif row.op == "relu":
        node("Relu", ["x"])
    else:
        raise Unsupported(row.op)

    def value(name: str, shape: tuple[int, ...]) -> Any:
        order = shape if len(shape) < 4 else (shape[0], shape[3], shape[1], shape[2])
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, order)

    graph = helper.make_graph(
        nodes,
        "row",
        [value("x", arrays["x"].shape)],
        [value("y", (row.batch, *row.output))],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    found: bytes = made.SerializeToString()
    return found
