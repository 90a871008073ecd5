import Graph
import TensorCore

/// Brings each channel to mean 0 and deviation 1: by the batch's own statistics in training, by running ones else. A layer that is
/// not trained (`isTrainable = false`) uses the running ones always, and leaves them alone.
public final class BatchNormalization: Module, ConfigurableLayer, MaskableLayer {
    /// Between what batch renormalization keeps its corrections.
    public struct Clipping: Sendable, Hashable {
        /// The least factor.
        public var rMin: Double?
        /// The largest factor.
        public var rMax: Double?
        /// The largest size of the shift.
        public var dMax: Double?

        /// See the type.
        public init(rMin: Double? = nil, rMax: Double? = nil, dMax: Double? = nil) {
            self.rMin = rMin
            self.rMax = rMax
            self.dMax = dMax
        }
    }

    /// Keras's name.
    public static var className: String { "BatchNormalization" }
    /// The channels' axis; negative ones count from the end.
    public let axis: Int
    /// The share of the running statistics that a step leaves.
    public let momentum: Double
    /// Added to the variance, so that it is never 0.
    public let epsilon: Double
    /// Whether there is an offset, beta.
    public let center: Bool
    /// Whether there is a factor, gamma.
    public let scale: Bool
    /// Whether training uses batch renormalization.
    public let renorm: Bool
    /// Its bounds.
    public let renormClipping: Clipping?
    /// The share of its running statistics that a step leaves.
    public let renormMomentum: Double
    /// Written down for Keras; there is one process.
    private let synchronized: Bool
    private let betaOptions: WeightOptions
    private let gammaOptions: WeightOptions
    private let meanOptions: WeightOptions
    private let varianceOptions: WeightOptions
    private var rank = 0

    /// The running statistics keep `momentum` of their old value in each step.
    public init(
        axis: Int = -1, momentum: Double = 0.99, epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true,
        betaInitializer: Initializer = .zeros, gammaInitializer: Initializer = .ones, movingMeanInitializer: Initializer = .zeros,
        movingVarianceInitializer: Initializer = .ones, betaRegularizer: Regularizer? = nil, gammaRegularizer: Regularizer? = nil,
        betaConstraint: Constraint? = nil, gammaConstraint: Constraint? = nil, renorm: Bool = false,
        renormClipping: Clipping? = nil, renormMomentum: Double = 0.99, name: String? = nil, dtype: DType = .float32
    ) {
        self.axis = axis
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.renorm = renorm
        self.renormClipping = renormClipping
        self.renormMomentum = renormMomentum
        synchronized = false
        betaOptions = WeightOptions(betaInitializer, betaRegularizer, betaConstraint)
        gammaOptions = WeightOptions(gammaInitializer, gammaRegularizer, gammaConstraint)
        meanOptions = WeightOptions(movingMeanInitializer)
        varianceOptions = WeightOptions(movingVarianceInitializer)
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        axis = try config.int("axis", default: -1)
        momentum = try config.double("momentum", default: 0.99)
        epsilon = try config.double("epsilon", default: 1e-3)
        center = try config.bool("center", default: true)
        scale = try config.bool("scale", default: true)
        renorm = try config.bool("renorm", default: false)
        renormClipping = try Self.clipping(config)
        renormMomentum = try config.double("renorm_momentum", default: 0.99)
        synchronized = try config.bool("synchronized", default: false)
        betaOptions = try WeightOptions(config, "beta", .zeros)
        gammaOptions = try WeightOptions(config, "gamma", .ones)
        meanOptions = WeightOptions(try config.initializer("moving_mean_initializer", default: .zeros))
        varianceOptions = WeightOptions(try config.initializer("moving_variance_initializer", default: .ones))
        try super.init(base: config)
        try checkRead(config)
    }

    private static func clipping(_ config: LayerConfig) throws(SwiftConvError) -> Clipping? {
        guard let json = config["renorm_clipping"] else { return nil }
        let bounds = try LayerConfig(json, for: "\(config.owner): renorm_clipping")
        for (key, _) in bounds.members where !["rmin", "rmax", "dmax"].contains(key) {
            throw config.wrong("renorm_clipping", "rmin, rmax, dmax")
        }
        return Clipping(
            rMin: try bounds.optionalDouble("rmin"), rMax: try bounds.optionalDouble("rmax"), dMax: try bounds.optionalDouble("dmax"))
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("axis", axis)
        config.set("momentum", momentum)
        config.set("epsilon", epsilon)
        config.set("center", center)
        config.set("scale", scale)
        betaOptions.write("beta", to: &config)
        gammaOptions.write("gamma", to: &config)
        config["moving_mean_initializer"] = meanOptions.initializer.json
        config["moving_variance_initializer"] = varianceOptions.initializer.json
        config.set("synchronized", synchronized)
        config.set("renorm", renorm)
        if let renormClipping {
            let bounds = [("rmin", renormClipping.rMin), ("rmax", renormClipping.rMax), ("dmax", renormClipping.dMax)]
            config["renorm_clipping"] = .object(bounds.compactMap { key, bound in bound.map { (key, .double($0)) } })
        } else {
            config["renorm_clipping"] = nil
        }
        config.set("renorm_momentum", renormMomentum)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try betaOptions.check(name)
        try gammaOptions.check(name)
    }

