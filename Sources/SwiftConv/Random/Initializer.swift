import TensorCore

/// How a weight begins. The fans of a shape are its last two sizes times the product of those before (the receptive field).
///
/// With a seed an initializer gives the same numbers each time, those of the Python package; without one it draws from the global
/// generator, see ``Random/setSeed(_:)``.
public struct Initializer: Sendable, Hashable {
    /// By which number of connections a variance is divided.
    public enum FanMode: Sendable, Hashable {
        /// The inputs of a unit, its outputs, or the mean of both.
        case fanIn, fanOut, fanAverage
    }
    /// What ``varianceScaling(scale:mode:distribution:seed:)`` draws from.
    public enum Distribution: Sendable, Hashable {
        /// The normal distribution cut off at two standard deviations, the whole of it, or an even one.
        case truncatedNormal, untruncatedNormal, uniform
    }

    enum Rule: Sendable, Hashable {
        case constant(Double)
        case identity(gain: Double)
        case uniform(ClosedRange<Double>)
        case normal(mean: Double, deviation: Double, truncated: Bool)
        case scaling(scale: Double, FanMode, Distribution)
        case orthogonal(gain: Double)
    }

    let rule: Rule
    /// The seed; nil for the global generator.
    public let seed: Int?

    init(_ rule: Rule, seed: Int? = nil) {
        self.rule = rule
        self.seed = seed
    }

    // MARK: without chance

    /// All 0.
    public static let zeros = Initializer(.constant(0))
    /// All 1.
    public static let ones = Initializer(.constant(1))
    /// All the same number.
    public static func constant(_ number: Double) -> Initializer { Initializer(.constant(number)) }
    /// The identity matrix times `gain`; for two dimensions.
    public static func identity(gain: Double = 1) -> Initializer { Initializer(.identity(gain: gain)) }

    // MARK: by chance

    /// Uniform within ±√(6 / (fan in + fan out)).
    public static let glorotUniform = glorotUniform(seed: nil)
    /// Uniform within ±√(6 / (fan in + fan out)).
    public static func glorotUniform(seed: Int?) -> Initializer { scaling(1, .fanAverage, .uniform, seed) }
    /// Normal, truncated, of variance 2 / (fan in + fan out).
    public static let glorotNormal = glorotNormal(seed: nil)
    /// Normal, truncated, of variance 2 / (fan in + fan out).
    public static func glorotNormal(seed: Int?) -> Initializer { scaling(1, .fanAverage, .truncatedNormal, seed) }
    /// Uniform within ±√(6 / fan in).
    public static let heUniform = heUniform(seed: nil)
    /// Uniform within ±√(6 / fan in).
    public static func heUniform(seed: Int?) -> Initializer { scaling(2, .fanIn, .uniform, seed) }
    /// Normal, truncated, of variance 2 / fan in.
    public static let heNormal = heNormal(seed: nil)
    /// Normal, truncated, of variance 2 / fan in.
    public static func heNormal(seed: Int?) -> Initializer { scaling(2, .fanIn, .truncatedNormal, seed) }
    /// Uniform within ±√(3 / fan in).
    public static let lecunUniform = lecunUniform(seed: nil)
    /// Uniform within ±√(3 / fan in).
    public static func lecunUniform(seed: Int?) -> Initializer { scaling(1, .fanIn, .uniform, seed) }
    /// Normal, truncated, of variance 1 / fan in.
    public static let lecunNormal = lecunNormal(seed: nil)
    /// Normal, truncated, of variance 1 / fan in.
    public static func lecunNormal(seed: Int?) -> Initializer { scaling(1, .fanIn, .truncatedNormal, seed) }

    /// Draws of variance `scale` over the number of inputs, outputs, or their mean.
    public static func varianceScaling(
        scale: Double = 1, mode: FanMode = .fanIn, distribution: Distribution = .truncatedNormal, seed: Int? = nil
    ) -> Initializer {
        scaling(scale, mode, distribution, seed)
    }

    /// Normally distributed.
    public static func randomNormal(mean: Double = 0, standardDeviation: Double = 0.05, seed: Int? = nil) -> Initializer {
        Initializer(.normal(mean: mean, deviation: standardDeviation, truncated: false), seed: seed)
    }
    /// Normally distributed, drawn again beyond two standard deviations.
    public static func truncatedNormal(mean: Double = 0, standardDeviation: Double = 0.05, seed: Int? = nil) -> Initializer {
        Initializer(.normal(mean: mean, deviation: standardDeviation, truncated: true), seed: seed)
    }
    /// Evenly spread.
    public static func randomUniform(_ range: ClosedRange<Double> = -0.05...0.05, seed: Int? = nil) -> Initializer {
        Initializer(.uniform(range), seed: seed)
    }
    /// A matrix (all axes but the last are its rows) with orthogonal rows or columns, whichever are fewer, times `gain`.
    public static func orthogonal(gain: Double = 1, seed: Int? = nil) -> Initializer {
        Initializer(.orthogonal(gain: gain), seed: seed)
    }

    private static func scaling(_ scale: Double, _ mode: FanMode, _ distribution: Distribution, _ seed: Int?) -> Initializer {
        Initializer(.scaling(scale: scale, mode, distribution), seed: seed)
    }

    // MARK: use

