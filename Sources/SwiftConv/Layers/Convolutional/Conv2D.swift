import TensorCore

/// Convolution with `filters` learned filters of `kernelSize`, bias and activation.
///
/// Input `[batch, height, width, channels]`, output `[batch, newHeight, newWidth, filters]`.
public final class Conv2D: ConvolutionLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Conv2D" }
    /// The number of output channels.
    public let filters: Int
    /// Into how many parts the channels are cut that are convolved apart.
    public let groups: Int
    private let kernelOptions: WeightOptions

    /// See the type.
    public init(
        _ filters: Int, kernelSize: Size2, strides: Size2 = 1, padding: Padding = .valid, dataFormat: DataFormat = .channelsLast,
        dilations: Size2 = 1, groups: Int = 1, activation: Activation = .linear, useBias: Bool = true,
        kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil,
        biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil,
        biasConstraint: Constraint? = nil, name: String? = nil, dtype: DType = .float32
    ) {
        self.filters = filters
        self.groups = groups
        kernelOptions = WeightOptions(kernelInitializer, kernelRegularizer, kernelConstraint)
        super.init(
            kernelSize, strides, padding, dataFormat, dilations, activation, useBias,
            WeightOptions(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        filters = try config.int("filters")
        groups = try config.int("groups", default: 1)
        kernelOptions = try WeightOptions(config, "kernel", .glorotUniform)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = convolutionConfig
        config.set("filters", filters)
        config.set("groups", groups)
        kernelOptions.write("kernel", to: &config)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectPositive(filters, "filters", name)
        try expectPositive(groups, "groups", name)
        guard filters % groups == 0 else {
            throw .invalidArgument("\(name): filters: expected a multiple of groups \(groups), received \(filters)")
        }
        try kernelOptions.check(name)
    }

    /// Makes the parameters for inputs of this shape.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        let channels = try begin(inputShape)
        guard channels % groups == 0 else {
            throw .invalidArgument("\(name): groups: expected a divisor of \(channels) channels, received \(groups)")
        }
        let shape = [kernelSize.height, kernelSize.width, channels / groups, filters]
        try end([try weight("kernel", shape, kernelOptions)], bias: filters)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        let (kernels, bias) = try weights(1)
        return try ended(try convolved(try images(x), kernels[0], bias), from: x)
    }
}
