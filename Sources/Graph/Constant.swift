import TensorCore

/// The content of a constant. One that repeats a number gets memory only when an executable reads it.
package final class Constant: @unchecked Sendable {
    package let spec: TensorSpec
    /// The number that all elements equal, if it was made so.
    package let splat: Double?
    private let lock = Lock()
    private var storage: Storage?

    init(_ spec: TensorSpec, storage: Storage) {
        self.spec = spec
        self.splat = nil
        self.storage = storage
    }

    init(_ number: Double, _ spec: TensorSpec) {
        self.spec = spec
        self.splat = number
    }

    /// The elements.
    func data() throws(ConvError) -> UnsafeRawPointer {
        lock.lock()
        defer { lock.unlock() }
        if let storage { return UnsafeRawPointer(storage.base) }
        let made = try Storage(bytes: spec.byteCount, for: "constant of spec \(spec)")
        fill(made.base, spec, splat ?? 0)
        storage = made
        return UnsafeRawPointer(made.base)
    }
}

/// Whether `number` is a value of `dtype`.
func isRepresentable(_ number: Double, _ dtype: DataType) -> Bool {
    switch dtype {
    case .float32, .float64: true
    case .int32: Int32(exactly: number) != nil
    case .int64: Int64(exactly: number) != nil
    case .uint8: UInt8(exactly: number) != nil
    case .bool: number == 0 || number == 1
    }
}

private func fill(_ base: UnsafeMutableRawPointer, _ spec: TensorSpec, _ number: Double) {
    func repeating<T>(_ value: T) {
        base.initializeMemory(as: T.self, repeating: value, count: spec.count)
    }
    switch spec.dtype {
    case .float32: repeating(Float(number))
    case .float64: repeating(number)
    case .int32: repeating(Int32(exactly: number) ?? 0)
    case .int64: repeating(Int64(exactly: number) ?? 0)
    case .uint8: repeating(UInt8(exactly: number) ?? 0)
    case .bool: repeating(UInt8(number == 0 ? 0 : 1))
    }
}
