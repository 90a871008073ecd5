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
    /// Parts of the sum: whole lines of b that follow each other in memory, which the hardware reads ahead; narrow columns of all lines
    /// were measured at a fifth of that speed.
    private let slices: Int
    /// Steps of the sum in a slice.
    private let perSlice: Int

    /// The most rows: beyond them it pays to pack b, whose lines tiles then read once. With a b that is packed for good two rows suffice
    /// (2 to 16 rows in 0.9 to 0.35 of the time, Ice Lake).
    private static func mostRows(_ shape: MatMulShape, isConstant: Bool) -> Int {
        // lines of a transposed b are read again for each row
        isConstant ? 1 : shape.transposeB ? 4 : 8
    }
    /// Pieces of work that a large product is cut into, whatever the number of threads.
    private static let pieces = 16
    /// Bytes of b that are worth a slice, whose sums have to be added to the others.
    private static let sliceBytes = 64 << 10

    /// The sums of all slices but the first.
    var workspaceBytes: Int { (slices - 1) * s.m * s.n * size }

    init?(
        _ shape: MatMulShape, isConstant: Bool, hasBias: Bool, _ activation: EpilogueActivation, threads: Int,
        kernels: sc_gemm_kernels = Kernels.table.gemm
    ) {
        guard shape.m <= Self.mostRows(shape, isConstant: isConstant), shape.m > 0, shape.n > 0, shape.batches > 0,
            shape.k > 0, !shape.transposeA || shape.m == 1
        else { return nil }
        s = shape
        self.threads = max(1, threads)
        self.hasBias = hasBias
        self.activation = activation
        size = shape.dtype.size
        functions = shape.dtype == .float32 ? kernels.f32 : kernels.f64
        // Runs of b of four lines, and the sums, fit the first-level cache.
        let widest = max(64, CacheSizes.l1 / 2 / size / (4 + shape.m) / 64 * 64)
        let parts = (shape.n + widest - 1) / widest
        chunk = shape.transposeB ? 16 : ((shape.n + parts - 1) / parts + 15) / 16 * 16
        let worth = shape.k * min(shape.n, 1 << 20) * size / Self.sliceBytes
        let wanted = shape.transposeB || shape.batches > 1 ? 1 : max(1, min(Self.pieces / parts, worth, shape.k / 16))
        perSlice = ((shape.k + wanted - 1) / wanted + 3) / 4 * 4
        slices = (shape.k + perSlice - 1) / perSlice
    }

    func run(
        a: UnsafeRawPointer, b: UnsafeRawPointer, bias: UnsafeRawPointer?, c: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer
    ) {
        let chunks = (s.n + chunk - 1) / chunk
        let grain = max(1, (1 << 15) / max(1, chunk * perSlice * s.m))
        parallelFor(s.batches * slices * chunks, grain: min(grain, 1023), threads: threads) { range, _ in
            for index in range {
                let (rest, piece) = index.quotientAndRemainder(dividingBy: chunks)
                let (batch, slice) = rest.quotientAndRemainder(dividingBy: slices)
                let columns = piece * chunk..<min(s.n, (piece + 1) * chunk)
                let sums = slice == 0 ? c + batch * s.m * s.n * size : workspace + (slice - 1) * s.m * s.n * size
                let to = sums + columns.lowerBound * size
                for row in 0..<s.m {
                    let line = to + row * s.n * size
                    if hasBias, slice == 0, let bias {
                        line.copyMemory(from: bias + columns.lowerBound * size, byteCount: columns.count * size)
                    } else {
                        line.zero(byteCount: columns.count * size)
                    }
                }
                let left = a + batch * s.m * s.k * size
                let right = b + (s.sharedB ? 0 : batch * s.k * s.n) * size
                if s.transposeB {
                    functions.few_rows_transposed(
                        left, s.k, s.m, right + columns.lowerBound * s.k * size, s.k, s.k, columns.count, to, s.n)
                } else {
                    let k0 = slice * perSlice
                    functions.few_rows(
                        left + k0 * size, s.k, s.m, right + (k0 * s.n + columns.lowerBound) * size, s.n, min(perSlice, s.k - k0),
                        columns.count, to, s.n)
                }
                if slices == 1 { for row in 0..<s.m { activate(to + row * s.n * size, columns.count) } }
            }
        }
        guard slices > 1 else { return }
        let run = 512
        let total = s.m * s.n
        parallelFor((total + run - 1) / run, grain: 16, threads: threads) { range, _ in
            for index in range {
                let first = index * run
                let count = min(run, total - first)
                functions.add_runs(workspace + first * size, total, c + first * size, 0, count, slices - 1)
                activate(c + first * size, count)
            }
        }
    }

    private func activate(_ c: UnsafeMutableRawPointer, _ count: Int) {
        guard activation != .linear else { return }
        if size == 4 {
            activate(Float.self, c, count)
        } else {
            activate(Double.self, c, count)
        }
    }

    private func activate<T: BinaryFloatingPoint>(_: T.Type, _ c: UnsafeMutableRawPointer, _ count: Int) {
        let c = c.assumingMemoryBound(to: T.self)
        for i in 0..<count { c[i] = activation(c[i]) }
    }
}