    /// The standard deviation of a normal distribution that is cut off at two of them.
    private static let truncatedDeviation = 0.879_625_661_034_239_78

    /// A tensor of `shape` that begins so. It has numbers even while a function is recorded.
    public func callAsFunction(_ shape: [Int], dtype: DType = .float32) throws(SwiftConvError) -> Tensor {
        try Trace.suspended { () throws(SwiftConvError) in try made(shape, dtype) }
    }

    private func made(_ shape: [Int], _ dtype: DType) throws(SwiftConvError) -> Tensor {
        switch rule {
        case .constant(let number):
            return try number == 0 ? .zeros(shape, dtype: dtype) : .full(shape, number, dtype: dtype)
        case .identity(let gain):
            guard shape.count == 2 else {
                throw .invalidArgument("identity: shape: expected 2 dimensions, received \(shapeText(shape))")
            }
            return try Tensor.eye(shape[0], columns: shape[1], dtype: dtype) * gain
        case .uniform(let range): return try Random.uniform(shape, in: range, dtype: dtype, seed: seed)
        case .normal(let mean, let deviation, let truncated):
            return try Random.normal(
                shape, mean: mean, standardDeviation: deviation, truncated: truncated, dtype: dtype, seed: seed)
        case .scaling(let scale, let mode, let distribution):
            guard scale > 0, scale.isFinite else {
                throw .invalidArgument("varianceScaling: scale: expected a positive number, received \(scale)")
            }
            let variance = scale / Swift.max(1, Self.fan(shape, mode))
            switch distribution {
            case .uniform:
                let limit = (3 * variance).squareRoot()
                return try Random.uniform(shape, in: -limit...limit, dtype: dtype, seed: seed)
            case .truncatedNormal:
                let deviation = variance.squareRoot() / Self.truncatedDeviation
                return try Random.normal(shape, standardDeviation: deviation, truncated: true, dtype: dtype, seed: seed)
            case .untruncatedNormal:
                return try Random.normal(shape, standardDeviation: variance.squareRoot(), dtype: dtype, seed: seed)
            }
        case .orthogonal(let gain): return try orthogonal(shape, dtype, gain)
        }
    }

    /// The number of connections of a unit with weights of this shape.
    private static func fan(_ shape: [Int], _ mode: FanMode) -> Double {
        let field = shape.dropLast(2).reduce(1.0) { $0 * Double($1) }
        let fanOut = Double(shape.last ?? 1) * field
        let fanIn = Double(shape.dropLast().last ?? shape.last ?? 1) * field
        return switch mode {
        case .fanIn: fanIn
        case .fanOut: fanOut
        case .fanAverage: (fanIn + fanOut) / 2
        }
    }

    private func orthogonal(_ shape: [Int], _ dtype: DType, _ gain: Double) throws(SwiftConvError) -> Tensor {
        guard shape.count >= 2, let columns = shape.last else {
            throw .invalidArgument("orthogonal: shape: expected at least 2 dimensions, received \(shapeText(shape))")
        }
        let spec = try engine { () throws(ConvError) in try TensorSpec(dtype.engineType, shape).validated("orthogonal") }
        let rows = spec.count == 0 ? 0 : spec.count / columns
        guard rows > 0 else { return try .zeros(shape, dtype: dtype) }
        let (m, n) = (Swift.max(rows, columns), Swift.min(rows, columns))
        let draws = try Random.normal([m, n], dtype: dtype, seed: seed).scalars(as: Double.self)
        let q = try Tensor(orthonormalColumns(draws, m, n), shape: [m, n])
        return try ((rows < columns ? q.transpose() : q) * gain).reshape(shape).cast(to: dtype)
    }
}

/// Q of the decomposition QR of a matrix of `m` rows and `n` ≤ `m` columns, the diagonal of R positive: by Householder's reflections.
private func orthonormalColumns(_ matrix: [Double], _ m: Int, _ n: Int) -> [Double] {
    var a = matrix
    var reflections: [[Double]] = []
    var signs: [Double] = []
    for k in 0..<n {
        var v = (k..<m).map { a[$0 * n + k] }
        let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let alpha = v[0] > 0 ? -norm : norm
        signs.append(alpha < 0 ? -1 : 1)
        v[0] -= alpha
        let square = v.reduce(0) { $0 + $1 * $1 }
        if square > 0 { reflect(&a, v, square, k, m, n) }
        reflections.append(v)
    }
    var q = [Double](repeating: 0, count: m * n)
    for k in 0..<n { q[k * n + k] = 1 }
    for k in (0..<n).reversed() {
        let v = reflections[k]
        let square = v.reduce(0) { $0 + $1 * $1 }
        if square > 0 { reflect(&q, v, square, k, m, n) }
    }
    for i in q.indices { q[i] *= signs[i % n] }
    return q
}

/// Mirrors the columns of `a` (`m` × `n`), from row `k` on, at the plane across `v`.
private func reflect(_ a: inout [Double], _ v: [Double], _ square: Double, _ k: Int, _ m: Int, _ n: Int) {
    for column in 0..<n {
        var dot = 0.0
        for i in k..<m { dot += v[i - k] * a[i * n + column] }
        let factor = 2 * dot / square
        for i in k..<m { a[i * n + column] -= factor * v[i - k] }
    }
}
