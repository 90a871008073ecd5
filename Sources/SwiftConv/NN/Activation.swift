import TensorCore

/// A function of single elements (softmax, glu: of rows) that ends a layer.
public enum Activation: Sendable, Hashable {
    /// Functions without settings; each is described at the function of `nn` of its name.
    case linear, relu, relu6, selu, silu, sigmoid, tanh, softmax, logSoftmax, softplus, softsign, mish, hardSigmoid, hardSilu, exponential
    /// Functions without settings; each is described at the function of `nn` of its name.
    case logSigmoid, hardTanh, tanhShrink, sparsePlus, glu
    /// `x` above 0, `alpha · x` below.
    case leakyRelu(alpha: Double = 0.2)
    /// `x` above 0, `alpha · (exp(x) − 1)` below.
    case elu(alpha: Double = 1)
    /// `max(x, 0) + min(alpha · (exp(x / alpha) − 1), 0)`.
    case celu(alpha: Double = 1)
    /// `x · Φ(x)`, or its approximation by a hyperbolic tangent.
    case gelu(approximate: Bool = false)
    /// `x` where its size exceeds the threshold, else 0.
    case hardShrink(threshold: Double = 0.5)
    /// `x` drawn towards 0 by the threshold.
    case softShrink(threshold: Double = 0.5)
    /// `(x + √(x² + b)) / 2`.
    case squareplus(b: Double = 4)
    /// `x` above the threshold, else `value`.
    case threshold(Double = 0, value: Double = 0)

    /// Another name of `silu`.
    public static var swish: Activation { .silu }
    /// Another name of `hardSilu`.
    public static var hardSwish: Activation { .hardSilu }

    /// Applies it.
    public func callAsFunction(_ x: Tensor) throws(SwiftConvError) -> Tensor {
        switch self {
        case .linear: x
        case .relu: try nn.relu(x)
        case .relu6: try nn.relu6(x)
        case .selu: try nn.selu(x)
        case .silu: try nn.silu(x)
        case .sigmoid: try nn.sigmoid(x)
        case .tanh: try nn.tanh(x)
        case .softmax: try nn.softmax(x)
        case .logSoftmax: try nn.logSoftmax(x)
        case .softplus: try nn.softplus(x)
        case .softsign: try nn.softsign(x)
        case .mish: try nn.mish(x)
        case .hardSigmoid: try nn.hardSigmoid(x)
        case .hardSilu: try nn.hardSilu(x)
        case .exponential: try x.exp()
        case .logSigmoid: try nn.logSigmoid(x)
        case .hardTanh: try nn.hardTanh(x)
        case .tanhShrink: try nn.tanhShrink(x)
        case .sparsePlus: try nn.sparsePlus(x)
        case .glu: try nn.glu(x)
        case .leakyRelu(let alpha): try nn.leakyRelu(x, alpha: alpha)
        case .elu(let alpha): try nn.elu(x, alpha: alpha)
        case .celu(let alpha): try nn.celu(x, alpha: alpha)
        case .gelu(let approximate): try nn.gelu(x, approximate: approximate)
        case .hardShrink(let threshold): try nn.hardShrink(x, threshold: threshold)
        case .softShrink(let threshold): try nn.softShrink(x, threshold: threshold)
        case .squareplus(let b): try nn.squareplus(x, b: b)
        case .threshold(let threshold, let value): try nn.threshold(x, threshold, value: value)
        }
    }
}
