import TensorCore

/// The sizes of c = op(a) · op(b): `batches` products of [m, k] and [k, n].
struct MatMulShape: Sendable, Hashable {
    var dtype: DataType
    var batches: Int
    var m: Int
    var n: Int
    var k: Int
    var transposeA: Bool
    var transposeB: Bool
    /// Whether all batches use one b.
    var sharedB: Bool
    var outputShape: [Int]

    var flops: Int {
        var product = 2
        for factor in [batches, m, n, k] {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            if overflow { return Int.max }
            product = next
        }
        return product
    }

    init(op: String, _ a: TensorSpec, _ b: TensorSpec, _ attributes: Attributes) throws(ConvError) {
        transposeA = try attributes.bool("transpose_a", default: false)
        transposeB = try attributes.bool("transpose_b", default: false)
        guard a.rank >= 2 else { throw .invalidArgument("\(op): a: expected rank 2 or more, received shape \(shapeText(a.shape))") }
        guard b.rank >= 2 else { throw .invalidArgument("\(op): b: expected rank 2 or more, received shape \(shapeText(b.shape))") }
        guard a.dtype == b.dtype else { throw .wrongType("\(op): b: expected \(a.dtype), the type of a, received \(b.dtype)") }
        let leading = Array(a.shape.dropLast(2))
        guard b.rank == 2 || Array(b.shape.dropLast(2)) == leading else {
            throw .invalidArgument(
                "\(op): b: expected rank 2 or the leading dimensions of a, received a \(shapeText(a.shape)), b \(shapeText(b.shape))")
        }
        let (a0, a1) = (a.shape[a.rank - 2], a.shape[a.rank - 1])
        let (b0, b1) = (b.shape[b.rank - 2], b.shape[b.rank - 1])
        dtype = a.dtype
        (m, k) = transposeA ? (a1, a0) : (a0, a1)
        n = transposeB ? b0 : b1
        guard k == (transposeB ? b1 : b0) else {
            throw .invalidArgument(
                "\(op): inner dimensions must be equal: \(k) vs \(transposeB ? b1 : b0) [a: \(shapeText(a.shape))"
                    + "\(transposeA ? " transposed" : ""), b: \(shapeText(b.shape))\(transposeB ? " transposed" : "")]")
        }
        outputShape = leading + [m, n]
        sharedB = b.rank == 2
        _ = try TensorSpec(dtype, outputShape).validated("\(op): c")
        batches = leading.contains(0) ? 0 : leading.reduce(1, &*)
        if sharedB && !transposeA {
            // One tall product: rows of all batches follow each other.
            m = m == 0 || batches == 0 ? 0 : m &* batches
            batches = 1
        }
    }
}
