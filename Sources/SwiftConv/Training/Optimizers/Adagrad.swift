import TensorCore

extension Optimizer {
    /// Steps divided by the root of the sum of squared gradients (Duchi et al. 2011).
    public static func adagrad(
        learningRate: some LearningRate = 0.001, initialAccumulatorValue: Double = 0.1, epsilon: Double = 1e-7,
        weightDecay: Double? = nil, clipping: GradientClipping? = nil, averaging: WeightAveraging? = nil,
        gradientAccumulationSteps: Int? = nil
    ) -> Optimizer {
        Optimizer(
            name: "adagrad", learningRate: learningRate, rule: AdagradRule(initial: initialAccumulatorValue, epsilon: epsilon),
            weightDecay: weightDecay, clipping: clipping, averaging: averaging, gradientAccumulationSteps: gradientAccumulationSteps)
    }

    /// Adagrad with decaying sums and steps in the weights' own unit (Zeiler 2012).
    public static func adadelta(
        learningRate: some LearningRate = 0.001, rho: Double = 0.95, epsilon: Double = 1e-7, weightDecay: Double? = nil,
        clipping: GradientClipping? = nil, averaging: WeightAveraging? = nil, gradientAccumulationSteps: Int? = nil
    ) -> Optimizer {
        Optimizer(
            name: "adadelta", learningRate: learningRate, rule: AdadeltaRule(rho: rho, epsilon: epsilon),
            weightDecay: weightDecay, clipping: clipping, averaging: averaging, gradientAccumulationSteps: gradientAccumulationSteps)
    }
}

private struct AdagradRule: KerasRule {
    static let className = "Adagrad"
    let initial: Double
    let epsilon: Double

    var slots: [OptimizerSlot] { [OptimizerSlot("accumulator", initial: initial)] }

    var config: LayerConfig {
        var config = LayerConfig(for: Self.className)
        config.set("initial_accumulator_value", initial)
        config.set("epsilon", epsilon)
        return config
    }

    func validate() throws(SwiftConvError) {
        try expectNumber(initial, "adagrad: initialAccumulatorValue", in: 0...Double.greatestFiniteMagnitude)
        try expectEpsilon(epsilon, "adagrad")
    }

    func update(
        _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
    ) throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor]) {
        let total = try slots[0] + gradient.square()
        return (try weight - rate * gradient / (total + epsilon).squareRoot(), [total])
    }
}

private struct AdadeltaRule: KerasRule {
    static let className = "Adadelta"
    let rho: Double
    let epsilon: Double

    var slots: [OptimizerSlot] { [OptimizerSlot("accumulated_grad"), OptimizerSlot("accumulated_delta_var")] }

    var config: LayerConfig {
        var config = LayerConfig(for: Self.className)
        config.set("rho", rho)
        config.set("epsilon", epsilon)
        return config
    }

    func validate() throws(SwiftConvError) {
        try expectNumber(rho, "adadelta: rho", in: 0...1)
        try expectEpsilon(epsilon, "adadelta")
    }

    func update(
        _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
    ) throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor]) {
        let squared = try rho * slots[0] + (1 - rho) * gradient.square()
        let delta = try -((slots[1] + epsilon).squareRoot() * gradient / (squared + epsilon).squareRoot())
        let deltas = try rho * slots[1] + (1 - rho) * delta.square()
        return (try weight + rate * delta, [squared, deltas])
    }
}
