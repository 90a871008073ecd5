import CShims
import TensorCore

/// How exact float32 results have to be.
package enum Precision: String, Sendable, CaseIterable {
    /// Algorithms with fewer multiplications (Winograd) are allowed, within the bounds of docs/numerics.md.
    case standard = "default"
    /// Every product of the definition is computed.
    case highest
}

/// What may be set at run time, beside the number of threads. Prepared ops look at `version` and are prepared anew after a change.
package enum Settings {
    /// The values of now; first those of the environment variables.
    package struct Values: Sendable, Equatable {
        package var precision: Precision
        /// Bytes of work memory that one op, and one executable, may use; nil: no limit.
        package var memoryLimit: Int?
        /// Whether algorithms are chosen by measuring them, once for each shape.
        package var autotune: Bool

        package init(precision: Precision = .standard, memoryLimit: Int? = nil, autotune: Bool = false) {
            self.precision = precision
            self.memoryLimit = memoryLimit
            self.autotune = autotune
        }
    }

    package static var current: Values {
        sc_lock(&lock)
        defer { sc_unlock(&lock) }
        return values
    }

    package static func update(_ change: (inout Values) -> Void) {
        sc_lock(&lock)
        change(&values)
        sc_unlock(&lock)
        bumpVersion()
    }

    package static func setMemoryLimit(_ bytes: Int?) throws(ConvError) {
        if let bytes, bytes < 0 {
            throw .invalidArgument("set_memory_limit: bytes: expected at least 0, or none, received \(bytes)")
        }
        update { $0.memoryLimit = bytes }
    }

    package static func setPrecision(_ name: String) throws(ConvError) {
        guard let precision = Precision(rawValue: name) else {
            throw .invalidArgument("set_precision: precision: expected default or highest, received \"\(name)\"")
        }
        update { $0.precision = precision }
    }

    /// Changes with every setting, the number of threads included.
    package static var version: UInt32 {
        @inline(__always) get { sc_atomic_load(&sets) }
    }

    static func bumpVersion() {
        sc_lock(&lock)
        sc_atomic_store(&sets, sets &+ 1)
        sc_unlock(&lock)
    }

    // Words for the atomics of CShims. The address of a static variable is its own: it does not change.
    nonisolated(unsafe) private static var sets: UInt32 = 0
    nonisolated(unsafe) private static var lock: UInt32 = 0
    /// Guarded by the lock.
    nonisolated(unsafe) private static var values: Values = {
        let environment = Environment.current
        return Values(precision: environment.precision, memoryLimit: environment.memoryLimit, autotune: environment.autotune)
    }()
}
