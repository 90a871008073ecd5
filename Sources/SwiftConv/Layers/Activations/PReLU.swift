import TensorCore

/// `x` where positive, else a learned slope times `x`.
public final class PReLU: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "PReLU" }
    /// Axes along which the slope is one, such as `[1, 2]` for images.
    public let sharedAxes: [Int]
    private let alphaOptions: WeightOptions
    private var rank = 0

    /// See the type.
    public init(
        alphaInitializer: Initializer = .zeros, alphaRegularizer: Regularizer? = nil, alphaConstraint: Constraint? = nil,
        sharedAxes: [Int] = [], name: String? = nil, dtype: DType = .float32
    ) {
        self.sharedAxes = sharedAxes
        alphaOptions = WeightOptions(alphaInitializer, alphaRegularizer, alphaConstraint)
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        sharedAxes = try config.ints("shared_axes", default: [])
        alphaOptions = try WeightOptions(config, "alpha", .zeros)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        alphaOptions.write("alpha", to: &config)
        config.set("shared_axes", sharedAxes.isEmpty ? nil : sharedAxes)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try alphaOptions.check(name)
    }

    /// Makes the slopes for inputs of this shape.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        try checkArguments()
        guard !inputShape.isEmpty else { throw .invalidArgument("\(name): expected a batch, received a scalar") }
        var shape = Array(inputShape.dropFirst())
        for axis in sharedAxes {
            guard axis >= 1, axis <= shape.count else {
                throw .invalidArgument("\(name): sharedAxes: expected axes from 1 to \(shape.count), received \(axis)")
            }
            shape[axis - 1] = 1
        }
        rank = inputShape.count
        setParameters([try weight("alpha", shape, alphaOptions)])
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let alpha = parameters.first else { throw notBuilt(name) }
        try expectRank(rank, x.shape, name)
        let x = try floats(x)
        return try Activation.relu(x) - alpha.value * Activation.relu(-x)
    }
}
