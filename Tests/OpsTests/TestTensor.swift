import TensorCore

@testable import Ops

/// A tensor in a test: numbers of any type, held as float64 (integers of up to 53 bits are exact).
struct TestTensor: Equatable, Sendable {
    var spec: TensorSpec
    /// Row-major content.
    var bytes: [UInt8]

    init(_ dtype: DataType, _ shape: [Int], _ numbers: [Double]) {
        precondition(numbers.count == shape.reduce(1, *), "\(numbers.count) numbers for shape \(shape)")
        spec = TensorSpec(dtype, shape)
        switch dtype {
        case .float32: bytes = Self.raw(numbers.map { Float($0) })
        case .float64: bytes = Self.raw(numbers)
        case .int32: bytes = Self.raw(numbers.map { Int32($0) })
        case .int64: bytes = Self.raw(numbers.map { Int64($0) })
        case .uint8, .bool: bytes = numbers.map { UInt8($0) }
        }
    }

    init(zeros spec: TensorSpec) {
        self.spec = spec
        bytes = [UInt8](repeating: 0, count: spec.byteCount)
    }

    /// Numbers of `range` that depend on the seed only.
    static func random(_ dtype: DataType, _ shape: [Int], _ range: ClosedRange<Double> = -1...1, seed: UInt64) -> TestTensor {
        var generator = TestGenerator(state: seed)
        return TestTensor(dtype, shape, (0..<shape.reduce(1, *)).map { _ in Double.random(in: range, using: &generator) })
    }

    var numbers: [Double] {
        switch spec.dtype {
        case .float32: all(Float.self).map { Double($0) }
        case .float64: all(Double.self)
        case .int32: all(Int32.self).map { Double($0) }
        case .int64: all(Int64.self).map { Double($0) }
        case .uint8, .bool: bytes.map { Double($0) }
        }
    }

    func all<T>(_: T.Type) -> [T] {
        bytes.withUnsafeBytes { raw in
            (0..<spec.count).map { raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self) }
        }
    }

    private static func raw<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
}

/// SplitMix64 (Steele, Lea & Flood 2014).
struct TestGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Applies the op `name` of the registry. Outputs and workspace start with bytes 0xFF (NaN), and neither inputs nor the bytes
/// behind an output may change. With `inPlace` the outputs take the memory that `reusableInputs` offers.
func applyOp(
    _ name: String, _ inputs: [TestTensor], _ attributes: Attributes = [:], threads: Int = 1, inPlace: Bool = false
) throws(ConvError) -> [TestTensor] {
    let op = try Registry.op(name)
    let specs = inputs.map(\.spec)
    let outputs = try op.outputSpecs(specs, attributes)
    let prepared = try op.prepare(specs, outputs, attributes, PrepareContext(threads: threads))
    let reusable = inPlace ? op.reusableInputs(specs, outputs, attributes) : outputs.map { _ in nil }
    let guardBytes = 64

    func allocate(_ count: Int) -> UnsafeMutableRawPointer {
        let p = UnsafeMutableRawPointer.allocate(byteCount: count + guardBytes, alignment: 64)
        p.initializeMemory(as: UInt8.self, repeating: 0xFF, count: count + guardBytes)
        return p
    }
    let inputPointers = inputs.map { tensor in
        let p = allocate(tensor.bytes.count)
        tensor.bytes.withUnsafeBytes { if let base = $0.baseAddress { p.copyMemory(from: base, byteCount: $0.count) } }
        return p
    }
    let fresh = zip(outputs, reusable).map { spec, input in input == nil ? allocate(spec.byteCount) : nil }
    let outputPointers = zip(fresh, reusable).map { own, input in own ?? inputPointers[input!] }
    let workspace = allocate(prepared.workspaceBytes)
    defer {
        inputPointers.forEach { $0.deallocate() }
        fresh.forEach { $0?.deallocate() }
        workspace.deallocate()
    }
    let constInputs = inputPointers.map { UnsafeRawPointer($0) }
    var failure: ConvError?
    constInputs.withUnsafeBufferPointer { ins in
        outputPointers.withUnsafeBufferPointer { outs in
            do throws(ConvError) {
                guard let inBase = ins.baseAddress, let outBase = outs.baseAddress else { return }
                try prepared.run(OpArguments(inputs: inBase, outputs: outBase, workspace: workspace))
            } catch { failure = error }
        }
    }
    if let failure { throw failure }

    func intact(_ p: UnsafeMutableRawPointer, _ count: Int) -> Bool {
        (0..<guardBytes).allSatisfy { p.load(fromByteOffset: count + $0, as: UInt8.self) == 0xFF }
    }
    precondition(intact(workspace, prepared.workspaceBytes), "\(name) wrote behind its workspace")
    for (i, tensor) in inputs.enumerated() where !reusable.contains(i) {
        let now = [UInt8](UnsafeRawBufferPointer(start: inputPointers[i], count: tensor.bytes.count))
        precondition(now == tensor.bytes, "\(name) changed its input \(i)")
    }
    return zip(outputs, outputPointers).map { spec, p in
        precondition(intact(p, spec.byteCount), "\(name) wrote behind its output")
        var result = TestTensor(zeros: spec)
        result.bytes = [UInt8](UnsafeRawBufferPointer(start: p, count: spec.byteCount))
        return result
    }
}

/// The largest |a - b| / (1 + |b|); NaN agrees with NaN only, an infinity with itself only.
func largestError(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    var worst = 0.0
    for (x, y) in zip(a, b) where x != y && !(x.isNaN && y.isNaN) {
        let error = abs(x - y) / (1 + abs(y))
        worst = error.isNaN ? .infinity : max(worst, error)
    }
    return worst
}

/// What rounding may do to a result of a few operations.
func tolerance(_ dtype: DataType) -> Double { dtype == .float32 ? 2e-6 : 1e-13 }
