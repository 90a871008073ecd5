import TensorCore

/// 64-byte aligned memory of a test. What nobody wrote is NaN in both floating types.
package final class TestMemory {
    package let start: UnsafeMutableRawPointer
    package let count: Int
    private let guards: Int

    /// Memory to be written, with bytes behind it that tell whether more was written.
    package init(bytes count: Int) {
        self.count = count
        guards = 64
        start = .allocate(byteCount: count + guards, alignment: 64)
        start.initializeMemory(as: UInt8.self, repeating: 0xFF, count: count + guards)
    }

    /// Memory to be read, right up to the end of its block: an address sanitizer sees reads beyond it.
    package init(_ content: [UInt8]) {
        count = content.count
        guards = 0
        start = .allocate(byteCount: max(1, count), alignment: 64)
        content.withUnsafeBytes { if let base = $0.baseAddress { start.copyMemory(from: base, byteCount: $0.count) } }
    }

    deinit { start.deallocate() }

    package var content: [UInt8] { [UInt8](UnsafeRawBufferPointer(start: start, count: count)) }

    /// Whether nobody wrote behind the end.
    package var isIntact: Bool { (count..<count + guards).allSatisfy { start.load(fromByteOffset: $0, as: UInt8.self) == 0xFF } }
}
