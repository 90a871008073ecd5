import Runtime
import TensorCore

@testable import Ops

/// Small whole-number-free pseudo-random values in (-1, 1), the same for the same seed.
struct Numbers {
    var state: UInt64
    init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
    mutating func below(_ n: Int) -> Int { Int(next() % UInt64(n)) }
    mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }
    mutating func values(_ count: Int) -> [Double] { (0..<count).map { _ in Double(Float(Int(next() & 0xFFFF) - 0x8000) / 32768) } }
}

/// An op run on arrays of doubles that are stored as `dtype`: what it answers, as doubles.
/// Outputs and workspace hold NaN before the run, so that what was read or left unwritten shows.
func runOp(
    _ name: String, _ inputs: [(shape: [Int], values: [Double])], _ attributes: Attributes, dtype: DataType = .float32, threads: Int = 1,
    prepacked: Bool = false
) throws -> (shape: [Int], values: [Double], algorithm: String) {
    let op = try Registry.op(name)
    let specs = inputs.map { TensorSpec(dtype, $0.shape) }
    let outputs = try op.outputSpecs(specs, attributes)
    let prepared = try op.prepare(specs, outputs, attributes, PrepareContext(threads: threads))
    var memory: [UnsafeMutableRawPointer] = []
    defer { for block in memory { block.deallocate() } }
    func room(_ bytes: Int) -> UnsafeMutableRawPointer {
        // Right up to the end of the block, so that an address sanitizer sees reads beyond it.
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 1), alignment: 64)
        block.initializeMemory(as: UInt8.self, repeating: 0xFF, count: max(bytes, 1))
        memory.append(block)
        return block
    }
    func write<T>(_ values: [Double], _ convert: (Double) -> T) -> UnsafeRawPointer {
        let block = room(values.count * MemoryLayout<T>.stride)
        for (i, v) in values.enumerated() { block.storeBytes(of: convert(v), toByteOffset: i * MemoryLayout<T>.stride, as: T.self) }
        return UnsafeRawPointer(block)
    }
    let addresses = inputs.map { input in
        switch dtype {
        case .float32: write(input.values) { Float($0) }
        case .float64: write(input.values) { $0 }
        default: write(input.values) { Int32($0) }
        }
    }
    let y = room(outputs[0].byteCount)
    let workspace = room(prepared.workspaceBytes)
    var packed: UnsafeRawPointer?
    if prepacked, let prepack = prepared.prepack {
        let block = room(prepack.bytes)
        prepack.run(addresses[prepack.input], block)
        packed = UnsafeRawPointer(block)
    }
    try addresses.withUnsafeBufferPointer { addresses in
        try withUnsafePointer(to: y) { y in
            try prepared.run(OpArguments(inputs: addresses.baseAddress!, outputs: y, workspace: workspace, packed: packed))
        }
    }
    let values: [Double] = (0..<outputs[0].count).map { i in
        switch dtype {
        case .float32: Double(y.load(fromByteOffset: i * 4, as: Float.self))
        case .float64: y.load(fromByteOffset: i * 8, as: Double.self)
        default: Double(y.load(fromByteOffset: i * 4, as: Int32.self))
        }
    }
    return (outputs[0].shape, values, prepared.algorithm)
}

/// The largest |a − b| / (scale + |b|), infinite for NaN or different counts.
func worstError(_ a: [Double], _ b: [Double], scale: Double) -> Double {
    guard a.count == b.count else { return .infinity }
    var worst = 0.0
    for (x, y) in zip(a, b) {
        let error = abs(x - y) / (scale + abs(y))
        if !(error <= worst) { worst = error.isNaN ? .infinity : error }
    }
    return worst
}
