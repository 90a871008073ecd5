import Graph

/// What a weight is brought back to after each update. Keras's names and defaults. Norms are taken along `axes`.
public enum Constraint: Sendable, Hashable {
    /// Norms of at most `limit`.
    case maxNorm(_ limit: Double = 2, axes: [Int] = [0])
    /// Numbers below 0 become 0.
    case nonNegative
    /// Norms of 1.
    case unitNorm(axes: [Int] = [0])
    /// Norms drawn into a range: with a `rate` of 1 at once, below it by a part of the way.
    case minMaxNorm(min: Double = 0, max: Double = 1, rate: Double = 1, axes: [Int] = [0])

    /// Keeps divisors from 0.
    private static let epsilon = 1e-7

    /// The weight within its bounds.
    public func callAsFunction(_ weight: Tensor) throws(SwiftConvError) -> Tensor {
        switch self {
        case .nonNegative: return try applyOne("relu", [weight])
        case .maxNorm(let limit, let axes):
            let norms = try norms(weight, axes)
            return try weight * (clip(norms, 0, limit) / (Self.epsilon + norms))
        case .unitNorm(let axes): return try weight / (Self.epsilon + norms(weight, axes))
        case .minMaxNorm(let least, let most, let rate, let axes):
            let norms = try norms(weight, axes)
            let wanted = try rate * clip(norms, least, most) + (1 - rate) * norms
            return try weight * (wanted / (Self.epsilon + norms))
        }
    }

    private func norms(_ weight: Tensor, _ axes: [Int]) throws(SwiftConvError) -> Tensor {
        try applyOne("reduce_sum", [try weight.square()], ["axes": .ints(axes), "keepdims": .int(1)]).squareRoot()
    }

    private func clip(_ x: Tensor, _ least: Double, _ most: Double) throws(SwiftConvError) -> Tensor {
        try applyOne("clip", [x], ["min": .double(least), "max": .double(most)])
    }
}
