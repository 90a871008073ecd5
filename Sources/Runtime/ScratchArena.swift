import TensorCore

/// Work memory for the length of a call.
package enum ScratchArena {
    /// Calls `body` with `bytes` bytes at a multiple of 64, of any content, taken from the pool and given back. Nests.
    @inline(__always)
    package static func withBytes<R>(
        _ bytes: Int, for what: @autoclosure () -> String = "workspace",
        _ body: (UnsafeMutableRawPointer) throws(ConvError) -> R
    ) throws(ConvError) -> R {
        guard let memory = BufferPool.acquire(bytes) else {
            throw .outOfMemory("\(what()): \(bytes) bytes of work memory cannot be had")
        }
        defer { BufferPool.release(memory, bytes) }
        return try body(memory)
    }
}
