import TensorCore

/// A depthwise convolution, then one of 1×1 that mixes the channels.
///
/// Input `[batch, height, width, channels]`, output `[batch, newHeight, newWidth, filters]`.
public final class SeparableConv2D: ConvolutionLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "SeparableConv2D" }
    /// The number of output channels.
    public let filters: Int
    /// How many channels each input channel gives in between.
    public let depthMultiplier: Int
    private let depthwiseOptions: WeightOptions
    private let pointwiseOptions: WeightOptions

    /// See the type.
    public init(
        _ filters: Int, kernelSize: Size2, strides: Size2 = 1, padding: Padding = .valid, dataFormat: DataFormat = .channelsLast,
        dilations: Size2 = 1, depthMultiplier: Int = 1, activation: Activation = .linear, useBias: Bool = true,
        depthwiseInitializer: Initializer = .glorotUniform, pointwiseInitializer: Initializer = .glorotUniform,
        biasInitializer: Initializer = .zeros, depthwiseRegularizer: Regularizer? = nil, pointwiseRegularizer: Regularizer? = nil,
        biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, depthwiseConstraint: Constraint? = nil,
        pointwiseConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, name: String? = nil, dtype: DType = .float32
    ) {
        self.filters = filters
        self.depthMultiplier = depthMultiplier
        depthwiseOptions = WeightOptions(depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint)
        pointwiseOptions = WeightOptions(pointwiseInitializer, pointwiseRegularizer, pointwiseConstraint)
        super.init(
            kernelSize, strides, padding, dataFormat, dilations, activation, useBias,
            WeightOptions(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        filters = try config.int("filters")
        depthMultiplier = try config.int("depth_multiplier", default: 1)
        depthwiseOptions = try WeightOptions(config, "depthwise", .glorotUniform)
        pointwiseOptions = try WeightOptions(config, "pointwise", .glorotUniform)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = convolutionConfig
        config.set("filters", filters)
        config.set("depth_multiplier", depthMultiplier)
        depthwiseOptions.write("depthwise", to: &config)
        pointwiseOptions.write("pointwise", to: &config)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectPositive(filters, "filters", name)
        try expectPositive(depthMultiplier, "depthMultiplier", name)
        try depthwiseOptions.check(name)
        try pointwiseOptions.check(name)
    }

    /// Makes the parameters for inputs of this shape.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        let channels = try begin(inputShape)
        let between = try product(channels, depthMultiplier)
        let shape = [kernelSize.height, kernelSize.width, channels, depthMultiplier]
        let kernels = [
            try weight("depthwise_kernel", shape, depthwiseOptions),
            try weight("pointwise_kernel", [1, 1, between, filters], pointwiseOptions),
        ]
        try end(kernels, bias: filters)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        let (kernels, bias) = try weights(2)
        let between = try convolved(try images(x), try depthwise(kernels[0]), nil)
        let y = try applyOne(
            "conv2d", [between, kernels[1]] + (bias.map { [$0] } ?? []),
            ["strides": .ints([1, 1]), "dilations": .ints([1, 1]), "padding": .string("VALID")])
        return try ended(y, from: x)
    }
}
