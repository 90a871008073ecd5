"""How TensorFlow spells the arguments of windows: strides, dilations, padding, layouts. Types and lengths are checked here;
what they mean for given shapes is checked by the ops."""

from __future__ import annotations

import operator
from typing import Any

from swiftconv.errors import InvalidArgumentError, UnimplementedError

Padding = str | tuple[int, int, int, int]


def integer(op: str, argument: str, value: Any) -> int:
    """`value` as an int.

    Raises:
        TypeError: it is no integer.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{op}: {argument}: expected integers, received {value!r}") from None


def channels_first(op: str, data_format: Any) -> bool:
    """Whether `data_format` says NCHW; None means NHWC.

    Raises:
        InvalidArgumentError: another word.
    """
    if data_format is None or data_format == "NHWC":
        return False
    if data_format == "NCHW":
        return True
    raise InvalidArgumentError(f"{op}: data_format: expected 'NHWC' or 'NCHW', received {data_format!r}")


def window(op: str, argument: str, value: Any, first: bool, default: Any = 1) -> tuple[int, int]:
    """Height and width from an int or from a list of 1, 2 or 4.

    Args:
        first: whether a list of 4 has the channels before height and width.

    Raises:
        ValueError: a list of another length; a number below 1.
        UnimplementedError: other than 1 for batch or channels.
    """
    if value is None:
        value = default
    try:
        numbers = [integer(op, argument, v) for v in value]
    except TypeError:
        if hasattr(value, "__iter__") and getattr(value, "shape", None) != ():
            raise
        numbers = [integer(op, argument, value)]
    if len(numbers) == 4:
        n, h, w, c = (numbers[0], numbers[2], numbers[3], numbers[1]) if first else numbers
        if min(numbers) < 1:
            raise InvalidArgumentError(f"{op}: {argument}: expected numbers of at least 1, received {value!r}")
        if n != 1 or c != 1:
            raise UnimplementedError(f"{op}: {argument}: expected 1 for batch and channels, received {value!r}")
        return h, w
    if len(numbers) not in (1, 2):
        raise ValueError(f"{op}: {argument}: expected an integer or a list of 1, 2 or 4, received {value!r}")
    if min(numbers) < 1:
        raise InvalidArgumentError(f"{op}: {argument}: expected numbers of at least 1, received {value!r}")
    return numbers[0], numbers[-1]


def padding(op: str, value: Any, first: bool) -> Padding:
    """`"SAME"`, `"VALID"`, or (top, bottom, left, right) from a 4×2 list in the order of the layout.

    Raises:
        TypeError: neither a word nor a list.
        ValueError: another word, a list of another shape, a negative number.
    """
    if isinstance(value, str):
        if value in ("SAME", "VALID"):
            return value
        hint = f"; write {value.upper()!r}" if value.upper() in ("SAME", "VALID") else ""
        raise InvalidArgumentError(f"{op}: padding: expected 'SAME', 'VALID' or a list of 4 pairs, received {value!r}{hint}")
    try:
        pairs = [[integer(op, "padding", n) for n in pair] for pair in value]
    except TypeError:
        raise TypeError(f"{op}: padding: expected 'SAME', 'VALID' or a list of 4 pairs, received {value!r}") from None
    if len(pairs) != 4 or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"{op}: padding: expected 4 pairs of integers, received {value!r}")
    batch, h, w, channels = (pairs[0], pairs[2], pairs[3], pairs[1]) if first else pairs
    if any(batch) or any(channels):
        raise InvalidArgumentError(f"{op}: padding: expected no padding of batch and channels, received {value!r}")
    if min(*h, *w) < 0:
        raise InvalidArgumentError(f"{op}: padding: expected numbers of at least 0, received {value!r}")
    return (h[0], h[1], w[0], w[1])


def sizes(op: str, argument: str, value: Any, length: int | None = None) -> tuple[int, ...]:
    """A shape from a list, an array or a tensor of integers.

    Raises:
        TypeError: not integers.
        ValueError: another number of them than `length`.
    """
    if hasattr(value, "__array__") and not hasattr(value, "_history"):
        value = value.__array__().reshape(-1).tolist()
    if not hasattr(value, "__iter__"):
        value = [value]
    found = tuple(integer(op, argument, n) for n in value)
    if length is not None and len(found) != length:
        raise ValueError(f"{op}: {argument}: expected {length} integers, received {found}")
    return found


def axis_of(op: str, axis: Any, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        InvalidArgumentError: there is no such axis.
    """
    number = integer(op, "axis", axis)
    if not -rank <= number < rank:
        raise InvalidArgumentError(f"{op}: axis: expected a number from {-rank} to {rank - 1}, received {number}")
    return number % rank
