import TensorCore

/// What the layers share that make one number of each channel: `[batch, height, width, channels]` becomes `[batch, channels]`.
public class GlobalPoolingLayer: Module {
    /// The order of the axes of images.
    public let dataFormat: DataFormat
    /// Whether height and width stay as axes of size 1.
    public let keepDims: Bool

    /// See the type.
    public init(dataFormat: DataFormat = .channelsLast, keepDims: Bool = false, name: String? = nil, dtype: DType = .float32) {
        self.dataFormat = dataFormat
        self.keepDims = keepDims
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        dataFormat = try config.dataFormat()
        keepDims = try config.bool("keepdims", default: false)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("data_format", dataFormat.rawValue)
        config.set("keepdims", keepDims)
        return config
    }

    final func reduced(_ op: String, _ x: Tensor) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        return try applyOne(op, [try floats(x)], ["axes": .ints(dataFormat.spatialAxes), "keepdims": .int(keepDims ? 1 : 0)])
    }
}

/// The mean of each channel over the image.
public final class GlobalAveragePooling2D: GlobalPoolingLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "GlobalAveragePooling2D" }
    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try reduced("reduce_mean", x) }
}

/// The largest of each channel over the image.
public final class GlobalMaxPooling2D: GlobalPoolingLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "GlobalMaxPooling2D" }
    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try reduced("reduce_max", x) }
}
