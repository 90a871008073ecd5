import TensorCore

/// Passes its input on and adds l1 · Σ|x| + l2 · Σx² of it to the loss in training, over the size of the batch.
public final class ActivityRegularization: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "ActivityRegularization" }
    /// The factor of the sizes.
    public let l1: Double
    /// The factor of the squares.
    public let l2: Double

    /// See the type.
    public init(l1: Double = 0, l2: Double = 0, name: String? = nil, dtype: DType = .float32) {
        self.l1 = l1
        self.l2 = l2
        super.init(name: name, dtype: dtype, activityRegularizer: .l1l2(l1: l1, l2: l2))
    }

    /// From a file.
    public convenience init(config: LayerConfig) throws(SwiftConvError) {
        self.init(
            l1: try config.double("l1", default: 0), l2: try config.double("l2", default: 0),
            name: config.has("name") ? try config.string("name") : nil, dtype: try config.dtype("dtype"))
        isTrainable = try config.bool("trainable", default: true)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = plainConfig
        config.set("l1", l1)
        config.set("l2", l2)
        return config
    }

    /// The input.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { x }
}
