import Graph
import Ops
import TensorCore

/// How weights follow their gradients. The rules and defaults are Keras's.
public struct Optimizer: Sendable, Hashable {
    enum Rule: Sendable, Hashable {
        case sgd(momentum: Double, nesterov: Bool)
        case adam(beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double)
        case rmsprop(rho: Double, momentum: Double, epsilon: Double, centered: Bool)
    }

    /// The factor of each step.
    public var learningRate: Double
    let rule: Rule

    /// Stochastic gradient descent, with momentum if asked for.
    public static func sgd(learningRate: Double = 0.01, momentum: Double = 0, nesterov: Bool = false) -> Optimizer {
        Optimizer(learningRate: learningRate, rule: .sgd(momentum: momentum, nesterov: nesterov))
    }

    /// Adam.
    public static func adam(
        learningRate: Double = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7
    ) -> Optimizer {
        Optimizer(learningRate: learningRate, rule: .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: 0))
    }

    /// Adam with decoupled weight decay.
    public static func adamW(
        learningRate: Double = 0.001, weightDecay: Double = 0.004, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7
    ) -> Optimizer {
        Optimizer(learningRate: learningRate, rule: .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay))
    }

    /// RMSprop.
    public static func rmsprop(
        learningRate: Double = 0.001, rho: Double = 0.9, momentum: Double = 0, epsilon: Double = 1e-7, centered: Bool = false
    ) -> Optimizer {
        Optimizer(learningRate: learningRate, rule: .rmsprop(rho: rho, momentum: momentum, epsilon: epsilon, centered: centered))
    }

    /// How many tensors it keeps for each weight.
    var slotCount: Int {
        switch rule {
        case .sgd(let momentum, _): momentum == 0 ? 0 : 1
        case .adam: 2
        case .rmsprop: 3
        }
    }

    func validate() throws(SwiftConvError) {
        guard learningRate >= 0, learningRate.isFinite else {
            throw .invalidArgument("optimizer: learningRate: expected a number of at least 0, received \(learningRate)")
        }
    }

    /// The new weight and the new slots.
    func update(
        _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
    ) throws(SwiftConvError) -> [Tensor] {
        switch rule {
        case .sgd(let momentum, let nesterov):
            if momentum == 0 { return try apply("sgd_update", [weight, gradient, rate]) }
            return try apply(
                "momentum_update", [weight] + slots + [gradient, rate],
                ["momentum": .double(momentum), "nesterov": .int(nesterov ? 1 : 0)])
        case .adam(let beta1, let beta2, let epsilon, let weightDecay):
            return try apply(
                "adam_update", [weight] + slots + [gradient, rate, step],
                [
                    "beta_1": .double(beta1), "beta_2": .double(beta2), "epsilon": .double(epsilon),
                    "weight_decay": .double(weightDecay),
                ])
        case .rmsprop(let rho, let momentum, let epsilon, let centered):
            return try apply(
                "rmsprop_update", [weight] + slots + [gradient, rate],
                [
                    "rho": .double(rho), "momentum": .double(momentum), "epsilon": .double(epsilon),
                    "centered": .int(centered ? 1 : 0),
                ])
        }
    }
}
