import Graph
import Ops
import TensorCore

extension Tensor {
    /// The numbers of `scalars` in row-major order; without a shape a vector. Literals without a type make float32.
    @_disfavoredOverload
    public init<Scalar: TensorScalar>(_ scalars: [Scalar], shape: [Int]? = nil) throws(SwiftConvError) {
        guard MemoryLayout<Scalar>.stride == Scalar.dtype.engineType.size else {
            throw SwiftConvError(.wrongType, "Tensor: expected a scalar type of the size of \(Scalar.dtype), received \(Scalar.self)")
        }
        try self.init(copying: scalars, shape ?? [scalars.count], Scalar.dtype)
    }

    /// float32 numbers in row-major order; without a shape a vector.
    public init(_ scalars: [Float], shape: [Int]? = nil) throws(SwiftConvError) {
        try self.init(copying: scalars, shape ?? [scalars.count], .float32)
    }

    /// A matrix of float32 numbers from its rows, which must be of one length.
    public init(_ rows: [[Float]]) throws(SwiftConvError) {
        let shape = [rows.count, rows.first?.count ?? 0]
        try self.init(try joined(rows), shape: shape)
    }
    /// float32 numbers of three dimensions.
    public init(_ rows: [[[Float]]]) throws(SwiftConvError) {
        let shape = [rows.count, rows.first?.count ?? 0, rows.first?.first?.count ?? 0]
        try self.init(try joined(joined(rows)), shape: shape)
    }
    /// float32 numbers of four dimensions.
    public init(_ rows: [[[[Float]]]]) throws(SwiftConvError) {
        let shape = [rows.count, rows.first?.count ?? 0, rows.first?.first?.count ?? 0, rows.first?.first?.first?.count ?? 0]
        try self.init(try joined(joined(joined(rows))), shape: shape)
    }
    /// A matrix of numbers from its rows, which must be of one length.
    @_disfavoredOverload
    public init<Scalar: TensorScalar>(_ rows: [[Scalar]]) throws(SwiftConvError) {
        let shape = [rows.count, rows.first?.count ?? 0]
        try self.init(try joined(rows), shape: shape)
    }
    /// Numbers of three dimensions.
    @_disfavoredOverload
    public init<Scalar: TensorScalar>(_ rows: [[[Scalar]]]) throws(SwiftConvError) {
        let shape = [rows.count, rows.first?.count ?? 0, rows.first?.first?.count ?? 0]
        try self.init(try joined(joined(rows)), shape: shape)
    }
    /// Numbers of four dimensions.
    @_disfavoredOverload
    public init<Scalar: TensorScalar>(_ rows: [[[[Scalar]]]]) throws(SwiftConvError) {
        let shape = [rows.count, rows.first?.count ?? 0, rows.first?.first?.count ?? 0, rows.first?.first?.first?.count ?? 0]
        try self.init(try joined(joined(joined(rows))), shape: shape)
    }

    /// A float32 scalar.
    public init(_ number: Float) throws(SwiftConvError) { try self.init([number], shape: []) }
    /// A scalar.
    @_disfavoredOverload
    public init<Scalar: TensorScalar>(_ number: Scalar) throws(SwiftConvError) { try self.init([number], shape: []) }

    /// All elements equal `number`.
    public init<Scalar: TensorScalar>(repeating number: Scalar, shape: [Int]) throws(SwiftConvError) {
        self = try Tensor([number], shape: []).broadcast(to: shape)
    }

    /// The integers of a range, as a vector.
    public init(_ range: Range<Int>, dtype: DType = .int32) throws(SwiftConvError) {
        self = try .arange(from: range.lowerBound, to: range.upperBound, dtype: dtype)
    }

    /// A copy of `byteCount` bytes of dense, row-major elements.
    public init(bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) throws(SwiftConvError) {
        let spec = TensorSpec(dtype.engineType, shape)
        let checked = try engine { () throws(ConvError) in try spec.validated("Tensor") }
        guard bytes.count == checked.byteCount else {
            throw .invalidArgument("Tensor: bytes: expected \(checked.byteCount) for \(checked), received \(bytes.count)")
        }
        let storage = try engine { () throws(ConvError) in try Storage(bytes: bytes.count, for: "tensor") }
        if let source = bytes.baseAddress { storage.base.copyMemory(from: source, byteCount: bytes.count) }
        self.init(checked, storage)
    }

    private init<Scalar: BitwiseCopyable>(copying scalars: [Scalar], _ shape: [Int], _ dtype: DType) throws(SwiftConvError) {
        let spec = try engine { () throws(ConvError) in try TensorSpec(dtype.engineType, shape).validated("Tensor") }
        guard spec.count == scalars.count else {
            throw .invalidArgument("Tensor: expected \(spec.count) numbers for shape \(shapeText(shape)), received \(scalars.count)")
        }
        let storage = try engine { () throws(ConvError) in try Storage(bytes: spec.byteCount, for: "tensor") }
        scalars.withUnsafeBytes { bytes in
            if let source = bytes.baseAddress { storage.base.copyMemory(from: source, byteCount: bytes.count) }
        }
        self.init(spec, storage)
    }

