"""Makes one case: runs TensorFlow and, where there is one, the plain reference; compares; stores."""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from .writer import Family, close, draw, generator

Arrays = Sequence[Any]
refused: collections.Counter[str] = collections.Counter()  # what TensorFlow would not do, for the report at the end
disagreed: list[str] = []


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def record(
    family: Family,
    name: str,
    op: str,
    inputs: Arrays,
    attributes: dict[str, Any] | None = None,
    tensorflow: Callable[..., Any] | None = None,
    plain: Callable[..., Any] | None = None,
    plain_gradients: Callable[..., Any] | None = None,
    gradients: bool | Sequence[bool] = True,
    flowing: Sequence[bool] | None = None,
    trust: str = "tensorflow",
    seed: str | None = None,
    **more: Any,
) -> None:
    """Stores the case `name` of `op`.

    Args:
        tensorflow: from tensors to the output or outputs.
        plain: from arrays to the output or outputs, in float64.
        plain_gradients: from (*arrays, *output gradients) to the gradients of the inputs (None: none is checked).
        gradients: whether to store gradients, or for which inputs.
        flowing: the outputs through which a gradient flows (all floating ones unless said).
        trust: "numpy" where TensorFlow is known to be wrong.
        seed: names the random numbers of the output gradients (the case's name unless said).
        more: further fields of the case.
    """
    inputs = [np.asarray(x) for x in inputs]
    wanted = [bool(gradients) and x.dtype.kind == "f" for x in inputs] if isinstance(gradients, bool) else list(gradients)
    outputs, source = _forward(name, inputs, tensorflow, plain, trust)
    fields: dict[str, Any] = {"inputs": inputs, "outputs": outputs, "source": source}
    if any(wanted) and any(o.dtype.kind == "f" for o in outputs):
        random = generator(f"{seed or name} gradient")
        flows = flowing or [o.dtype.kind == "f" for o in outputs]
        dys = [draw(random, o.shape, str(o.dtype)) if flow else None for o, flow in zip(outputs, flows, strict=True)]
        found, gradient_source = _gradients(name, inputs, dys, wanted, tensorflow, plain_gradients, trust)
        fields |= {"output_gradients": dys, "input_gradients": found, "gradient_source": gradient_source}
    family.add(name, op=op, attributes=attributes or {}, **fields, **more)


def _forward(name: str, inputs: list[np.ndarray], tensorflow: Any, plain: Any, trust: str) -> tuple[list[np.ndarray], str]:
    expected = None
    if plain is not None:
        kinds = next((x.dtype for x in inputs if x.dtype.kind == "f"), inputs[0].dtype)
        expected = [np.asarray(o) for o in as_list(plain(*inputs))]
        expected = [o.astype(kinds) if o.dtype == np.float64 else o for o in expected]
    if tensorflow is not None and trust == "tensorflow":
        try:
            outputs = [o.numpy() for o in as_list(tensorflow(*map(tf.constant, inputs)))]
        except Exception as error:
            if expected is None:
                raise
            refused[f"{type(error).__name__}: {name.split('/', maxsplit=1)[0]}"] += 1
        else:
            if expected is None or all(map(close, outputs, expected)):
                return outputs, "tensorflow"
            disagreed.append(f"{name}: forward")
    assert expected is not None, name
    return expected, "numpy"


def _gradients(
    name: str, inputs: list[np.ndarray], dys: list[Any], wanted: list[bool], tensorflow: Any, plain: Any, trust: str
) -> tuple[list[Any], str]:
    expected = None
    if plain is not None:
        expected = [
            np.asarray(g).astype(x.dtype) if w and g is not None else None
            for g, x, w in zip(as_list(plain(*inputs, *[d for d in dys if d is not None])), inputs, wanted, strict=True)
        ]
    if tensorflow is not None and trust == "tensorflow":
        try:
            found = _tape(inputs, dys, wanted, tensorflow)
        except Exception as error:
            if expected is None:
                raise
            refused[f"{type(error).__name__}: gradient of {name.split('/', maxsplit=1)[0]}"] += 1
        else:
            if expected is None or all(
                e is None or (f is not None and close(f, e)) for e, f in zip(expected, found, strict=True)
            ):
                return found, "tensorflow"
            disagreed.append(f"{name}: gradient")
    assert expected is not None, name
    return expected, "numpy"


def _tape(inputs: list[np.ndarray], dys: list[Any], wanted: list[bool], tensorflow: Any) -> list[Any]:
    tensors = [tf.constant(x) for x in inputs]
    with tf.GradientTape() as tape:
        for tensor, watch in zip(tensors, wanted, strict=True):
            if watch:
                tape.watch(tensor)
        outputs = as_list(tensorflow(*tensors))
    targets = [(o, d) for o, d in zip(outputs, dys, strict=True) if d is not None]
    found = tape.gradient(
        [t for t, _ in targets],
        [t for t, w in zip(tensors, wanted, strict=True) if w],
        output_gradients=[tf.constant(d) for _, d in targets],
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    values = iter(tf.convert_to_tensor(g).numpy() for g in found)
    return [next(values) if w else None for w in wanted]
