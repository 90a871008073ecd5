import Runtime
import TensorCore

/// The ordered list of ways to multiply matrices: the first that accepts a shape serves it.
enum MatMulAlgorithms {
    static func prepare(
        _ shape: MatMulShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int
    ) throws(ConvError) -> PreparedOp {
        shape.dtype == .float32
            ? reference(Float.self, shape, hasBias: hasBias, activation, threads)
            : reference(Double.self, shape, hasBias: hasBias, activation, threads)
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
