import TensorCore

/// `x · scale + offset`: for images whose numbers run from 0 to 255, `Rescaling(1 / 255)`.
public final class Rescaling: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Rescaling" }
    /// The factor.
    public let scale: Double
    /// What is added.
    public let offset: Double

    /// See the type.
    public init(_ scale: Double, offset: Double = 0, name: String? = nil, dtype: DType = .float32) {
        self.scale = scale
        self.offset = offset
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        scale = try config.double("scale")
        offset = try config.double("offset", default: 0)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("scale", scale)
        config.set("offset", offset)
        return config
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try floats(x) * scale + offset }
}
