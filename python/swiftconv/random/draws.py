"""Draws from distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from swiftconv._core import Tensor, apply, apply_function, as_dtype, convert_to_tensor, floatx, is_symbolic, is_tensor
from swiftconv._core.arguments import integer, sizes
from swiftconv._core.convert import as_array
from swiftconv._core.kinds import KERAS, kind_of
from swiftconv._core.operators import binary
from swiftconv.errors import InvalidArgumentError
from swiftconv.random.seed import SeedGenerator, global_generator


def _draw(name: str, op: str, shape: Any, seed: Any, **attributes: Any) -> Any:
    shape = sizes(f"random.{name}", "shape", shape)
    if any(n < 0 for n in shape):
        raise InvalidArgumentError(f"random.{name}: shape: expected sizes of at least 0, received {shape}")
    if isinstance(seed, SeedGenerator) or seed is None:
        generator = global_generator() if seed is None else seed
        result = apply(op, [generator.state], shape=shape, **attributes)
        generator.advance(math.prod(shape))
        return result
    result = apply(op, [_state_of(name, seed)], shape=shape, **attributes)
    return Tensor._wrap(result) if isinstance(result, np.ndarray) else result


def _state_of(name: str, seed: Any) -> Any:
    """The state that an integer stands for; a state (two integers) stands for itself."""
    if is_tensor(seed) or isinstance(seed, (list, tuple, np.ndarray)):
        if len(seed.shape if hasattr(seed, "shape") else [len(seed)]) != 1:
            raise TypeError(f"random.{name}: seed: expected an integer or a SeedGenerator, received {seed!r}")
        return seed if is_symbolic(seed) else np.asarray(seed).astype(np.int64)
    number = integer(f"random.{name}", "seed", seed)
    return np.array([(number + 2**63) % 2**64 - 2**63, 0], np.int64)


def _float_type(name: str, dtype: Any) -> str:
    wanted = as_dtype(floatx() if dtype is None else dtype)
    if wanted not in ("float32", "float64"):
        raise TypeError(f"random.{name}: dtype: expected float32 or float64, received {wanted}")
    return wanted.name


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None, name: str | None = None
) -> Any:
    """Draws from the normal distribution.

    Args:
        shape: of the result.
        mean: of the distribution.
        stddev: its standard deviation.
        dtype: `"float32"` (default) or `"float64"`.
        seed: an int (the same numbers each time), a `SeedGenerator`, or None for the global generator.
        name: accepted for TensorFlow's sake.

    Returns:
        A `Tensor`.

    Raises:
        TypeError: another type.

    Example:
        >>> from swiftconv import random
        >>> random.normal((2, 3)).shape
        TensorShape([2, 3])
    """
    dtype = _float_type("normal", dtype)
    return _draw("normal", "random_normal", shape, seed, mean=float(mean), stddev=float(stddev), truncated=0, dtype=dtype)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None, name: str | None = None
) -> Any:
    """Draws from the normal distribution, again where a number is more than two standard deviations from the mean.

    Args, Returns and Raises as in `normal`.
    """
    dtype = _float_type("truncated_normal", dtype)
    scale = {"mean": float(mean), "stddev": float(stddev)}
    return _draw("truncated_normal", "random_normal", shape, seed, truncated=1, dtype=dtype, **scale)


def uniform(shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = None, seed: Any = None, name: str | None = None) -> Any:
    """Draws evenly from `minval` to below `maxval`.

    Args:
        shape: of the result.
        minval: the smallest number.
        maxval: the end; 1 by default for floats, needed for integers.
        dtype: `"float32"` (default), `"float64"`, `"int32"` or `"int64"`.
        seed: an int (the same numbers each time), a `SeedGenerator`, or None for the global generator.
        name: accepted for TensorFlow's sake.

    Returns:
        A `Tensor`.

    Raises:
        ValueError: `maxval` is missing or not above `minval`.

    Example:
        >>> from swiftconv import random
        >>> random.uniform((2,), dtype="float64").dtype
        tf.float64
    """
    wanted = as_dtype(floatx() if dtype is None else dtype)
    if wanted in ("int32", "int64"):
        if maxval is None:
            raise ValueError("random.uniform: maxval: expected an integer for an integer dtype, received None")
        return randint(shape, minval, maxval, wanted, seed)
    kind = _float_type("uniform", dtype)
    high = 1.0 if maxval is None else float(maxval)
    return _draw("uniform", "random_uniform", shape, seed, low=float(minval), high=high, dtype=kind)


def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> Any:
    """Draws integers evenly from `minval` to below `maxval`.

    Raises:
        ValueError: `maxval` is not above `minval`.
    """
    low, high = integer("random.randint", "minval", minval), integer("random.randint", "maxval", maxval)
    if high <= low:
        raise InvalidArgumentError(f"random.randint: maxval: expected more than minval {low}, received {high}")
    return _draw("randint", "random_integers", shape, seed, low=low, high=high, dtype=as_dtype(dtype).name)


def dropout(inputs: Any, rate: Any, noise_shape: Any = None, seed: Any = None) -> Any:
    """Sets elements to 0 with probability `rate` and divides the others by 1 - rate.

    Args:
        inputs: float32 or float64 of any shape.
        rate: from 0 to below 1.
        noise_shape: the shape in which is drawn; it broadcasts to that of `inputs`; None in it stands for the input's size.
        seed: an int, a `SeedGenerator`, or None for the global generator.

    Returns:
        A value of the kind and shape of `inputs`.

    Raises:
        ValueError: a rate out of range.
    """
    rate = float(rate)
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate: expected a number from 0 to below 1, received {rate}")
    if kind_of(inputs) == KERAS:
        return apply_function("dropout", lambda x: dropout(x, rate, noise_shape, seed), [inputs])
    if not hasattr(inputs, "shape"):
        inputs = as_array(inputs)
    if str(inputs.dtype) not in ("float16", "float32", "float64"):
        raise ValueError(f"dropout: x: expected float32 or float64, received {inputs.dtype}")
    if rate == 0:
        return inputs
    generator = global_generator() if seed is None else seed
    if noise_shape is not None:
        sizes_given = [n if m is None else m for m, n in zip(noise_shape, inputs.shape, strict=True)]
        shape = sizes("dropout", "noise_shape", sizes_given)
        ones = np.ones(shape, str(inputs.dtype))
        return binary("multiply", inputs, dropout(ones, rate, None, generator))
    state = generator.state if isinstance(generator, SeedGenerator) else _state_of("dropout", generator)
    result = apply("dropout", [inputs, state], rate=rate)[0]
    if isinstance(generator, SeedGenerator):
        generator.advance(math.prod(inputs.shape))
    return result


def shuffle(x: Any, axis: int = 0, seed: Any = None, name: str | None = None) -> Any:
    """The slices of `x` along `axis` in a random order."""
    size = x.shape[axis] if hasattr(x, "shape") else len(x)
    order = np.argsort(np.asarray(uniform((size,), dtype="float64", seed=seed)), kind="stable")
    return apply("gather", [x if hasattr(x, "shape") else as_array(x), order.astype(np.int64)], axis=axis % len(np.shape(x)))


def categorical(logits: Any, num_samples: int, dtype: Any = "int64", seed: Any = None, name: str | None = None) -> Any:
    """Draws classes with the odds that rows of logits give."""
    array = as_array(logits).astype(np.float64)
    noise = np.asarray(uniform((array.shape[0], num_samples, array.shape[1]), dtype="float64", seed=seed))
    gumbel = -np.log(-np.log(np.clip(noise, np.finfo(np.float64).tiny, 1 - 1e-16)))
    return convert_to_tensor(np.argmax(array[:, None, :] + gumbel, axis=-1), as_dtype(dtype))
