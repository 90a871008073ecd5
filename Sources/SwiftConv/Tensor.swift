import Graph
import Ops
import TensorCore

/// A multi-dimensional array of numbers: an immutable value with value semantics.
///
///     let x = try Tensor([1, 2, 3, 4], shape: [2, 2])
///     let y = try (x + 1) * x
///     print(try y.sum().scalar())
///
/// Whatever can go wrong with what you pass (shapes that do not match, an index out of range) is thrown as `SwiftConvError`.
/// Inside a function that is differentiated, and inside a model while it is trained, tensors are symbolic: they have a shape and a type,
/// but no numbers yet. The same operations work on them, except those that ask for numbers.
public struct Tensor: Sendable {
    enum Content: Sendable {
        case numbers(Storage)
        case symbol(Trace, Value)
    }

    let spec: TensorSpec
    let content: Content

    init(_ spec: TensorSpec, _ storage: Storage) {
        self.spec = spec
        self.content = .numbers(storage)
    }

    init(_ spec: TensorSpec, _ trace: Trace, _ value: Value) {
        self.spec = spec
        self.content = .symbol(trace, value)
    }

    /// The sizes; empty for a scalar.
    public var shape: [Int] { spec.shape }
    /// The number of dimensions.
    public var rank: Int { spec.rank }
    /// The number of elements.
    public var count: Int { spec.count }
    /// The element type.
    public var dtype: DType { DType(spec.dtype) }
    /// Whether it has no numbers yet.
    public var isSymbolic: Bool {
        if case .symbol = content { true } else { false }
    }

    // MARK: making

    /// The numbers of `scalars` in row-major order. Literals without a type make float32.
    @_disfavoredOverload
    public init<Scalar: TensorScalar>(_ scalars: [Scalar], shape: [Int]) throws(SwiftConvError) {
        try self.init(scalars.count, shape, Scalar.dtype) { base in
            scalars.withUnsafeBytes { bytes in
                if let source = bytes.baseAddress { base.copyMemory(from: source, byteCount: bytes.count) }
            }
        }
    }

    /// float32 numbers in row-major order; without a shape a vector.
    public init(_ scalars: [Float], shape: [Int]? = nil) throws(SwiftConvError) {
        try self.init(scalars.count, shape ?? [scalars.count], .float32) { base in
            scalars.withUnsafeBytes { bytes in
                if let source = bytes.baseAddress { base.copyMemory(from: source, byteCount: bytes.count) }
            }
        }
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

    private init(
        _ count: Int, _ shape: [Int], _ dtype: DType, fill: (UnsafeMutableRawPointer) -> Void
    ) throws(SwiftConvError) {
        let spec = try engine { () throws(ConvError) in try TensorSpec(dtype.engineType, shape).validated("Tensor") }
        guard spec.count == count else {
            throw .invalidArgument("Tensor: expected \(spec.count) numbers for shape \(shapeText(shape)), received \(count)")
        }
        let storage = try engine { () throws(ConvError) in try Storage(bytes: spec.byteCount, for: "tensor") }
        fill(storage.base)
        self.init(spec, storage)
    }

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

    // MARK: reading

    /// The memory of the numbers.
    func storage(_ what: String) throws(SwiftConvError) -> Storage {
        guard case .numbers(let storage) = content else {
            throw .invalidArgument(
                "\(what): this tensor is symbolic (it belongs to a function that is being recorded) and has no numbers yet: "
                    + "return it from the function, and read the result")
        }
        return storage
    }

    /// The elements in row-major order, converted to `type`.
    public func scalars<Scalar: TensorScalar>(as type: Scalar.Type = Float.self) throws(SwiftConvError) -> [Scalar] {
        let storage = try storage("scalars")
        func read<Stored: TensorScalar>(_: Stored.Type) -> [Scalar] {
            let base = storage.base.assumingMemoryBound(to: Stored.self)
            return (0..<count).map { (base[$0] as? Scalar) ?? Scalar.nearest(base[$0].asDouble) }
        }
        return switch spec.dtype {
        case .float32: read(Float.self)
        case .float64: read(Double.self)
        case .int32: read(Int32.self)
        case .int64: read(Int64.self)
        case .uint8, .bool: read(UInt8.self)
        }
    }

    /// The only element.
    public func scalar<Scalar: TensorScalar>(as type: Scalar.Type = Float.self) throws(SwiftConvError) -> Scalar {
        guard count == 1, let first = try scalars(as: type).first else {
            throw .invalidArgument("scalar: expected a tensor of one element, received shape \(shapeText(shape))")
        }
        return first
    }

    /// Lends the bytes of the elements, row-major.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) throws(SwiftConvError) -> R {
        let storage = try storage("withBytes")
        return body(UnsafeRawBufferPointer(start: storage.base, count: spec.byteCount))
    }
}
