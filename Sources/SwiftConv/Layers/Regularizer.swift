import Graph
import TensorCore

/// What a weight, or the output of a layer, adds to the loss in training. Keras's names and defaults.
public enum Regularizer: Sendable, Hashable {
    /// What of a matrix `orthogonal` makes orthogonal.
    public enum OrthogonalMode: String, Sendable, Hashable {
        /// Its rows.
        case rows
        /// Its columns.
        case columns
    }

    /// `rate` · Σ|w|
    case l1(_ rate: Double = 0.01)
    /// `rate` · Σw²
    case l2(_ rate: Double = 0.01)
    /// l1 · Σ|w| + l2 · Σw²
    case l1l2(l1: Double = 0, l2: Double = 0)
    /// Draws the rows or columns of a matrix towards being orthogonal: `factor` · the mean size of their products.
    case orthogonal(_ factor: Double = 0.01, mode: OrthogonalMode = .rows)

    /// A scalar.
    public func callAsFunction(_ weight: Tensor) throws(SwiftConvError) -> Tensor {
        switch self {
        case .l1(let rate): return try weight.absolute().sum() * rate
        case .l2(let rate): return try weight.square().sum() * rate
        case .l1l2(let l1, let l2):
            // A factor of 0 leaves its sum out, so that 0 · ∞ does not make the loss NaN.
            let first = l1 == 0 ? nil : try weight.absolute().sum() * l1
            let second = l2 == 0 ? nil : try weight.square().sum() * l2
            if let first, let second { return try first + second }
            if let only = first ?? second { return only }
            return try .zeros([], dtype: weight.dtype)
        case .orthogonal(let factor, let mode):
            guard weight.rank == 2 else {
                throw .invalidArgument("orthogonal regularizer: expected a matrix, received shape \(shapeText(weight.shape))")
            }
            let axis = mode == .rows ? 1 : 0
            let size = Double(weight.shape[1 - axis])
            let least = try Tensor.full([], 1e-12, dtype: weight.dtype)
            let unit = try weight / weight.square().sum(axis, keepDims: true).maximum(least).squareRoot()
            let turned = try unit.transpose()
            let products = mode == .rows ? try unit.matmul(turned) : try turned.matmul(unit)
            let off = try products.absolute().sum() - unit.square().absolute().sum()
            return try off * (factor * 0.5) / (size * (size - 1) / 2)
        }
    }

    /// Whether it adds nothing.
    var isNothing: Bool {
        if case .l1l2(0, 0) = self { true } else { false }
    }

    func check(_ owner: String) throws(SwiftConvError) {
        let factors: [Double] =
            switch self {
            case .l1(let rate), .l2(let rate): [rate]
            case .l1l2(let l1, let l2): [l1, l2]
            case .orthogonal(let factor, _): [factor]
            }
        for factor in factors where !factor.isFinite || factor < 0 {
            throw .invalidArgument("\(owner): regularizer: expected finite factors of at least 0, received \(factor)")
        }
    }
}
