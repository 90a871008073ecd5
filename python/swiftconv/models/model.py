"""`Model`: a layer that can be trained, saved and inspected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from swiftconv._core import history_disabled
from swiftconv.layers._arguments import keras_tensors
from swiftconv.layers._context import calling
from swiftconv.layers._node import is_keras_tensor
from swiftconv.layers.core.input_layer import InputLayer
from swiftconv.layers.layer import Layer
from swiftconv.models.training.trainer import Trainer
from swiftconv.utils import nest
from swiftconv.utils.registry import builtin

if TYPE_CHECKING:
    from swiftconv.models.functional import Functional


@builtin("keras", "keras.models")
class Model(Trainer, Layer):
    """A model: `Model(inputs, outputs)` from a functional graph, or a subclass with its own `call`.

    Args:
        inputs: `Input`s, alone or in lists and dicts.
        outputs: what was made from them.
        name: of the model.

    Example:
        >>> from swiftconv import Input, Model, layers
        >>> x = Input((4,))
        >>> Model(x, layers.Dense(2)(x)).output_shape
        (None, 2)
    """

    #: Configurations with layers are handed to `from_config` as they are.
    _reads_layers = True
    #: The graph's model: the model itself, or the one inside a `Sequential`; None, or not there, before it is built.
    _functional: Functional | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and (len(args) >= 2 or (len(args) == 1 and "outputs" in kwargs) or {"inputs", "outputs"} <= set(kwargs)):
            from swiftconv.models.functional import Functional

            return Functional.__new__(Functional, *args, **kwargs)
        return super().__new__(cls)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if (args or "inputs" in kwargs) and _functional_arguments(args, kwargs):
            from swiftconv.models.functional import Functional, adopt_functional

            if not isinstance(self, Functional):
                adopt_functional(self, *args, **kwargs)
            return
        if args:
            raise TypeError(f"{type(self).__name__}: expected keyword arguments, received {args!r}")
        Layer.__init__(self, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the model computes; subclasses override it."""
        raise NotImplementedError(f"model {type(self).__name__} has no call() method")

    # ---- layers -----------------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return self._flatten_layers(include_self=False, recursive=False)

    @layers.setter
    def layers(self, _: Any) -> None:
        raise AttributeError(f"model {self.name!r}: layers cannot be set; use add() and pop() of a Sequential")

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or position.

        Raises:
            ValueError: there is none, or both or none of the arguments are given.
        """
        if (name is None) == (index is None):
            raise ValueError(f"model {self.name!r}: get_layer: expected name or index, received name={name!r}, index={index!r}")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"model {self.name!r}: get_layer: index: expected less than {len(layers)}, received {index}")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"model {self.name!r}: no layer {name!r}; there are {[layer.name for layer in layers]}")

    # ---- building ---------------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any = None) -> None:
        """Builds a subclassed model for a shape (with the batch, which may be None), by calling it on shapes alone.

        Raises:
            ValueError: no shape, or `call` cannot be run on shapes.
        """
        if input_shape is None:
            raise ValueError(f"model {self.name!r}: build: input_shape: expected a shape with the batch, received None")
        if type(self).call is Model.call:
            return
        self._build_symbolically(keras_tensors(input_shape, self.compute_dtype))

    def _build_symbolically(self, inputs: Any) -> Any:
        args = (inputs,)
        if isinstance(inputs, list) and len(self._call_signature()[0].parameters) > 2 and all(is_keras_tensor(i) for i in inputs):
            args = (inputs,)
        with history_disabled(), calling(self, False):
            try:
                found = self.call(*args)
            except Exception as error:
                raise ValueError(
                    f"model {self.name!r}: could not be built for {nest.map_structure(lambda t: t.shape, inputs)}: {error}"
                ) from error
        self.built = True
        return found

    # ---- graph ------------------------------------------------------------------------------------------------------------

    def _graph_of(self, what: str) -> Any:
        functional = self.__dict__.get("_functional")
        if functional is None:
            raise AttributeError(
                f"model {self.name!r} has no {what} yet: it is not built (call it on data or build(input_shape)), or it is a "
                "subclass with its own call() and thus has no graph"
            )
        return functional

    @property
    def inputs(self) -> list[Any]:
        """The symbolic inputs, flat."""
        return list(self._graph_of("inputs")._inputs)

    @property
    def outputs(self) -> list[Any]:
        """The symbolic outputs, flat."""
        return list(self._graph_of("outputs")._outputs)

    @property
    def input(self) -> Any:
        """The symbolic inputs in the structure in which they were given."""
        return self._graph_of("input")._inputs_struct

    @property
    def output(self) -> Any:
        """The symbolic outputs in the structure in which they were given."""
        return self._graph_of("output")._outputs_struct

    @property
    def input_shape(self) -> Any:
        """The shapes of the inputs."""
        return nest.map_structure(lambda t: t.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """The shapes of the outputs."""
        return nest.map_structure(lambda t: t.shape, self.output)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return [t._history[0].operation.name for t in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that make the outputs."""
        from swiftconv.models._graph import node_of

        return [node_of(t).operation.name for t in self.outputs]

    # ---- inspection -------------------------------------------------------------------------------------------------------

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Prints a table of the layers with output shapes, parameters and floating-point operations.

        Args:
            line_length: width of the table.
            print_fn: takes each line instead of `print`.
            expand_nested: whether layers of inner models are shown too.
            show_trainable: whether there is a column that says so.
            layer_range: names of the first and last layer to show.
        """
        from swiftconv.models.summary import print_summary

        print_summary(self, line_length, print_fn, expand_nested, show_trainable, layer_range)

    # ---- files ------------------------------------------------------------------------------------------------------------

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Writes the model: `.keras`, `.safetensors` (which the Swift library reads too), or the older `.h5`.

        Args:
            filepath: where to.
            overwrite: whether an existing file is replaced.
            zipped: False writes a folder instead of a `.keras` file.

        Raises:
            ValueError: another extension, or an existing file with `overwrite=False`.
        """
        from swiftconv.saving import save_model

        save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def export(self, filepath: Any, format: str = "safetensors", batch_size: int = 1) -> None:
        """Writes what `predict` computes as a graph in one file, which the C library runs without Python (`sc_graph_load`).

        Args:
            filepath: a name that ends in `.safetensors`.
            format: `"safetensors"` alone.
            batch_size: how many samples a run of the file takes; it is fixed.

        Raises:
            ValueError: another extension or format, or a model that is not built.
        """
        from swiftconv.saving.exporting import export_model

        if format != "safetensors":
            raise ValueError(f"export: format: expected 'safetensors', received {format!r}")
        export_model(self, filepath, batch_size)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: Any = None) -> None:
        """Writes the weights to a `.weights.h5` or `.safetensors` file, or to several.

        Args:
            filepath: where to; `.weights.json` with `max_shard_size`.
            overwrite: whether existing files are replaced.
            max_shard_size: how many GiB of numbers one file may hold; None: one file.

        Raises:
            ValueError: another extension, or an existing file with `overwrite=False`.
        """
        from swiftconv.saving import save_weights

        save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Reads weights from a `.weights.h5`, `.weights.json`, `.safetensors`, `.keras` or `.h5` file.

        Raises:
            ValueError: the file does not fit the model.
        """
        from swiftconv.saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """The configuration as JSON (no weights)."""
        import json

        from swiftconv.utils.serialization import serialize_keras_object

        return json.dumps(serialize_keras_object(self), **kwargs)

    def get_build_config(self) -> Any:
        """The shape that the model was built for."""
        return super().get_build_config()

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Builds the model for a saved shape, where it has one."""
        if not config or self.built:
            return
        try:
            super().build_from_config(config)
        except (ValueError, TypeError):
            self.built = False

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A model from its configuration."""
        from swiftconv.models.functional import Functional, functional_from_config

        if {"layers", "input_layers", "output_layers"} <= set(config):
            return functional_from_config(Functional if cls is Model else cls, config, custom_objects)
        return super().from_config(config)

    def __reduce__(self) -> Any:
        from swiftconv.models.pickling import pickled_model

        return pickled_model(self)


def _functional_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    inputs = args[0] if args else kwargs.get("inputs")
    outputs = args[1] if len(args) > 1 else kwargs.get("outputs")
    return inputs is not None and outputs is not None


def inputs_of(layer: Any) -> bool:
    """Whether a layer is an `InputLayer`."""
    return isinstance(layer, InputLayer)


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model of `to_json`.

    Raises:
        ValueError: not the JSON of a model.
    """
    from swiftconv.utils.serialization import deserialize_model

    return deserialize_model(json_string, "model_from_json: json_string", custom_objects)
