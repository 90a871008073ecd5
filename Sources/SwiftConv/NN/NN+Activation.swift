import TensorCore

/// Activation functions, on float32 and float64.
extension nn {
    /// `max(x, 0)`.
    public static func relu(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("relu", [x]) }

    /// `x` above `threshold`, `negativeSlope · (x − threshold)` below, and `maxValue` at most.
    public static func relu(
        _ x: Tensor, negativeSlope: Double, maxValue: Double? = nil, threshold: Double = 0
    ) throws(SwiftConvError) -> Tensor {
        if threshold == 0 {
            let y = try negativeSlope == 0 ? relu(x) : leakyRelu(x, alpha: negativeSlope)
            return try maxValue.map { limit throws(SwiftConvError) in try y.minimum(limit) } ?? y
        }
        let above = try x.greaterOrEqual(threshold).cast(to: x.dtype)
        var y = try x * above
        if let maxValue { y = try y.minimum(maxValue) }
        if negativeSlope == 0 { return y }
        return try y + negativeSlope * (x - threshold) * (1 - above)
    }

    /// `min(max(x, 0), 6)`.
    public static func relu6(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("relu6", [x]) }
    /// `x` above 0, `alpha · x` below.
    public static func leakyRelu(_ x: Tensor, alpha: Double = 0.2) throws(SwiftConvError) -> Tensor {
        try applyOne("leaky_relu", [x], ["alpha": .double(alpha)])
    }
    /// `relu` of `x` and of `−x`, one after the other along `axis`.
    public static func crelu(_ x: Tensor, axis: Int = -1) throws(SwiftConvError) -> Tensor {
        try relu(try .concatenate([x, try -x], axis: axis))
    }
    /// `x` above 0, `alpha · (exp(x) − 1)` below.
    public static func elu(_ x: Tensor, alpha: Double = 1) throws(SwiftConvError) -> Tensor {
        try applyOne("elu", [x], ["alpha": .double(alpha)])
    }
    /// `max(x, 0) + min(alpha · (exp(x / alpha) − 1), 0)`.
    public static func celu(_ x: Tensor, alpha: Double = 1) throws(SwiftConvError) -> Tensor {
        try x.maximum(0) + (alpha * (x / alpha).exponentialMinusOne()).minimum(0)
    }
    /// The scaled exponential linear unit.
    public static func selu(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("selu", [x]) }
    /// `x · Φ(x)` with the normal distribution's Φ, or its approximation by a hyperbolic tangent.
    public static func gelu(_ x: Tensor, approximate: Bool = false) throws(SwiftConvError) -> Tensor {
        try applyOne("gelu", [x], ["approximate": .int(approximate ? 1 : 0)])
    }
    /// `x · sigmoid(beta · x)`.
    public static func silu(_ x: Tensor, beta: Double = 1) throws(SwiftConvError) -> Tensor {
        try beta == 1 ? applyOne("silu", [x]) : x * sigmoid(x * beta)
    }
    /// `1 / (1 + exp(−x))`.
    public static func sigmoid(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("sigmoid", [x]) }
    /// The logarithm of `sigmoid`.
    public static func logSigmoid(_ x: Tensor) throws(SwiftConvError) -> Tensor { try -softplus(-x) }
    /// `relu6(x + 3) / 6`.
    public static func hardSigmoid(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("hard_sigmoid", [x]) }
    /// `x · relu6(x + 3) / 6`.
    public static func hardSilu(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("hard_silu", [x]) }
    /// The hyperbolic tangent.
    public static func tanh(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("tanh", [x]) }
    /// `x` cut to −1 … 1.
    public static func hardTanh(_ x: Tensor) throws(SwiftConvError) -> Tensor { try x.clipped(to: -1...1) }
    /// `x − tanh(x)`.
    public static func tanhShrink(_ x: Tensor) throws(SwiftConvError) -> Tensor { try x - tanh(x) }
    /// `log(1 + exp(x))`.
    public static func softplus(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("softplus", [x]) }
    /// `x / (1 + |x|)`.
    public static func softsign(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("softsign", [x]) }
    /// `x · tanh(softplus(x))`.
    public static func mish(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("mish", [x]) }
    /// `(x + √(x² + b)) / 2`.
    public static func squareplus(_ x: Tensor, b: Double = 4) throws(SwiftConvError) -> Tensor {
        try (x + (x.square() + b).squareRoot()) / 2
    }
    /// `x` above 1, `(x + 1)² / 4` between −1 and 1, 0 below.
    public static func sparsePlus(_ x: Tensor) throws(SwiftConvError) -> Tensor {
        try (x.clipped(to: -1...1) + 1).square() / 4 + relu(x - 1)
    }
    /// `x` where its size exceeds `threshold`, else 0.
    public static func hardShrink(_ x: Tensor, threshold: Double = 0.5) throws(SwiftConvError) -> Tensor {
        try x * x.absolute().greater(threshold).cast(to: x.dtype)
    }
    /// `x` drawn towards 0 by `threshold`.
    public static func softShrink(_ x: Tensor, threshold: Double = 0.5) throws(SwiftConvError) -> Tensor {
        try relu(x - threshold) - relu(-threshold - x)
    }
    /// `x` above `threshold`, else `value`.
    public static func threshold(_ x: Tensor, _ threshold: Double = 0, value: Double = 0) throws(SwiftConvError) -> Tensor {
        let above = try x.greater(threshold).cast(to: x.dtype)
        return try x * above + (1 - above) * value
    }
    /// One half of `x` along `axis` times the sigmoid of the other.
    public static func glu(_ x: Tensor, axis: Int = -1) throws(SwiftConvError) -> Tensor {
        let halves = try x.split(count: 2, axis: axis)
        return try halves[0] * sigmoid(halves[1])
    }

    /// Each row along `axis` as probabilities.
    public static func softmax(_ x: Tensor, axis: Int = -1) throws(SwiftConvError) -> Tensor {
        if axis == -1 { return try applyOne("softmax", [x]) }
        return try x.withLast(axis, "softmax") { x throws(SwiftConvError) in try applyOne("softmax", [x]) }
    }
    /// The logarithms of `softmax`.
    public static func logSoftmax(_ x: Tensor, axis: Int = -1) throws(SwiftConvError) -> Tensor {
        if axis == -1 { return try applyOne("log_softmax", [x]) }
        return try x.withLast(axis, "logSoftmax") { x throws(SwiftConvError) in try applyOne("log_softmax", [x]) }
    }
    /// The logarithm of the sum of the exponentials along `axis`, without overflow.
    public static func logSumExp(_ x: Tensor, axis: Int = -1, keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try x.logSumExp(axis: axis, keepDims: keepDims)
    }
}
