import TensorCore

/// An activation function as a layer.
public final class ActivationLayer: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Activation" }
    /// What it applies.
    public let activation: Activation

    /// See the type.
    public init(_ activation: Activation, name: String? = nil, dtype: DType = .float32) {
        self.activation = activation
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        activation = try config.activation()
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config["activation"] = activation.json
        return config
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try activation(x) }
}

/// `x` above `threshold`, `negativeSlope · (x − threshold)` below, at most `maxValue`.
public final class ReLU: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "ReLU" }
    /// The upper limit.
    public let maxValue: Double?
    /// The slope below the threshold.
    public let negativeSlope: Double
    /// Where the function begins.
    public let threshold: Double

    /// See the type.
    public init(
        maxValue: Double? = nil, negativeSlope: Double = 0, threshold: Double = 0, name: String? = nil, dtype: DType = .float32
    ) {
        self.maxValue = maxValue
        self.negativeSlope = negativeSlope
        self.threshold = threshold
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        maxValue = try config.optionalDouble("max_value")
        negativeSlope = try config.double("negative_slope", default: 0)
        threshold = try config.double("threshold", default: 0)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("max_value", maxValue)
        config.set("negative_slope", negativeSlope)
        config.set("threshold", threshold)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectNotNegative(maxValue ?? 0, "maxValue", name)
        try expectNotNegative(negativeSlope, "negativeSlope", name)
        try expectNotNegative(threshold, "threshold", name)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        if threshold == 0 {
            if maxValue == 6, negativeSlope == 0 { return try Activation.relu6(x) }
            let y = try (negativeSlope == 0 ? Activation.relu : .leakyRelu(alpha: negativeSlope))(x)
            return try limited(y)
        }
        let above = try applyOne("greater_equal", [x, try .full([], threshold, dtype: x.dtype)]).cast(to: x.dtype)
        let y = try limited(try x * above)
        return negativeSlope == 0 ? y : try y + negativeSlope * (x - threshold) * (1 - above)
    }

    private func limited(_ y: Tensor) throws(SwiftConvError) -> Tensor {
        guard let maxValue else { return y }
        return try y.minimum(try .full([], maxValue, dtype: y.dtype))
    }
}

/// `x` where positive, else `negativeSlope · x`.
public final class LeakyReLU: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "LeakyReLU" }
    /// The slope below 0.
    public let negativeSlope: Double

    /// See the type.
    public init(negativeSlope: Double = 0.3, name: String? = nil, dtype: DType = .float32) {
        self.negativeSlope = negativeSlope
        super.init(name: name, dtype: dtype)
    }

    /// From a file; older ones call the slope alpha.
    public init(config: LayerConfig) throws(SwiftConvError) {
        negativeSlope = try config.double(config.has("alpha") ? "alpha" : "negative_slope", default: 0.3)
        try super.init(base: config)
        try checkRead(config, also: ["alpha"])
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("negative_slope", negativeSlope)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectNotNegative(negativeSlope, "negativeSlope", name)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try Activation.leakyRelu(alpha: negativeSlope)(x)
    }
}

/// `x` where positive, else `alpha · (exp(x) − 1)`.
public final class ELU: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "ELU" }
    /// The factor below 0.
    public let alpha: Double

    /// See the type.
    public init(alpha: Double = 1, name: String? = nil, dtype: DType = .float32) {
        self.alpha = alpha
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        alpha = try config.double("alpha", default: 1)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("alpha", alpha)
        return config
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try Activation.elu(alpha: alpha)(x) }
}

/// Throws if `number` is below 0.
func expectNotNegative(_ number: Double, _ argument: String, _ layer: String) throws(SwiftConvError) {
    guard number >= 0 else { throw .invalidArgument("\(layer): \(argument): expected at least 0, received \(number)") }
}
