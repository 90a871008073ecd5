import Runtime
import TensorCore

/// The ordered list of ways to multiply matrices: the first that accepts a shape serves it. `isConstant`: b stays the same over many runs.
enum MatMulAlgorithms {
    static func prepare(
        _ shape: MatMulShape, isConstant: Bool, hasBias: Bool, _ activation: EpilogueActivation, threads: Int
    ) throws(ConvError) -> PreparedOp {
        if OpenBLAS.isChosen, OpenBLASGemm.accepts(shape), let blas = OpenBLAS.shared {
            return OpenBLASGemm.prepare(shape, hasBias: hasBias, activation, threads: threads, blas)
        }
        if let product = FewRowsProduct(shape, isConstant: isConstant, hasBias: hasBias, activation, threads: threads) {
            return PreparedOp(algorithm: "few-rows", flops: shape.flops, workspaceBytes: product.workspaceBytes) { arguments in
                product.run(
                    a: arguments.inputs[0], b: arguments.inputs[1], bias: hasBias ? arguments.inputs[2] : nil, c: arguments.outputs[0],
                    workspace: arguments.workspace)
            }
        }
        if shape.n > 0, shape.m > 0, shape.batches > 0 { return native(shape, hasBias: hasBias, activation, threads) }
        return shape.dtype == .float32
            ? reference(Float.self, shape, hasBias: hasBias, activation, threads)
            : reference(Double.self, shape, hasBias: hasBias, activation, threads)
    }

    /// The product as a grid of one long row and one tap. A transposed a is read in place, with a stride between the k of a row.
    static func native(_ s: MatMulShape, hasBias: Bool, _ activation: EpilogueActivation, _ threads: Int) -> PreparedOp {
        let size = s.dtype.size
        let grid = PixelGrid(
            images: 1, gridH: 1, gridW: s.m, sourceH: 1, sourceW: s.m, sourceImage: 0, sourceRow: 0,
            sourcePixel: (s.transposeA ? 1 : s.k) * size, tapsH: [PixelGrid.Tap(index: 0, offset: 0)],
            tapsW: [PixelGrid.Tap(index: 0, offset: 0)], filterW: 1, targetImage: 0, targetRow: 0, targetPixel: s.n * size)
        let product = IndirectGemm(
            dtype: s.dtype, grids: [grid], taps: 1, depth: s.k, columns: s.n, groups: s.batches,
            source: ColumnSource(tap: 0, k: s.transposeB ? 1 : s.n, column: s.transposeB ? s.k : 1, group: s.sharedB ? 0 : s.k * s.n),
            groupA: s.m * s.k * size, groupY: s.m * s.n * size, stepA: s.transposeA ? s.m : 1, threads: threads, hasBias: hasBias,
            sharedBias: true, activation: activation)
        return PreparedOp(
            algorithm: "native", flops: s.flops, workspaceBytes: product.workspaceBytes(prepacked: false),
            prepack: product.prepack(input: 1)
        ) { arguments in
            product.run(
                a: arguments.inputs[0], b: arguments.inputs[1], packed: arguments.packed, bias: hasBias ? arguments.inputs[2] : nil,
                y: arguments.outputs[0], workspace: arguments.workspace)
        }
    }

    /// The definition as loops.
    static func reference<T: BinaryFloatingPoint & Sendable>(
        _: T.Type, _ s: MatMulShape, hasBias: Bool, _ activation: EpilogueActivation, _ threads: Int
    ) -> PreparedOp {
        let (aRow, aColumn) = s.transposeA ? (1, s.m) : (s.k, 1)
        let (bRow, bColumn) = s.transposeB ? (1, s.k) : (s.n, 1)
        return PreparedOp(algorithm: "reference", flops: s.flops) { arguments in
            let a = arguments.input(0, T.self)
            let b = arguments.input(1, T.self)
            let bias: UnsafePointer<T>? = hasBias ? arguments.input(2) : nil
            let c = arguments.output(0, T.self)
            parallelFor(s.batches * s.m, threads: threads) { rows, _ in
                for row in rows {
                    let (batch, i) = row.quotientAndRemainder(dividingBy: s.m)
                    let left = a + batch * s.m * s.k + i * aRow
                    let right = b + (s.sharedB ? 0 : batch * s.k * s.n)
                    for j in 0..<s.n {
                        var sum: T = 0
                        for p in 0..<s.k { sum += left[p * aColumn] * right[p * bRow + j * bColumn] }
                        c[row * s.n + j] = activation(sum + (bias?[j] ?? 0))
                    }
                }
            }
        }
    }
}
