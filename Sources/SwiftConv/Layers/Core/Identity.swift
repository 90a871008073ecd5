import TensorCore

/// Passes its input on.
public final class Identity: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Identity" }

    /// See the type.
    public override init(name: String? = nil, dtype: DType = .float32, activityRegularizer: Regularizer? = nil) {
        super.init(name: name, dtype: dtype, activityRegularizer: activityRegularizer)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig { baseConfig }

    /// The input.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { x }
}
