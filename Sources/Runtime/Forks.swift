import CShims

/// What a fork must find in order: a guard for short sections that no fork happens within, and a count of the forks that led to this
/// process. Whatever other locks were held by threads of the parent stays locked in the child; who keeps such locks makes new ones when
/// the count has changed.
package enum Forks {
    /// How many forks lie between the first process that used this library and this one.
    package static var generation: UInt32 {
        _ = handlers
        return sc_atomic_load(&count)
    }

    /// Runs `body` alone. It must be short, and must not ask for the guard again.
    package static func guarded<R>(_ body: () -> R) -> R {
        _ = handlers
        sc_lock(&word)
        defer { sc_unlock(&word) }
        return body()
    }

    /// From now on the child of a fork finds the state of this library in order.
    static func register() { _ = handlers }

    private static let handlers: Void = {
        _ = sc_at_fork(
            { sc_lock(&Forks.word) }, { sc_unlock(&Forks.word) },
            {
                sc_unlock(&Forks.word)
                _ = sc_atomic_add(&Forks.count, 1)
                ThreadPool.forget()
                ConcurrentRuns.forget()
            })
    }()

    // Words of the atomics; the address of a static variable is its own.
    nonisolated(unsafe) private static var word: UInt32 = 0
    nonisolated(unsafe) private static var count: UInt32 = 0
}
