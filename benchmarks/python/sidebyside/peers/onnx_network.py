"""Networks as ONNX models, NCHW, with their weights as constants."""

from __future__ import annotations

from typing import Any

import numpy as np

from sidebyside.networks import EPSILON, Network, Node


def model(net: Network, batch: int) -> bytes:
    """The serialised model with input `x` and output `y`."""
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(name: str, value: Any) -> str:
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def activated(value: str, name: str) -> str:
        return {
            "linear": lambda: value,
            "relu": lambda: node("Relu", [value], f"{value}_relu"),
            "softmax": lambda: node("Softmax", [value], f"{value}_softmax", axis=1),
        }[name]()

    def window(a: dict[str, Any]) -> dict[str, Any]:
        (top, bottom), (left, right) = a["pads"]
        return {"kernel_shape": [a["kernel"]] * 2, "strides": [a["stride"]] * 2, "pads": [top, left, bottom, right]}

    def add(index: int, n: Node, inputs: list[str]) -> str:
        a, out = n.attributes, f"n{index}"
        weights = [f"w{index}_{k}" for k in range(len(n.weights))]
        if n.op in ("conv", "depthwise"):
            order = (3, 2, 0, 1) if n.op == "conv" else (2, 3, 0, 1)
            names = [constant(weights[0], n.weights[0].transpose(order)), *map(constant, weights[1:], n.weights[1:])]
            groups = n.shape[2] if n.op == "depthwise" else 1
            return activated(node("Conv", [*inputs, *names], out, group=groups, **window(a)), a.get("activation", "linear"))
        if n.op == "norm":
            return node("BatchNormalization", [*inputs, *map(constant, weights, n.weights)], out, epsilon=EPSILON)
        if n.op == "relu" and a["ceiling"] is not None:
            limits = [constant(f"low{index}", np.float32(0)), constant(f"high{index}", np.float32(a["ceiling"]))]
            return node("Clip", [*inputs, *limits], out)
        if n.op == "pad":
            (top, bottom), (left, right) = a["pads"]
            pads = constant(f"pads{index}", np.array([0, 0, top, left, 0, 0, bottom, right], np.int64))
            return node("Pad", [*inputs, pads], out)
        if n.op == "maxpool":
            return node("MaxPool", inputs, out, **window(a))
        if n.op == "mean":
            return node("Flatten", [node("GlobalAveragePool", inputs, f"{out}_means")], out)
        if n.op == "flatten":  # in the order that the dense layer's weights were made for
            return node("Flatten", [node("Transpose", inputs, f"{out}_last", perm=[0, 2, 3, 1])], out)
        if n.op == "dense":
            return activated(node("Gemm", [*inputs, *map(constant, weights, n.weights)], out), a["activation"])
        return node({"add": "Add", "relu": "Relu"}[n.op], inputs, out)

    names = ["x"]
    for index, n in enumerate(net.nodes[1:], 1):
        names.append(add(index, n, [names[k] for k in n.inputs]))
    node("Identity", [names[-1]], "y")
    h, w, c = net.nodes[0].shape
    graph = helper.make_graph(
        nodes,
        net.name,
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (batch, c, h, w))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (batch, *net.nodes[-1].shape))],
        constants,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    found: bytes = made.SerializeToString()
    return found
