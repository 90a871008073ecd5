"""What every value is and how an op is applied to it.

Four kinds of value meet in `apply`: NumPy arrays and `Tensor` (eager), `Variable` (state), `Symbol` (a value of the graph that is
being traced) and `KerasTensor` (a shape with unknown sizes, for building functional models).
"""

from swiftconv._core.apply import apply, get_op, infer_specs
from swiftconv._core.convert import as_array, convert_to_numpy, convert_to_tensor
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
from swiftconv._core.keras_tensor import KerasTensor, OperationNode, any_symbolic_tensors, compute_output_spec
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
from swiftconv._core.tape import GradientTape
from swiftconv._core.tensor import Tensor, is_symbolic, is_tensor
from swiftconv._core.trace import CompiledFunction, Symbol, compile_function, gradients
from swiftconv._core.variable import Variable

__all__ = [
    "CompiledFunction",
    "DType",
    "GradientTape",
    "KerasTensor",
    "OperationNode",
    "Symbol",
    "Tensor",
    "TensorShape",
    "Variable",
    "any_symbolic_tensors",
    "apply",
    "as_array",
    "as_dtype",
    "bool_",
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
    "int16",
    "int32",
    "int64",
    "int8",
    "is_symbolic",
    "is_tensor",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
    "uint8",
]
