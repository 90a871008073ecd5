import TensorCore

/// A convolution of every channel by itself, with `depthMultiplier` filters each.
///
/// Input `[batch, height, width, channels]`, output `[batch, newHeight, newWidth, channels · depthMultiplier]`.
public final class DepthwiseConv2D: ConvolutionLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "DepthwiseConv2D" }
    /// How many output channels each input channel gives.
    public let depthMultiplier: Int
    private let kernelOptions: WeightOptions

    /// See the type.
    public init(
        kernelSize: Size2, strides: Size2 = 1, padding: Padding = .valid, depthMultiplier: Int = 1,
        dataFormat: DataFormat = .channelsLast, dilations: Size2 = 1, activation: Activation = .linear, useBias: Bool = true,
        depthwiseInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
        depthwiseRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil,
        depthwiseConstraint: Constraint? = nil, biasConstraint: Constraint? = nil, name: String? = nil, dtype: DType = .float32
    ) {
        self.depthMultiplier = depthMultiplier
        kernelOptions = WeightOptions(depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint)
        super.init(
            kernelSize, strides, padding, dataFormat, dilations, activation, useBias,
            WeightOptions(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        depthMultiplier = try config.int("depth_multiplier", default: 1)
        kernelOptions = try WeightOptions(config, "depthwise", .glorotUniform)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = convolutionConfig
        config.set("depth_multiplier", depthMultiplier)
        kernelOptions.write("depthwise", to: &config)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectPositive(depthMultiplier, "depthMultiplier", name)
        try kernelOptions.check(name)
    }

    /// Makes the parameters for inputs of this shape.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        let channels = try begin(inputShape)
        let outputs = try product(channels, depthMultiplier)
        let shape = [kernelSize.height, kernelSize.width, channels, depthMultiplier]
        try end([try weight("kernel", shape, kernelOptions)], bias: outputs)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        let (kernels, bias) = try weights(1)
        return try ended(try convolved(try images(x), try depthwise(kernels[0]), bias), from: x)
    }
}
