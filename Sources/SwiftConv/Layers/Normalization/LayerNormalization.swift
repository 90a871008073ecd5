import TensorCore

/// Brings each example to mean 0 and deviation 1 over `axes`, then times gamma plus beta. Unlike ``BatchNormalization`` it looks at no
/// other example and does the same in training and after it.
///
/// Input of any shape, output of the same. The weights have the sizes of the axes.
///
///     let layer = LayerNormalization()
///     let y = try layer(Random.normal([2, 8]))
///     print(try y.mean(-1).absolute().max().scalar() < 1e-5)      // true
public final class LayerNormalization: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "LayerNormalization" }
    /// Over which axes; negative ones count from the end.
    public let axes: [Int]
    /// Added to the variance, so that it is never 0.
    public let epsilon: Double
    /// Whether there is an offset, beta.
    public var center: Bool { options.center }
    /// Whether there is a factor, gamma.
    public var scale: Bool { options.scale }
    /// Keras's older option: gamma over the deviation, without taking the mean away and without beta.
    public let rmsScaling: Bool
    private let options: ScaleOptions
    private let isList: Bool
    private var inputShape: [Int] = []

    /// Over one axis.
    public convenience init(
        axis: Int = -1, epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true, rmsScaling: Bool = false,
        betaInitializer: Initializer = .zeros, gammaInitializer: Initializer = .ones, betaRegularizer: Regularizer? = nil,
        gammaRegularizer: Regularizer? = nil,
        betaConstraint: Constraint? = nil, gammaConstraint: Constraint? = nil, name: String? = nil, dtype: DType = .float32
    ) {
        self.init(
            [axis], false, epsilon, rmsScaling,
            ScaleOptions(
                center, scale, beta: WeightOptions(betaInitializer, betaRegularizer, betaConstraint),
                gamma: WeightOptions(gammaInitializer, gammaRegularizer, gammaConstraint)), name, dtype)
    }

    /// Over several axes together.
    public convenience init(
        axes: [Int], epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true, rmsScaling: Bool = false,
        betaInitializer: Initializer = .zeros, gammaInitializer: Initializer = .ones, betaRegularizer: Regularizer? = nil,
        gammaRegularizer: Regularizer? = nil,
        betaConstraint: Constraint? = nil, gammaConstraint: Constraint? = nil, name: String? = nil, dtype: DType = .float32
    ) {
        self.init(
            axes, true, epsilon, rmsScaling,
            ScaleOptions(
                center, scale, beta: WeightOptions(betaInitializer, betaRegularizer, betaConstraint),
                gamma: WeightOptions(gammaInitializer, gammaRegularizer, gammaConstraint)), name, dtype)
    }

    private init(
        _ axes: [Int], _ isList: Bool, _ epsilon: Double, _ rmsScaling: Bool, _ options: ScaleOptions, _ name: String?, _ dtype: DType
    ) {
        self.rmsScaling = rmsScaling
        self.axes = axes
        self.isList = isList
        self.epsilon = epsilon
        self.options = options
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        axes = try config.ints("axis", default: [-1])
        isList = config.has("axis") && config["axis"]?.asInt == nil
        epsilon = try config.double("epsilon", default: 1e-3)
        rmsScaling = try config.bool("rms_scaling", default: false)
        options = try ScaleOptions(config)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        if isList { config.set("axis", axes) } else { config.set("axis", axes.first) }
        config.set("epsilon", epsilon)
        config.set("rms_scaling", rmsScaling)
        options.write(to: &config)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        guard !axes.isEmpty else { throw .invalidArgument("\(name): axes: expected at least one axis, received none") }
        try options.check(name)
    }

    /// The parameters that there are.
    private var applied: ScaleOptions {
        rmsScaling ? ScaleOptions(false, true, beta: options.beta, gamma: options.gamma) : options
    }

    /// The axes from the front, in their order; each once.
    private func places(_ shape: [Int]) throws(SwiftConvError) -> [Int] {
        var found: [Int] = []
        for axis in axes {
            let place = try expectAxis(axis, shape, name)
            guard !found.contains(place) else { throw .invalidArgument("\(name): axes: expected each axis once, received \(axes)") }
            found.append(place)
        }
        return found.sorted()
    }

    /// Makes the parameters for inputs of this shape.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        try checkArguments()
        let sizes = try places(inputShape).map { inputShape[$0] }
        setParameters(try applied.parameters(of: self, sizes))
        self.inputShape = inputShape
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard parameters.count == applied.count, !inputShape.isEmpty else { throw notBuilt(name) }
        try expectRank(inputShape.count, x.shape, name)
        let places = try places(x.shape)
        var shape = [Int](repeating: 1, count: x.rank)
        for place in places {
            try expectSize(inputShape[place], axis: place, x.shape, name)
            shape[place] = inputShape[place]
        }
        let normal = try standardized(try floats(x), axes: places, epsilon: epsilon, isCentered: !rmsScaling)
        return try applied.applied(to: normal, parameters, shape: shape)
    }
}
