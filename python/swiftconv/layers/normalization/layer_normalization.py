"""`LayerNormalization`."""

from __future__ import annotations

from typing import Any

from swiftconv.layers.normalization._scaling import SCALING_ARGS, ScalingLayer
from swiftconv.utils.registry import builtin


@builtin("keras.layers")
class LayerNormalization(ScalingLayer):
    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        rms_scaling: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            beta_constraint,
            gamma_constraint,
            **kwargs,
        )
        self.rms_scaling = bool(rms_scaling)
        self.axis = [int(a) for a in axis] if isinstance(axis, (list, tuple)) else int(axis)
        if self.axis == []:
            raise ValueError("LayerNormalization: axis: expected at least one axis, received none")

    def _axes(self, input_shape: Any) -> tuple[int, ...]:
        axes = tuple(self._place(a, input_shape) for a in (self.axis if isinstance(self.axis, list) else [self.axis]))
        if len(set(axes)) != len(axes):
            raise ValueError(f"layer {self.name!r}: axis: expected each axis once, received {self.axis}")
        return tuple(sorted(axes))

    def build(self, input_shape: Any) -> None:
        """Makes the weights."""
        axes = self._axes(input_shape)
        scale, center = self.scale or self.rms_scaling, self.center and not self.rms_scaling
        self._add_scaling(tuple(input_shape[a] for a in axes), scale, center)
        self._built_for = (len(input_shape), {a: input_shape[a] for a in axes})

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        self._axes(input_shape)
        return tuple(input_shape)

    def call(self, inputs: Any) -> Any:
        """The normalized input."""
        x = self._floats(inputs)
        rank, sizes = self._built_for
        if len(x.shape) != rank or any(x.shape[a] != n for a, n in sizes.items()):
            raise ValueError(
                f"layer {self.name!r}: expected {rank} dimensions with sizes {sizes} along the normalized axes, "
                f"received shape {tuple(x.shape)}"
            )
        axes = self._axes(x.shape)
        shape = tuple(x.shape[a] if a in axes else 1 for a in range(rank))
        return self._scaled(self._standardized(x, axes, not self.rms_scaling), shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis, "rms_scaling": self.rms_scaling}


LayerNormalization.__doc__ = f"""Brings each example to mean 0 and deviation 1 over some axes (Ba, Kiros and Hinton 2016).

    It looks at no other example, and does the same in training and after it.

    Args:
        axis: an axis, or a list of axes that are normalized together.
{SCALING_ARGS}
        rms_scaling: Keras's older option: `gamma` over the deviation, without taking the mean away and without `beta`.

    Input shape:
        Any.

    Output shape:
        That of the input.

    Raises:
        ValueError: an axis out of range, twice, or of unknown size.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> np.asarray(layers.LayerNormalization(epsilon=0)(np.array([[1, 3]], "float32"))).tolist()
        [[-1.0, 1.0]]
    """
