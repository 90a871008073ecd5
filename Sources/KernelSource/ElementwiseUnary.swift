import CKernelInterface

/// Computes y[i] = f(x[i]) for the function of that code. Operands: `count` elements of `dtype`; y may be x; no alignment is asked for.
func unary(
    _ function: Int, _ dtype: Int, _ count: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ alpha: Double, _ beta: Double
) {
    switch dtype {
    case 0: realUnary(Float.self, function, count, x, y, Float(alpha), Float(beta))
    case 1: realUnary(Double.self, function, count, x, y, alpha, beta)
    case 2: integerUnary(Int32.self, function, count, x, y)
    case 3: integerUnary(Int64.self, function, count, x, y)
    default: map(count, x, y) { (x: UInt8) -> UInt8 in x ^ 1 }
    }
}

/// selu's constants (G. Klambauer et al., "Self-Normalizing Neural Networks", 2017).
@inline(__always) private func seluScale<T: Real>() -> T { 1.0507009873554804934193349852946 }
@inline(__always) private func seluScaleAlpha<T: Real>() -> T { 1.7580993408473768599402175208123 }

/// √(2/π), gelu's cubic coefficient, √½ and 1/√(2π).
@inline(__always) private func sqrt2OverPi<T: Real>() -> T { 0.79788456080286535587989211986876 }
@inline(__always) private func geluCubic<T: Real>() -> T { 0.044715 }
@inline(__always) private func sqrtHalf<T: Real>() -> T { 0.70710678118654752440084436210485 }
@inline(__always) private func inverseSqrt2Pi<T: Real>() -> T { 0.39894228040143267793994605993438 }

@inline(__always)
private func realUnary<T: Real>(
    _: T.Type, _ function: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ alpha: T, _ beta: T
) {
    switch function {
    case SC_RELU: map(n, x, y) { (x: T) in x < 0 ? 0 : x }
    case SC_RELU6: map(n, x, y) { (x: T) in clamp(x, 0, 6) }
    case SC_LEAKY_RELU: map(n, x, y) { (x: T) in x < 0 ? alpha * x : x }
    case SC_ELU: map(n, x, y) { (x: T) in x < 0 ? alpha * T.expm1(x) : x }
    case SC_SELU: map(n, x, y) { (x: T) in x < 0 ? seluScaleAlpha() * T.expm1(x) : seluScale() * x }
    case SC_GELU: map(n, x, y) { (x: T) in 0.5 * x * (1 + T.erf(x * sqrtHalf())) }
    case SC_GELU_TANH: map(n, x, y) { (x: T) in 0.5 * x * (1 + T.tanh(sqrt2OverPi() * (x + geluCubic() * x * x * x))) }
    case SC_SILU: map(n, x, y) { (x: T) in x * T.sigmoid(x) }
    case SC_SIGMOID: map(n, x, y) { (x: T) in T.sigmoid(x) }
    case SC_TANH: map(n, x, y) { (x: T) in T.tanh(x) }
    case SC_SOFTPLUS: map(n, x, y) { (x: T) in T.softplus(x) }
    case SC_SOFTSIGN: map(n, x, y) { (x: T) in x / (1 + x.magnitude) }
    case SC_MISH: map(n, x, y) { (x: T) in x * T.tanh(T.softplus(x)) }
    case SC_HARD_SIGMOID: map(n, x, y) { (x: T) in clamp(x + 3, 0, 6) / 6 }
    case SC_HARD_SILU: map(n, x, y) { (x: T) in x * (clamp(x + 3, 0, 6) / 6) }
    case SC_EXP: map(n, x, y) { (x: T) in T.exp(x) }
    case SC_EXPM1: map(n, x, y) { (x: T) in T.expm1(x) }
    case SC_LOG: map(n, x, y) { (x: T) in T.log(x) }
    case SC_LOG1P: map(n, x, y) { (x: T) in T.log1p(x) }
    case SC_SQRT: map(n, x, y) { (x: T) in x.squareRoot() }
    case SC_RSQRT: map(n, x, y) { (x: T) in 1 / x.squareRoot() }
    case SC_RECIPROCAL: map(n, x, y) { (x: T) in 1 / x }
    case SC_FLOOR: map(n, x, y) { (x: T) in x.rounded(.down) }
    case SC_CEIL: map(n, x, y) { (x: T) in x.rounded(.up) }
    case SC_ROUND: map(n, x, y) { (x: T) in x.rounded(.toNearestOrEven) }
    case SC_ERF: map(n, x, y) { (x: T) in T.erf(x) }
    case SC_SIN: map(n, x, y) { (x: T) in T.sin(x) }
    case SC_COS: map(n, x, y) { (x: T) in T.cos(x) }
    case SC_CLIP: map(n, x, y) { (x: T) in clamp(x, alpha, beta) }
    case SC_SQUARE: map(n, x, y) { (x: T) in x * x }
    case SC_ABS: map(n, x, y) { (x: T) in x.magnitude }
    case SC_NEGATIVE: map(n, x, y) { (x: T) in -x }
    case SC_SIGN: map(n, x, y) { (x: T) in x > 0 ? 1 : (x < 0 ? -1 : x) }
    case SC_IS_NAN: map(n, x, y) { (x: T) -> UInt8 in x != x ? 1 : 0 }
    default: map(n, x, y) { (x: T) -> UInt8 in x.magnitude < .infinity ? 1 : 0 }
    }
}

