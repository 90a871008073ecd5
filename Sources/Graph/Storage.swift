import Runtime
import TensorCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Memory of a fixed size, 64-byte aligned, given back to the pool with its last reference. Never empty, so that its address is always valid.
package final class Storage: @unchecked Sendable {
    package let bytes: Int
    package let base: UnsafeMutableRawPointer

    /// Memory of any content.
    package init(bytes: Int, for what: @autoclosure () -> String) throws(ConvError) {
        guard bytes >= 0, bytes < 1 << 47 else {
            throw .outOfMemory("\(what()): \(bytes) bytes do not fit in memory")
        }
        guard let memory = BufferPool.acquire(max(64, bytes)) else {
            throw .outOfMemory("\(what()): the system has no \(bytes) bytes left")
        }
        self.bytes = bytes
        self.base = memory
    }

    package convenience init(zeroed bytes: Int, for what: @autoclosure () -> String) throws(ConvError) {
        try self.init(bytes: bytes, for: what())
        base.zero(byteCount: bytes)
    }

    package convenience init(copying source: UnsafeRawPointer, bytes: Int, for what: @autoclosure () -> String) throws(ConvError) {
        try self.init(bytes: bytes, for: what())
        memcpy(base, source, bytes)
    }

    deinit { BufferPool.release(base, max(64, bytes)) }
}

/// Copies memory that does not overlap.
func copyBytes(to target: UnsafeMutableRawPointer, from source: UnsafeRawPointer, _ bytes: Int) {
    memcpy(target, source, bytes)
}

func equalBytes(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ bytes: Int) -> Bool {
    memcmp(a, b, bytes) == 0
}

/// A mutual exclusion that lives as long as its owner.
package final class Lock: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    package init() {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    package func lock() { pthread_mutex_lock(mutex) }
    /// Whether it was free and is taken now.
    package func tryLock() -> Bool { pthread_mutex_trylock(mutex) == 0 }
    package func unlock() { pthread_mutex_unlock(mutex) }
}
