import CShims
import TensorCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The OpenBLAS of this machine, if it has one: the second matrix multiplication. Looked for at its first use, never linked.
///
/// Only one thread of ours works within a call: rows are split by `parallelFor`. Its own number of threads, which NumPy may share, is set to 1 while
/// such calls run, and back to what it was after the last of them.
package struct OpenBLAS: Sendable {
    /// Where it was found.
    package let path: String
    private let single: SinglePrecision
    private let double: DoublePrecision
    private let threadsOf: @convention(c) () -> Int32
    private let setThreads: @convention(c) (Int32) -> Void

    // order, transpositions, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc: the C interface of BLAS
    private typealias SinglePrecision =
        @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafeRawPointer, Int32, UnsafeRawPointer, Int32, Float,
            UnsafeMutableRawPointer, Int32
        ) -> Void
    private typealias DoublePrecision =
        @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Int32, Double, UnsafeRawPointer, Int32, UnsafeRawPointer, Int32, Double,
            UnsafeMutableRawPointer,
            Int32
        ) -> Void

    package static let shared: OpenBLAS? = ["libopenblas.so.0", "libopenblas.so"].lazy.compactMap { OpenBLAS($0) }.first

    /// Whether it multiplies the matrices of this process.
    package static let isChosen =
        isWanted(gemm: Environment.current.gemm, level: Kernels.level, hasAVX: CPU.hasAVX) && shared != nil

    /// What `SWIFTCONV_GEMM` asks for; without it OpenBLAS serves where it is faster: on the baseline level of a CPU whose wider vectors
    /// it uses and our kernels of that level do not (products above 10 µs: 1.3 to 3 times as fast; with SSE alone 0.7 to 1.2 times).
    static func isWanted(gemm: Environment.GEMM?, level: CPULevel, hasAVX: Bool) -> Bool {
        switch gemm {
        case .openblas: true
        case .native: false
        case nil: level == .baseline && hasAVX
        }
    }

    private init?(_ name: String) {
        // Local: its names stay out of the way of other libraries' BLAS.
        guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL), let single = dlsym(library, "cblas_sgemm"),
            let double = dlsym(library, "cblas_dgemm"), let get = dlsym(library, "openblas_get_num_threads"),
            let set = dlsym(library, "openblas_set_num_threads")
        else { return nil }
        self.single = unsafeBitCast(single, to: SinglePrecision.self)
        self.double = unsafeBitCast(double, to: DoublePrecision.self)
        threadsOf = unsafeBitCast(get, to: (@convention(c) () -> Int32).self)
        setThreads = unsafeBitCast(set, to: (@convention(c) (Int32) -> Void).self)
        path = sc_library_of(single).map { String(cString: $0) } ?? name
    }

    /// c[m][n] = beta · c + op(a) · op(b), rows of `lda`, `ldb`, `ldc` elements. All sizes are at least 1 and fit 32 bits.
    package func multiply(
        _ dtype: DataType, transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, a: UnsafeRawPointer, lda: Int, b: UnsafeRawPointer,
        ldb: Int, accumulate: Bool, c: UnsafeMutableRawPointer, ldc: Int
    ) {
        let (rowMajor, plain, transposed): (Int32, Int32, Int32) = (101, 111, 112)
        let (ta, tb) = (transposeA ? transposed : plain, transposeB ? transposed : plain)
        if dtype == .float32 {
            single(rowMajor, ta, tb, Int32(m), Int32(n), Int32(k), 1, a, Int32(lda), b, Int32(ldb), accumulate ? 1 : 0, c, Int32(ldc))
        } else {
            double(rowMajor, ta, tb, Int32(m), Int32(n), Int32(k), 1, a, Int32(lda), b, Int32(ldb), accumulate ? 1 : 0, c, Int32(ldc))
        }
    }

    /// Runs `body`, in which `multiply` uses the thread it is called on alone.
    package func withOneThread(_ body: () -> Void) {
        sc_lock(&Self.lock)
        if Self.users == 0 {
            Self.threadsBefore = threadsOf()
            if Self.threadsBefore != 1 { setThreads(1) }
        }
        Self.users += 1
        sc_unlock(&Self.lock)
        body()
        sc_lock(&Self.lock)
        Self.users -= 1
        if Self.users == 0, Self.threadsBefore != 1 { setThreads(Self.threadsBefore) }
        sc_unlock(&Self.lock)
    }

    nonisolated(unsafe) private static var lock: UInt32 = 0
    nonisolated(unsafe) private static var users = 0
    nonisolated(unsafe) private static var threadsBefore: Int32 = 1
}
