import TensorCore

/// Arithmetic with NumPy's broadcasting. Both sides must have one type; numbers take the type of the tensor beside them.
extension Tensor {
    /// The sum, element by element.
    public static func + (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("add", [a, b]) }
    /// The difference, element by element.
    public static func - (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("subtract", [a, b]) }
    /// The product, element by element.
    public static func * (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("multiply", [a, b]) }
    /// The quotient, element by element.
    public static func / (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("divide", [a, b]) }
    /// The negative of each element.
    public static prefix func - (a: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("negative", [a]) }

    /// The sum, element by element.
    public static func + (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a + a.likewise(b) }
    /// The difference, element by element.
    public static func - (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a - a.likewise(b) }
    /// The product, element by element.
    public static func * (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a * a.likewise(b) }
    /// The quotient, element by element.
    public static func / (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a / a.likewise(b) }
    /// The sum, element by element.
    public static func + (a: Double, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) + b }
    /// The difference, element by element.
    public static func - (a: Double, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) - b }
    /// The product, element by element.
    public static func * (a: Double, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) * b }
    /// The quotient, element by element.
    public static func / (a: Double, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) / b }

    /// `number` as a scalar of this tensor's type.
    private func likewise(_ number: Double) throws(SwiftConvError) -> Tensor {
        if !spec.dtype.isFloating, number != number.rounded() {
            throw SwiftConvError(.wrongType, "arithmetic: expected a whole number beside a tensor of \(dtype), received \(number)")
        }
        return switch spec.dtype {
        case .float32: try Tensor([Float(number)], shape: [])
        case .float64: try Tensor([number], shape: [])
        case .int32: try Tensor([Int32.nearest(number)], shape: [])
        case .int64: try Tensor([Int64.nearest(number)], shape: [])
        case .uint8, .bool: try Tensor([UInt8.nearest(number)], shape: [])
        }
    }

    /// `self` to the power of `exponent`, element by element.
    public func power(_ exponent: Double) throws(SwiftConvError) -> Tensor { try applyOne("power", [self, likewise(exponent)]) }
    /// The larger of each two elements.
    public func maximum(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("maximum", [self, other]) }
    /// The smaller of each two elements.
    public func minimum(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("minimum", [self, other]) }
    /// The exponential, element by element.
    public func exp() throws(SwiftConvError) -> Tensor { try applyOne("exp", [self]) }
    /// The natural logarithm, element by element.
    public func log() throws(SwiftConvError) -> Tensor { try applyOne("log", [self]) }
    /// The square root, element by element.
    public func squareRoot() throws(SwiftConvError) -> Tensor { try applyOne("sqrt", [self]) }
    /// The square, element by element.
    public func square() throws(SwiftConvError) -> Tensor { try applyOne("square", [self]) }
    /// The size without the sign.
    public func absolute() throws(SwiftConvError) -> Tensor { try applyOne("abs", [self]) }

    /// Comparisons give a tensor of bool.
    public func equal(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("equal", [self, other]) }
    /// Where this element is larger than the other.
    public func greater(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("greater", [self, other]) }
    /// Where this element is smaller than the other.
    public func less(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("less", [self, other]) }

    /// The matrix product; leading dimensions are a batch.
    public func matmul(
        _ other: Tensor, transposeA: Bool = false, transposeB: Bool = false
    ) throws(SwiftConvError) -> Tensor {
        try applyOne(
            "matmul", [self, other], ["transpose_a": .int(transposeA ? 1 : 0), "transpose_b": .int(transposeB ? 1 : 0)])
    }
}

/// Reductions, over all axes unless told otherwise.
extension Tensor {
    /// The sum.
    public func sum(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor { try reduce("sum", axes, keepDims) }
    /// The mean.
    public func mean(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor { try reduce("mean", axes, keepDims) }
    /// The largest.
    public func max(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor { try reduce("max", axes, keepDims) }
    /// The smallest.
    public func min(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor { try reduce("min", axes, keepDims) }

    private func reduce(_ kind: String, _ axes: [Int], _ keepDims: Bool) throws(SwiftConvError) -> Tensor {
        try applyOne("reduce_\(kind)", [self], ["axes": .ints(axes), "keepdims": .int(keepDims ? 1 : 0)])
    }

    /// The positions (int64) of the largest elements along `axis`.
    public func argmax(axis: Int = -1) throws(SwiftConvError) -> Tensor { try applyOne("argmax", [self], ["axis": .int(axis)]) }
}
