"""Initializers that draw from a distribution (Glorot and Bengio 2010, He et al. 2015, LeCun et al. 1998, Saxe et al. 2014)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from swiftconv import random
from swiftconv._core import convert_to_tensor, standardize_dtype
from swiftconv.initializers.initializer import RandomInitializer
from swiftconv.utils.registry import builtin

#: Standard deviation of the unit normal distribution cut off at two deviations.
_TRUNCATED_STDDEV = 0.87962566103423978


@builtin("keras.initializers", "random_normal", "normal")
class RandomNormal(RandomInitializer):
    """Normally distributed.

    Args:
        mean, stddev: of the distribution.
        seed: an integer, or None for another one each time.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the content."""
        return random.normal(tuple(shape), self.mean, self.stddev, dtype=standardize_dtype(dtype), seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


@builtin("keras.initializers", "truncated_normal")
class TruncatedNormal(RandomNormal):
    """Normally distributed, draws beyond two standard deviations repeated."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the content."""
        dtype = standardize_dtype(dtype)
        return random.truncated_normal(tuple(shape), self.mean, self.stddev, dtype=dtype, seed=self.seed)


@builtin("keras.initializers", "random_uniform", "uniform")
class RandomUniform(RandomInitializer):
    """Uniformly distributed.

    Args:
        minval, maxval: of the interval.
        seed: an integer, or None for another one each time.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the content."""
        dtype = standardize_dtype(dtype)
        return random.uniform(tuple(shape), self.minval, self.maxval, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}


def compute_fans(shape: Any) -> tuple[int, int]:
    """Inputs and outputs of a unit that has weights of this shape; leading axes are the receptive field."""
    shape = tuple(shape)
    if len(shape) < 1:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return int(shape[-2] * field), int(shape[-1] * field)


@builtin("keras.initializers")
class VarianceScaling(RandomInitializer):
    """Draws whose variance is `scale` over the number of inputs and / or outputs.

    Args:
        scale: the factor, positive.
        mode: `"fan_in"`, `"fan_out"` or `"fan_avg"`.
        distribution: `"truncated_normal"`, `"untruncated_normal"` or `"uniform"`.
        seed: an integer, or None for another one each time.

    Raises:
        ValueError: another word, or a scale that is not positive.
    """

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: Any = None
    ) -> None:
        super().__init__(seed)
        name = type(self).__name__
        if scale <= 0.0:
            raise ValueError(f"{name}: scale: expected a positive number, received {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"{name}: mode: expected 'fan_in', 'fan_out' or 'fan_avg', received {mode!r}")
        distribution = "truncated_normal" if str(distribution).lower() == "normal" else str(distribution).lower()
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                f"{name}: distribution: expected 'uniform', 'truncated_normal' or 'untruncated_normal', received {distribution!r}"
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the content."""
        dtype = standardize_dtype(dtype)
        shape = tuple(shape)
        fan_in, fan_out = compute_fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random.uniform(shape, -limit, limit, dtype=dtype, seed=self.seed)
        if self.distribution == "truncated_normal":
            stddev = math.sqrt(variance) / _TRUNCATED_STDDEV
            return random.truncated_normal(shape, 0.0, stddev, dtype=dtype, seed=self.seed)
        return random.normal(shape, 0.0, math.sqrt(variance), dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution}
        return {**config, **super().get_config()}


class _Preset(VarianceScaling):
    _preset: tuple[float, str, str] = (1.0, "fan_in", "uniform")

    def __init__(self, seed: Any = None) -> None:
        super().__init__(*self._preset, seed=seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return RandomInitializer.get_config(self)


@builtin("keras.initializers", "glorot_uniform")
class GlorotUniform(_Preset):
    """Uniform within ±√(6 / (inputs + outputs))."""

    _preset = (1.0, "fan_avg", "uniform")


@builtin("keras.initializers", "glorot_normal")
class GlorotNormal(_Preset):
    """Truncated normal of variance 2 / (inputs + outputs)."""

    _preset = (1.0, "fan_avg", "truncated_normal")


@builtin("keras.initializers", "he_uniform")
class HeUniform(_Preset):
    """Uniform within ±√(6 / inputs)."""

    _preset = (2.0, "fan_in", "uniform")


@builtin("keras.initializers", "he_normal")
class HeNormal(_Preset):
    """Truncated normal of variance 2 / inputs."""

    _preset = (2.0, "fan_in", "truncated_normal")


@builtin("keras.initializers", "lecun_uniform")
class LecunUniform(_Preset):
    """Uniform within ±√(3 / inputs)."""

    _preset = (1.0, "fan_in", "uniform")


@builtin("keras.initializers", "lecun_normal")
class LecunNormal(_Preset):
    """Truncated normal of variance 1 / inputs."""

    _preset = (1.0, "fan_in", "truncated_normal")


@builtin("keras.initializers", "OrthogonalInitializer", "orthogonal")
class Orthogonal(RandomInitializer):
    """An orthogonal matrix (rows or columns, whichever are fewer), from the QR decomposition of normal draws.

    Args:
        gain: the factor.
        seed: an integer, or None for another one each time.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the content; the shape must have rank 2 or more."""
        shape = tuple(shape)
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: shape: expected rank 2 or more, received {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        flat = (max(rows, columns), min(rows, columns))
        draws = np.asarray(random.normal(flat, dtype=standardize_dtype(dtype), seed=self.seed))
        q, r = np.linalg.qr(draws)
        q = q * np.sign(np.diag(r))
        q = q.T if rows < columns else q
        return convert_to_tensor((self.gain * q.reshape(shape)).astype(draws.dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"gain": self.gain, **super().get_config()}
