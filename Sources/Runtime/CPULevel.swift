import CShims
import TensorCore

/// A set of instructions that the kernels are built for, named as in `SWIFTCONV_CPU_LEVEL`.
package enum CPULevel: String, Sendable, CaseIterable, Comparable {
    case neon
    case baseline
    case v3
    case v4

    /// The levels that this processor and this operating system can run, the lowest first.
    package static let available: [CPULevel] = {
        #if arch(arm64)
            return [.neon]
        #else
            return levels(x86: Int(sc_cpu_x86_level()))
        #endif
    }()

    /// The levels up to the x86-64 level that CPUID reports.
    static func levels(x86 level: Int) -> [CPULevel] {
        [.baseline] + (level >= 3 ? [.v3] : []) + (level >= 4 ? [.v4] : [])
    }

    package static func < (a: CPULevel, b: CPULevel) -> Bool {
        allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
    }

    /// The level that `override` asks for, or the highest of `available` if it asks for none.
    static func choose(override: String?, available: [CPULevel]) throws(ConvError) -> CPULevel {
        let names = available.map(\.rawValue).joined(separator: ", ")
        guard let override else { return available.last ?? .baseline }
        guard let level = CPULevel(rawValue: override) else {
            throw .invalidArgument(
                "SWIFTCONV_CPU_LEVEL: expected one of \(names), received \"\(override)\"; unset it to take the best level")
        }
        guard available.contains(level) else {
            throw .invalidArgument(
                "SWIFTCONV_CPU_LEVEL: expected a level that this CPU (\(CPU.name)) has: \(names), received \"\(override)\"; "
                    + "unset it to take the best one")
        }
        return level
    }
}

/// The processor.
package enum CPU {
    /// Whether it has vectors of 256 bits, which the kernels of the baseline level do not use.
    package static let hasAVX = sc_cpu_has_avx() != 0

    /// Its own name for itself, such as "AMD EPYC 9355 32-Core Processor".
    package static let name: String = {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 49) { buffer in
            guard let base = buffer.baseAddress else { return "unknown" }
            sc_cpu_name(base)
            let words = String(cString: base).split(separator: " ")
            return words.isEmpty ? "unknown" : words.joined(separator: " ")
        }
    }()
}
