import TensorCore

/// A product with a learned matrix along the last axis, bias and activation: `[…, n]` becomes `[…, units]`.
public final class Dense: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Dense" }
    /// The size of the output.
    public let units: Int
    /// What ends the layer.
    public let activation: Activation
    /// Whether there is a bias.
    public let useBias: Bool
    private let kernelOptions: WeightOptions
    private let biasOptions: WeightOptions

    /// See the type.
    public init(
        _ units: Int, activation: Activation = .linear, useBias: Bool = true, kernelInitializer: Initializer = .glorotUniform,
        biasInitializer: Initializer = .zeros, kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil,
        activityRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil, biasConstraint: Constraint? = nil,
        name: String? = nil, dtype: DType = .float32
    ) {
        self.units = units
        self.activation = activation
        self.useBias = useBias
        kernelOptions = WeightOptions(kernelInitializer, kernelRegularizer, kernelConstraint)
        biasOptions = WeightOptions(biasInitializer, biasRegularizer, biasConstraint)
        super.init(name: name, dtype: dtype, activityRegularizer: activityRegularizer)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        units = try config.int("units")
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
        config.set("units", units)
        config["activation"] = activation.json
        config.set("use_bias", useBias)
        kernelOptions.write("kernel", to: &config)
        biasOptions.write("bias", to: &config)
        config["activity_regularizer"] = activityRegularizer?.json
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectPositive(units, "units", name)
        try kernelOptions.check(name)
        try biasOptions.check(name)
    }

    private func expectMatrix(_ shape: [Int]) throws(SwiftConvError) -> Int {
        guard shape.count >= 2, let size = shape.last else {
            throw .invalidArgument("\(name): expected an input of at least 2 dimensions, received shape \(shapeText(shape))")
        }
        return size
    }

    /// Makes the parameters for inputs of this shape.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        try checkArguments()
        let kernel = try weight("kernel", [try expectMatrix(inputShape), units], kernelOptions)
        setParameters(useBias ? [kernel, try weight("bias", [units], biasOptions)] : [kernel])
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let kernel = parameters.first else { throw notBuilt(name) }
        _ = try expectMatrix(x.shape)
        try expectSize(kernel.shape[0], axis: x.rank - 1, x.shape, name)
        var inputs = [try floats(x), try kernel.value]
        if parameters.count > 1 { inputs.append(try parameters[1].value) }
        return try activation(try applyOne("matmul", inputs))
    }
}
