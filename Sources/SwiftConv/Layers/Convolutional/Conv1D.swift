import TensorCore

/// How a window goes over the ends of a sequence.
public enum Padding1D: String, Sendable, Hashable, CaseIterable {
    /// Nothing: windows lie within the sequence.
    case valid
    /// Zeros at both ends, so that with stride 1 the output is as long as the input.
    case same
    /// Zeros before the beginning alone: no output depends on later inputs.
    case causal
}

/// Convolution along one axis, of signals and sequences, with `filters` learned filters of `kernelSize`, bias and activation.
///
/// Input `[batch, steps, channels]`, output `[batch, newSteps, filters]`; with `.channelsFirst` `[batch, channels, steps]`.
///
///     let layer = Conv1D(4, kernelSize: 3, padding: .causal, activation: .relu)
///     print(try layer(Random.normal([2, 10, 1])).shape)           // [2, 10, 4]
public final class Conv1D: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Conv1D" }
    /// The number of output channels.
    public let filters: Int
    /// The length of the filters.
    public let kernelSize: Int
    /// The steps from window to window.
    public let strides: Int
    /// How it goes over the ends.
    public let padding: Padding1D
    /// The order of the axes.
    public let dataFormat: DataFormat
    /// The distance of the filter's taps.
    public let dilations: Int
    /// Into how many parts the channels are cut that are convolved apart.
    public let groups: Int
    /// What ends the layer.
    public let activation: Activation
    /// Whether there is a bias.
    public let useBias: Bool
    private let kernelOptions: WeightOptions
    private let biasOptions: WeightOptions
    private var channels = 0

    /// See the type.
    public init(
        _ filters: Int, kernelSize: Int, strides: Int = 1, padding: Padding1D = .valid, dataFormat: DataFormat = .channelsLast,
        dilations: Int = 1, groups: Int = 1, activation: Activation = .linear, useBias: Bool = true,
        kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil,
        biasRegularizer: Regularizer? = nil, activityRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil,
        biasConstraint: Constraint? = nil, name: String? = nil, dtype: DType = .float32
    ) {
        self.filters = filters
        self.kernelSize = kernelSize
        self.strides = strides
        self.padding = padding
        self.dataFormat = dataFormat
        self.dilations = dilations
        self.groups = groups
        self.activation = activation
        self.useBias = useBias
        kernelOptions = WeightOptions(kernelInitializer, kernelRegularizer, kernelConstraint)
        biasOptions = WeightOptions(biasInitializer, biasRegularizer, biasConstraint)
        super.init(name: name, dtype: dtype, activityRegularizer: activityRegularizer)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        filters = try config.int("filters")
        kernelSize = try config.length("kernel_size")
        strides = try config.length("strides", default: 1)
        padding = try config.padding1D(["valid", "same", "causal"])
        dataFormat = try config.dataFormat()
        dilations = try config.length("dilation_rate", default: 1)
        groups = try config.int("groups", default: 1)
        activation = try config.activation()
        useBias = try config.bool("use_bias", default: true)
        kernelOptions = try WeightOptions(config, "kernel", .glorotUniform)
        biasOptions = try WeightOptions(config, "bias", .zeros)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("filters", filters)
        config.set("kernel_size", [kernelSize])
        config.set("strides", [strides])
        config.set("padding", padding.rawValue)
        config.set("data_format", dataFormat.rawValue)
        config.set("dilation_rate", [dilations])
        config.set("groups", groups)
        config["activation"] = activation.json
        config.set("use_bias", useBias)
        kernelOptions.write("kernel", to: &config)
        biasOptions.write("bias", to: &config)
        config["activity_regularizer"] = activityRegularizer?.json
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        for (number, argument) in [
            (filters, "filters"), (kernelSize, "kernelSize"), (strides, "strides"), (dilations, "dilations"), (groups, "groups"),
        ] {
            try expectPositive(number, argument, name)
        }
        guard strides == 1 || dilations == 1 else {
            throw .invalidArgument("\(name): strides, dilations: expected one of them to be 1, received \(strides) and \(dilations)")
        }
        guard filters % groups == 0 else {
            throw .invalidArgument("\(name): filters: expected a multiple of groups \(groups), received \(filters)")
        }
        try kernelOptions.check(name)
        try biasOptions.check(name)
    }

    /// Makes the parameters for inputs of this shape.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        try checkArguments()
        try expectRank(3, inputShape, name)
        channels = inputShape[dataFormat == .channelsLast ? 2 : 1]
        guard channels % groups == 0 else {
            throw .invalidArgument("\(name): groups: expected a divisor of \(channels) channels, received \(groups)")
        }
        let kernel = try weight("kernel", [kernelSize, channels / groups, filters], kernelOptions)
        setParameters(useBias ? [kernel, try weight("bias", [filters], biasOptions)] : [kernel])
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let kernel = parameters.first else { throw notBuilt(name) }
        try expectRank(3, x.shape, name)
        try expectSize(channels, axis: dataFormat == .channelsLast ? 2 : 1, x.shape, name)
        var inputs = [
            try dataFormat.rowToLast(try floats(x)).expandDims(at: 1), try kernel.value.expandDims(at: 0),
        ]
        if parameters.count > 1 { inputs.append(try parameters[1].value) }
        let edges: AttributeValue =
            switch padding {
            case .valid: .string("VALID")
            case .same: .string("SAME")
            case .causal: .ints([0, 0, try product(dilations, kernelSize - 1), 0])
            }
        let y = try applyOne(
            "conv2d", inputs, ["strides": .ints([1, strides]), "dilations": .ints([1, dilations]), "padding": edges])
        let row = try nonEmptyRow(y, from: x, name).squeeze(1)
        return try activation(try dataFormat.rowFromLast(row))
    }

    private func product(_ a: Int, _ b: Int) throws(SwiftConvError) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        if overflow { throw .invalidArgument("\(name): dilations: a filter of \(kernelSize) taps, \(dilations) apart, is too long") }
        return product
    }
}

extension DataFormat {
    /// Sequences with channels last.
    func rowToLast(_ x: Tensor) throws(SwiftConvError) -> Tensor { self == .channelsLast ? x : try x.transpose([0, 2, 1]) }
    /// Sequences with channels last in this order.
    func rowFromLast(_ x: Tensor) throws(SwiftConvError) -> Tensor { try rowToLast(x) }
}

/// `y`, images of one row, unless they are empty: a window that is longer than its sequence is a mistake in a model.
func nonEmptyRow(_ y: Tensor, from x: Tensor, _ layer: String) throws(SwiftConvError) -> Tensor {
    guard y.shape.count == 4, y.shape[2] > 0 else {
        throw .invalidArgument(
            "\(layer): an input of shape \(shapeText(x.shape)) is shorter than the window and leaves nothing: "
                + "take padding .same or a smaller window")
    }
    return y
}

extension LayerConfig {
    /// One number, alone or in a list.
    func length(_ key: String, default missing: Int? = nil) throws(SwiftConvError) -> Int {
        if let missing, !has(key) { return missing }
        let numbers = try ints(key)
        guard numbers.count == 1 else { throw wrong(key, "a whole number") }
        return numbers[0]
    }

    /// One of the words.
    func padding1D(_ words: [String]) throws(SwiftConvError) -> Padding1D {
        let word = try string("padding", default: "valid").lowercased()
        guard words.contains(word), let found = Padding1D(rawValue: word) else {
            throw wrong("padding", words.joined(separator: ", "))
        }
        return found
    }
}
