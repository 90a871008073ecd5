import TensorCore

/// What the convolution layers share: the window, bias and activation. Their arguments are Keras's.
public class ConvolutionLayer: Module {
    /// Height and width of the filters.
    public let kernelSize: Size2
    /// The steps from window to window.
    public let strides: Size2
    /// How it goes over the edges.
    public let padding: Padding
    /// The order of the axes of images.
    public let dataFormat: DataFormat
    /// The distance of the filter's taps.
    public let dilations: Size2
    /// What ends the layer.
    public let activation: Activation
    /// Whether there is a bias.
    public let useBias: Bool
    let biasOptions: WeightOptions
    /// The channels that it was built for.
    private(set) var channels = 0

    init(
        _ kernelSize: Size2, _ strides: Size2, _ padding: Padding, _ dataFormat: DataFormat, _ dilations: Size2,
        _ activation: Activation, _ useBias: Bool, _ biasOptions: WeightOptions, _ activityRegularizer: Regularizer?, _ name: String?,
        _ dtype: DType
    ) {
        self.kernelSize = kernelSize
        self.strides = strides
        self.padding = padding
        self.dataFormat = dataFormat
        self.dilations = dilations
        self.activation = activation
        self.useBias = useBias
        self.biasOptions = biasOptions
        super.init(name: name, dtype: dtype, activityRegularizer: activityRegularizer)
    }

    /// The arguments that all of them have, from a file.
    public override init(base config: LayerConfig) throws(SwiftConvError) {
        kernelSize = try config.size2("kernel_size")
        strides = try config.size2("strides", default: 1)
        padding = try config.padding()
        dataFormat = try config.dataFormat()
        dilations = try config.size2("dilation_rate", default: 1)
        activation = try config.activation()
        useBias = try config.bool("use_bias", default: true)
        biasOptions = try WeightOptions(config, "bias", .zeros)
        try super.init(base: config)
    }

    /// `baseConfig` with the arguments that all of them have.
    var convolutionConfig: LayerConfig {
        var config = baseConfig
        config.set("kernel_size", kernelSize)
        config.set("strides", strides)
        config.set("padding", padding)
        config.set("data_format", dataFormat.rawValue)
        config.set("dilation_rate", dilations)
        config["activation"] = activation.json
        config.set("use_bias", useBias)
        biasOptions.write("bias", to: &config)
        config["activity_regularizer"] = activityRegularizer?.json
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectPositive(kernelSize, "kernelSize", name)
        try expectPositive(strides, "strides", name)
        try expectPositive(dilations, "dilations", name)
        guard max(strides.height, strides.width) == 1 || max(dilations.height, dilations.width) == 1 else {
            throw .invalidArgument(
                "\(name): strides, dilations: expected one of them to be 1, received (\(strides.height), \(strides.width)) and "
                    + "(\(dilations.height), \(dilations.width))")
        }
        try biasOptions.check(name)
    }

    /// Checks arguments and shape; the number of channels.
    func begin(_ inputShape: [Int]) throws(SwiftConvError) -> Int {
        try checkArguments()
        try expectRank(4, inputShape, name)
        channels = inputShape[dataFormat.channelAxis]
        return channels
    }

    /// The kernels and, where there is one, the bias.
    func end(_ kernels: [Parameter], bias size: Int) throws(SwiftConvError) {
        setParameters(useBias ? kernels + [try weight("bias", [size], biasOptions)] : kernels)
    }

    /// The weights, of which there are `kernels` and perhaps a bias.
    func weights(_ kernels: Int) throws(SwiftConvError) -> (kernels: [Tensor], bias: Tensor?) {
        guard parameters.count >= kernels else { throw notBuilt(name) }
        var values: [Tensor] = []
        for parameter in parameters { values.append(try parameter.value) }
        return (Array(values.prefix(kernels)), values.count > kernels ? values[kernels] : nil)
    }

    /// Images of the layer's type with channels last.
    func images(_ x: Tensor) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        try expectSize(channels, axis: dataFormat.channelAxis, x.shape, name)
        return try dataFormat.toLast(try floats(x))
    }

    /// A convolution of images with channels last.
    func convolved(
        _ x: Tensor, _ kernel: Tensor, _ bias: Tensor?
    ) throws(SwiftConvError) -> Tensor {
        try applyOne(
            "conv2d", [x, kernel] + (bias.map { [$0] } ?? []),
            ["strides": .ints(strides.list), "dilations": .ints(dilations.list), "padding": padding.attribute])
    }

    /// `[height, width, channels, multiplier]` as the filter of a convolution with as many groups as channels.
    func depthwise(_ kernel: Tensor) throws(SwiftConvError) -> Tensor {
        let shape = kernel.shape
        guard shape.count == 4 else { throw notBuilt(name) }
        return try kernel.reshape([shape[0], shape[1], 1, try product(shape[2], shape[3])])
    }

    func product(_ a: Int, _ b: Int) throws(SwiftConvError) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        if overflow { throw .invalidArgument("\(name): \(a) times \(b) channels are too many") }
        return product
    }

    /// The result in the layer's order of axes, after its activation.
    func ended(_ y: Tensor, from x: Tensor) throws(SwiftConvError) -> Tensor {
        try activation(try nonEmpty(try dataFormat.fromLast(y), from: x, dataFormat, name))
    }
}
