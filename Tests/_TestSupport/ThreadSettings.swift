import Runtime
import Synchronization
import TensorCore

/// The number of threads is the process's, and suites run side by side: a test that changes it, or relies on it, holds this lock.
package enum ThreadSettings {
    private static let lock = Mutex<Void>(())

    /// Runs `body` while nobody else here changes the number of threads; what it was is restored.
    package static func exclusively<R>(_ body: () throws -> R) throws -> R {
        try lock.withLock { _ in
            let before = ThreadCount.current
            defer { try? ThreadCount.set(before) }
            return try body()
        }
    }

    /// Runs `body` with `threads` as the process's number.
    package static func with<R>(threads: Int, _ body: () throws -> R) throws -> R {
        try exclusively {
            try ThreadCount.set(threads)
            return try body()
        }
    }
}
