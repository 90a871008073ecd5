"""`GroupNormalization`."""

from __future__ import annotations

from math import prod
from typing import Any

from swiftconv._core import apply
from swiftconv.layers.input_spec import InputSpec
from swiftconv.layers.normalization._scaling import SCALING_ARGS, ScalingLayer
from swiftconv.utils.registry import builtin


@builtin("keras.layers")
class GroupNormalization(ScalingLayer):
    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
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
        if not isinstance(groups, int) or isinstance(groups, bool) or (groups < 1 and groups != -1):
            raise ValueError(
                f"GroupNormalization: groups: expected an integer > 0, or -1 for one for each channel, received {groups!r}"
            )
        self.groups = groups
        self.axis = int(axis)

    def _check(self, input_shape: Any) -> int:
        axis = self._place(self.axis, input_shape)
        if axis == 0:
            raise ValueError(f"layer {self.name!r}: axis: expected the channels' axis behind the batch, received {self.axis}")
        size = int(input_shape[axis])
        if self.groups != -1 and (self.groups > size or size % self.groups):
            raise ValueError(f"layer {self.name!r}: groups: expected a divisor of {size} channels, received {self.groups}")
        return size

    def build(self, input_shape: Any) -> None:
        """Makes the weights."""
        size = self._check(input_shape)
        self._add_scaling((size,), self.scale, self.center)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        self._check(input_shape)
        return tuple(input_shape)

    def call(self, inputs: Any) -> Any:
        """The normalized input."""
        x = self._floats(inputs)
        rank = len(x.shape)
        axis = self.axis % rank
        order = [i for i in range(rank) if i != axis] + [axis]
        moved = x if axis == rank - 1 else apply("transpose", [x], perm=tuple(order))
        n, *pixels, channels = moved.shape
        groups = channels if self.groups == -1 else self.groups
        grouped = apply("reshape", [moved], shape=(n, prod(pixels), groups, channels // max(groups, 1)))
        y = apply("reshape", [self._standardized(grouped, (1, 3))], shape=tuple(moved.shape))
        y = self._scaled(y, (channels,))
        return y if axis == rank - 1 else apply("transpose", [y], perm=tuple(order.index(i) for i in range(rank)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}


GroupNormalization.__doc__ = f"""Brings each group of channels of each example to mean 0 and deviation 1 (Wu and He 2018).

    It does the same in training and after it, for batches of any size.

    Args:
        groups: into how many groups the channels fall; -1 for one for each channel (instance normalization).
        axis: the channels' axis.
{SCALING_ARGS}

    Input shape:
        `(batch, …, channels)`.

    Output shape:
        That of the input.

    Raises:
        ValueError: an axis out of range or of unknown size, channels that `groups` does not divide.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.GroupNormalization(groups=2)(np.ones((1, 4, 4, 8), "float32")).shape
        (1, 4, 4, 8)
    """
