"""How a layer is built: on the first call, for the shape of the input, weight by weight."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

from swiftconv import _core, initializers, regularizers
from swiftconv import constraints as constraints_module
from swiftconv._core import Variable
from swiftconv.layers._arguments import Nothing, concrete, shape_from_json
from swiftconv.layers._context import context, name_scope, variable_path
from swiftconv.layers._state import LayerState


def _wrap_build(build: Any) -> Any:
    @functools.wraps(build)
    def wrapped(self: LayerBuilding, *args: Any, **kwargs: Any) -> Any:
        depth = context.build_depth.get(id(self), 0)
        context.build_depth[id(self)] = depth + 1
        try:
            if depth == 0:
                with name_scope(self.name):
                    result = build(self, *args, **kwargs)
                self.built = True
                if args or kwargs:
                    bound = inspect.signature(build).bind(self, *args, **kwargs).arguments
                    self.__dict__["_build_shapes"] = {k: v for k, v in list(bound.items())[1:] if v is not None}
                self._after_build()
            else:
                result = build(self, *args, **kwargs)
            return result
        finally:
            context.build_depth[id(self)] = depth
            if depth == 0:
                del context.build_depth[id(self)]

    wrapped._is_wrapped = True  # type: ignore[attr-defined]
    return wrapped


class LayerBuilding(LayerState):
    """The part of a layer that makes its weights. A subclass's `build` runs in the layer's name scope and marks it as built."""

    @property
    def variable_dtype(self) -> str:
        """The type of the weights."""
        raise NotImplementedError

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        build = cls.__dict__.get("build")
        if build is not None and inspect.isfunction(build) and not hasattr(build, "_is_wrapped"):
            cls.build = _wrap_build(build)  # type: ignore[method-assign]

    def build(self, input_shape: Any) -> None:
        """Makes the weights; subclasses override it. Called once, before the first `call`."""
        self.built = True

    def _after_build(self) -> None:
        """A hook for models."""

    def get_build_config(self) -> Any:
        """The shape that the layer was built for; None if it has none."""
        shapes = self.__dict__.get("_build_shapes")
        if not shapes:
            return None
        return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else {"shapes_dict": shapes}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Builds the layer for a saved shape."""
        if "input_shape" in config:
            self.build(shape_from_json(config["input_shape"]))
        elif "shapes_dict" in config:
            self.build(**{key: shape_from_json(value) for key, value in config["shapes_dict"].items()})

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: Any = None,
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Makes a weight.

        Args:
            shape: its sizes; `()` by default.
            initializer: name or object; by default Glorot's uniform for floats, zeros for others.
            dtype: by default the layer's.
            trainable: whether optimizers update it.
            regularizer, constraint: of the weight.
            name: of the weight.

        Returns:
            A `Variable`.
        """
        shape = () if shape is None else (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        if any(n is None or int(n) < 0 for n in shape):
            raise ValueError(f"layer {self.name!r}: add_weight: shape: expected known sizes >= 0, received {shape}")
        dtype = _core.standardize_dtype(dtype if dtype is not None else self.variable_dtype)
        if initializer is None:
            initializer = "glorot_uniform" if "float" in str(dtype) else "zeros"
        initializer = initializers.get(initializer)
        scoped = context.scopes and context.scopes[-1] == self.name
        with name_scope(self.name) if not scoped else Nothing():
            path = variable_path(name or "variable")
        variable = Variable(
            concrete(initializer, shape, dtype), dtype=dtype, trainable=trainable, name=name or "variable", path=path
        )
        variable.initializer = initializer
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints_module.get(constraint)
        variable._made_trainable = bool(trainable)
        self._own_variables.append(variable)
        if not self._trainable:
            variable.trainable = False
        return variable
