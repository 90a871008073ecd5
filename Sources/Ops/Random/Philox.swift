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

    /// The block of 64-bit position `index`, the words of position 4 · index … 4 · index + 3 of the stream.
    @inline(__always)
    package func block(at index: UInt64) -> Block {
        block((UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), 0, 0))
    }

    /// Word `position` of the stream.
    @inline(__always)
    package func word(at position: UInt64) -> UInt32 {
        let words = block(at: position >> 2)
        switch position & 3 {
        case 0: return words.0
        case 1: return words.1
        case 2: return words.2
        default: return words.3
        }
    }
}

/// A stream of words of which element i of an op takes its own: `state` (int64[2]) holds the seed and the position of element 0.
struct RandomStream: Sendable {
    private let philox: Philox
    private let start: UInt64

    init(_ state: UnsafeRawPointer) {
        philox = Philox(seed: state.load(as: Int64.self))
        start = UInt64(bitPattern: state.load(fromByteOffset: 8, as: Int64.self))
    }

    /// Calls `body` with each element of `range` and its two words; elements are independent of how the range was cut.
    @inline(__always)
    func words(_ range: Range<Int>, _ body: (_ index: Int, _ first: UInt32, _ second: UInt32) -> Void) {
        for i in range {
            // Two words an element: half a block.
            let position = start &+ UInt64(i)
            let block = philox.block(at: position >> 1)
            if position & 1 == 0 { body(i, block.0, block.1) } else { body(i, block.2, block.3) }
        }
    }
}

/// A number in [0, 1) with the 24 upper bits of a word.
@inline(__always) func unitFloat(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }
/// A number in [0, 1) with 53 bits of two words.
@inline(__always) func unitDouble(_ first: UInt32, _ second: UInt32) -> Double {
    Double((UInt64(first) << 32 | UInt64(second)) >> 11) * 0x1p-53
}
