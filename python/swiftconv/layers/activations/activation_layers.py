"""Activations as layers."""

from __future__ import annotations

from typing import Any

from swiftconv import activations, constraints, initializers, ops, regularizers
from swiftconv.layers.input_spec import InputSpec
from swiftconv.layers.layer import Layer
from swiftconv.utils.registry import builtin


class _Elementwise(Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output: that of the input."""
        return tuple(input_shape)


def _number(value: Any, name: str, least: float | None = 0.0) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (least is not None and value < least):
        raise ValueError(f"{name}: expected a number{'' if least is None else f' >= {least:g}'}, received {value!r}")
    return float(value)


@builtin("keras.layers")
class Activation(_Elementwise):
    """An activation function as a layer.

    Args:
        activation: name or function.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.Activation("relu")(np.array([-1.0, 2.0], "float32"))
        array([0., 2.], dtype=float32)
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        """The activation."""
        return self.activation(inputs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


@builtin("keras.layers")
class ReLU(_Elementwise):
    """`x` above `threshold`, `negative_slope · (x − threshold)` below, at most `max_value`.

    Args:
        max_value: upper limit, or None.
        negative_slope: slope below the threshold.
        threshold: where the function starts.

    Raises:
        ValueError: a negative argument.
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else _number(max_value, "ReLU: max_value")
        self.negative_slope = _number(negative_slope, "ReLU: negative_slope")
        self.threshold = _number(threshold, "ReLU: threshold")

    def call(self, inputs: Any) -> Any:
        """The activation."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {"max_value": self.max_value, "negative_slope": self.negative_slope, "threshold": self.threshold}
        return {**super().get_config(), **config}


@builtin("keras.layers")
class LeakyReLU(_Elementwise):
    """`x` where positive, else `negative_slope · x`.

    Args:
        negative_slope: the slope (0.3 by default).

    Raises:
        ValueError: no number, or negative.
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        self.negative_slope = _number(negative_slope, "LeakyReLU: negative_slope")

    def call(self, inputs: Any) -> Any:
        """The activation."""
        return activations.leaky_relu(inputs, self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "negative_slope": self.negative_slope}


@builtin("keras.layers")
class ELU(_Elementwise):
    """`x` where positive, else `alpha · (exp(x) − 1)`.

    Args:
        alpha: the factor.
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = _number(alpha, "ELU: alpha", None)

    def call(self, inputs: Any) -> Any:
        """The activation."""
        return activations.elu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "alpha": self.alpha}


@builtin("keras.layers")
class Softmax(_Elementwise):
    """`softmax` along an axis.

    Args:
        axis: an int, or several.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.Softmax()(np.zeros((1, 2), "float32"))
        array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The activation; where `mask` is false the result is zero."""
        if mask is not None:
            inputs = inputs + (1.0 - ops.cast(mask, inputs.dtype)) * -3e38
        return activations.softmax(inputs, self.axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}


@builtin("keras.layers")
class PReLU(_Elementwise):
    """`x` where positive, else a learned slope times `x` (He et al. 2015).

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: names or objects.
        shared_axes: axes along which the slope is one, such as `[1, 2]` for images.
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else list(shared_axes) if shared_axes else None

    def build(self, input_shape: Any) -> None:
        """Makes the slopes."""
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self.add_weight(
            tuple(shape),
            name="alpha",
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        self.input_spec = InputSpec(ndim=len(input_shape))

    def call(self, inputs: Any) -> Any:
        """The activation."""
        return ops.relu(inputs) - self.alpha * ops.relu(ops.negative(inputs))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
