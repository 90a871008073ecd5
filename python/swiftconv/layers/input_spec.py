"""What a layer expects of its inputs."""

from __future__ import annotations

from typing import Any

from swiftconv.utils import nest


class InputSpec:
    """Rank, sizes and type that an input must have.

    Args:
        dtype: element type.
        shape: sizes, None for any.
        ndim, max_ndim, min_ndim: exact, greatest and least rank.
        axes: axis → size.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or added.
        name: the input's name in a dict.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def __repr__(self) -> str:
        return f"InputSpec(shape={self.shape}, ndim={self.ndim}, min_ndim={self.min_ndim}, axes={self.axes})"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return {name: getattr(self, name) for name in names}


def check_input_spec(spec: Any, inputs: Any, layer_name: str) -> None:
    """Compares inputs with what a layer expects.

    Raises:
        ValueError: rank, a size or the number of inputs differs.
    """
    if not spec:
        return
    specs = nest.flatten(spec)
    flat = [inputs[s.name] for s in specs] if isinstance(inputs, dict) and all(s.name in inputs for s in specs) else None
    flat = nest.flatten(inputs) if flat is None else flat
    if len(flat) != len(specs):
        raise ValueError(f"layer {layer_name!r}: expected {len(specs)} inputs, received {len(flat)}")
    for index, (one, value) in enumerate(zip(specs, flat, strict=True)):
        if one is None or value is None or not hasattr(value, "shape"):
            continue
        where = f"layer {layer_name!r}: input {index}"
        shape = tuple(value.shape)
        rank = len(shape)
        if one.ndim is not None and rank != one.ndim and not one.allow_last_axis_squeeze:
            raise ValueError(f"{where}: expected ndim={one.ndim}, received ndim={rank} (shape {shape})")
        if one.max_ndim is not None and rank > one.max_ndim:
            raise ValueError(f"{where}: expected max_ndim={one.max_ndim}, received ndim={rank} (shape {shape})")
        if one.min_ndim is not None and rank < one.min_ndim:
            raise ValueError(f"{where}: expected min_ndim={one.min_ndim}, received ndim={rank} (shape {shape})")
        for axis, size in one.axes.items():
            if size is not None and -rank <= axis < rank and shape[axis] not in (size, None):
                raise ValueError(f"{where}: expected size {size} along axis {axis}, received shape {shape}")
        if one.shape is not None:
            _check_shape(one, shape, where)


def _check_shape(one: InputSpec, shape: tuple[Any, ...], where: str) -> None:
    expected = one.shape or ()
    if one.allow_last_axis_squeeze:
        if len(expected) == len(shape) + 1 and expected[-1] == 1:
            expected = expected[:-1]
        elif len(shape) == len(expected) + 1 and shape[-1] == 1:
            shape = shape[:-1]
    if len(expected) != len(shape) or any(
        a is not None and b is not None and a != b for a, b in zip(expected, shape, strict=True)
    ):
        raise ValueError(f"{where}: incompatible: expected shape {expected}, received shape {shape}")
