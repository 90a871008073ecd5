import TensorCore

/// What the layers share that slide a window over images.
public class PoolingLayer: Module {
    /// Height and width of the window.
    public let size: Size2
    /// The steps from window to window.
    public let strides: Size2
    /// How it goes over the edges.
    public let padding: Padding
    /// The order of the axes of images.
    public let dataFormat: DataFormat

    /// `strides` are the window's size by default.
    public init(
        _ size: Size2 = 2, strides: Size2? = nil, padding: Padding = .valid, dataFormat: DataFormat = .channelsLast,
        name: String? = nil, dtype: DType = .float32
    ) {
        self.size = size
        self.strides = strides ?? size
        self.padding = padding
        self.dataFormat = dataFormat
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        size = try config.size2("pool_size", default: 2)
        strides = try config.size2("strides", default: size)
        padding = try config.padding()
        dataFormat = try config.dataFormat()
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("pool_size", size)
        config.set("padding", padding)
        config.set("strides", strides)
        config.set("data_format", dataFormat.rawValue)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectPositive(size, "size", name)
        try expectPositive(strides, "strides", name)
    }

    final func pooled(_ op: String, _ x: Tensor) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        let y = try applyOne(
            op, [try dataFormat.toLast(try floats(x))],
            ["ksize": .ints(size.list), "strides": .ints(strides.list), "padding": padding.attribute])
        return try nonEmpty(try dataFormat.fromLast(y), from: x, dataFormat, name)
    }
}

/// The largest number of each window.
public final class MaxPooling2D: PoolingLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "MaxPooling2D" }
    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try pooled("max_pool2d", x) }
}

/// The mean of each window, padding left out of the count.
public final class AveragePooling2D: PoolingLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "AveragePooling2D" }
    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try pooled("avg_pool2d", x) }
}
