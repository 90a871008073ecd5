"""The table of `model.summary()`."""

from __future__ import annotations

import math
import shutil
from typing import Any

import numpy as np

from swiftconv.layers.core.input_layer import InputLayer


def _elements(shape: Any) -> int:
    return math.prod(n or 1 for n in shape[1:]) if shape else 1


def layer_flops(layer: Any, input_shape: Any, output_shape: Any) -> int:
    """Floating-point operations of a layer for one sample: a multiplication and an addition are two."""
    if input_shape is None or output_shape is None:
        return 0
    functional = getattr(layer, "_functional", None)
    if functional is not None:
        return model_flops(layer)
    single = isinstance(output_shape, tuple)
    out = _elements(output_shape) if single else 0
    name = type(layer).__name__
    total = 0
    for attribute in ("kernel", "depthwise_kernel", "pointwise_kernel"):
        kernel = getattr(layer, attribute, None)
        if kernel is None or not hasattr(kernel, "shape"):
            continue
        weights = math.prod(kernel.shape)
        if name == "Conv2DTranspose":
            positions = _elements(input_shape) // max(1, kernel.shape[-1])
        elif attribute == "kernel" and name == "DepthwiseConv2D":
            positions = out // max(1, kernel.shape[-1] * kernel.shape[-2])
        elif attribute == "depthwise_kernel":
            positions = out // max(1, layer.filters)
        else:
            positions = out // max(1, kernel.shape[-1])
        total += 2 * weights * positions
    if getattr(layer, "bias", None) is not None:
        total += out
    if name in ("BatchNormalization",):
        total += 2 * out
    elif "Pooling2D" in name:
        window = getattr(layer, "pool_size", None)
        total += out * (math.prod(window) if window else 1) if window else _elements(input_shape)
    elif name in ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax", "PReLU", "Add", "Multiply", "Subtract", "Average"):
        total += out
    activation = getattr(layer, "activation", None)
    if name not in ("Activation",) and activation is not None and getattr(activation, "__name__", "") != "linear":
        total += out
    return total


def _shapes(layer: Any, nodes: list[Any]) -> tuple[Any, Any]:
    for node in nodes:
        if node.operation is layer:
            outputs = [tuple(t.shape) for t in node.outputs]
            inputs = [tuple(t.shape) for t in node.inputs]
            return (inputs[0] if inputs else None), (outputs[0] if len(outputs) == 1 else outputs)
    if isinstance(layer, InputLayer):
        return None, tuple(layer.batch_shape)
    return None, None


def _nodes(model: Any) -> list[Any]:
    functional = getattr(model, "_functional", None)
    return [] if functional is None else list(functional._graph.order)


def model_flops(model: Any) -> int:
    """Floating-point operations of a model for one sample (0 where its graph is not known)."""
    return sum(layer_flops(node.operation, *(_shapes(node.operation, [node]))) for node in _nodes(model))


def _count(value: int) -> str:
    return f"{value:,}"


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024 or unit == "GB":
            return f"{count:.2f} {unit}"
        count /= 1024
    return ""


def _bytes(variables: Any) -> int:
    return sum(int(np.prod(v.shape)) * np.dtype(str(v.dtype)).itemsize for v in variables)


def _amount(variables: Any) -> int:
    return sum(int(np.prod(v.shape)) for v in variables)


def _rows(model: Any, expand: bool, show_trainable: bool, indent: str = "") -> list[list[str]]:
    nodes = _nodes(model)
    rows = []
    for layer in model.layers:
        input_shape, output_shape = _shapes(layer, nodes)
        shape = "?" if output_shape is None else str(output_shape)
        params = _count(layer.count_params()) if layer.built else "0 (unbuilt)"
        flops = layer_flops(layer, input_shape, output_shape) if layer.built else 0
        row = [f"{indent}{layer.name} ({type(layer).__name__})", shape, params, _count(flops) if output_shape else "?"]
        if show_trainable:
            row.append("-" if not layer.weights else "Y" if layer.trainable else "N")
        rows.append(row)
        if expand and hasattr(layer, "layers"):
            rows.extend(_rows(layer, expand, show_trainable, indent + "  "))
    return rows


def print_summary(
    model: Any, line_length: int | None, print_fn: Any, expand_nested: bool, show_trainable: bool, layer_range: Any
) -> None:
    """Prints the table (see `Model.summary`)."""
    rows = _rows(model, expand_nested, show_trainable)
    if layer_range is not None:
        names = [row[0].strip().split(" ")[0] for row in rows]
        first, last = layer_range
        if first not in names or last not in names:
            raise ValueError(f"summary: layer_range: expected names among {names}, received {layer_range}")
        rows = rows[names.index(first) : names.index(last) + 1]
    head = ["Layer (type)", "Output shape", "Param #", "FLOPs"] + (["Trainable"] if show_trainable else [])
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    limit = line_length or max(60, shutil.get_terminal_size((100, 24)).columns)
    surplus = sum(widths) + 3 * len(widths) + 1 - limit
    if surplus > 0:
        widths[0] = max(16, widths[0] - surplus)

    def line(cells: list[str]) -> str:
        fields = []
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            text = cell if len(cell) <= width else cell[: width - 1] + "…"
            fields.append(text.rjust(width) if i in (2, 3) else text.ljust(width))
        return "│ " + " │ ".join(fields) + " │"

    def rule(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (width + 2) for width in widths) + right

    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    total = [*trainable, *frozen]
    lines = [f'Model: "{model.name}"', rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤")]
    lines += [line(row) for row in rows]
    lines.append(rule("└", "┴", "┘"))
    if model.built:
        lines.append(f"Total params: {_count(_amount(total))} ({_size(_bytes(total))})")
        lines.append(f"Trainable params: {_count(_amount(trainable))} ({_size(_bytes(trainable))})")
        lines.append(f"Non-trainable params: {_count(_amount(frozen))} ({_size(_bytes(frozen))})")
        if _nodes(model):
            lines.append(f"FLOPs per sample: {_count(model_flops(model))}")
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None and optimizer.built:
            lines.append(f"Optimizer params: {_count(_amount(optimizer.variables))} ({_size(_bytes(optimizer.variables))})")
    else:
        lines.append("Not built yet: parameters and shapes are known after the first call or build(input_shape).")
    if print_fn is None:
        print("\n".join(lines))
    else:
        for one in lines:
            print_fn(one)
