"""`Layer`: what it is called and how it is called, on arrays, tensors and symbols.

Its weights and sublayers are in `_state.py`, how it is built in `_building.py`, how it is written down in `_configuration.py`.
"""

from __future__ import annotations

import inspect
from typing import Any

from swiftconv import _core, ops, regularizers
from swiftconv._core import history_disabled, in_trace
from swiftconv.dtype_policies import get_policy
from swiftconv.layers._arguments import (
    fresh,
    input_shape_argument,
    keras_tensors,
    tensor_arguments,
)
from swiftconv.layers._building import LayerBuilding
from swiftconv.layers._configuration import LayerConfiguration
from swiftconv.layers._context import calling, context
from swiftconv.layers._node import Node, is_keras_tensor
from swiftconv.layers._values import cast_inputs, shapes_of
from swiftconv.layers.input_spec import check_input_spec
from swiftconv.utils import naming, nest


class Layer(LayerBuilding, LayerConfiguration):
    """A function with state: `layer(inputs)` builds the weights on the first call and computes.

    Subclasses define `call(self, inputs)` and, for weights whose shape depends on the input, `build(self, input_shape)`.

    Args:
        activity_regularizer: penalty on the output.
        trainable: whether the weights are trained.
        dtype: element type of weights and computation.
        autocast: whether float inputs are cast to it.
        name: by default the class's name in snake case and a counter.

    Raises:
        ValueError: an unknown keyword.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> class Double(layers.Layer):
        ...     def call(self, x):
        ...         return 2 * x
        >>> Double()(np.ones((1, 2), "float32"))
        array([[2., 2.]], dtype=float32)
    """

    _call_info: tuple[Any, ...] | None = None
    #: Whether numbers and lists in the first argument stay what they are.
    _takes_numbers = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._call_info = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Layer:
        self = object.__new__(cls)
        self.__dict__["_init_arguments"] = (args, kwargs)
        self.__dict__["_own_variables"] = []
        self.__dict__["_losses"] = []
        self.__dict__["_inbound_nodes"] = []
        self.__dict__["built"] = False
        self.__dict__["_trainable"] = True
        return self

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._input_batch_shape = input_shape_argument(kwargs)
        self._input_dtype = kwargs.pop("input_dtype", None)
        for old in ("quantization_config", "implementation", "weights"):
            if kwargs.get(old, 0) is None:
                del kwargs[old]
        if kwargs:
            raise ValueError(f"{type(self).__name__}: unknown keyword arguments {sorted(kwargs)}")
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(f"{type(self).__name__}: name: expected a string without '/', received {name!r}")
        self._name = str(name) if name else naming.auto_name(type(self).__name__)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._dtype_policy = get_policy(dtype)
        self.autocast = autocast
        self._trainable = bool(trainable)
        self.input_spec: Any = None
        self.supports_masking = False

    def _has_arguments_of_its_own(self) -> bool:
        return type(self).__init__ is not Layer.__init__

    # ---- identity ---------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name."""
        return self.__dict__.get("_name") or naming.to_snake_case(type(self).__name__)

    @name.setter
    def name(self, value: str) -> None:
        self._name = value

    @property
    def path(self) -> str:
        """The name with those of the layers around it."""
        return self.name

    @property
    def dtype_policy(self) -> Any:
        """In which type the layer computes."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._dtype_policy = get_policy(value)

    @property
    def dtype(self) -> str:
        """The type of the weights."""
        return self._dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The type of the computation."""
        return self._dtype_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The type of the weights."""
        return self._dtype_policy.variable_dtype

    @property
    def input_dtype(self) -> str:
        """The type that inputs are cast to."""
        return self.compute_dtype

    # ---- calling ----------------------------------------------------------------------------------------------------------

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the layer computes; subclasses override it."""
        raise NotImplementedError(f"layer {type(self).__name__} has no call() method")

    @classmethod
    def _call_signature(cls) -> tuple[Any, ...]:
        if cls._call_info is None:
            signature = inspect.signature(cls.call)
            names = list(signature.parameters)
            kinds = [p.kind for p in signature.parameters.values()]
            first = names[1] if len(names) > 1 and kinds[1] in (1, 0) else None
            takes = "training" in names or (inspect.Parameter.VAR_KEYWORD in kinds and "training" in names)
            defaults = signature.parameters["training"].default if "training" in names else None
            cls._call_info = (signature, first, takes, None if defaults is inspect.Parameter.empty else defaults)
        return cls._call_info

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Builds the layer if needed and calls it.

        Returns:
            Arrays for arrays, tensors for tensors, `KerasTensor`s for `KerasTensor`s.

        Raises:
            ValueError: the input does not fit the layer.
        """
        if "_dtype_policy" not in self.__dict__:
            raise RuntimeError(f"layer {type(self).__name__}: __init__: call super().__init__() first")
        signature, first, takes_training, default = self._call_signature()
        if not args and first is not None and first in kwargs:
            args = (kwargs.pop(first),)
        if not args and first is not None and signature.parameters[first].default is inspect.Parameter.empty:
            raise ValueError(f"layer {self.name!r}: expected an input, received none")
        cast_to = self.compute_dtype if self.autocast else None
        args = tuple(cast_inputs(value, cast_to, i == 0 and not self._takes_numbers, self) for i, value in enumerate(args))
        if kwargs:
            kwargs = {key: cast_inputs(value, cast_to, False, self) for key, value in kwargs.items()}
        training = kwargs.get("training")
        if takes_training:
            position = list(signature.parameters).index("training") - 1
            if training is None and len(args) > position:
                training = args[position]
        else:
            kwargs.pop("training", None)
        # The default (Keras's files have it among the arguments) is no decision.
        given = training is not None and training != default
        if training is None:
            training = context.training
        if training is None and default is not None:
            training = default
        if takes_training and training is not None and len(args) <= list(signature.parameters).index("training") - 1:
            kwargs["training"] = training
        if args:
            check_input_spec(self.input_spec, args[0], self.name)
        symbolic = any(is_keras_tensor(leaf) for leaf in nest.flatten([list(args), kwargs]))
        if context.entry is None and not symbolic:
            self._clear_losses()
        if not self.built:
            self._build_for(args, kwargs)
            if args:
                check_input_spec(self.input_spec, args[0], self.name)
        with calling(self, training):
            if symbolic:
                return self._call_symbolic(args, kwargs, given)
            outputs = self.call(*args, **kwargs)
            if self.activity_regularizer is not None:
                for output in nest.flatten(outputs):
                    self._add_activity_loss(output)
            return outputs

    def _add_activity_loss(self, output: Any) -> None:
        loss = self.activity_regularizer(output)
        batch = output.shape[0] if len(output.shape) else 1
        self._losses.append(loss / float(max(batch or 1, 1)))

    def _floats(self, x: Any) -> Any:
        """`x` in the layer's type, for layers that multiply it with weights: integers are converted."""
        return x if x.dtype == self.compute_dtype else ops.cast(x, self.compute_dtype)

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        build = type(self).build
        if build is Layer.build:
            if type(self).call is not Layer.call:
                self._build_by_call(args, kwargs)
            self.built = True
            return
        shapes = shapes_of(args[0]) if args else None
        parameters = list(inspect.signature(build).parameters.values())[1:]
        named = [p.name for p in parameters if p.name.endswith("_shape") and p.kind == p.POSITIONAL_OR_KEYWORD]
        tensors = tensor_arguments(type(self), args, kwargs)
        if len(named) > 1 or (named and named[0] != "input_shape" and named[0][:-6] in tensors):
            wanted = {name: shapes_of(tensors[name[:-6]]) for name in named if name[:-6] in tensors}
            if wanted:
                self.build(**wanted)
                return
        made: Any = self.build  # a subclass may define it without a shape
        made(*([shapes] if parameters else []))

    def _build_by_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Layers inside are built by calling this one on shapes alone, where that is possible."""
        unbuilt = [layer for layer in self._flatten_layers(include_self=False) if not layer.built]
        if not unbuilt or not in_trace():
            return
        raise ValueError(
            f"layer {self.name!r}: holds layers that are not built yet ({', '.join(x.name for x in unbuilt)}): "
            "build the model before it is traced"
        )

    def _call_symbolic(self, args: tuple[Any, ...], kwargs: dict[str, Any], fixed: bool = True) -> Any:
        """The shapes of the outputs, and a node; `fixed`: whether the caller said if it is training, else the model says it."""
        with history_disabled():
            outputs = self.compute_output_spec(*args, **kwargs)
        outputs = nest.map_structure(fresh, outputs)
        if _core.state.state.record_history:
            follows = not fixed and self._call_signature()[3] is not None
            kwargs = {k: v for k, v in kwargs.items() if k != "training" or (v is not None and not follows)}
            Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the output for a shape of the input."""
        if type(self).compute_output_spec is not Layer.compute_output_spec:
            found = self.compute_output_spec(*[keras_tensors(a, self.compute_dtype) for a in args])
        else:
            with history_disabled(), calling(self, False):
                found = self.call(*[keras_tensors(a, self.compute_dtype) for a in args], **kwargs)
        return nest.map_structure(lambda t: tuple(t.shape), found)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """`KerasTensor`s of the output's shapes for `KerasTensor`s as inputs."""
        if type(self).compute_output_shape is Layer.compute_output_shape:
            with history_disabled():
                return self.call(*args, **kwargs)
        shapes = self.compute_output_shape(*[shapes_of(a) for a in args[:1]])
        return keras_tensors(shapes, self.compute_dtype)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """`compute_output_spec` with a node in the graph."""
        return self._call_symbolic(args, kwargs)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The mask of the output: that of the input."""
        return previous_mask

    def stateless_call(self, *args: Any, **kwargs: Any) -> Any:
        """Not part of this library."""
        raise NotImplementedError("stateless_call is not available: variables are updated in place here")

    # ---- in a functional graph --------------------------------------------------------------------------------------------

    def _single_node(self, what: str) -> Node:
        nodes = self._inbound_nodes
        if not nodes:
            raise AttributeError(f"layer {self.name!r} has never been called on a symbolic input and thus has no {what}")
        if len(nodes) > 1 and len({id(t) for n in nodes for t in getattr(n, what + "s")}) > len(getattr(nodes[0], what + "s")):
            raise AttributeError(f"layer {self.name!r} was called {len(nodes)} times: its {what} is not unique")
        return nodes[0]

    @property
    def input(self) -> Any:
        """The symbolic input of the only call in a functional graph."""
        inputs = self._single_node("input").inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @property
    def output(self) -> Any:
        """The symbolic output of the only call in a functional graph."""
        outputs = self._single_node("output").outputs
        return outputs[0] if len(outputs) == 1 else outputs

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
