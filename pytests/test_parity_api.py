"""What users call against the stored reference values: `nn` in both layouts, Keras's layers and losses, and whole trainings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from reference import Case, assert_close, load

pytest.importorskip("swiftconv._native")
import swiftconv as sc


def cases(family: str, key: str | None = None) -> list[object]:
    return [pytest.param(case, id=case.id) for case in load(family) if key is None or key in case.fields]


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def tuples(value: Any) -> Any:
    """JSON has lists only; a user writes tuples as often."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value


@pytest.mark.parametrize("case", cases("layout"))
def test_nn_outputs_equal_reference(case: Case) -> None:
    outputs = as_list(getattr(sc.nn, case.op)(*case.inputs, **case.attributes))
    assert len(outputs) >= len(case.outputs)
    for k, (received, expected) in enumerate(zip(outputs, case.outputs, strict=False)):
        assert isinstance(received, np.ndarray), "arrays in, arrays out"
        assert_close(received, expected, f"{case.id} (by {case.source}): output {k}")


@pytest.mark.parametrize("case", [p for p in cases("layout") if p.values[0].input_gradients is not None])
def test_nn_gradients_equal_reference(case: Case) -> None:
    assert case.input_gradients is not None and case.output_gradients is not None
    tensors = [sc.constant(x) for x in case.inputs]
    with sc.GradientTape() as tape:
        for t in tensors:
            tape.watch(t)
        outputs = as_list(getattr(sc.nn, case.op)(*tensors, **case.attributes))
    flowing = [(y, sc.constant(dy)) for y, dy in zip(outputs, case.output_gradients, strict=False) if dy is not None]
    found = tape.gradient([y for y, _ in flowing], tensors, output_gradients=[dy for _, dy in flowing])
    for k, (dx, expected) in enumerate(zip(found, case.input_gradients, strict=True)):
        if expected is not None:
            assert isinstance(dx, sc.Tensor)
            assert_close(dx, expected, f"{case.id} (by {case.source}): gradient of input {k}", factor=4)


@pytest.mark.parametrize("case", cases("layers", "layer"))
def test_layer_equals_keras(case: Case) -> None:
    x, *weights = case.inputs
    layer = getattr(sc.layers, case.fields["layer"])(**{k: tuples(v) for k, v in case.fields["config"].items()})
    layer.build(x.shape)
    layer.set_weights(weights)
    normalizes = case.fields["layer"] == "BatchNormalization"
    keywords = {"training": case.fields["training"]} if normalizes else {}
    assert layer.compute_output_shape(x.shape) == case.outputs[0].shape
    assert_close(layer(x, **keywords), case.outputs[0], f"{case.id}: output", factor=2)
    if case.steps:
        for k, (received, expected) in enumerate(zip(layer.get_weights(), case.steps[0]["weights_after"], strict=True)):
            assert_close(received, expected, f"{case.id}: weight {k} after the call")
    _check_gradients(case, layer, x, weights, keywords)


def _check_gradients(case: Case, layer: Any, x: np.ndarray, weights: list[np.ndarray], keywords: dict[str, Any]) -> None:
    assert case.input_gradients is not None and case.output_gradients is not None
    layer.set_weights(weights)
    t = sc.constant(x)
    with sc.GradientTape() as tape:
        tape.watch(t)
        y = layer(t, **keywords)
    trainable = list(layer.trainable_weights)
    found = tape.gradient(y, [t, *trainable], output_gradients=sc.constant(case.output_gradients[0]))
    expected = {id(w): g for w, g in zip(layer.weights, case.input_gradients[1:], strict=True)}
    for what, dx, value in [("input", found[0], case.input_gradients[0])] + [
        (w.name, g, expected[id(w)]) for w, g in zip(trainable, found[1:], strict=True)
    ]:
        assert value is not None, f"{case.id}: {what} is not trainable in Keras"
        received = np.zeros_like(value) if dx is None else dx
        assert_close(received, value, f"{case.id}: gradient of {what}", factor=8)


@pytest.mark.parametrize("case", cases("layers", "loss"))
def test_loss_equals_keras(case: Case) -> None:
    y_true, y_pred = case.inputs
    loss = getattr(sc.losses, case.fields["loss"])(**case.fields["config"])
    assert_close(np.asarray(loss(y_true, y_pred)), case.outputs[0], f"{case.id}: value")
    t = sc.constant(y_pred)
    with sc.GradientTape() as tape:
        tape.watch(t)
        value = loss(y_true, t)
    assert case.input_gradients is not None and case.input_gradients[1] is not None
    assert_close(tape.gradient(value, t), case.input_gradients[1], f"{case.id}: gradient", factor=4)


@pytest.mark.parametrize("case", cases("training"))
def test_training_equals_keras(case: Case) -> None:
    layers = [getattr(sc.layers, kind)(**{k: tuples(v) for k, v in config.items()}) for kind, config in case.fields["layers"]]
    model = sc.keras.Sequential([sc.keras.Input(tuple(case.fields["input_shape"])), *layers])
    optimizer = getattr(sc.optimizers, case.fields["optimizer"])(**case.fields["options"])
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy")
    model.set_weights(case.inputs)
    for t, step in enumerate(case.steps):
        model.reset_metrics()
        loss = model.train_on_batch(step["x"][0], step["y"][0])
        assert_close(np.float32(loss), step["loss"][0], f"{case.id}: loss of step {t}", factor=10)
    for k, (received, expected) in enumerate(zip(model.get_weights(), case.steps[-1]["weights"], strict=True)):
        assert_close(received, expected, f"{case.id}: weight {k} after {len(case.steps)} steps", factor=30)
    x, y = case.outputs
    assert_close(model.predict(x, verbose=0), y, f"{case.id}: prediction", factor=30)
