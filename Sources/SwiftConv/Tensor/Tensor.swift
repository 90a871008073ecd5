import Graph
import Ops
import TensorCore

/// A multi-dimensional array of numbers: a value, which is copied when one of its copies changes.
///
///     let x = try Tensor([[1, 2], [3, 4]])
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
        case node(FunctionalNode, Int)
    }

    let spec: TensorSpec
    private(set) var content: Content

    init(_ spec: TensorSpec, _ storage: Storage) {
        self.spec = spec
        self.content = .numbers(storage)
    }

    init(_ spec: TensorSpec, _ trace: Trace, _ value: Value) {
        self.spec = spec
        self.content = .symbol(trace, value)
    }

    init(_ spec: TensorSpec, _ node: FunctionalNode, output: Int) {
        self.spec = spec
        self.content = .node(node, output)
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
        if case .numbers = content { false } else { true }
    }
    /// Whether it stands for what a model will compute.
    var isNode: Bool {
        if case .node = content { true } else { false }
    }

    /// Whether its elements are known now.
    var hasNumbers: Bool {
        if case .numbers = content { true } else { false }
    }

    /// The recording that it is a symbol of.
    var recorder: Trace? {
        if case .symbol(let trace, _) = content { trace } else { nil }
    }

    /// The memory of the numbers.
    func storage(_ what: String) throws(SwiftConvError) -> Storage {
        guard case .numbers(let storage) = content else {
            throw .invalidArgument(
                "\(what): this tensor is symbolic (it belongs to a function that is being recorded) and has no numbers yet: "
                    + "return it from the function, and read the result")
        }
        return storage
    }

    /// The memory of the numbers, of this tensor alone: a copy if others hold it too.
    mutating func ownStorage(_ what: String) throws(SwiftConvError) -> Storage {
        var storage = try storage(what)
        // the reference in `content` must not count
        content = .numbers(Tensor.nothing ?? storage)
        if !isKnownUniquelyReferenced(&storage) {
            let bytes = spec.byteCount
            let original = storage
            do throws(SwiftConvError) {
                storage = try engine { () throws(ConvError) in try Storage(copying: original.base, bytes: bytes, for: what) }
            } catch {
                content = .numbers(original)
                throw error
            }
        }
        content = .numbers(storage)
        return storage
    }

    /// Stands in for memory that is being looked at; nil only without memory, when each change copies.
    private static let nothing = try? Storage(bytes: 0, for: "tensor")

    // MARK: reading

    /// The elements in row-major order, as `Float`.
    public func scalars() throws(SwiftConvError) -> [Float] { try scalars(as: Float.self) }

    /// The elements in row-major order, converted to what the context asks for: `let bytes: [UInt8] = try image.scalars()`.
    @_disfavoredOverload
    public func scalars<Scalar: TensorScalar>() throws(SwiftConvError) -> [Scalar] { try scalars(as: Scalar.self) }

    /// The elements in row-major order, converted to `type`.
    public func scalars<Scalar: TensorScalar>(as type: Scalar.Type) throws(SwiftConvError) -> [Scalar] {
        let storage = try storage("scalars")
        let count = count
        if Scalar.dtype == dtype, MemoryLayout<Scalar>.stride == spec.dtype.size {
            let base = storage.base.assumingMemoryBound(to: Scalar.self)
            return withExtendedLifetime(storage) { Array(UnsafeBufferPointer(start: base, count: count)) }
        }
        func read<Stored: TensorScalar>(_: Stored.Type) -> [Scalar] {
            let base = storage.base.assumingMemoryBound(to: Stored.self)
            return withExtendedLifetime(storage) { (0..<count).map { Scalar.nearest(base[$0].asDouble) } }
        }
        return switch spec.dtype {
        case .float32: read(Float.self)
        case .float64: read(Double.self)
        case .int32: read(Int32.self)
        case .int64: read(Int64.self)
        case .uint8, .bool: read(UInt8.self)
        }
    }

    /// The only element, as `Float`.
    public func scalar() throws(SwiftConvError) -> Float { try scalar(as: Float.self) }

    /// The only element, converted to what the context asks for: `let class: Int = try scores.argmax().scalar()`.
    @_disfavoredOverload
    public func scalar<Scalar: TensorScalar>() throws(SwiftConvError) -> Scalar { try scalar(as: Scalar.self) }

    /// The only element, converted to `type`.
    public func scalar<Scalar: TensorScalar>(as type: Scalar.Type) throws(SwiftConvError) -> Scalar {
        guard count == 1, let first = try scalars(as: type).first else {
            throw .invalidArgument("scalar: expected a tensor of one element, received shape \(shapeText(shape))")
        }
        return first
    }

    /// Lends the bytes of the elements, row-major.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) throws(SwiftConvError) -> R {
        let storage = try storage("withBytes")
        return withExtendedLifetime(storage) { body(UnsafeRawBufferPointer(start: storage.base, count: spec.byteCount)) }
    }

    /// Lends the elements, row-major; `type` must be that of the tensor.
    public func withScalars<Scalar: TensorScalar, R>(
        as type: Scalar.Type, _ body: (UnsafeBufferPointer<Scalar>) -> R
    ) throws(SwiftConvError) -> R {
        try expect(type, "withScalars")
        let storage = try storage("withScalars")
        return withExtendedLifetime(storage) {
            body(UnsafeBufferPointer(start: storage.base.assumingMemoryBound(to: Scalar.self), count: count))
        }
    }

    // MARK: changing

    /// Lends the elements, row-major, to be changed; `type` must be that of the tensor. Copies of the tensor keep the old numbers.
    public mutating func withMutableScalars<Scalar: TensorScalar, R>(
        as type: Scalar.Type, _ body: (UnsafeMutableBufferPointer<Scalar>) -> R
    ) throws(SwiftConvError) -> R {
        try expect(type, "withMutableScalars")
        let storage = try ownStorage("withMutableScalars")
        return withExtendedLifetime(storage) {
            body(UnsafeMutableBufferPointer(start: storage.base.assumingMemoryBound(to: Scalar.self), count: count))
        }
    }

    private func expect<Scalar: TensorScalar>(_ type: Scalar.Type, _ what: String) throws(SwiftConvError) {
        guard Scalar.dtype == dtype, MemoryLayout<Scalar>.stride == spec.dtype.size else {
            throw SwiftConvError(.wrongType, "\(what): as: expected the type of the tensor, \(dtype), received \(Scalar.self)")
        }
    }
}
