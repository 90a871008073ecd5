import TensorCore

/// Arithmetic with NumPy's broadcasting. Both sides must have one type; numbers take the type of the tensor beside them.
extension Tensor {
    /// The sum, element by element.
    public static func + (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("add", [a, b]) }
    /// The difference, element by element.
    public static func - (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("subtract", [a, b]) }
    /// The product, element by element.
    public static func * (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("multiply", [a, b]) }
    /// The quotient of float32 or float64, element by element.
    public static func / (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("divide", [a, b]) }
    /// The remainder, of the sign of the divisor.
    public static func % (a: Tensor, b: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("mod", [a, b]) }
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
    /// The remainder, of the sign of the divisor.
    public static func % (a: Tensor, b: Double) throws(SwiftConvError) -> Tensor { try a % a.likewise(b) }
    /// The sum, element by element.
    public static func + (a: Double, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) + b }
    /// The difference, element by element.
    public static func - (a: Double, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) - b }
    /// The product, element by element.
    public static func * (a: Double, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) * b }
    /// The quotient, element by element.
    public static func / (a: Double, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) / b }

    /// Adds `b`.
    public static func += (a: inout Tensor, b: Tensor) throws(SwiftConvError) { a = try a + b }
    /// Subtracts `b`.
    public static func -= (a: inout Tensor, b: Tensor) throws(SwiftConvError) { a = try a - b }
    /// Multiplies by `b`.
    public static func *= (a: inout Tensor, b: Tensor) throws(SwiftConvError) { a = try a * b }
    /// Divides by `b`.
    public static func /= (a: inout Tensor, b: Tensor) throws(SwiftConvError) { a = try a / b }
    /// Adds `b`.
    public static func += (a: inout Tensor, b: Double) throws(SwiftConvError) { a = try a + b }
    /// Subtracts `b`.
    public static func -= (a: inout Tensor, b: Double) throws(SwiftConvError) { a = try a - b }
    /// Multiplies by `b`.
    public static func *= (a: inout Tensor, b: Double) throws(SwiftConvError) { a = try a * b }
    /// Divides by `b`.
    public static func /= (a: inout Tensor, b: Double) throws(SwiftConvError) { a = try a / b }

    /// `number` as a scalar of this tensor's type.
    func likewise(_ number: Double) throws(SwiftConvError) -> Tensor {
        func whole<T: FixedWidthInteger & TensorScalar>(_: T.Type) throws(SwiftConvError) -> Tensor {
            guard let exact = T(exactly: number) else {
                throw SwiftConvError(
                    .wrongType, "arithmetic: expected a whole number of \(dtype) beside a tensor of \(dtype), received \(number)")
            }
            return try Tensor([exact], shape: [])
        }
        return switch spec.dtype {
        case .float32: try Tensor([Float(number)], shape: [])
        case .float64: try Tensor([number], shape: [])
        case .int32: try whole(Int32.self)
        case .int64: try whole(Int64.self)
        case .uint8: try whole(UInt8.self)
        case .bool: try Tensor([number != 0], shape: [])
        }
    }

    /// `self` to the power of `exponent`, element by element.
    public func power(_ exponent: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("power", [self, exponent]) }
    /// `self` to the power of `exponent`, element by element.
    public func power(_ exponent: Double) throws(SwiftConvError) -> Tensor { try power(likewise(exponent)) }
    /// The larger of each two elements.
    public func maximum(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("maximum", [self, other]) }
    /// The elements, `limit` at least.
    public func maximum(_ limit: Double) throws(SwiftConvError) -> Tensor { try maximum(likewise(limit)) }
    /// The smaller of each two elements.
    public func minimum(_ other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("minimum", [self, other]) }
    /// The elements, `limit` at most.
    public func minimum(_ limit: Double) throws(SwiftConvError) -> Tensor { try minimum(likewise(limit)) }
    /// The quotient, rounded down.
    public func floorDivided(by other: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("floor_divide", [self, other]) }
    /// The quotient, rounded down.
    public func floorDivided(by other: Double) throws(SwiftConvError) -> Tensor { try floorDivided(by: likewise(other)) }
    /// The square of the difference.
    public func squaredDifference(_ other: Tensor) throws(SwiftConvError) -> Tensor {
        try applyOne("squared_difference", [self, other])
    }
    /// The elements, raised to the lower end of `range` and lowered to the upper one.
    public func clipped(to range: ClosedRange<Double>) throws(SwiftConvError) -> Tensor {
        if spec.dtype.isFloating {
            return try applyOne("clip", [self], ["min": .double(range.lowerBound), "max": .double(range.upperBound)])
        }
        return try maximum(range.lowerBound).minimum(range.upperBound)
    }
    /// The elements, raised to `lower` and lowered to `upper`, which broadcast.
    public func clipped(lower: Tensor, upper: Tensor) throws(SwiftConvError) -> Tensor { try maximum(lower).minimum(upper) }

    /// The matrix product; leading dimensions are a batch, and broadcast. A vector is a row on the left and a column on the right.
    public func matmul(
        _ other: Tensor, transposeA: Bool = false, transposeB: Bool = false
    ) throws(SwiftConvError) -> Tensor {
        guard spec.dtype.isFloating || other.spec.dtype != spec.dtype || dtype == .bool else {
            let product = try cast(to: .float64).matmul(other.cast(to: .float64), transposeA: transposeA, transposeB: transposeB)
            return try product.cast(to: dtype)
        }
        let attributes: Attributes = ["transpose_a": .int(transposeA ? 1 : 0), "transpose_b": .int(transposeB ? 1 : 0)]
        guard rank == 1 || other.rank == 1 else {
            let (a, b) = try batches(with: other)
            return try applyOne("matmul", [a, b], attributes)
        }
        guard !(rank == 1 && transposeA), !(other.rank == 1 && transposeB) else {
            throw .invalidArgument("matmul: expected a matrix to transpose, received shapes \(shapeText(shape)), \(shapeText(other.shape))")
        }
        let product = try applyOne(
            "matmul", [rank == 1 ? expandDims(at: 0) : self, other.rank == 1 ? other.expandDims(at: 1) : other], attributes)
        var kept = product.shape
        if other.rank == 1 { kept.removeLast() }
        if rank == 1 { kept.remove(at: kept.count - (other.rank == 1 ? 1 : 2)) }
        return try product.reshape(kept)
    }
}

