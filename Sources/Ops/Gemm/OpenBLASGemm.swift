import Runtime
import TensorCore

/// Products through OpenBLAS: dense layers and 1×1 convolutions, where `SWIFTCONV_GEMM` or the level chooses it.
enum OpenBLASGemm {
    /// Rows of one call: cut by the shape alone, so that the bits do not depend on the number of threads.
    static let blockRows = 128

    /// Whether OpenBLAS takes this shape: floats, nothing empty, sizes of 32 bits.
    static func accepts(_ s: MatMulShape) -> Bool {
        s.dtype.isFloating && s.batches > 0 && s.m > 0 && s.n > 0 && s.k > 0 && max(s.m, s.n, s.k) <= Int(Int32.max)
    }

    static func prepare(
        _ s: MatMulShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int, _ blas: OpenBLAS
    ) -> PreparedOp {
        let size = s.dtype.size
        let blocks = (s.m + blockRows - 1) / blockRows
        return PreparedOp(algorithm: "openblas", flops: s.flops) { arguments in
            let bias = hasBias ? arguments.inputs[2] : nil
            blas.withOneThread {
                parallelFor(s.batches * blocks, threads: threads) { range, _ in
                    for index in range {
                        let (batch, block) = index.quotientAndRemainder(dividingBy: blocks)
                        let first = block * blockRows
                        let rows = min(blockRows, s.m - first)
                        let a = arguments.inputs[0] + (batch * s.m * s.k + (s.transposeA ? first : first * s.k)) * size
                        let b = arguments.inputs[1] + (s.sharedB ? 0 : batch * s.k * s.n) * size
                        let c = arguments.outputs[0] + (batch * s.m + first) * s.n * size
                        if let bias { for row in 0..<rows { (c + row * s.n * size).copyMemory(from: bias, byteCount: s.n * size) } }
                        blas.multiply(
                            s.dtype, transposeA: s.transposeA, transposeB: s.transposeB, m: rows, n: s.n, k: s.k, a: a,
                            lda: s.transposeA ? s.m : s.k, b: b, ldb: s.transposeB ? s.k : s.n, accumulate: bias != nil, c: c, ldc: s.n)
                        if s.dtype == .float32 {
                            activate(activation, c.assumingMemoryBound(to: Float.self), rows * s.n)
                        } else {
                            activate(activation, c.assumingMemoryBound(to: Double.self), rows * s.n)
                        }
                    }
                }
            }
        }
    }

    private static func activate<T: BinaryFloatingPoint>(_ activation: EpilogueActivation, _ c: UnsafeMutablePointer<T>, _ count: Int) {
        guard activation != .linear else { return }
        for i in 0..<count { c[i] = activation(c[i]) }
    }
}

extension MatMulShape {
    /// The product that a 1×1 convolution is; nil for other convolutions.
    init?(pointwise s: ConvolutionShape) {
        guard s.isPointwise, s.groups == 1 else { return nil }
        let rows = s.n.multipliedReportingOverflow(by: s.oh &* s.ow)
        guard !rows.overflow else { return nil }
        dtype = s.dtype
        batches = 1
        m = rows.partialValue
        n = s.oc
        k = s.ic
        transposeA = false
        transposeB = false
        sharedB = true
        outputShape = [m, n]
    }
}
