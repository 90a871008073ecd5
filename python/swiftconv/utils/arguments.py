"""Spelling of arguments: sizes as int or tuple, padding, data format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def size_tuple(value: Any, n: int, name: str, allow_zero: bool = False, owner: str = "") -> tuple[int, ...]:
    """`value` (an int or `n` ints) as a tuple of `n` ints.

    Raises:
        ValueError: another number of values, not integers, or not positive (negative with `allow_zero`).
    """
    where = f"{owner}: " if owner else ""
    least = ">= 0" if allow_zero else "> 0"
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        sizes: tuple[Any, ...] = (value,) * n
    else:
        try:
            sizes = tuple(value)
        except TypeError:
            raise ValueError(f"{where}{name}: expected an integer or {n} integers {least}, received {value!r}") from None
    good = len(sizes) == n and all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in sizes)
    if not good or any(v < (0 if allow_zero else 1) for v in sizes):
        raise ValueError(f"{where}{name}: expected an integer or {n} integers {least}, received {value!r}")
    return tuple(int(v) for v in sizes)


def standardize_padding(value: Any, owner: str = "", allowed: Sequence[str] = ("valid", "same")) -> str:
    """`value` in lower case.

    Raises:
        ValueError: not one of `allowed`.
    """
    word = value.lower() if isinstance(value, str) else value
    if word not in allowed:
        raise ValueError(f"{owner + ': ' if owner else ''}padding: expected one of {tuple(allowed)}, received {value!r}")
    return str(word)


def check_data_format(value: str, owner: str = "") -> str:
    """`value` in lower case.

    Raises:
        ValueError: neither `channels_last` nor `channels_first`.
    """
    word = str(value).lower()
    if word not in ("channels_last", "channels_first"):
        raise ValueError(
            f"{owner + ': ' if owner else ''}data_format: expected 'channels_last' or 'channels_first', received {value!r}"
        )
    return word


def conv_output_length(length: int | None, kernel: int, padding: str, stride: int, dilation: int = 1) -> int | None:
    """The output size of a window op along one axis; None when the input's is unknown."""
    if length is None:
        return None
    if padding in ("same", "causal"):
        return -(-length // stride)
    return (length - dilation * (kernel - 1) - 1) // stride + 1
