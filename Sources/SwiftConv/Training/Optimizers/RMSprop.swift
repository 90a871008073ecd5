import Ops
import TensorCore

extension Optimizer {
    /// Steps divided by the root of a moving average of squared gradients (Hinton 2012).
    public static func rmsprop(
        learningRate: some LearningRate = 0.001, rho: Double = 0.9, momentum: Double = 0, epsilon: Double = 1e-7,
        centered: Bool = false, weightDecay: Double? = nil, clipping: GradientClipping? = nil, averaging: WeightAveraging? = nil,
        gradientAccumulationSteps: Int? = nil
    ) -> Optimizer {
        Optimizer(
            name: "rmsprop", learningRate: learningRate,
            rule: RMSpropRule(rho: rho, momentum: momentum, epsilon: epsilon, centered: centered), weightDecay: weightDecay,
            clipping: clipping, averaging: averaging, gradientAccumulationSteps: gradientAccumulationSteps)
    }
}

private struct RMSpropRule: KerasRule {
    static let className = "RMSprop"
    let rho: Double
    let momentum: Double
    let epsilon: Double
    let centered: Bool

    var slots: [OptimizerSlot] {
        [OptimizerSlot("velocity")] + (momentum == 0 ? [] : [OptimizerSlot("momentum")])
            + (centered ? [OptimizerSlot("average_gradient")] : [])
    }

    var config: LayerConfig {
        var config = LayerConfig(for: Self.className)
        config.set("rho", rho)
        config.set("momentum", momentum)
        config.set("epsilon", epsilon)
        config.set("centered", centered)
        return config
    }

    func validate() throws(SwiftConvError) {
        try expectNumber(rho, "rmsprop: rho", in: 0...1)
        try expectNumber(momentum, "rmsprop: momentum", in: 0...1)
        try expectEpsilon(epsilon, "rmsprop")
    }

    func update(
        _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
    ) throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor]) {
        let unused = try Tensor.zeros([], dtype: weight.dtype)
        let moving = momentum == 0 ? unused : slots[1]
        let average = centered ? slots[slots.count - 1] : unused
        let new = try apply(
            "rmsprop_update", [weight, slots[0], moving, average, gradient, rate],
            [
                "rho": .double(rho), "momentum": .double(momentum), "epsilon": .double(epsilon),
                "centered": .int(centered ? 1 : 0),
            ])
        return (new[0], [new[1]] + (momentum == 0 ? [] : [new[2]]) + (centered ? [new[3]] : []))
    }
}
