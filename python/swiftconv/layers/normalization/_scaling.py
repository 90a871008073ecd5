"""The factor and the offset that end a normalization."""

from __future__ import annotations

from typing import Any

from swiftconv import constraints, initializers, ops, regularizers
from swiftconv._core import apply
from swiftconv.layers.layer import Layer

SCALING_ARGS = """        epsilon: added to the variance.
        center, scale: whether there are an offset `beta` and a factor `gamma`.
        beta_…, gamma_…: names or objects."""


def _as(weight: Any, shape: tuple[int, ...]) -> Any:
    """A weight in `shape`, in which ones in front may be missing; as it is where that is its own."""
    while len(shape) > 1 and shape[0] == 1:
        shape = shape[1:]
    return weight if tuple(weight.shape) == shape else apply("reshape", [weight], shape=shape)


class ScalingLayer(Layer):
    """A normalization without states, then times `gamma` plus `beta`."""

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True
        self.gamma: Any = None
        self.beta: Any = None

    def _place(self, axis: int, input_shape: Any) -> int:
        """`axis` from the front, of a known size."""
        rank = len(input_shape)
        if not -rank <= axis < rank:
            raise ValueError(f"layer {self.name!r}: axis={axis} is out of range for input shape {tuple(input_shape)}")
        if input_shape[axis] is None:
            raise ValueError(f"layer {self.name!r}: axis={axis}: expected a known size, received {tuple(input_shape)}")
        return axis % rank

    def _add_scaling(self, shape: tuple[int, ...], scale: bool, center: bool) -> None:
        if scale:
            self.gamma = self.add_weight(
                shape,
                name="gamma",
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if center:
            self.beta = self.add_weight(
                shape,
                name="beta",
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )

    def _standardized(self, x: Any, axes: tuple[int, ...], centered: bool = True) -> Any:
        """`x` with mean 0 (unless it is to keep its own) and variance 1 over `axes`."""
        distance = x - apply("reduce_mean", [x], axes=axes, keepdims=1)
        variance = apply("reduce_mean", [ops.square(distance)], axes=axes, keepdims=1)
        return (distance if centered else x) * ops.rsqrt(variance + float(self.epsilon))

    def _scaled(self, x: Any, shape: tuple[int, ...]) -> Any:
        """`x` times gamma plus beta, both in a shape that broadcasts."""
        if self.gamma is not None:
            x = x * _as(self.gamma, shape)
        if self.beta is not None:
            x = x + _as(self.beta, shape)
        return x

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
