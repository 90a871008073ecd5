import Ops
import TensorCore

extension Optimizer {
    /// Adam (Kingma and Ba 2014); with `amsgrad` the greatest second moment so far counts (Reddi et al. 2018).
    public static func adam(
        learningRate: some LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7,
        amsgrad: Bool = false, weightDecay: Double? = nil, clipping: GradientClipping? = nil, averaging: WeightAveraging? = nil,
        gradientAccumulationSteps: Int? = nil
    ) -> Optimizer {
        Optimizer(
            name: "adam", learningRate: learningRate,
            rule: AdamRule(moments: Moments("adam", beta1, beta2, epsilon), amsgrad: amsgrad),
            weightDecay: weightDecay, clipping: clipping, averaging: averaging, gradientAccumulationSteps: gradientAccumulationSteps)
    }

    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    public static func adamW(
        learningRate: some LearningRate = 0.001, weightDecay: Double = 0.004, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Double = 1e-7, amsgrad: Bool = false, clipping: GradientClipping? = nil, averaging: WeightAveraging? = nil,
        gradientAccumulationSteps: Int? = nil
    ) -> Optimizer {
        Optimizer(
            name: "adamw", learningRate: learningRate,
            rule: AdamRule(moments: Moments("adamW", beta1, beta2, epsilon), amsgrad: amsgrad),
            weightDecay: weightDecay, clipping: clipping, averaging: averaging, gradientAccumulationSteps: gradientAccumulationSteps)
    }

    /// Adam with the greatest gradient in place of the second moment (Kingma and Ba 2014).
    public static func adamax(
        learningRate: some LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7,
        weightDecay: Double? = nil, clipping: GradientClipping? = nil, averaging: WeightAveraging? = nil,
        gradientAccumulationSteps: Int? = nil
    ) -> Optimizer {
        Optimizer(
            name: "adamax", learningRate: learningRate, rule: AdamaxRule(moments: Moments("adamax", beta1, beta2, epsilon)),
            weightDecay: weightDecay, clipping: clipping, averaging: averaging, gradientAccumulationSteps: gradientAccumulationSteps)
    }

    /// Adam with Nesterov's momentum (Dozat 2015).
    public static func nadam(
        learningRate: some LearningRate = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7,
        weightDecay: Double? = nil, clipping: GradientClipping? = nil, averaging: WeightAveraging? = nil,
        gradientAccumulationSteps: Int? = nil
    ) -> Optimizer {
        Optimizer(
            name: "nadam", learningRate: learningRate, rule: NadamRule(moments: Moments("nadam", beta1, beta2, epsilon)),
            weightDecay: weightDecay, clipping: clipping, averaging: averaging, gradientAccumulationSteps: gradientAccumulationSteps)
    }
}

/// What Adam and its relatives are told.
private struct Moments: Sendable {
    let owner: String
    let beta1: Double
    let beta2: Double
    let epsilon: Double

    init(_ owner: String, _ beta1: Double, _ beta2: Double, _ epsilon: Double) {
        self.owner = owner
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
    }

    var config: LayerConfig {
        var config = LayerConfig(for: owner)
        config.set("beta_1", beta1)
        config.set("beta_2", beta2)
        config.set("epsilon", epsilon)
        return config
    }

    func validate() throws(SwiftConvError) {
        try expectNumber(beta1, "\(owner): beta1", in: 0...1)
        try expectNumber(beta2, "\(owner): beta2", in: 0...1)
        try expectEpsilon(epsilon, owner)
    }

    /// The first moment after a gradient.
    func first(_ m: Tensor, _ gradient: Tensor) throws(SwiftConvError) -> Tensor { try m + (gradient - m) * (1 - beta1) }
    /// The second moment after a gradient.
    func second(_ v: Tensor, _ gradient: Tensor) throws(SwiftConvError) -> Tensor { try v + (gradient.square() - v) * (1 - beta2) }
}

private struct AdamRule: KerasRule {
    static let className = "Adam"
    let moments: Moments
    let amsgrad: Bool

    var slots: [OptimizerSlot] {
        [OptimizerSlot("momentum"), OptimizerSlot("velocity")] + (amsgrad ? [OptimizerSlot("velocity_hat")] : [])
    }

    var config: LayerConfig {
        var config = moments.config
        config.set("amsgrad", amsgrad)
        return config
    }

    func validate() throws(SwiftConvError) { try moments.validate() }

    func update(
        _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
    ) throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor]) {
        if !amsgrad {
            let new = try apply(
                "adam_update", [weight] + slots + [gradient, rate, step],
                ["beta_1": .double(moments.beta1), "beta_2": .double(moments.beta2), "epsilon": .double(moments.epsilon)])
            return (new[0], [new[1], new[2]])
        }
        let t = try step.cast(to: weight.dtype)
        let scaled = try rate * (1 - t.asPower(of: moments.beta2)).squareRoot() / (1 - t.asPower(of: moments.beta1))
        let m = try moments.first(slots[0], gradient)
        let v = try moments.second(slots[1], gradient)
        let hat = try slots[2].maximum(v)
        return (try weight - m * scaled / (hat.squareRoot() + moments.epsilon), [m, v, hat])
    }
}

private struct AdamaxRule: KerasRule {
    static let className = "Adamax"
    let moments: Moments

    var slots: [OptimizerSlot] { [OptimizerSlot("momentum"), OptimizerSlot("norm")] }

    var config: LayerConfig { moments.config }

    func validate() throws(SwiftConvError) { try moments.validate() }

    func update(
        _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
    ) throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor]) {
        let power = try step.cast(to: weight.dtype).asPower(of: moments.beta1)
        let m = try moments.first(slots[0], gradient)
        let u = try (moments.beta2 * slots[1]).maximum(gradient.absolute())
        return (try weight - rate * m / ((1 - power) * (u + moments.epsilon)), [m, u])
    }
}

private struct NadamRule: KerasRule {
    static let className = "Nadam"
    let moments: Moments

    var slots: [OptimizerSlot] {
        [OptimizerSlot("momentum"), OptimizerSlot("velocity"), OptimizerSlot("u_product", initial: 1, isScalar: true)]
    }

    var config: LayerConfig { moments.config }

    func validate() throws(SwiftConvError) { try moments.validate() }

    func update(
        _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
    ) throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor]) {
        let t = try step.cast(to: weight.dtype)
        let now = try moments.beta1 * (1 - 0.5 * t.asPower(of: 0.96))
        let next = try moments.beta1 * (1 - 0.5 * (t + 1).asPower(of: 0.96))
        let product = try slots[2] * now
        let m = try moments.first(slots[0], gradient)
        let v = try moments.second(slots[1], gradient)
        let mHat = try next * m / (1 - product * next) + (1 - now) * gradient / (1 - product)
        let vHat = try v / (1 - t.asPower(of: moments.beta2))
        return (try weight - mHat * rate / (vHat.squareRoot() + moments.epsilon), [m, v, product])
    }
}
