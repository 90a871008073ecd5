"""`Dense`, `Identity`, `Lambda`."""

from __future__ import annotations

from typing import Any, Self

from swiftconv import activations, constraints, initializers, regularizers
from swiftconv._core import apply
from swiftconv.layers.input_spec import InputSpec
from swiftconv.layers.layer import Layer
from swiftconv.utils.registry import builtin


@builtin("keras.layers")
class Dense(Layer):
    """`activation(inputs · kernel + bias)`.

    Args:
        units: size of the output's last axis.
        activation: name or function.
        use_bias: whether a bias is added.
        kernel_…, bias_…, activity_regularizer: names or objects.

    Input shape:
        `(batch, …, size)`.

    Output shape:
        `(batch, …, units)`.

    Raises:
        ValueError: `units` not positive, an input of unknown or other size.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.Dense(3)(np.ones((2, 4), "float32")).shape
        (2, 3)
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if not isinstance(units, int) or isinstance(units, bool) or units <= 0:
            raise ValueError(f"Dense: units: expected an integer > 0, received {units!r}")
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True
        self.kernel: Any = None
        self.bias: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias."""
        size = input_shape[-1]
        if size is None:
            raise ValueError(
                f"layer {self.name!r}: the last axis of the input must be known, received shape {tuple(input_shape)}"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(size, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})

    def call(self, inputs: Any, training: Any = None) -> Any:
        """The product."""
        x = self._floats(inputs)
        y = apply("matmul", [x, self.kernel] + ([] if self.bias is None else [self.bias]))
        return y if self.activation is activations.linear else self.activation(y)

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return {
            **config,
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


@builtin("keras.layers")
class Identity(Layer):
    """Passes its input on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The input."""
        return inputs


class Lambda(Layer):
    """A function as a layer. It can be saved only where the function is registered by name: files hold no code.

    Args:
        function: takes the inputs, returns the outputs; made of ops.
        output_shape: the output's shape without the batch, or a function of the input's; found out by itself otherwise.
        arguments: keywords for the function.
    """

    def __init__(self, function: Any, output_shape: Any = None, mask: Any = None, arguments: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise ValueError(f"Lambda: function: expected a callable, received {function!r}")
        self.function = function
        self.arguments = dict(arguments or {})
        self._output_shape = output_shape

    def call(self, inputs: Any) -> Any:
        """The function's result."""
        return self.function(inputs, **self.arguments)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments.

        Raises:
            ValueError: a function without a registered name.
        """
        from swiftconv.utils import registry

        if not registry.is_registered(self.function):
            raise ValueError(
                f"layer {self.name!r}: a Lambda can be saved only with a function that register_keras_serializable named"
            )
        return {
            **super().get_config(),
            "function": registry.get_registered_name(self.function),
            "arguments": self.arguments,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer from its configuration.

        Raises:
            ValueError: the config holds code.
        """
        from swiftconv.utils import registry

        function = config.get("function")
        if isinstance(function, str):
            function = registry.get_registered_object(function)
        if not callable(function):
            raise ValueError("Lambda: the file holds Python code, which is never run: register the function by name instead")
        return super().from_config({**config, "function": function})


builtin("keras.layers")(Lambda)
