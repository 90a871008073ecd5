"""Pooling in TensorFlow's spelling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from swiftconv._core import as_dtype, cast, get_op
from swiftconv._core.arguments import channels_first, integer, window
from swiftconv._core.arguments import padding as padding_of
from swiftconv.errors import InvalidArgumentError, UnimplementedError
from swiftconv.nn._layout import images, known, op_reshape, rank_of, remember, settled, shape_of, to_nchw, to_nhwc

_runs: dict[Any, Callable[..., Any]] = {}


def _pool_run(op: str, name: str, ksize: Any, strides: Any, padding: Any, data_format: Any) -> Callable[..., Any]:
    first = channels_first(name, data_format)
    kh, kw = window(name, "ksize", ksize, first)
    pads = padding_of(name, padding, first)
    attributes = {"ksize": (kh, kw), "strides": window(name, "strides", strides, first), "padding": pads}
    if not isinstance(pads, str):
        if op == "avg_pool2d":
            raise InvalidArgumentError(f"{name}: padding: expected 'SAME' or 'VALID', received {padding!r}; pad the input first")
        top, bottom, left, right = pads
        if max(top, bottom) >= kh or max(left, right) >= kw:
            raise InvalidArgumentError(f"{name}: padding: expected less than the window {(kh, kw)}, received {padding!r}")
    return images(get_op(op, attributes).apply, first)


def _pool(op: str, name: str, x: Any, ksize: Any, strides: Any, padding: Any, data_format: Any) -> Any:
    if ksize.__class__ is list:
        ksize = tuple(ksize)
    if strides.__class__ is list:
        strides = tuple(strides)
    key = (op, name, ksize, strides, padding, data_format)
    run = known(_runs, key) or remember(_runs, key, _pool_run(op, name, ksize, strides, padding, data_format))
    return run(x)


def _pool_any(op: str, name: str, x: Any, ksize: Any, strides: Any, padding: Any, data_format: Any) -> Any:
    rank = rank_of(x)
    if rank == 4:
        return _pool(op, name, x, ksize, strides, padding, data_format)
    if rank != 3:
        raise UnimplementedError(f"{name}: input: expected 3 or 4 dimensions, received shape {shape_of(settled(x))}")
    if data_format not in (None, "NWC", "NCW"):
        raise InvalidArgumentError(f"{name}: data_format: expected 'NWC' or 'NCW' for 3 dimensions, received {data_format!r}")
    first = data_format == "NCW"
    place = 2 if first else 1

    def along(argument: str, value: Any) -> tuple[int, int]:
        numbers = list(value) if hasattr(value, "__iter__") else [value]
        if len(numbers) not in (1, 3):
            raise ValueError(f"{name}: {argument}: expected an integer or a list of 1 or 3, received {value!r}")
        number = integer(name, argument, numbers[place] if len(numbers) == 3 else numbers[0])
        return (1, number)

    x = settled(x)
    shape = shape_of(x)
    wide = (shape[0], shape[1], 1, shape[2]) if first else (shape[0], 1, *shape[1:])
    y = _pool(
        op, name, op_reshape(x, wide), along("ksize", ksize), along("strides", strides), padding, "NCHW" if first else "NHWC"
    )
    size = shape_of(y)
    return op_reshape(y, (size[0], size[1], size[3]) if first else (size[0], *size[2:]))


def max_pool2d(input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = "NHWC", name: str | None = None) -> Any:
    """The largest element of every window. NaN propagates; padding never wins.

    Args:
        input: images.
        ksize: the window: an int, or a list of 1, 2 or 4.
        strides: an int, or a list of 1, 2 or 4.
        padding: `"SAME"`, `"VALID"`, or 4 pairs, each below the window.
        data_format: `"NHWC"` or `"NCHW"`.
        name: accepted for TensorFlow's sake.

    Input shape:
        `[batch, h, w, channels]`, or with the channels first.

    Output shape:
        `[batch, oh, ow, channels]`, or with the channels first.

    Returns:
        A value of the kind of `input`.

    Raises:
        InvalidArgumentError: numbers below 1, unknown words.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.max_pool2d(np.arange(4, dtype="float32").reshape(1, 2, 2, 1), 2, 2, "VALID").item()
        3.0
    """
    return _pool("max_pool2d", "max_pool2d", input, ksize, strides, padding, data_format)


def avg_pool2d(input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = "NHWC", name: str | None = None) -> Any:
    """The mean of every window; padding does not count.

    Args:
        input: images.
        ksize: the window: an int, or a list of 1, 2 or 4.
        strides: an int, or a list of 1, 2 or 4.
        padding: `"SAME"` or `"VALID"`.
        data_format: `"NHWC"` or `"NCHW"`.
        name: accepted for TensorFlow's sake.

    Input shape:
        `[batch, h, w, channels]`, or with the channels first.

    Output shape:
        `[batch, oh, ow, channels]`, or with the channels first.

    Returns:
        A value of the kind of `input`.

    Raises:
        InvalidArgumentError: numbers below 1, unknown words.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> nn.avg_pool2d(np.arange(4, dtype="float32").reshape(1, 2, 2, 1), 2, 2, "VALID").item()
        1.5
    """
    return _pool("avg_pool2d", "avg_pool2d", input, ksize, strides, padding, data_format)


def max_pool(input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = None, name: str | None = None) -> Any:
    """`max_pool2d`, for `[batch, w, channels]` too."""
    return _pool_any("max_pool2d", "max_pool", input, ksize, strides, padding, data_format)


def avg_pool(input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = None, name: str | None = None) -> Any:
    """`avg_pool2d`, for `[batch, w, channels]` too."""
    return _pool_any("avg_pool2d", "avg_pool", input, ksize, strides, padding, data_format)


def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    output_dtype: Any = "int64",
    include_batch_in_index: bool = False,
    name: str | None = None,
) -> Any:
    """The largest element of every window, and where it was.

    Args:
        input: images.
        ksize, strides, padding, data_format: as in `max_pool2d`.
        output_dtype: of the places: `"int64"` or `"int32"`.
        include_batch_in_index: whether places count through the whole batch.
        name: accepted for TensorFlow's sake.

    Returns:
        The maxima and their places, (y · w + x) · channels + channel.

    Raises:
        InvalidArgumentError: numbers below 1, unknown words.

    Example:
        >>> import numpy as np
        >>> from swiftconv import nn
        >>> y, where = nn.max_pool_with_argmax(np.arange(4, dtype="float32").reshape(1, 2, 2, 1), 2, 2, "VALID")
        >>> where.item()
        3
    """
    op = "max_pool_with_argmax"
    first = channels_first(op, data_format)
    wanted = as_dtype(output_dtype)
    if wanted not in ("int32", "int64"):
        raise InvalidArgumentError(f"{op}: output_dtype: expected int32 or int64, received {output_dtype!r}")
    attributes = {
        "ksize": window(op, "ksize", ksize, first),
        "strides": window(op, "strides", strides, first),
        "padding": padding_of(op, padding, first),
        "include_batch_in_index": int(bool(include_batch_in_index)),
    }
    y, where = get_op("max_pool2d_with_argmax", attributes).apply(to_nhwc(input) if first else input)
    if wanted != "int64":
        where = cast(where, wanted)
    return (to_nchw(y), to_nchw(where)) if first else (y, where)


def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: Any = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """`max_pool` or `avg_pool`, as `pooling_type` (`"MAX"` or `"AVG"`) says."""
    ops = {"MAX": max_pool, "AVG": avg_pool}
    if pooling_type not in ops:
        raise InvalidArgumentError(f"pool: pooling_type: expected 'MAX' or 'AVG', received {pooling_type!r}")
    if dilations is not None and window("pool", "dilations", dilations, False) != (1, 1):
        raise UnimplementedError(f"pool: dilations: expected 1, received {dilations!r}")
    padding = padding.upper() if isinstance(padding, str) else padding
    return ops[pooling_type](input, window_shape, 1 if strides is None else strides, padding, data_format)
