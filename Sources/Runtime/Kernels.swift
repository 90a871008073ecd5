import CKernelInterface
import CShims
import TensorCore

#if arch(arm64)
    import KernelsNEON
#else
    import KernelsBaseline
    import KernelsV3
    import KernelsV4
#endif

/// The kernels of the level that this process uses.
///
/// `SWIFTCONV_CPU_LEVEL` decides over the level; where it asks for one that cannot be had, `Environment.check` throws and the
/// table is that of the best level.
package enum Kernels {
    /// The chosen level's table: one load. An op takes what it needs from it in `prepare`, on the thread that prepares, and keeps the
    /// function pointers, so that all of an op's kernels are of one level.
    package static var table: sc_kernel_table {
        @inline(__always) unsafeAddress {
            (sc_atomic_load_pointer(&shared) ?? lookUp()).assumingMemoryBound(to: sc_kernel_table.self)
        }
    }

    /// The level of `table`.
    package static var level: CPULevel { CPULevel(rawValue: String(cString: table.level)) ?? .baseline }

    /// Runs `body` with `table` of another level on this thread (the workers of `parallelFor` included). For tests and comparisons.
    package static func withLevel<R, E: Error>(_ level: CPULevel, _ body: () throws(E) -> R) throws(E) -> R {
        guard let other = tables[level] else { preconditionFailure("level \(level) is not available on this processor") }
        sc_lock(&overrideLock)
        overrides += 1
        sc_atomic_store_pointer(&shared, nil)  // from now on every look-up asks its own thread
        sc_unlock(&overrideLock)
        let before = sc_thread_table_get()
        sc_thread_table_set(other.pointer)
        defer {
            sc_thread_table_set(before)
            sc_lock(&overrideLock)
            overrides -= 1
            if overrides == 0 { sc_atomic_store_pointer(&shared, process.pointer) }
            sc_unlock(&overrideLock)
        }
        return try body()
    }

    /// A table that is never freed.
    private struct Entry: @unchecked Sendable {
        let pointer: UnsafePointer<sc_kernel_table>
        init(_ table: sc_kernel_table) {
            let memory = UnsafeMutablePointer<sc_kernel_table>.allocate(capacity: 1)
            memory.initialize(to: table)
            pointer = UnsafePointer(memory)
        }
    }

    /// The tables of the levels that can run here.
    private static let tables: [CPULevel: Entry] = {
        var made: [CPULevel: Entry] = [:]
        for level in CPULevel.available {
            #if arch(arm64)
                made[level] = Entry(KernelsNEON.makeKernelTable())
            #else
                switch level {
                case .v4: made[level] = Entry(KernelsV4.makeKernelTable())
                case .v3: made[level] = Entry(KernelsV3.makeKernelTable())
                default: made[level] = Entry(KernelsBaseline.makeKernelTable())
                }
            #endif
        }
        return made
    }()

    /// The tables of all levels that can run here, the lowest first: tests go through them.
    static var available: [sc_kernel_table] { CPULevel.available.compactMap { tables[$0]?.pointer.pointee } }

    /// The table of the process's level.
    private static let process: Entry = {
        #if arch(arm64)
            return tables[Environment.current.level] ?? Entry(KernelsNEON.makeKernelTable())
        #else
            return tables[Environment.current.level] ?? Entry(KernelsBaseline.makeKernelTable())
        #endif
    }()

    // The address of a static variable is its own, so that it can be a word for the atomics of CShims.
    /// `process.pointer`, once it was asked for and while no thread has a table of its own.
    nonisolated(unsafe) private static var shared: UnsafeRawPointer?
    nonisolated(unsafe) private static var overrides = 0
    nonisolated(unsafe) private static var overrideLock: UInt32 = 0

    @inline(never) private static func lookUp() -> UnsafeRawPointer {
        if let own = sc_thread_table_get() { return own }
        let pointer = process.pointer
        sc_lock(&overrideLock)
        if overrides == 0 { sc_atomic_store_pointer(&shared, pointer) }
        sc_unlock(&overrideLock)
        return UnsafeRawPointer(pointer)
    }
}
