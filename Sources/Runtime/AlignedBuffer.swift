import TensorCore

/// Memory at a multiple of 64, given back to the pool with its last reference.
package final class AlignedBuffer: @unchecked Sendable {
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int

    /// Of any content. `what` says in the error whose memory it would have been.
    package init(byteCount: Int, for what: @autoclosure () -> String = "buffer") throws(ConvError) {
        guard let base = BufferPool.acquire(byteCount) else {
            throw .outOfMemory("\(what()): \(byteCount) bytes cannot be had")
        }
        self.base = base
        self.byteCount = byteCount
    }

    package convenience init(zeroed byteCount: Int, for what: @autoclosure () -> String = "buffer") throws(ConvError) {
        try self.init(byteCount: byteCount, for: what())
        base.zero(byteCount: byteCount)
    }

    deinit { BufferPool.release(base, byteCount) }
}
