"""Activations in TensorFlow's spelling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from swiftconv._core import apply, get_op
from swiftconv._core.arguments import axis_of
from swiftconv._core.operators import binary
from swiftconv.nn._layout import rank_of, settled


def _unary(name: str, text: str, argument: str = "features") -> Callable[..., Any]:
    op = name
    if argument == "x":

        def function_x(x: Any, name: str | None = None) -> Any:
            return get_op(op).apply(x)

        function: Callable[..., Any] = function_x
    else:

        def function_features(features: Any, name: str | None = None) -> Any:
            return get_op(op).apply(features)

        function = function_features
    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{text}\n\nArgs:\n    {argument}: float32 or float64 of any shape.\n    name: accepted for TensorFlow's sake.\n\n"
        f"Returns:\n    A value of the kind and shape of `{argument}`.\n\nRaises:\n    TypeError: another element type.\n"
    )
    return function


relu = _unary("relu", "max(x, 0); NaN stays NaN.")
relu6 = _unary("relu6", "min(max(x, 0), 6).")
elu = _unary("elu", "x above 0, exp(x) - 1 below.")
selu = _unary("selu", "The scaled exponential linear unit (Klambauer et al., 2017).")
softplus = _unary("softplus", "log(exp(x) + 1).")
softsign = _unary("softsign", "x / (abs(x) + 1).")
sigmoid = _unary("sigmoid", "1 / (1 + exp(-x)).", "x")
tanh = _unary("tanh", "The hyperbolic tangent.", "x")


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Any:
    """x above 0, alpha · x below.

    Args:
        features: float32 or float64 of any shape.
        alpha: the slope below 0.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of the kind and shape of `features`.

    Raises:
        TypeError: another element type.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.leaky_relu(np.array([-1.0, 2.0]), alpha=0.5)
        array([-0.5,  2. ])
    """
    return get_op("leaky_relu", {"alpha": float(alpha)}).apply(features)


def gelu(features: Any, approximate: bool = False, name: str | None = None) -> Any:
    """x · Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel, 2016).

    Args:
        features: float32 or float64 of any shape.
        approximate: whether to use the tanh approximation.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of the kind and shape of `features`.

    Raises:
        TypeError: another element type.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> float(nn.gelu(np.array([0.0]))[0])
        0.0
    """
    return get_op("gelu", {"approximate": int(bool(approximate))}).apply(features)


def silu(features: Any, beta: float = 1.0) -> Any:
    """x · sigmoid(beta · x).

    Args:
        features: float32 or float64 of any shape.
        beta: the steepness.

    Returns:
        A value of the kind and shape of `features`.

    Raises:
        TypeError: another element type.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.silu(np.array([0.0])).item()
        0.0
    """
    if beta == 1:
        return get_op("silu").apply(features)
    return binary("multiply", features, apply("sigmoid", [binary("multiply", features, beta)]))


swish = silu


def crelu(features: Any, axis: int = -1, name: str | None = None) -> Any:
    """relu(x) and relu(-x), one after the other along `axis`."""
    x = settled(features)
    return apply("relu", [apply("concat", [x, apply("negative", [x])], axis=axis_of("crelu", axis, rank_of(x)))])


def _along(op: str, logits: Any, axis: Any) -> Any:
    if axis is None or axis == -1:
        return get_op(op).apply(logits)
    x = settled(logits)
    rank = rank_of(x)
    place = axis_of(op, axis, rank)
    if place == rank - 1:
        return get_op(op).apply(x)
    perm = tuple(rank - 1 if i == place else place if i == rank - 1 else i for i in range(rank))
    return apply("transpose", [apply(op, [apply("transpose", [x], perm=perm)])], perm=perm)


def softmax(logits: Any, axis: Any = None, name: str | None = None) -> Any:
    """exp(x) over its sum along `axis`.

    Args:
        logits: float32 or float64.
        axis: the last one by default.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of the kind and shape of `logits`.

    Raises:
        InvalidArgumentError: there is no such axis.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.softmax(np.zeros((1, 4)))
        array([[0.25, 0.25, 0.25, 0.25]])
    """
    return _along("softmax", logits, axis)


def log_softmax(logits: Any, axis: Any = None, name: str | None = None) -> Any:
    """x minus the logarithm of the sum of exp(x) along `axis`.

    Args:
        logits: float32 or float64.
        axis: the last one by default.
        name: accepted for TensorFlow's sake.

    Returns:
        A value of the kind and shape of `logits`.

    Raises:
        InvalidArgumentError: there is no such axis.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> bool(np.allclose(nn.log_softmax(np.zeros((1, 2))), np.log(0.5)))
        True
    """
    return _along("log_softmax", logits, axis)
