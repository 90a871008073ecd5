"""Losses on logits, in TensorFlow's spelling."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv._core import apply, cast, get_op, is_tensor
from swiftconv._core.arguments import axis_of
from swiftconv._core.convert import is_weak, weak_array
from swiftconv._core.operators import binary
from swiftconv.errors import InvalidArgumentError
from swiftconv.nn._layout import op_reshape, rank_of, settled, shape_of


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Any:
    """The cross entropy of the softmax of `logits` with respect to `labels`, row by row.

    Args:
        labels: a distribution over the classes for each row; of the shape of `logits`, or one that broadcasts to it.
        logits: float32 or float64.
        axis: the classes.
        name: accepted for TensorFlow's sake.

    Input shape:
        `[..., classes]`.

    Output shape:
        `[...]`: the shape of `logits` without `axis`.

    Returns:
        A value of the kind of the inputs.

    Raises:
        InvalidArgumentError: shapes that do not fit.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.softmax_cross_entropy_with_logits(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]])).round(4)
        array([0.6931])
    """
    op = "softmax_cross_entropy_with_logits"
    labels, logits = _same_type(labels, logits)
    rank = rank_of(logits)
    if rank == 0:
        raise InvalidArgumentError(f"{op}: logits: expected at least 1 dimension, received shape ()")
    place = axis_of(op, axis, rank)
    if rank_of(labels) == rank and shape_of(labels) != shape_of(logits):
        labels, logits = _broadcast(op, labels, logits)
    if rank_of(labels) != rank or (None not in (*shape_of(labels), *shape_of(logits)) and shape_of(labels) != shape_of(logits)):
        raise InvalidArgumentError(
            f"{op}: labels: expected the shape of logits {shape_of(logits)}, received shape {shape_of(labels)}"
        )
    if place != rank - 1:
        perm = (*(i for i in range(rank) if i != place), place)
        labels, logits = apply("transpose", [labels], perm=perm), apply("transpose", [logits], perm=perm)
    shape = shape_of(logits)
    flat = (-1, shape[-1]) if shape[-1] != 0 else (_product(shape[:-1]), 0)
    loss = get_op("softmax_cross_entropy").apply(op_reshape(logits, flat), op_reshape(labels, flat))[0]
    return op_reshape(loss, shape[:-1])


def _product(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _same_type(labels: Any, logits: Any) -> tuple[Any, Any]:
    """Both as values with a shape; lists and whole numbers among the labels take the type of the logits."""
    logits = settled(logits)
    if not is_tensor(labels) and not isinstance(labels, np.ndarray):
        labels = weak_array(labels, str(logits.dtype)) if is_weak(labels) else settled(labels)
    if str(labels.dtype) not in ("float32", "float64") and str(logits.dtype) in ("float32", "float64"):
        labels = cast(labels, str(logits.dtype))
    return labels, logits


def _broadcast(op: str, labels: Any, logits: Any) -> tuple[Any, Any]:
    a, b = shape_of(labels), shape_of(logits)
    if any(m is not None and n is not None and m != n and 1 not in (m, n) for m, n in zip(a, b, strict=True)):
        raise InvalidArgumentError(f"{op}: labels: expected a shape that broadcasts to that of logits {b}, received shape {a}")
    if None in (*a, *b):
        return labels, logits
    wanted = np.broadcast_shapes(a, b)
    return tuple(x if shape_of(x) == wanted else apply("broadcast_to", [x], shape=wanted) for x in (labels, logits))


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """The cross entropy of the softmax of `logits` with respect to classes given by number.

    Args:
        labels: integers from 0 to classes - 1.
        logits: float32 or float64.
        name: accepted for TensorFlow's sake.

    Input shape:
        labels `[...]`, logits `[..., classes]`.

    Output shape:
        `[...]`.

    Returns:
        A value of the kind of the inputs.

    Raises:
        InvalidArgumentError: shapes that do not fit (one-hot labels, for instance), or a label out of range.
        TypeError: labels that are not integers.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.sparse_softmax_cross_entropy_with_logits(np.array([1]), np.array([[0.0, 0.0]])).round(4)
        array([0.6931])
    """
    op = "sparse_softmax_cross_entropy_with_logits"
    labels, logits = settled(labels), settled(logits)
    shape = shape_of(logits)
    if not shape:
        raise InvalidArgumentError(f"{op}: logits: expected at least 1 dimension, received shape ()")
    given = shape_of(labels)
    if len(given) != len(shape) - 1 or any(
        a is not None and b is not None and a != b for a, b in zip(given, shape[:-1], strict=True)
    ):
        hint = "; one-hot labels belong to softmax_cross_entropy_with_logits" if given == shape else ""
        raise InvalidArgumentError(f"{op}: labels: expected shape {shape[:-1]} for logits {shape}, received shape {given}{hint}")
    if np.dtype(str(labels.dtype)).kind not in "iu":
        raise TypeError(f"{op}: labels: expected integers, received {labels.dtype}")
    rows = -1 if shape[-1] != 0 else _product(shape[:-1])
    flat = op_reshape(logits, (rows, shape[-1]))
    loss = get_op("sparse_softmax_cross_entropy").apply(flat, op_reshape(labels, (-1,)))[0]
    return op_reshape(loss, shape[:-1])


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Any:
    """max(x, 0) - x · z + log(1 + exp(-|x|)) of logits x and labels z, element by element.

    Args:
        labels: from 0 to 1, of the shape of `logits`.
        logits: float32 or float64.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of the kind and shape of the inputs.

    Raises:
        ValueError: one of them is missing.
        InvalidArgumentError: the shapes differ.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.sigmoid_cross_entropy_with_logits(np.array([1.0]), np.array([0.0])).round(4)
        array([0.6931])
    """
    op = "sigmoid_cross_entropy_with_logits"
    if labels is None or logits is None:
        raise ValueError(f"{op}: labels, logits: expected both, received {'labels' if labels is None else 'logits'}=None")
    labels, logits = _same_type(labels, logits)
    a, b = shape_of(labels), shape_of(logits)
    if len(a) != len(b) or any(m is not None and n is not None and m != n for m, n in zip(a, b, strict=True)):
        raise InvalidArgumentError(f"{op}: labels: expected the shape of logits {b}, received shape {a}")
    return get_op("sigmoid_cross_entropy").apply(logits, labels)


def weighted_cross_entropy_with_logits(labels: Any, logits: Any, pos_weight: Any, name: str | None = None) -> Any:
    """`sigmoid_cross_entropy_with_logits` with the positive labels weighed by `pos_weight`."""
    labels, logits = _same_type(labels, logits)
    weight = binary("add", binary("multiply", labels, binary("subtract", pos_weight, 1.0)), 1.0)
    soft = apply("softplus", [apply("negative", [logits])])
    return binary("add", binary("multiply", binary("subtract", 1.0, labels), logits), binary("multiply", weight, soft))
