import CKernelInterface
import TensorCore

/// What conv2d and matmul do to a sum before they store it, besides adding a bias.
enum EpilogueActivation: Sendable, Hashable {
    case linear
    case relu
    case relu6
    /// `alpha · x` for negative x; alpha is at least 0, so that the output tells the sign of the input.
    case leakyRelu(alpha: Double)

    /// Reads `activation` and `alpha` of `op`.
    init(_ attributes: Attributes, op: String) throws(ConvError) {
        let name = try attributes.string("activation", default: "linear")
        let alpha = try attributes.double("alpha", default: 0)
        guard let found = EpilogueActivation(name, alpha: alpha) else {
            throw .invalidArgument(
                "\(op): activation: expected linear, relu, relu6 or leaky_relu with alpha of at least 0, received \"\(name)\", "
                    + "alpha = \(alpha); apply other activations as ops of their own")
        }
        self = found
    }

    init?(_ name: String, alpha: Double) {
        switch name {
        case "linear": self = .linear
        case "relu": self = .relu
        case "relu6": self = .relu6
        case "leaky_relu" where alpha >= 0 && alpha.isFinite: self = .leakyRelu(alpha: alpha)
        default: return nil
        }
    }

    var alpha: Double { if case .leakyRelu(let alpha) = self { alpha } else { 0 } }

    /// The kernels' number for it.
    var kind: Int {
        switch self {
        case .linear: 0
        case .relu: 1
        case .relu6: 2
        case .leakyRelu: 3
        }
    }

    @inline(__always) func callAsFunction<T: BinaryFloatingPoint>(_ x: T) -> T {
        switch self {
        case .linear: x
        case .relu: x < 0 ? 0 : x
        case .relu6: x < 0 ? 0 : x > 6 ? 6 : x
        case .leakyRelu(let alpha): x < 0 ? x * T(alpha) : x
        }
    }

    /// The gradient before the activation, from the one after it and the output.
    func backward(_ dy: Value, _ y: Value, _ graph: any GraphBuilder) throws(ConvError) -> Value {
        switch self {
        case .linear: dy
        case .relu: try graph("relu_backward", dy, y)
        case .relu6: try graph("relu6_backward", dy, y)
        case .leakyRelu(let alpha): try graph("leaky_relu_backward", dy, y, attributes: ["alpha": .double(alpha)])
        }
    }

    /// The attributes of an op with this trait after it has taken over `role`: a bias while it has none and its activation is
    /// linear, an activation while that is linear.
    static func absorbing(_ role: EpilogueRole, hasBias: Bool, _ inputs: [TensorSpec], _ attributes: Attributes) -> Attributes? {
        guard inputs.first?.dtype.isFloating == true, let own = try? EpilogueActivation(attributes, op: ""), own == .linear else {
            return nil
        }
        switch role {
        case .none: return nil
        case .bias: return hasBias ? nil : attributes
        case .activation(let name, let alpha):
            guard let activation = EpilogueActivation(name, alpha: alpha) else { return nil }
            var fused = attributes
            fused["activation"] = .string(name)
            fused["alpha"] = .double(activation.alpha)
            return fused
        }
    }
}

extension Op {
    /// Throws unless `bias` is a vector of `channels` elements of the type of input 0.
    func expectBias(_ inputs: [TensorSpec], _ bias: Int, channels: Int) throws(ConvError) {
        guard inputs.count > bias else { return }
        guard inputs[bias] == TensorSpec(inputs[0].dtype, [channels]) else {
            throw .invalidArgument("\(name): bias: expected \(TensorSpec(inputs[0].dtype, [channels])), received \(inputs[bias])")
        }
    }
}
