import CShims
import TensorCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the environment variables ask for. This is the only file that reads them, once, at the first use of the engine.
///
/// | variable | values |
/// |---|---|
/// | `SWIFTCONV_CPU_LEVEL` | `baseline`, `v3`, `v4` (`neon` on arm64): the kernels to use; none beyond the processor's |
/// | `SWIFTCONV_NUM_THREADS` | 1 to 1024 |
/// | `SWIFTCONV_GEMM` | `native`, `openblas` |
/// | `SWIFTCONV_PRECISION` | `default`, `highest` (no Winograd) |
/// | `SWIFTCONV_MEMORY_LIMIT` | bytes of work memory for one op or one executable |
/// | `SWIFTCONV_AUTOTUNE` | `on`, `off`: choose algorithms by measuring them |
/// | `SWIFTCONV_DATA_DIR` | where data sets are looked for first |
/// | `SWIFTCONV_CACHE_DIR` | where autotune keeps its choices; else `XDG_CACHE_HOME/swiftconv`, else `~/.cache/swiftconv` |
package struct Environment: Sendable {
    package enum GEMM: String, Sendable, CaseIterable {
        case native
        case openblas
    }

    /// The level to use and what decided it: "cpuid" or "SWIFTCONV_CPU_LEVEL".
    package var level: CPULevel
    package var levelSource: String
    /// nil: the engine chooses.
    package var gemm: GEMM?
    /// nil: from affinity, quota and processors.
    package var threads: Int?
    package var precision = Precision.standard
    package var memoryLimit: Int?
    package var autotune = false
    /// The name of an algorithm that is taken wherever it is among those of an op that fit.
    package var algorithm: String?
    /// The folder for what is kept between processes; nil where there is no home.
    package var cacheFolder: String?
    /// Where data sets are looked for first.
    package var dataFolder: String?
    /// Where downloaded data sets are kept: what Python downloaded is found from Swift.
    package var downloadFolder: String?
    /// The first variable with a value that cannot be had, as the error that every door throws at its first use.
    package var error: ConvError?

    package static let current = Environment(available: CPULevel.available) { name in
        getenv(name).map { String(cString: $0) }
    }

    /// `read` gives a variable's text, nil where it is not set. An empty text counts as not set, as in a shell's `NAME= command`.
    init(available: [CPULevel], read: (String) -> String?) {
        func text(_ name: String) -> String? { read(name).flatMap { $0.isEmpty ? nil : $0 } }

        let override = text("SWIFTCONV_CPU_LEVEL")
        level = available.last ?? .baseline
        levelSource = "cpuid"
        do throws(ConvError) {
            level = try CPULevel.choose(override: override, available: available)
            if override != nil { levelSource = "SWIFTCONV_CPU_LEVEL" }
        } catch {
            self.error = error
        }

        algorithm = text("SWIFTCONV_ALGORITHM")
        if let received = text("SWIFTCONV_NUM_THREADS") {
            if let number = Int(received), (1...ThreadCount.maximum).contains(number) {
                threads = number
            } else if error == nil {
                error = .invalidArgument(
                    "SWIFTCONV_NUM_THREADS: expected an integer from 1 to \(ThreadCount.maximum), received \"\(received)\"")
            }
        }

        if let received = text("SWIFTCONV_GEMM") {
            gemm = GEMM(rawValue: received)
            if gemm == nil, error == nil {
                error = .invalidArgument("SWIFTCONV_GEMM: expected native or openblas, received \"\(received)\"")
            }
        }

        if let received = text("SWIFTCONV_PRECISION") {
            if let known = Precision(rawValue: received) {
                precision = known
            } else if error == nil {
                error = .invalidArgument("SWIFTCONV_PRECISION: expected default or highest, received \"\(received)\"")
            }
        }

        if let received = text("SWIFTCONV_MEMORY_LIMIT") {
            memoryLimit = Int(received).flatMap { $0 >= 0 ? $0 : nil }
            if memoryLimit == nil, error == nil {
                error = .invalidArgument("SWIFTCONV_MEMORY_LIMIT: expected a number of bytes, received \"\(received)\"")
            }
        }

        if let received = text("SWIFTCONV_AUTOTUNE") {
            autotune = received == "on"
            if received != "on", received != "off", error == nil {
                error = .invalidArgument("SWIFTCONV_AUTOTUNE: expected on or off, received \"\(received)\"")
            }
        }
        dataFolder = text("SWIFTCONV_DATA_DIR")
        downloadFolder = text("XDG_CACHE_HOME").map { $0 + "/swiftconv" } ?? text("HOME").map { $0 + "/.cache/swiftconv" }
        cacheFolder =
            text("SWIFTCONV_CACHE_DIR") ?? text("XDG_CACHE_HOME").map { $0 + "/swiftconv" } ?? text("HOME").map { $0 + "/.cache/swiftconv" }
    }

    /// Throws what is wrong with the environment variables. Every door calls it before it does any work.
    package static func check() throws(ConvError) {
        if let error = current.error { throw error }
        if current.gemm == .openblas, OpenBLAS.shared == nil {
            throw .invalidArgument(
                "SWIFTCONV_GEMM: openblas was asked for, but libopenblas.so.0 was not found; install it (Debian: libopenblas0) or unset it")
        }
    }
}
