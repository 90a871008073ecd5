import CShims

/// The runs of whole computations that are under way in this process, each on a thread of its caller: they share the processors.
///
/// Threads that run in turns count as side by side for a moment longer: with the workers, each would be in the other's way.
package enum ConcurrentRuns {
    /// For so long after two threads have taken turns.
    private static let memoryNanoseconds: UInt64 = 2_000_000

    /// Counts a run for as long as `body` takes.
    @inline(__always)
    package static func counted<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        begin()
        defer { _ = sc_atomic_subtract(&active, 1) }
        return try body()
    }

    private static func begin() {
        _ = sc_atomic_add(&active, 1)
        let (thread, now) = (sc_thread_identity(), sc_nanoseconds())
        // Without a lock: a torn moment costs a little speed, once.
        if thread != lastThread {
            if lastThread != 0, now &- lastBegin < memoryNanoseconds { sharedUntil = now &+ memoryNanoseconds }
            lastThread = thread
        }
        lastBegin = now
        sc_atomic_store(&shared, now < sharedUntil ? 1 : 0)
    }

    /// How many of `threads` one run may use.
    static func share(of threads: Int) -> Int {
        let runs = max(Int(sc_atomic_load(&active)), sc_atomic_load(&shared) != 0 ? 2 : 1)
        return runs > 1 ? max(1, threads / runs) : threads
    }

    /// In the child of a fork: the threads of other runs do not exist.
    static func forget() {
        sc_atomic_store(&active, 0)
        sc_atomic_store(&shared, 0)
        (lastThread, sharedUntil) = (0, 0)
    }

    // Words of the atomics; the address of a static variable is its own.
    nonisolated(unsafe) private static var active: UInt32 = 0
    nonisolated(unsafe) private static var shared: UInt32 = 0
    nonisolated(unsafe) private static var lastThread: UInt = 0
    nonisolated(unsafe) private static var lastBegin: UInt64 = 0
    nonisolated(unsafe) private static var sharedUntil: UInt64 = 0
}
