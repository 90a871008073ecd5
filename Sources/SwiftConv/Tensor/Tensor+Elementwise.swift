import TensorCore

/// Functions of single elements. All but ``sign()``, ``square()`` and ``absolute()`` are for float32 and float64.
extension Tensor {
    /// The exponential.
    public func exp() throws(SwiftConvError) -> Tensor { try applyOne("exp", [self]) }
    /// The exponential minus 1, exact near 0.
    public func exponentialMinusOne() throws(SwiftConvError) -> Tensor { try applyOne("expm1", [self]) }
    /// The natural logarithm.
    public func log() throws(SwiftConvError) -> Tensor { try applyOne("log", [self]) }
    /// The natural logarithm of 1 plus each element, exact near 0.
    public func logOnePlus() throws(SwiftConvError) -> Tensor { try applyOne("log1p", [self]) }
    /// The square root.
    public func squareRoot() throws(SwiftConvError) -> Tensor { try applyOne("sqrt", [self]) }
    /// 1 over the square root.
    public func reciprocalSquareRoot() throws(SwiftConvError) -> Tensor { try applyOne("rsqrt", [self]) }
    /// 1 over each element.
    public func reciprocal() throws(SwiftConvError) -> Tensor { try applyOne("reciprocal", [self]) }
    /// The square.
    public func square() throws(SwiftConvError) -> Tensor { try applyOne("square", [self]) }
    /// The size without the sign.
    public func absolute() throws(SwiftConvError) -> Tensor { try applyOne("abs", [self]) }
    /// −1, 0 or 1.
    public func sign() throws(SwiftConvError) -> Tensor { try applyOne("sign", [self]) }
    /// The sine.
    public func sin() throws(SwiftConvError) -> Tensor { try applyOne("sin", [self]) }
    /// The cosine.
    public func cos() throws(SwiftConvError) -> Tensor { try applyOne("cos", [self]) }
    /// The hyperbolic tangent.
    public func tanh() throws(SwiftConvError) -> Tensor { try applyOne("tanh", [self]) }
    /// The error function.
    public func erf() throws(SwiftConvError) -> Tensor { try applyOne("erf", [self]) }
    /// Rounded down.
    public func floor() throws(SwiftConvError) -> Tensor { try applyOne("floor", [self]) }
    /// Rounded up.
    public func ceil() throws(SwiftConvError) -> Tensor { try applyOne("ceil", [self]) }
    /// Rounded to the nearest number with so many decimals, halves to even.
    public func rounded(decimals: Int = 0) throws(SwiftConvError) -> Tensor {
        if decimals == 0 { return try applyOne("round", [self]) }
        guard (-300...300).contains(decimals) else {
            throw .invalidArgument("rounded: decimals: expected -300 to 300, received \(decimals)")
        }
        let scale = (0..<Swift.abs(decimals)).reduce(1.0) { power, _ in power * 10 }
        return try decimals > 0
            ? applyOne("round", [self * scale]) / scale : applyOne("round", [self / scale]) * scale
    }

    /// Where an element is NaN, as bool.
    public func isNaN() throws(SwiftConvError) -> Tensor { try applyOne("is_nan", [self]) }
    /// Where an element is neither infinite nor NaN, as bool.
    public func isFinite() throws(SwiftConvError) -> Tensor { try applyOne("is_finite", [self]) }
    /// Where an element is infinite, as bool.
    public func isInfinite() throws(SwiftConvError) -> Tensor { try .!(isFinite() .| isNaN()) }

    /// The same numbers, through which no gradient flows.
    public func stopGradient() throws(SwiftConvError) -> Tensor { try applyOne("stop_gradient", [self]) }
}
