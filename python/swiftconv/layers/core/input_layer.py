"""`Input` and `InputLayer`: where a functional model begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv._core import KerasTensor, standardize_dtype
from swiftconv.layers._node import Node
from swiftconv.layers.layer import Layer
from swiftconv.utils.registry import builtin


@builtin("keras.layers")
class InputLayer(Layer):
    """The layer that stands for an input.

    Args:
        shape: sizes without the batch.
        batch_size: size of the batch, or None.
        dtype: element type.
        batch_shape: sizes with the batch, instead of `shape` and `batch_size`.
        input_tensor: an existing `KerasTensor`.
        optional: whether None may be passed.
        name: of the input.

    Raises:
        ValueError: no shape, or two.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: Any = None,
        ragged: Any = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if "input_shape" in kwargs:
            shape = kwargs.pop("input_shape")
        if "batch_input_shape" in kwargs:
            batch_shape = kwargs.pop("batch_input_shape")
        super().__init__(name=name)
        if sparse or ragged:
            raise ValueError("InputLayer: sparse, ragged: expected False, received True")
        if kwargs:
            raise ValueError(f"InputLayer: unknown keyword arguments {sorted(kwargs)}")
        if shape is not None and batch_shape is not None:
            raise ValueError(f"InputLayer: expected shape or batch_shape, received both: {shape} and {batch_shape}")
        if input_tensor is not None:
            batch_shape, dtype = tuple(input_tensor.shape), dtype or input_tensor.dtype
        elif batch_shape is None:
            if shape is None:
                raise ValueError("InputLayer: shape: expected the sizes without the batch, received None")
            batch_shape = (batch_size, *_sizes(shape))
        self._batch_shape = _sizes(batch_shape)
        self._input_type = str(standardize_dtype(dtype).name)
        self.optional = optional
        self.sparse = False
        self.ragged = False
        output = input_tensor
        if output is None:
            output = KerasTensor(self._batch_shape, dtype=self._input_type, name=name or self.name)
        self.built = True
        Node(self, outputs=output)

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """The sizes with the batch."""
        return self._batch_shape

    @property
    def dtype(self) -> str:
        """The element type of the input."""
        return self._input_type

    def call(self, *args: Any) -> Any:
        """An input has nothing to compute."""
        return args[0] if args else None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "batch_shape": self._batch_shape,
            "dtype": self._input_type,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputLayer:
        """An input from its configuration."""
        config = dict(config)
        if isinstance(config.get("batch_shape"), list):
            config["batch_shape"] = tuple(config["batch_shape"])
        if isinstance(config.get("dtype"), dict):
            config["dtype"] = config["dtype"].get("config", {}).get("name")
        return cls(**config)


def _sizes(shape: Any) -> tuple[int | None, ...]:
    shape = (shape,) if isinstance(shape, int) else shape
    try:
        shape = tuple(shape)
    except TypeError:
        raise ValueError(f"Input: shape: expected a tuple of sizes, received {shape!r}") from None
    if any(n is not None and (not isinstance(n, (int, np.integer)) or n < 0) for n in shape):
        raise ValueError(f"Input: shape: expected sizes >= 0 or None, received {shape}")
    return tuple(None if n is None else int(n) for n in shape)


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: Any = None,
    ragged: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> Any:
    """A symbolic input of a functional model.

    Args:
        shape: sizes without the batch.
        batch_size: size of the batch, or None.
        dtype: element type, `floatx()` by default.
        batch_shape: sizes with the batch, instead.
        name: of the input.
        tensor: an existing `KerasTensor`.
        optional: whether None may be passed.

    Returns:
        A `KerasTensor`.

    Example:
        >>> from swiftconv import Input
        >>> Input((28, 28, 1)).shape
        (None, 28, 28, 1)
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
    )
    return layer.output
