import CKernelInterface
import Runtime

/// The counter-based generator Philox 4×32-10: the numbers at a position depend on the key and the position alone.
///
/// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
package struct Philox: Sendable {
    package typealias Block = (UInt32, UInt32, UInt32, UInt32)

    private let key: (UInt32, UInt32)

    package init(key: (UInt32, UInt32)) { self.key = key }

    package init(seed: Int64) {
        let bits = UInt64(bitPattern: seed)
        key = (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
    }

    /// The four words of the block at `counter`.
    @inline(__always)
    package func block(_ counter: Block) -> Block {
        var c = counter
        var k = key
        for round in 0..<10 {
            if round > 0 {
                k.0 &+= 0x9E37_79B9
                k.1 &+= 0xBB67_AE85
            }
            let a = UInt64(c.0) &* 0xD251_1F53
            let b = UInt64(c.2) &* 0xCD9E_8D57
            c = (
                UInt32(truncatingIfNeeded: b >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: b),
                UInt32(truncatingIfNeeded: a >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: a)
            )
        }
        return c
    }
}

/// A stream of words of which element i of an op takes its own: `state` (int64[2]) holds the seed and the position of element 0.
struct RandomStream: Sendable {
    private let key: UInt64
    private let start: UInt64
    /// Elements whose words are made at once: they stay in the first-level cache.
    private static let chunk = 512

    init(_ state: UnsafeRawPointer) {
        key = UInt64(bitPattern: state.load(as: Int64.self))
        start = UInt64(bitPattern: state.load(fromByteOffset: 8, as: Int64.self))
    }

    /// Calls `body` with parts of `range` and the 64 bits of each of their elements; elements are independent of how the range was cut.
    /// Two words an element are half a block: element p takes words 0 and 1, or 2 and 3, of block p / 2.
    @inline(__always)
    func chunks(_ range: Range<Int>, _ body: (_ part: Range<Int>, _ words: UnsafePointer<UInt64>) -> Void) {
        let kernel = Kernels.table.random.philox!
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.chunk) { buffer in
            guard let words = buffer.baseAddress else { return }
            var from = range.lowerBound
            while from < range.upperBound {
                let to = min(range.upperBound, from &+ Self.chunk)
                kernel(key, start &+ UInt64(truncatingIfNeeded: from), to &- from, words)
                body(from..<to, words)
                from = to
            }
        }
    }

    /// Calls `body` with each element of `range` and its two words.
    @inline(__always)
    func words(_ range: Range<Int>, _ body: (_ index: Int, _ first: UInt32, _ second: UInt32) -> Void) {
        chunks(range) { part, words in
            for i in 0..<part.count {
                let word = words[i]
                body(part.lowerBound &+ i, UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word &>> 32))
            }
        }
    }
}

/// A number in [0, 1) with the 24 upper bits of a word.
@inline(__always) func unitFloat(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }
/// A number in [0, 1) with 53 bits of two words.
@inline(__always) func unitDouble(_ first: UInt32, _ second: UInt32) -> Double {
    Double((UInt64(first) << 32 | UInt64(second)) >> 11) * 0x1p-53
}
