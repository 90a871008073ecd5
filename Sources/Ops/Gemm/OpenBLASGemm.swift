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

    /// `a` and `b` are the places of the operands among the inputs; a bias is input 2.
    static func prepare(
        _ s: MatMulShape, a inputA: Int = 0, b inputB: Int = 1, hasBias: Bool, _ activation: EpilogueActivation, threads: Int,
        _ blas: OpenBLAS
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
                        let a = arguments.inputs[inputA] + (batch * s.m * s.k + (s.transposeA ? first : first * s.k)) * size
                        let b = arguments.inputs[inputB] + (s.sharedB ? 0 : batch * s.k * s.n) * size
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

/// 1×1 convolutions and their gradients as products; nil where OpenBLAS is not chosen or the convolution is no product.
extension OpenBLASGemm {
    static func forward(_ s: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int) -> PreparedOp? {
        guard OpenBLAS.isChosen, let blas = OpenBLAS.shared, let product = MatMulShape(pointwise: s), accepts(product) else { return nil }
        return prepare(product, hasBias: hasBias, activation, threads: threads, blas)
    }

    static func backwardInput(_ s: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard OpenBLAS.isChosen, let blas = OpenBLAS.shared, let product = MatMulShape(pointwiseBackwardInput: s), accepts(product) else {
            return nil
        }
        return prepare(product, a: 1, b: 0, hasBias: false, .linear, threads: threads, blas)
    }

    static func backwardFilter(_ s: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard OpenBLAS.isChosen, let blas = OpenBLAS.shared, let product = MatMulShape(pointwiseBackwardFilter: s), accepts(product) else {
            return nil
        }
        return prepare(product, hasBias: false, .linear, threads: threads, blas)
    }
}

extension MatMulShape {
    /// y[pixel][oc] = x[pixel][ic] · filter[ic][oc]
    init?(pointwise s: ConvolutionShape) {
        guard let pixels = Self.pixels(s) else { return nil }
        self.init(s.dtype, m: pixels, n: s.oc, k: s.ic)
    }

    /// dx[pixel][ic] = dy[pixel][oc] · filter[ic][oc]ᵀ
    init?(pointwiseBackwardInput s: ConvolutionShape) {
        guard let pixels = Self.pixels(s) else { return nil }
        self.init(s.dtype, m: pixels, n: s.ic, k: s.oc, transposeB: true)
    }

    /// dfilter[ic][oc] = x[pixel][ic]ᵀ · dy[pixel][oc]
    init?(pointwiseBackwardFilter s: ConvolutionShape) {
        guard let pixels = Self.pixels(s) else { return nil }
        self.init(s.dtype, m: s.ic, n: s.oc, k: pixels, transposeA: true)
    }

    /// The pixels of a 1×1 convolution in one group; nil for other convolutions.
    private static func pixels(_ s: ConvolutionShape) -> Int? {
        guard s.isPointwise, s.groups == 1 else { return nil }
        let pixels = s.n.multipliedReportingOverflow(by: s.oh &* s.ow)
        return pixels.overflow ? nil : pixels.partialValue
    }

    private init(_ dtype: DataType, m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false) {
        self.dtype = dtype
        batches = 1
        self.m = m
        self.n = n
        self.k = k
        self.transposeA = transposeA
        self.transposeB = transposeB
        sharedB = true
        outputShape = [m, n]
    }
}