@inline(__always)
private func integerUnary<T: FixedWidthInteger & SignedInteger>(
    _: T.Type, _ function: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer
) {
    switch function {
    case SC_SQUARE: map(n, x, y) { (x: T) -> T in x &* x }
    case SC_ABS: map(n, x, y) { (x: T) -> T in x < 0 ? 0 &- x : x }
    case SC_NEGATIVE: map(n, x, y) { (x: T) -> T in 0 &- x }
    default: map(n, x, y) { (x: T) -> T in x > 0 ? 1 : (x < 0 ? -1 : 0) }
    }
}

/// Computes dx[i] = dy[i] · f'(v[i]) for the function of that code; dx may be dy or v.
/// TensorFlow's choices at the kinks: relu and relu6 give 0 at 0, at 6 and at NaN; leaky_relu and elu give alpha at 0, selu its scale.
func unaryBackward(
    _ function: Int, _ dtype: Int, _ count: Int, _ dy: UnsafeRawPointer, _ v: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer,
    _ alpha: Double,
    _ beta: Double
) {
    if dtype == 0 {
        realBackward(Float.self, function, count, dy, v, dx, Float(alpha), Float(beta))
    } else {
        realBackward(Double.self, function, count, dy, v, dx, alpha, beta)
    }
}

@inline(__always)
private func realBackward<T: Real>(
    _: T.Type, _ function: Int, _ n: Int, _ dy: UnsafeRawPointer, _ v: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer, _ alpha: T,
    _ beta: T
) {
    switch function {
    case SC_RELU_BACKWARD: map(n, dy, 1, v, 1, dx) { (dy: T, y: T) in y > 0 ? dy : 0 }
    case SC_RELU6_BACKWARD: map(n, dy, 1, v, 1, dx) { (dy: T, y: T) in (y > 0) && (y < 6) ? dy : 0 }
    case SC_SIGMOID_BACKWARD: map(n, dy, 1, v, 1, dx) { (dy: T, y: T) in dy * y * (1 - y) }
    case SC_TANH_BACKWARD: map(n, dy, 1, v, 1, dx) { (dy: T, y: T) in dy * (1 - y * y) }
    case SC_LEAKY_RELU_BACKWARD: map(n, dy, 1, v, 1, dx) { (dy: T, x: T) in x > 0 ? dy : alpha * dy }
    case SC_ELU_BACKWARD: map(n, dy, 1, v, 1, dx) { (dy: T, x: T) in x > 0 ? dy : dy * alpha * T.exp(x) }
    case SC_SELU_BACKWARD: map(n, dy, 1, v, 1, dx) { (dy: T, x: T) in dy * (x < 0 ? seluScaleAlpha() * T.exp(x) : seluScale()) }
    case SC_GELU_BACKWARD:
        map(n, dy, 1, v, 1, dx) { (dy: T, x: T) in
            dy * (0.5 * (1 + T.erf(x * sqrtHalf())) + x * inverseSqrt2Pi() * T.exp(-0.5 * x * x))
        }
    case SC_GELU_TANH_BACKWARD:
        map(n, dy, 1, v, 1, dx) { (dy: T, x: T) in
            let t = T.tanh(sqrt2OverPi() * (x + geluCubic() * x * x * x))
            return dy * 0.5 * (1 + t + x * (1 - t * t) * sqrt2OverPi() * (1 + 3 * geluCubic() * x * x))
        }
    case SC_SILU_BACKWARD:
        map(n, dy, 1, v, 1, dx) { (dy: T, x: T) in
            let s = T.sigmoid(x)
            return dy * s * (1 + x * (1 - s))
        }
    case SC_SOFTPLUS_BACKWARD: map(n, dy, 1, v, 1, dx) { (dy: T, x: T) in dy * T.sigmoid(x) }
    default: map(n, dy, 1, v, 1, dx) { (dy: T, x: T) in (x < alpha) || (x > beta) ? 0 : dy }
    }
}
