import Graph
import TensorCore

/// How weights follow their gradients. The rules and defaults are Keras's.
///
///     try model.compile(optimizer: .adam(learningRate: 0.01, clipping: .norm(1)), loss: .meanSquaredError)
///     try model.compile(
///         optimizer: .sgd(learningRate: .cosineDecay(initial: 0.1, steps: 1000), momentum: 0.9, weightDecay: 1e-4),
///         loss: .meanSquaredError)
public struct Optimizer: Sendable {
    /// Keras's name: "adam", "sgd" …
    public let name: String
    /// The factor of each step.
    public var learningRate: LearningRateSchedule
    /// The share of the rate by which weights shrink in each step.
    public var weightDecay: Double?
    /// Weights whose names hold one of these texts do not shrink.
    public var weightDecayExclusions: [String] = []
    /// The limit of the gradients.
    public var clipping: GradientClipping?
    /// Whether means of the weights over the steps are kept.
    public var averaging: WeightAveraging?
    /// How many gradients make one step.
    public var gradientAccumulationSteps: Int?
    /// The loss is scaled by it for the gradients, which are divided by it.
    public var lossScaleFactor: Double?
    let rule: any UpdateRule

    /// A rule of your own.
    public init(
        name: String, learningRate: some LearningRate = 0.001, rule: any UpdateRule, weightDecay: Double? = nil,
        clipping: GradientClipping? = nil, averaging: WeightAveraging? = nil, gradientAccumulationSteps: Int? = nil
    ) {
        self.name = name
        self.learningRate = learningRate.schedule
        self.rule = rule
        self.weightDecay = weightDecay
        self.clipping = clipping
        self.averaging = averaging
        self.gradientAccumulationSteps = gradientAccumulationSteps
    }

    /// The same with weights that do not shrink: those whose names hold one of these texts.
    public func excludingFromWeightDecay(_ names: String...) -> Optimizer {
        var made = self
        made.weightDecayExclusions += names
        return made
    }

    func validate() throws(SwiftConvError) {
        try learningRate.validate(name)
        try rule.validate()
        func expect(_ number: Double?, _ argument: String, _ range: ClosedRange<Double>) throws(SwiftConvError) {
            guard let number else { return }
            guard range.contains(number) else {
                throw .invalidArgument(
                    "\(name): \(argument): expected a number from \(range.lowerBound) to \(range.upperBound), received \(number)")
            }
        }
        let tiny = Double.leastNonzeroMagnitude
        let huge = Double.greatestFiniteMagnitude
        try expect(weightDecay, "weightDecay", 0...huge)
        try expect(clipping?.limit, "clipping", tiny...huge)
        try expect(lossScaleFactor, "lossScaleFactor", tiny...huge)
        try expect(averaging?.momentum, "averaging: momentum", 0...1)
        if let every = averaging?.overwriteFrequency, every < 1 {
            throw .invalidArgument("\(name): averaging: overwriteFrequency: expected at least 1, received \(every)")
        }
        if let steps = gradientAccumulationSteps, steps < 2 {
            throw .invalidArgument("\(name): gradientAccumulationSteps: expected at least 2, received \(steps)")
        }
    }
}

/// How gradients are kept small.
public enum GradientClipping: Sendable, Hashable {
    /// Each gradient is scaled down to this length (Keras's `clipnorm`).
    case norm(_ limit: Double)
    /// Each element is brought into ± this (Keras's `clipvalue`).
    case value(_ limit: Double)
    /// All gradients together are scaled down to this length (Keras's `global_clipnorm`).
    case globalNorm(_ limit: Double)

    var limit: Double {
        switch self {
        case .norm(let limit), .value(let limit), .globalNorm(let limit): limit
        }
    }

    func callAsFunction(_ gradients: [Tensor]) throws(SwiftConvError) -> [Tensor] {
        var made: [Tensor] = []
        switch self {
        case .norm(let limit):
            for gradient in gradients {
                let norm = try gradient.square().sum().squareRoot()
                made.append(try gradient * (limit / norm.maximum(limit)))
            }
        case .value(let limit):
            for gradient in gradients { made.append(try gradient.clipped(to: -limit...limit)) }
        case .globalNorm(let limit):
            var total: Tensor?
            for gradient in gradients {
                let sum = try gradient.square().sum()
                total = try total.map { known throws(SwiftConvError) in try known + sum } ?? sum
            }
            guard let total else { return gradients }
            let factor = try limit / total.squareRoot().maximum(limit)
            for gradient in gradients { made.append(try gradient * factor.cast(to: gradient.dtype)) }
        }
        return made
    }
}

/// Moving averages of the weights, which take their places at the end of `fit`.
public struct WeightAveraging: Sendable, Hashable {
    /// How much of the average a step keeps.
    public var momentum: Double
    /// Every so many steps the averages become the weights; nil: at the end alone.
    public var overwriteFrequency: Int?

    /// See the type.
    public init(momentum: Double = 0.99, overwriteFrequency: Int? = nil) {
        self.momentum = momentum
        self.overwriteFrequency = overwriteFrequency
    }

    /// Keras's defaults.
    public static var exponential: WeightAveraging { WeightAveraging() }
    /// An exponential average.
    public static func exponential(momentum: Double = 0.99, overwriteFrequency: Int? = nil) -> WeightAveraging {
        WeightAveraging(momentum: momentum, overwriteFrequency: overwriteFrequency)
    }
}
