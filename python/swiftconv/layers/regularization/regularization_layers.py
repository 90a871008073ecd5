"""Layers that act in training only, and penalties on activations."""

from __future__ import annotations

from typing import Any

from swiftconv import ops, random, regularizers
from swiftconv.layers.layer import Layer
from swiftconv.utils.registry import builtin


class _Random(Layer):
    """A layer with a random seed; its output has the shape of its input."""

    def __init__(self, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output: that of the input."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "seed": self.seed}


def _rate(rate: Any, owner: str) -> float:
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
        raise ValueError(f"{owner}: rate: expected a number in [0, 1], received {rate!r}")
    return rate


@builtin("keras.layers")
class Dropout(_Random):
    """In training, sets a fraction of the inputs to zero and scales the others up (Srivastava et al. 2014).

    Args:
        rate: the fraction, in [0, 1].
        noise_shape: sizes of the mask; 1 or None stands for "one draw for the axis" and "as the input".
        seed: an integer, or None.

    Raises:
        ValueError: a rate outside [0, 1].

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.Dropout(0.5)(np.ones((1, 2), "float32"))
        array([[1., 1.]], dtype=float32)
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.rate = _rate(rate, "Dropout")
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The dropout."""
        if not training or self.rate == 0:
            return inputs
        x = self._floats(inputs)
        if self.rate >= 1:
            return ops.zeros_like(x)
        if self.noise_shape is None:
            return random.dropout(x, self.rate, seed=self.seed_generator)
        shape = tuple(n if m is None else m for m, n in zip(self.noise_shape, x.shape, strict=True))
        draws = random.uniform(shape, dtype=self.compute_dtype, seed=self.seed_generator)
        keep = ops.cast(ops.greater_equal(draws, self.rate), self.compute_dtype)
        return x * keep / (1.0 - self.rate)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape}


@builtin("keras.layers")
class SpatialDropout2D(Dropout):
    """Dropout of whole channels (Tompson et al. 2015).

    Args:
        rate: the fraction, in [0, 1].
        data_format: `"channels_last"` or `"channels_first"`.
    """

    def __init__(self, rate: float, data_format: str | None = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(rate, seed=seed, **kwargs)
        from swiftconv._core import image_data_format

        self.data_format = data_format or image_data_format()

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The dropout."""
        self.noise_shape = (None, 1, 1, None) if self.data_format == "channels_last" else (None, None, 1, 1)
        try:
            return super().call(inputs, training)
        finally:
            self.noise_shape = None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["noise_shape"]
        return {**config, "data_format": self.data_format}


@builtin("keras.layers")
class GaussianNoise(_Random):
    """In training, adds normally distributed noise.

    Args:
        stddev: its standard deviation.
    """

    def __init__(self, stddev: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.stddev = _rate(stddev, "GaussianNoise")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The noise."""
        if not training or self.stddev == 0:
            return inputs
        noise = random.normal(tuple(inputs.shape), 0.0, self.stddev, dtype=self.compute_dtype, seed=self.seed_generator)
        return self._floats(inputs) + noise

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "stddev": self.stddev}


@builtin("keras.layers")
class ActivityRegularization(Layer):
    """Passes its input on and adds a penalty on it to the loss.

    Args:
        l1, l2: the factors.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1 = l1
        self.l2 = l2

    def call(self, inputs: Any) -> Any:
        """The input."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output: that of the input."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return {**config, "l1": self.l1, "l2": self.l2}
