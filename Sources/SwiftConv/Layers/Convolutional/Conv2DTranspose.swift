import TensorCore

/// A transposed convolution: it maps shapes the other way round than `Conv2D`.
///
/// Input `[batch, height, width, channels]`, output `[batch, newHeight, newWidth, filters]`; with padding `.same` the sizes are
/// multiplied by the strides.
public final class Conv2DTranspose: ConvolutionLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Conv2DTranspose" }
    /// The number of output channels.
    public let filters: Int
    /// Rows and columns added to the output's size; less than the strides.
    public let outputPadding: Size2?
    private let kernelOptions: WeightOptions

    /// See the type.
    public init(
        _ filters: Int, kernelSize: Size2, strides: Size2 = 1, padding: Padding = .valid, outputPadding: Size2? = nil,
        dataFormat: DataFormat = .channelsLast, dilations: Size2 = 1, activation: Activation = .linear, useBias: Bool = true,
        kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil,
        biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil,
        biasConstraint: Constraint? = nil, name: String? = nil, dtype: DType = .float32
    ) {
        self.filters = filters
        self.outputPadding = outputPadding
        kernelOptions = WeightOptions(kernelInitializer, kernelRegularizer, kernelConstraint)
        super.init(
            kernelSize, strides, padding, dataFormat, dilations, activation, useBias,
            WeightOptions(biasInitializer, biasRegularizer, biasConstraint), activityRegularizer, name, dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        filters = try config.int("filters")
        outputPadding = config.has("output_padding") ? try config.size2("output_padding") : nil
        kernelOptions = try WeightOptions(config, "kernel", .glorotUniform)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = convolutionConfig
        config.set("filters", filters)
        config.set("output_padding", outputPadding?.list)
        kernelOptions.write("kernel", to: &config)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectPositive(filters, "filters", name)
        try kernelOptions.check(name)
        if case .explicit = padding { throw .invalidArgument("\(name): padding: expected .valid or .same, received \(padding)") }
        guard let extra = outputPadding else { return }
        guard extra.height >= 0, extra.width >= 0, extra.height < strides.height, extra.width < strides.width else {
            throw .invalidArgument(
                "\(name): outputPadding: expected at least 0 and less than strides (\(strides.height), \(strides.width)), "
                    + "received (\(extra.height), \(extra.width))")
        }
    }

    /// Makes the parameters for inputs of this shape.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        let channels = try begin(inputShape)
        let shape = [kernelSize.height, kernelSize.width, filters, channels]
        try end([try weight("kernel", shape, kernelOptions)], bias: filters)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        let (kernels, bias) = try weights(1)
        let images = try images(x)
        let shape = [
            images.shape[0], try length(images.shape[1], kernelSize.height, strides.height, dilations.height, outputPadding?.height),
            try length(images.shape[2], kernelSize.width, strides.width, dilations.width, outputPadding?.width), filters,
        ]
        let y = try applyOne(
            "conv2d_backward_input", [kernels[0], images],
            [
                "input_shape": .ints(shape), "strides": .ints(strides.list), "dilations": .ints(dilations.list),
                "padding": padding.attribute,
            ])
        return try ended(bias.map { bias throws(SwiftConvError) in try applyOne("bias_add", [y, bias]) } ?? y, from: x)
    }

    /// The output's size along one axis.
    private func length(_ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ extra: Int?) throws(SwiftConvError) -> Int {
        // Larger numbers would be larger than any memory; below it no sum or product overflows.
        let limit = 1 << 30
        guard size < limit, kernel < limit, stride < limit, dilation < limit else {
            throw .invalidArgument("\(name): expected sizes below \(limit), received an image of \(size) and a window of \(kernel)")
        }
        let reach = (kernel - 1) * dilation + 1
        guard let extra else { return size * stride + (padding == .valid ? max(reach - stride, 0) : 0) }
        return (size - 1) * stride + reach + extra - (padding == .same ? 2 * (reach / 2) : 0)
    }
}
