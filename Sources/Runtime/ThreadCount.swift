import CShims
import TensorCore

/// How many threads the engine uses, and where the number came from.
package enum ThreadCount {
    package static let maximum = 1024

    /// The most threads that `parallelFor` uses from now on. Pass it to `PrepareContext(threads:)`.
    package static var current: Int {
        let known = sc_atomic_load(&threads)
        if known != 0 { return Int(known) }
        _ = sc_atomic_compare_exchange(&threads, 0, UInt32(initial.threads))
        return Int(sc_atomic_load(&threads))
    }

    /// Whether the process may run on more processors than the engine uses.
    package static var hasIdleProcessor: Bool {
        let affinity = Int(sc_cpu_affinity_count())
        return current < (affinity > 0 ? affinity : Int(sc_cpu_count()))
    }

    /// What decided over `current`: "SWIFTCONV_NUM_THREADS", "affinity", "cgroup quota", "processors" or "set_num_threads".
    package static var source: String { sc_atomic_load(&sets) == 0 ? initial.source : "set_num_threads" }

    /// The setting at run time. Work that is going on ends with the number it began with.
    package static func set(_ number: Int) throws(ConvError) {
        guard (1...maximum).contains(number) else {
            throw .invalidArgument("set_num_threads: threads: expected 1 to \(maximum), received \(number)")
        }
        sc_lock(&lock)
        sc_atomic_store(&threads, UInt32(number))
        let next = sets &+ 1
        sc_atomic_store(&sets, next == 0 ? 1 : next)
        sc_unlock(&lock)
        Settings.bumpVersion()
    }

    struct Choice: Sendable, Equatable {
        var threads: Int
        var source: String
    }

    /// `requested`, else the least of what the system offers; `quota` in processors, which need not be whole.
    static func choose(requested: Int?, affinity: Int?, quota: Double?, processors: Int) -> Choice {
        if let requested { return Choice(threads: requested, source: "SWIFTCONV_NUM_THREADS") }
        var choice = Choice(threads: max(1, processors), source: "processors")
        if let affinity, affinity >= 1, affinity < choice.threads { choice = Choice(threads: affinity, source: "affinity") }
        if let quota, quota > 0 {
            let whole = max(1, Int(min(quota, Double(maximum)).rounded(.up)))
            if whole < choice.threads { choice = Choice(threads: whole, source: "cgroup quota") }
        }
        choice.threads = min(choice.threads, maximum)
        return choice
    }

    private static let initial: Choice = {
        let affinity = Int(sc_cpu_affinity_count())
        return choose(
            requested: Environment.current.threads, affinity: affinity > 0 ? affinity : nil,
            quota: CPUQuota.ofThisProcess(), processors: Int(sc_cpu_count()))
    }()

    // Words for the atomics of CShims. The address of a static variable is its own: it does not change.
    nonisolated(unsafe) private static var threads: UInt32 = 0  // 0: not asked for yet
    nonisolated(unsafe) private static var sets: UInt32 = 0
    nonisolated(unsafe) private static var lock: UInt32 = 0
}
