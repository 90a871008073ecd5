import Ops
import TensorCore

extension Optimizer {
    /// Stochastic gradient descent, with momentum if asked for.
    public static func sgd(
        learningRate: some LearningRate = 0.01, momentum: Double = 0, nesterov: Bool = false, weightDecay: Double? = nil,
        clipping: GradientClipping? = nil, averaging: WeightAveraging? = nil, gradientAccumulationSteps: Int? = nil
    ) -> Optimizer {
        Optimizer(
            name: "sgd", learningRate: learningRate, rule: SGDRule(momentum: momentum, nesterov: nesterov), weightDecay: weightDecay,
            clipping: clipping, averaging: averaging, gradientAccumulationSteps: gradientAccumulationSteps)
    }
}

private struct SGDRule: KerasRule {
    static let className = "SGD"
    let momentum: Double
    let nesterov: Bool

    var slots: [OptimizerSlot] { momentum == 0 ? [] : [OptimizerSlot("momentum")] }

    var config: LayerConfig {
        var config = LayerConfig(for: Self.className)
        config.set("momentum", momentum)
        config.set("nesterov", nesterov)
        return config
    }

    func validate() throws(SwiftConvError) { try expectNumber(momentum, "sgd: momentum", in: 0...1) }

    func update(
        _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
    ) throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor]) {
        if momentum == 0 { return (try applyOne("sgd_update", [weight, gradient, rate]), []) }
        let new = try apply(
            "momentum_update", [weight] + slots + [gradient, rate],
            ["momentum": .double(momentum), "nesterov": .int(nesterov ? 1 : 0)])
        return (new[0], [new[1]])
    }
}
