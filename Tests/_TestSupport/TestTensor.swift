import TensorCore

/// A tensor in a test: bytes of any type, seen as numbers. Two are equal when their bits are.
package struct TestTensor: Equatable, Sendable {
    package var spec: TensorSpec
    /// Row-major content.
    package var bytes: [UInt8]

    package init(_ spec: TensorSpec, bytes: [UInt8]) {
        precondition(bytes.count == spec.byteCount, "\(bytes.count) bytes for \(spec)")
        self.spec = spec
        self.bytes = bytes
    }

    package init(_ dtype: DataType, _ shape: [Int], _ numbers: [Double]) {
        self.init(TensorSpec(dtype, shape), bytes: Self.encoded(numbers, dtype))
    }

    package init(_ shape: [Int], _ numbers: [Double]) { self.init(.float64, shape, numbers) }

    package init(_ spec: TensorSpec, reading base: UnsafeRawPointer) {
        self.init(spec, bytes: [UInt8](UnsafeRawBufferPointer(start: base, count: spec.byteCount)))
    }

    /// Numbers from `low` up to `high` that depend on `seed` alone; no two are equal, and in a range
    /// around 0 none is 0, so that kinks and ties are out of the reach of difference quotients.
    package static func random(
        _ shape: [Int], _ dtype: DataType = .float64, seed: UInt64 = 1, low: Double = -1, high: Double = 1
    ) -> TestTensor {
        var generator = TestGenerator(seed)
        let count = shape.reduce(1, *)
        var ranks = Array(0..<count)
        ranks.shuffle(using: &generator)
        return TestTensor(dtype, shape, ranks.map { low + (high - low) * (Double($0) + 0.37) / Double(max(1, count)) })
    }

    /// The elements as numbers; exact for every type but int64 beyond 2^53.
    package var numbers: [Double] {
        get {
            switch spec.dtype {
            case .float32: all(Float.self).map { Double($0) }
            case .float64: all(Double.self)
            case .int32: all(Int32.self).map { Double($0) }
            case .int64: all(Int64.self).map { Double($0) }
            case .uint8, .bool: bytes.map { Double($0) }
            }
        }
        set {
            precondition(newValue.count == spec.count, "\(newValue.count) numbers for \(spec)")
            bytes = Self.encoded(newValue, spec.dtype)
        }
    }

    /// The elements as they are stored.
    package func all<T>(_: T.Type) -> [T] {
        bytes.withUnsafeBytes { raw in
            (0..<spec.count).map { raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self) }
        }
    }

    private static func encoded(_ numbers: [Double], _ dtype: DataType) -> [UInt8] {
        func raw<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        return switch dtype {
        case .float32: raw(numbers.map { Float($0) })
        case .float64: raw(numbers)
        case .int32: raw(numbers.map { Int32($0) })
        case .int64: raw(numbers.map { Int64($0) })
        case .uint8, .bool: numbers.map { UInt8($0) }
        }
    }
}
