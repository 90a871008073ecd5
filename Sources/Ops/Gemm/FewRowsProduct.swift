import CKernelInterface
import Runtime
import TensorCore

/// Products of few rows, such as a dense layer on one image: their time is that of reading b. It is read where it lies, once, by
/// all threads; packing would read and write it before.
struct FewRowsProduct: Sendable {
    private let s: MatMulShape
    private let functions: sc_gemm_functions
    private let size: Int
    private let threads: Int
    private let hasBias: Bool
    private let activation: EpilogueActivation
    /// Columns of a piece of work.
    private let chunk: Int

    /// The most rows: beyond them the tiles of the packed product read b less often.
    private static let mostRows = 4

    init?(
        _ shape: MatMulShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int,
        kernels: sc_gemm_kernels = Kernels.table.gemm
    ) {
        guard shape.m <= Self.mostRows, shape.m > 0, shape.n > 0, shape.batches > 0, shape.k > 0, !shape.transposeA || shape.m == 1
        else { return nil }
        s = shape
        self.threads = max(1, threads)
        self.hasBias = hasBias
        self.activation = activation
        size = shape.dtype.size
        functions = shape.dtype == .float32 ? kernels.f32 : kernels.f64
        // Runs of b of some lines; four of them, and the sums, fit the first-level cache.
        chunk = shape.transposeB ? 16 : max(64, min(512, (shape.n + 15) / 16 / 16 * 16))
    }

    func run(a: UnsafeRawPointer, b: UnsafeRawPointer, bias: UnsafeRawPointer?, c: UnsafeMutableRawPointer) {
        let chunks = (s.n + chunk - 1) / chunk
        let grain = max(1, (1 << 15) / max(1, chunk * s.k * s.m))
        parallelFor(s.batches * chunks, grain: min(grain, 1023), threads: threads) { range, _ in
            for index in range {
                let (batch, piece) = index.quotientAndRemainder(dividingBy: chunks)
                let columns = piece * chunk..<min(s.n, (piece + 1) * chunk)
                let to = c + (batch * s.m * s.n + columns.lowerBound) * size
                for row in 0..<s.m {
                    let line = to + row * s.n * size
                    if hasBias, let bias {
                        line.copyMemory(from: bias + columns.lowerBound * size, byteCount: columns.count * size)
                    } else {
                        line.initializeMemory(as: UInt8.self, repeating: 0, count: columns.count * size)
                    }
                }
                let left = a + batch * s.m * s.k * size
                let right = b + (s.sharedB ? 0 : batch * s.k * s.n) * size
                if s.transposeB {
                    functions.few_rows_transposed(
                        left, s.k, s.m, right + columns.lowerBound * s.k * size, s.k, s.k, columns.count, to, s.n)
                } else {
                    functions.few_rows(left, s.k, s.m, right + columns.lowerBound * size, s.n, s.k, columns.count, to, s.n)
                }
                guard activation != .linear else { continue }
                for row in 0..<s.m {
                    if size == 4 {
                        activate(Float.self, to + row * s.n * size, columns.count)
                    } else {
                        activate(Double.self, to + row * s.n * size, columns.count)
                    }
                }
            }
        }
    }

    private func activate<T: BinaryFloatingPoint>(_: T.Type, _ c: UnsafeMutableRawPointer, _ count: Int) {
        let c = c.assumingMemoryBound(to: T.self)
        for i in 0..<count { c[i] = activation(c[i]) }
    }
}