    /// Makes the parameters for inputs of this shape.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        try checkArguments()
        let size = [inputShape[try expectAxis(axis, inputShape, name)]]
        var made: [Parameter] = []
        if scale { made.append(try weight("gamma", size, gammaOptions)) }
        if center { made.append(try weight("beta", size, betaOptions)) }
        made.append(try weight("moving_mean", size, meanOptions, isTrainable: false))
        made.append(try weight("moving_variance", size, varianceOptions, isTrainable: false))
        if renorm {
            made.append(try weight("renorm_mean", size, WeightOptions(.zeros), isTrainable: false))
            made.append(try weight("renorm_stddev", size, WeightOptions(.ones), isTrainable: false))
        }
        rank = inputShape.count
        setParameters(made)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try normalized(x, nil, training) }

    /// What it computes; in training the statistics are those of the positions where the mask is true.
    public func call(_ x: Tensor, mask: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try normalized(x, mask, training)
    }

    private func normalized(_ x: Tensor, _ mask: Tensor?, _ training: Bool) throws(SwiftConvError) -> Tensor {
        let states = (scale ? 1 : 0) + (center ? 1 : 0)
        guard parameters.count == states + (renorm ? 4 : 2) else { throw notBuilt(name) }
        try expectRank(rank, x.shape, name)
        let place = try expectAxis(axis, x.shape, name)
        let size = parameters[states].shape
        try expectSize(size[0], axis: place, x.shape, name)
        let order = (0..<rank).filter { $0 != place } + [place]
        let isLast = place == rank - 1
        let moved = isLast ? try floats(x) : try floats(x).transpose(order)
        let gamma = scale ? try parameters[0].value : try Tensor.ones(size, dtype: dtype)
        let beta = center ? try parameters[states - 1].value : try Tensor.zeros(size, dtype: dtype)
        let y =
            training && isTrainable
            ? try trained(moved, mask, gamma, beta, Array(parameters.dropFirst(states)))
            : try applyOne(
                "batch_norm_inference", [moved, gamma, beta, try parameters[states].value, try parameters[states + 1].value],
                ["epsilon": .double(epsilon)])
        return isLast ? y : try y.transpose((0..<rank).map { order.firstIndex(of: $0) ?? $0 })
    }

    private func trained(
        _ x: Tensor, _ mask: Tensor?, _ gamma: Tensor, _ beta: Tensor, _ states: [Parameter]
    ) throws(SwiftConvError) -> Tensor {
        if !renorm, mask == nil {
            let results = try apply("batch_norm_training", [x, gamma, beta], ["epsilon": .double(epsilon)])
            guard results.count == 3 else { throw SwiftConvError(.internal, "batch_norm_training: gave \(results.count) outputs") }
            try move(states[0], to: results[1], momentum)
            try move(states[1], to: results[2], momentum)
            return results[0]
        }
        let (mean, variance) = try moments(x, mask)
        var (gamma, beta) = (gamma, beta)
        if renorm {
            let (r, d) = try corrections(mean, variance, states)
            (gamma, beta) = (try r * gamma, try d * gamma + beta)
        }
        try move(states[0], to: mean, momentum)
        try move(states[1], to: variance, momentum)
        let factor = try applyOne("rsqrt", [try variance + epsilon])
        return try (x - mean) * (factor * gamma) + beta
    }

    /// Mean and variance of each channel, over the positions where the mask is true.
    private func moments(_ x: Tensor, _ mask: Tensor?) throws(SwiftConvError) -> (mean: Tensor, variance: Tensor) {
        let axes: Attributes = ["axes": .ints(Array(0..<(rank - 1))), "keepdims": .int(0)]
        guard let mask else {
            let mean = try applyOne("reduce_mean", [x], axes)
            return (mean, try applyOne("reduce_mean", [try (x - mean).square()], axes))
        }
        guard mask.rank < rank, zip(mask.shape, x.shape).allSatisfy({ $0 == $1 || $0 == 1 }) else {
            throw .invalidArgument("\(name): mask: expected a shape that fits \(shapeText(x.shape)), received \(shapeText(mask.shape))")
        }
        let weights = try mask.cast(to: dtype).reshape(mask.shape + [Int](repeating: 1, count: rank - mask.rank))
            .broadcast(to: Array(x.shape.dropLast()) + [1])
        let total = try applyOne("reduce_sum", [weights], axes) + 1e-7
        let mean = try applyOne("reduce_sum", [weights * x], axes) / total
        return (mean, try applyOne("reduce_sum", [weights * (x - mean).square()], axes) / total)
    }

    /// How far the batch's statistics are from the running ones: a factor and a shift, which gradients leave alone.
    private func corrections(
        _ mean: Tensor, _ variance: Tensor, _ states: [Parameter]
    ) throws(SwiftConvError) -> (r: Tensor, d: Tensor) {
        let deviation = try (variance + epsilon).squareRoot()
        let (oldMean, oldDeviation) = (try states[2].value, try states[3].value)
        var r = try deviation / oldDeviation
        var d = try (mean - oldMean) / oldDeviation
        if let bounds = renormClipping {
            if bounds.rMin != nil || bounds.rMax != nil {
                r = try applyOne("clip", [r], ["min": .double(bounds.rMin ?? 0), "max": .double(bounds.rMax ?? 3.4e38)])
            }
            if let limit = bounds.dMax { d = try applyOne("clip", [d], ["min": .double(-limit), "max": .double(limit)]) }
        }
        try move(states[2], to: mean, renormMomentum)
        try move(states[3], to: deviation, renormMomentum)
        return (try applyOne("stop_gradient", [r]), try applyOne("stop_gradient", [d]))
    }

    private func move(_ state: Parameter, to new: Tensor, _ keep: Double) throws(SwiftConvError) {
        try state.assign(try state.value * keep + new * (1 - keep))
    }
}