extension Tensor {
    /// Both with the same leading dimensions, unless the product takes them as they are.
    private func batches(with other: Tensor) throws(SwiftConvError) -> (Tensor, Tensor) {
        let (a, b) = (shape.dropLast(2), other.shape.dropLast(2))
        if a == b || b.isEmpty || rank < 2 || other.rank < 2 { return (self, other) }
        let length = Swift.max(a.count, b.count)
        func filled(_ sizes: ArraySlice<Int>) -> [Int] { [Int](repeating: 1, count: length - sizes.count) + sizes }
        var lead: [Int] = []
        for (one, two) in zip(filled(a), filled(b)) {
            guard one == two || one == 1 || two == 1 else { return (self, other) }
            lead.append(one == 1 ? two : one)
        }
        return (
            try broadcast(to: lead + shape.suffix(2)), try other.broadcast(to: lead + other.shape.suffix(2))
        )
    }
}

/// Arithmetic with integers in variables. (Literals are `Double`s.)
extension Tensor {
    /// The sum, element by element.
    @_disfavoredOverload
    public static func + (a: Tensor, b: Int) throws(SwiftConvError) -> Tensor { try a + a.likewise(b) }
    /// The difference, element by element.
    @_disfavoredOverload
    public static func - (a: Tensor, b: Int) throws(SwiftConvError) -> Tensor { try a - a.likewise(b) }
    /// The product, element by element.
    @_disfavoredOverload
    public static func * (a: Tensor, b: Int) throws(SwiftConvError) -> Tensor { try a * a.likewise(b) }
    /// The quotient, element by element.
    @_disfavoredOverload
    public static func / (a: Tensor, b: Int) throws(SwiftConvError) -> Tensor { try a / a.likewise(b) }
    /// The sum, element by element.
    @_disfavoredOverload
    public static func + (a: Int, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) + b }
    /// The difference, element by element.
    @_disfavoredOverload
    public static func - (a: Int, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) - b }
    /// The product, element by element.
    @_disfavoredOverload
    public static func * (a: Int, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) * b }
    /// The quotient, element by element.
    @_disfavoredOverload
    public static func / (a: Int, b: Tensor) throws(SwiftConvError) -> Tensor { try b.likewise(a) / b }

    /// `number` as a scalar of this tensor's type, all digits of it for int64.
    private func likewise(_ number: Int) throws(SwiftConvError) -> Tensor {
        try dtype == .int64 ? Tensor([number], shape: []) : likewise(Double(number))
    }
}
