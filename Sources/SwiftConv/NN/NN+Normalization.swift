import TensorCore

extension nn {
    /// `(x − mean) · scale / √(variance + epsilon) + offset`, each parameter a vector along the last axis or a shape that broadcasts.
    ///
    /// Without `offset` nothing is added, without `scale` the factor is 1.
    public static func batchNormalization(
        _ x: Tensor, mean: Tensor, variance: Tensor, offset beta: Tensor? = nil, scale gamma: Tensor? = nil, epsilon: Double = 1e-3
    ) throws(SwiftConvError) -> Tensor {
        let channels = Array(x.shape.suffix(1))
        let all = [mean, variance] + [beta, gamma].compactMap { $0 }
        if x.rank > 0, all.allSatisfy({ $0.rank == 1 }) {
            let gamma = if let gamma { gamma } else { try Tensor.ones(channels, dtype: x.dtype) }
            let beta = if let beta { beta } else { try Tensor.zeros(channels, dtype: x.dtype) }
            return try applyOne("batch_norm_inference", [x, gamma, beta, mean, variance], ["epsilon": .double(epsilon)])
        }
        var factor = try (variance + epsilon).reciprocalSquareRoot()
        if let gamma { factor = try factor * gamma }
        var shift = try -(mean * factor)
        if let beta { shift = try shift + beta }
        return try x * factor + shift
    }

    /// `x` brought to mean 0 and variance 1 along the last axis by its own statistics over all other axes, then times `scale` plus
    /// `offset`; and these statistics (the variance with bias), from which running ones are made.
    public static func batchNormalization(
        _ x: Tensor, offset beta: Tensor? = nil, scale gamma: Tensor? = nil, epsilon: Double = 1e-3
    ) throws(SwiftConvError) -> (output: Tensor, mean: Tensor, variance: Tensor) {
        let channels = Array(x.shape.suffix(1))
        let gamma = if let gamma { gamma } else { try Tensor.ones(channels, dtype: x.dtype) }
        let beta = if let beta { beta } else { try Tensor.zeros(channels, dtype: x.dtype) }
        let results = try apply("batch_norm_training", [x, gamma, beta], ["epsilon": .double(epsilon)])
        guard results.count == 3 else { throw SwiftConvError(.internal, "batch_norm_training: gave \(results.count) outputs") }
        return (results[0], results[1], results[2])
    }

    /// Mean and variance (with bias) over `axes`; over all if there are none.
    public static func moments(
        _ x: Tensor, axes: [Int] = [], keepDims: Bool = false
    ) throws(SwiftConvError) -> (mean: Tensor, variance: Tensor) {
        let over = try axes.isEmpty ? Array(0..<x.rank) : normalized(axes, rank: x.rank, "moments")
        let mean = try x.mean(axes: over, keepDims: true)
        let variance = try x.squaredDifference(mean.stopGradient()).mean(axes: over, keepDims: true)
        if keepDims { return (mean, variance) }
        return (try mean.squeeze(axes: over), try variance.squeeze(axes: over))
    }

    /// `x / √max(Σ x², epsilon)` over `axes`; over all if there are none.
    public static func l2Normalize(_ x: Tensor, axes: [Int] = [], epsilon: Double = 1e-12) throws(SwiftConvError) -> Tensor {
        let over = axes.isEmpty ? Array(0..<x.rank) : axes
        let sum = try x.square().sum(axes: over, keepDims: true)
        return try x * sum.maximum(epsilon).reciprocalSquareRoot()
    }

    /// `x` divided by its norm of `order` along `axis`.
    public static func normalize(
        _ x: Tensor, axis: Int = -1, order: Int = 2, epsilon: Double = 1e-7
    ) throws(SwiftConvError) -> Tensor {
        guard order >= 1 else { throw .invalidArgument("normalize: order: expected at least 1, received \(order)") }
        if order == 2 { return try l2Normalize(x, axes: [axis], epsilon: epsilon * epsilon) }
        let sum = try x.absolute().power(Double(order)).sum(axis, keepDims: true)
        return try x / sum.power(1 / Double(order)).maximum(epsilon)
    }
}
