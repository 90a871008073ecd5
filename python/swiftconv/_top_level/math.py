"""TensorFlow's `math`: the arithmetic of the top, and a few functions that are only there."""

from __future__ import annotations

from swiftconv._top_level import arithmetic
from swiftconv._top_level.arithmetic import *  # noqa: F403
from swiftconv._top_level.arithmetic import _unary

log = _unary("log", "The natural logarithm")
log1p = _unary("log1p", "log(1 + x)")
expm1 = _unary("expm1", "exp(x) - 1")
rsqrt = _unary("rsqrt", "1 / sqrt(x)")
reciprocal = _unary("reciprocal", "1 / x")
erf = _unary("erf", "The error function")
ceil = _unary("ceil", "Rounded up")
softplus = _unary("softplus", "log(exp(x) + 1)")
is_nan = _unary("is_nan", "Whether each element is NaN")
is_finite = _unary("is_finite", "Whether each element is finite")

__all__ = [*arithmetic.__all__, "ceil", "erf", "expm1", "is_finite", "is_nan", "log", "log1p", "reciprocal", "rsqrt", "softplus"]  # noqa: PLE0604