    // MARK: constants

    /// All elements equal `number`.
    public static func full(_ shape: [Int], _ number: Double, dtype: DType = .float32) throws(SwiftConvError) -> Tensor {
        let scalar = try Tensor([number], shape: []).cast(to: dtype)
        return try scalar.broadcast(to: shape)
    }

    /// All elements 0.
    public static func zeros(_ shape: [Int], dtype: DType = .float32) throws(SwiftConvError) -> Tensor {
        let spec = try engine { () throws(ConvError) in try TensorSpec(dtype.engineType, shape).validated("zeros") }
        return Tensor(spec, try engine { () throws(ConvError) in try Storage(zeroed: spec.byteCount, for: "tensor") })
    }

    /// All elements 1.
    public static func ones(_ shape: [Int], dtype: DType = .float32) throws(SwiftConvError) -> Tensor {
        try full(shape, 1, dtype: dtype)
    }

    /// Zeros of the shape and (by default) the type of another tensor.
    public static func zeros(like other: Tensor, dtype: DType? = nil) throws(SwiftConvError) -> Tensor {
        try zeros(other.shape, dtype: dtype ?? other.dtype)
    }

    /// Ones of the shape and (by default) the type of another tensor.
    public static func ones(like other: Tensor, dtype: DType? = nil) throws(SwiftConvError) -> Tensor {
        try ones(other.shape, dtype: dtype ?? other.dtype)
    }

    /// One number in the shape and (by default) the type of another tensor.
    public static func full(like other: Tensor, _ number: Double, dtype: DType? = nil) throws(SwiftConvError) -> Tensor {
        try full(other.shape, number, dtype: dtype ?? other.dtype)
    }

    /// The unit matrix: ones where the column is the row plus `diagonal`.
    public static func eye(
        _ rows: Int, columns: Int? = nil, diagonal: Int = 0, dtype: DType = .float32
    ) throws(SwiftConvError) -> Tensor {
        let shape = [rows, columns ?? rows]
        let spec = try engine { () throws(ConvError) in try TensorSpec(.uint8, shape).validated("eye") }
        var numbers = [UInt8](repeating: 0, count: spec.count)
        for row in 0..<shape[0] {
            let (column, overflow) = row.addingReportingOverflow(diagonal)
            if !overflow, (0..<shape[1]).contains(column) { numbers[row * shape[1] + column] = 1 }
        }
        return try Tensor(numbers, shape: shape).cast(to: dtype)
    }

    /// Integers from `start` to before `end`, `step` apart.
    public static func arange(from start: Int = 0, to end: Int, step: Int = 1, dtype: DType = .int32) throws(SwiftConvError) -> Tensor {
        guard step != 0 else { throw .invalidArgument("arange: step: expected a number other than 0, received 0") }
        let (span, overflow) = end.subtractingReportingOverflow(start)
        let count = step > 0 ? (span > 0 ? (span - 1) / step + 1 : 0) : (span < 0 ? (span + 1) / step + 1 : 0)
        _ = try engine { () throws(ConvError) in try TensorSpec(.int64, [overflow ? .max : count]).validated("arange") }
        return try Tensor((0..<count).map { Int64(start + $0 * step) }, shape: [count]).cast(to: dtype)
    }

    /// Numbers from `start` to before `end`, `step` apart.
    @_disfavoredOverload
    public static func arange(
        from start: Double = 0, to end: Double, step: Double = 1, dtype: DType = .float32
    ) throws(SwiftConvError) -> Tensor {
        let length = ((end - start) / step).rounded(.up)
        guard step != 0, length.isFinite, length < 0x1p46 else {
            throw .invalidArgument("arange: expected finite numbers and a step other than 0, received \(start), \(end), \(step)")
        }
        let count = Swift.max(0, Int(length))
        let spec = try engine { () throws(ConvError) in try TensorSpec(.float64, [count]).validated("arange") }
        let delta = start + step - start
        return try Tensor((0..<spec.count).map { start + Double($0) * delta }, shape: [count]).cast(to: dtype)
    }

    /// `count` evenly spaced numbers from `start` to `end`.
    public static func linspace(
        from start: Double, to end: Double, count: Int = 50, dtype: DType = .float32
    ) throws(SwiftConvError) -> Tensor {
        guard count >= 0 else { throw .invalidArgument("linspace: count: expected at least 0, received \(count)") }
        _ = try engine { () throws(ConvError) in try TensorSpec(.float64, [count]).validated("linspace") }
        let step = (end - start) / Double(Swift.max(1, count - 1))
        var numbers = (0..<count).map { Double($0) * step + start }
        if count > 1 { numbers[count - 1] = end }
        return try Tensor(numbers, shape: [count]).cast(to: dtype)
    }
}

/// The elements of all rows, if these are of one length.
private func joined<Element>(_ rows: [[Element]]) throws(SwiftConvError) -> [Element] {
    let length = rows.first?.count ?? 0
    for row in rows where row.count != length {
        throw .invalidArgument("Tensor: expected rows of \(length) elements as the first one, received \(row.count)")
    }
    return Array(rows.joined())
}
