import CShims
import TensorCore

/// Memory that is used again: fresh pages cost a fault each, which for a large output takes as long as the convolution that fills it.
///
/// Blocks come in size classes, four to a power of two, so that at most a quarter is unused. What is released is kept for the next
/// `acquire` of its class while all that is kept stays within `limit`; beyond it the largest classes are given back first.
/// Any thread may acquire and release; a fork in the middle of it harms neither side.
package enum BufferPool {
    /// Bytes kept for reuse at most.
    package static let limit = 512 << 20
    /// The least block: it must hold `Free`.
    static let least = 64

    /// `bytes` bytes at a multiple of 64, of any content; nil where there are none. Release with the same number.
    package static func acquire(_ bytes: Int) -> UnsafeMutableRawPointer? {
        guard let kind = SizeClass(bytes) else { return nil }
        lock()
        if let block = heads[kind.index] {
            heads[kind.index] = block.load(as: Free.self).next
            kept -= kind.bytes
            unlock()
            return block
        }
        unlock()
        if let fresh = sc_memory_allocate(UInt64(kind.bytes)) { return fresh }
        trim(to: 0)
        return sc_memory_allocate(UInt64(kind.bytes))
    }

    package static func release(_ block: UnsafeMutableRawPointer?, _ bytes: Int) {
        guard let block, let kind = SizeClass(bytes) else { return }
        guard kind.bytes <= limit else {
            sc_memory_free(block, UInt64(kind.bytes))
            return
        }
        lock()
        if kept + kind.bytes > limit {
            unlock()
            trim(to: limit - kind.bytes)
            lock()
        }
        block.storeBytes(of: Free(next: heads[kind.index]), as: Free.self)
        heads[kind.index] = block
        kept += kind.bytes
        unlock()
    }

    /// Bytes kept for reuse now.
    package static var keptBytes: Int {
        lock()
        defer { unlock() }
        return kept
    }

    /// Gives memory back to the system until at most `bytes` are kept.
    package static func trim(to bytes: Int) {
        while true {
            lock()
            var found: (UnsafeMutableRawPointer, Int)?
            if kept > bytes {
                for index in stride(from: SizeClass.count - 1, through: 0, by: -1) {
                    guard let block = heads[index] else { continue }
                    heads[index] = block.load(as: Free.self).next
                    found = (block, SizeClass.bytes(index))
                    kept -= SizeClass.bytes(index)
                    break
                }
            }
            unlock()
            guard let found else { return }
            sc_memory_free(found.0, UInt64(found.1))
        }
    }

    /// What a kept block begins with.
    private struct Free {
        var next: UnsafeMutableRawPointer?
    }

    /// The first kept block of each class. Guarded by the lock, as `kept` is.
    nonisolated(unsafe) private static let heads: UnsafeMutablePointer<UnsafeMutableRawPointer?> = {
        let memory = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: SizeClass.count)
        memory.initialize(repeating: nil, count: SizeClass.count)
        // A fork waits until the lists are whole; both sides go on with their own copy.
        _ = sc_at_fork({ BufferPool.lock() }, { BufferPool.unlock() }, { BufferPool.unlock() })
        return memory
    }()
    nonisolated(unsafe) private static var kept = 0
    nonisolated(unsafe) private static var lockWord: UInt32 = 0

    @inline(__always) private static func lock() { sc_lock(&lockWord) }
    @inline(__always) private static func unlock() { sc_unlock(&lockWord) }
}

/// A size that blocks come in: (4 + quarter) · 2^(power − 2), quarter 0 to 3, from 64 bytes.
struct SizeClass: Equatable {
    var index: Int
    var bytes: Int

    /// Up to 2^47 bytes: what an address can name.
    static let count = (47 - 6) * 4 + 1

    /// The least class that holds `bytes`; nil below 0 and beyond the largest.
    init?(_ bytes: Int) {
        guard bytes >= 0, bytes <= 1 << 47 else { return nil }
        guard bytes > BufferPool.least else {
            self.index = 0
            self.bytes = BufferPool.least
            return
        }
        let power = Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount  // 2^power <= bytes - 1 < 2^(power + 1)
        let quarter = 1 << (power - 2)
        let quarters = ((bytes - 1) >> (power - 2)) - 3  // 1 to 4 beyond 2^power
        self.index = (power - 6) * 4 + quarters
        self.bytes = (1 << power) + quarters * quarter
    }

    static func bytes(_ index: Int) -> Int {
        let power = 6 + index / 4
        return (1 << power) + index % 4 * (1 << (power - 2))
    }
}
