import TensorCore

/// How a weight begins. The fans of a shape are its last two sizes times the product of those before (the receptive field).
public enum Initializer: Sendable, Hashable {
    case zeros
    case ones
    case constant(Double)
    /// Uniform within ±√(6 / (fan in + fan out)).
    case glorotUniform
    /// Normal, truncated, of variance 2 / (fan in + fan out).
    case glorotNormal
    /// Uniform within ±√(6 / fan in).
    case heUniform
    /// Normal, truncated, of variance 2 / fan in.
    case heNormal
    case randomNormal(standardDeviation: Double = 0.05)
    case randomUniform(ClosedRange<Double> = -0.05...0.05)

    /// A tensor of `shape` that begins so.
    public func callAsFunction(_ shape: [Int], dtype: DType = .float32) throws(SwiftConvError) -> Tensor {
        let field = Double(shape.dropLast(2).reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue })
        let fanOut = Swift.max(1, Double(shape.last ?? 1) * field)
        let fanIn = Swift.max(1, Double(shape.dropLast().last ?? shape.last ?? 1) * field)
        // A normal distribution cut off at two deviations has 0.8796 of them.
        let cut = 0.879_625_661_034_239_78
        func uniform(_ limit: Double) throws(SwiftConvError) -> Tensor {
            try Random.uniform(shape, in: -limit...limit, dtype: dtype)
        }
        func normal(_ deviation: Double) throws(SwiftConvError) -> Tensor {
            try Random.normal(shape, standardDeviation: deviation / cut, truncated: true, dtype: dtype)
        }
        return switch self {
        case .zeros: try Tensor.zeros(shape, dtype: dtype)
        case .ones: try Tensor.ones(shape, dtype: dtype)
        case .constant(let number): try Tensor.full(shape, number, dtype: dtype)
        case .glorotUniform: try uniform((6 / (fanIn + fanOut)).squareRoot())
        case .glorotNormal: try normal((2 / (fanIn + fanOut)).squareRoot())
        case .heUniform: try uniform((6 / fanIn).squareRoot())
        case .heNormal: try normal((2 / fanIn).squareRoot())
        case .randomNormal(let deviation): try Random.normal(shape, standardDeviation: deviation, dtype: dtype)
        case .randomUniform(let range): try Random.uniform(shape, in: range, dtype: dtype)
        }
    }
}
