import TensorCore

/// Cuts the channels into groups and brings each group of each example to mean 0 and deviation 1, over the whole image; then times gamma
/// plus beta, one for each channel. With as many groups as channels (`groups: -1`) it is the instance normalization, with one group a
/// normalization of whole examples. It does the same in training and after it, for batches of any size.
///
/// Input `[batch, …, channels]`, output of the same shape.
///
///     let layer = GroupNormalization(groups: 2)
///     print(try layer(Random.normal([1, 4, 4, 8])).shape)         // [1, 4, 4, 8]
public final class GroupNormalization: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "GroupNormalization" }
    /// How many groups; −1 for one for each channel.
    public let groups: Int
    /// The channels' axis; negative ones count from the end.
    public let axis: Int
    /// Added to the variance, so that it is never 0.
    public let epsilon: Double
    /// Whether there is an offset, beta.
    public var center: Bool { options.center }
    /// Whether there is a factor, gamma.
    public var scale: Bool { options.scale }
    private let options: ScaleOptions
    private var rank = 0
    private var channels = 0

    /// `groups` divides the number of channels.
    public init(
        groups: Int = 32, axis: Int = -1, epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true,
        betaInitializer: Initializer = .zeros, gammaInitializer: Initializer = .ones, betaRegularizer: Regularizer? = nil,
        gammaRegularizer: Regularizer? = nil, betaConstraint: Constraint? = nil, gammaConstraint: Constraint? = nil,
        name: String? = nil, dtype: DType = .float32
    ) {
        self.groups = groups
        self.axis = axis
        self.epsilon = epsilon
        options = ScaleOptions(
            center, scale, beta: WeightOptions(betaInitializer, betaRegularizer, betaConstraint),
            gamma: WeightOptions(gammaInitializer, gammaRegularizer, gammaConstraint))
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        groups = try config.int("groups", default: 32)
        axis = try config.int("axis", default: -1)
        epsilon = try config.double("epsilon", default: 1e-3)
        options = try ScaleOptions(config)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("groups", groups)
        config.set("axis", axis)
        config.set("epsilon", epsilon)
        options.write(to: &config)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        guard groups > 0 || groups == -1 else {
            throw .invalidArgument("\(name): groups: expected at least 1, or -1 for one for each channel, received \(groups)")
        }
        try options.check(name)
    }

    /// Makes the parameters for inputs of this shape.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        try checkArguments()
        let place = try expectAxis(axis, inputShape, name)
        guard place > 0 else {
            throw .invalidArgument("\(name): axis: expected the channels' axis behind the batch, received \(axis)")
        }
        let size = inputShape[place]
        guard groups == -1 || (groups <= size && size % groups == 0) else {
            throw .invalidArgument("\(name): groups: expected a divisor of \(size) channels, received \(groups)")
        }
        setParameters(try options.parameters(of: self, [size]))
        (rank, channels) = (inputShape.count, size)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard parameters.count == options.count, rank > 0 else { throw notBuilt(name) }
        try expectRank(rank, x.shape, name)
        let place = try expectAxis(axis, x.shape, name)
        try expectSize(channels, axis: place, x.shape, name)
        let order = (0..<rank).filter { $0 != place } + [place]
        let isLast = place == rank - 1
        let moved = isLast ? try floats(x) : try floats(x).transpose(order)
        let parts = groups == -1 ? channels : groups
        let pixels = moved.shape.dropFirst().dropLast().reduce(1, *)
        let grouped = try moved.reshape([moved.shape[0], pixels, parts, channels / Swift.max(parts, 1)])
        let normal = try standardized(grouped, axes: [1, 3], epsilon: epsilon).reshape(moved.shape)
        let y = try options.applied(to: normal, parameters, shape: [channels])
        return isLast ? y : try y.transpose((0..<rank).map { order.firstIndex(of: $0) ?? $0 })
    }
}
