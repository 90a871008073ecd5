import Graph
import Ops
import TensorCore

/// A tensor of a test: numbers in row-major order and the type they are stored as.
package struct TestTensor: Sendable, Equatable {
    package var spec: TensorSpec
    package var numbers: [Double]

    package init(_ dtype: DataType, _ shape: [Int], _ numbers: [Double]) {
        precondition(shape.reduce(1, *) == numbers.count, "\(shape) does not hold \(numbers.count) numbers")
        self.spec = TensorSpec(dtype, shape)
        self.numbers = numbers
    }

    package init(_ shape: [Int], _ numbers: [Double]) { self.init(.float64, shape, numbers) }

    /// Numbers from `low` up to `high` that depend on `seed` alone; no two are equal, and in a range
    /// around 0 none is 0, so that kinks and ties are out of the reach of difference quotients.
    package static func random(
        _ shape: [Int], _ dtype: DataType = .float64, seed: UInt64 = 1, low: Double = -1, high: Double = 1
    ) -> TestTensor {
        var generator = SplitMix(seed)
        let count = shape.reduce(1, *)
        var ranks = Array(0..<count)
        ranks.shuffle(using: &generator)
        return TestTensor(dtype, shape, ranks.map { low + (high - low) * (Double($0) + 0.37) / Double(max(1, count)) })
    }

    package func withBytes<R>(_ body: (UnsafeRawPointer) throws -> R) rethrows -> R {
        var bytes = [UInt8](repeating: 0, count: spec.byteCount + 1)
        return try bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { fatalError("an array of one byte has an address") }
            for (i, number) in numbers.enumerated() {
                let at = base + i * spec.dtype.size
                switch spec.dtype {
                case .float32: at.storeBytes(of: Float(number), as: Float.self)
                case .float64: at.storeBytes(of: number, as: Double.self)
                case .int32: at.storeBytes(of: Int32(number), as: Int32.self)
                case .int64: at.storeBytes(of: Int64(number), as: Int64.self)
                case .uint8, .bool: at.storeBytes(of: UInt8(number), as: UInt8.self)
                }
            }
            return try body(UnsafeRawPointer(base))
        }
    }

    package init(spec: TensorSpec, reading base: UnsafeRawPointer) {
        self.spec = spec
        self.numbers = (0..<spec.count).map { i in
            let at = base + i * spec.dtype.size
            return switch spec.dtype {
            case .float32: Double(at.loadUnaligned(as: Float.self))
            case .float64: at.loadUnaligned(as: Double.self)
            case .int32: Double(at.loadUnaligned(as: Int32.self))
            case .int64: Double(at.loadUnaligned(as: Int64.self))
            case .uint8, .bool: Double(at.loadUnaligned(as: UInt8.self))
            }
        }
    }
}

/// A small generator of random numbers, the same on every machine.
package struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    package init(_ seed: UInt64) { state = seed }
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension Executable {
    /// Runs on tensors of tests.
    package func run(_ feeds: [TestTensor]) throws -> [TestTensor] {
        let inputs = feeds.map { feed -> UnsafeMutableRawPointer in
            let memory = UnsafeMutableRawPointer.allocate(byteCount: max(64, feed.spec.byteCount), alignment: 64)
            feed.withBytes { memory.copyMemory(from: $0, byteCount: feed.spec.byteCount) }
            return memory
        }
        let outputs = fetchSpecs.map { UnsafeMutableRawPointer.allocate(byteCount: max(64, $0.byteCount), alignment: 64) }
        defer { (inputs + outputs).forEach { $0.deallocate() } }
        precondition(feeds.map(\.spec) == feedSpecs, "feeds \(feeds.map(\.spec)) do not match \(feedSpecs)")
        let feedPointers: [UnsafeRawPointer?] = inputs.map { UnsafeRawPointer($0) }
        let fetchPointers: [UnsafeMutableRawPointer?] = outputs
        try run(feeds: feedPointers, fetches: fetchPointers)
        return zip(fetchSpecs, outputs).map { TestTensor(spec: $0, reading: $1) }
    }
}

extension Variable {
    /// The content, as tests see it.
    package var content: TestTensor {
        get { TestTensor(spec: spec, reading: data) }
        set {
            newValue.withBytes { data.copyMemory(from: $0, byteCount: byteCount) }
            touch()
        }
    }

    package convenience init(_ initial: TestTensor) throws(ConvError) {
        try self.init(initial.spec)
        content = initial
    }
}

extension Graph {
    package func constant(_ tensor: TestTensor) throws -> Value {
        try tensor.withBytes { try constant(tensor.spec, copying: $0) }
    }
}
