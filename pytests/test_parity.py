"""Every op of the engine against the stored reference values: outputs, and gradients through the graph's autodiff."""

from __future__ import annotations

import numpy as np
import pytest
from reference import Case, assert_close, load

_native = pytest.importorskip("swiftconv._native")

ENGINE = ("convolution", "dense", "pooling", "normalization", "elementwise", "reduction", "movement", "loss")


def cases(*families: str) -> list[object]:
    return [pytest.param(case, id=case.id) for family in families for case in load(family)]


def as_tuple(value: object) -> tuple[np.ndarray, ...]:
    return value if isinstance(value, tuple) else (value,)  # type: ignore[return-value]


@pytest.mark.parametrize("case", cases(*ENGINE))
def test_outputs_equal_reference(case: Case) -> None:
    op = _native.Op(case.op, case.attributes)
    specs = [(str(x.dtype), x.shape) for x in case.inputs]
    inferred = op.infer(specs)
    assert [(str(d), tuple(s)) for d, s in inferred] == [(str(y.dtype), y.shape) for y in case.outputs]
    outputs = as_tuple(op(*case.inputs))
    assert len(outputs) == len(case.outputs)
    for k, (received, expected) in enumerate(zip(outputs, case.outputs, strict=True)):
        assert_close(received, expected, f"{case.id} (by {case.source}): output {k}")


@pytest.mark.parametrize("case", [p for p in cases(*ENGINE) if p.values[0].input_gradients is not None])
def test_gradients_equal_reference(case: Case) -> None:
    assert case.input_gradients is not None and case.output_gradients is not None
    graph = _native.Graph()
    inputs = [graph.placeholder(str(x.dtype), x.shape) for x in case.inputs]
    outputs = graph.apply(_native.Op(case.op, case.attributes), inputs)
    flowing = [(y, dy) for y, dy in zip(outputs, case.output_gradients, strict=True) if dy is not None]
    seeds = [graph.placeholder(str(dy.dtype), dy.shape) for _, dy in flowing]
    wanted = [k for k, dx in enumerate(case.input_gradients) if dx is not None]
    found = graph.gradient([y for y, _ in flowing], seeds, [inputs[k] for k in wanted])
    flat = {k: i for k, i in zip(wanted, found, strict=True) if i is not None}
    values = as_tuple(
        _native.Executable(graph, inputs + seeds, list(flat.values())).run(*case.inputs, *[dy for _, dy in flowing])
    )
    received = dict(zip(flat, values, strict=True))
    for k in wanted:
        expected = case.input_gradients[k]
        dx = received.get(k)
        if dx is None:  # no gradient flows: a zero gradient is the same
            dx = np.zeros(case.inputs[k].shape, case.inputs[k].dtype)
        assert_close(dx, expected, f"{case.id} (by {case.source}): gradient of input {k}", factor=4)


@pytest.mark.parametrize("case", cases("optimizer"))
def test_updates_equal_reference(case: Case) -> None:
    dtype = case.fields["dtype"]
    op = _native.Op(case.op, case.attributes)
    state = [x.copy() for x in case.inputs]
    rate = np.asarray(case.fields["learning_rate"], dtype)
    for t, step in enumerate(case.steps, 1):
        more = [np.asarray(t, np.int64)] if case.op == "adam_update" else []
        state = list(as_tuple(op(*state, step["gradient"][0], rate, *more)))
        for k, (received, expected) in enumerate(zip(state, step["state"], strict=True)):
            # Keras rounds its constants to float32 on the way even when it computes in float64
            assert_close(received, expected, f"{case.id}: state {k} after step {t}", factor=1e4 if dtype == "float64" else 4)
