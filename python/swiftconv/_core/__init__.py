"""What every value is and how an op is applied to it.

Four kinds of value meet in `apply`: NumPy arrays and `Tensor` (eager), `Variable` (state), `Symbol` (a value of the graph that is
being traced) and `KerasTensor` (a shape with unknown sizes, for building functional models).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from swiftconv._core.apply import apply, get_op, infer_specs
from swiftconv._core.convert import as_array, cast, convert_to_numpy, convert_to_tensor
from swiftconv._core.dtypes import (
    DType,
    as_dtype,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    standardize_dtype,
    uint8,
)
from swiftconv._core.index import index
from swiftconv._core.operators import binary, promote
from swiftconv._core.settings import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from swiftconv._core.shape import TensorShape
from swiftconv._core.state import history_disabled, in_trace
from swiftconv._core.tensor import Tensor, is_symbolic, is_tensor

if TYPE_CHECKING:
    from swiftconv._core.keras_tensor import (
        FunctionNode,
        KerasTensor,
        OperationNode,
        any_symbolic_tensors,
        apply_function,
        compute_output_spec,
    )
    from swiftconv._core.tape import GradientTape
    from swiftconv._core.trace import (
        CompiledFunction,
        Symbol,
        compile_function,
        gradients,
        labelled,
        map_structure,
        save_function,
    )
    from swiftconv._core.variable import Variable

__all__ = [
    "CompiledFunction",
    "DType",
    "FunctionNode",
    "GradientTape",
    "KerasTensor",
    "OperationNode",
    "Symbol",
    "Tensor",
    "TensorShape",
    "Variable",
    "any_symbolic_tensors",
    "apply",
    "apply_function",
    "as_array",
    "as_dtype",
    "binary",
    "bool_",
    "cast",
    "compile_function",
    "compute_output_spec",
    "convert_to_numpy",
    "convert_to_tensor",
    "epsilon",
    "float16",
    "float32",
    "float64",
    "floatx",
    "get_op",
    "gradients",
    "history_disabled",
    "image_data_format",
    "in_trace",
    "index",
    "infer_specs",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_symbolic",
    "is_tensor",
    "labelled",
    "map_structure",
    "promote",
    "save_function",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
    "uint8",
]

#: What eager calls on arrays do without, and where it is: most of the time of an import.
_LATER = {
    "FunctionNode": "keras_tensor",
    "KerasTensor": "keras_tensor",
    "OperationNode": "keras_tensor",
    "any_symbolic_tensors": "keras_tensor",
    "apply_function": "keras_tensor",
    "compute_output_spec": "keras_tensor",
    "GradientTape": "tape",
    "CompiledFunction": "trace",
    "Symbol": "trace",
    "compile_function": "trace",
    "gradients": "trace",
    "labelled": "trace",
    "map_structure": "trace",
    "save_function": "trace",
    "Variable": "variable",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'swiftconv._core' has no attribute {name!r}")
    globals()[name] = value = getattr(importlib.import_module(f"swiftconv._core.{_LATER[name]}"), name)
    return value
