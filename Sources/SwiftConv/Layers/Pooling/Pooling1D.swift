import TensorCore

/// What the layers share that slide a window over sequences: `[batch, steps, channels]` becomes `[batch, newSteps, channels]`.
public class PoolingLayer1D: Module {
    /// The length of the window.
    public let size: Int
    /// The steps from window to window.
    public let strides: Int
    /// How it goes over the ends: `.valid` or `.same`.
    public let padding: Padding1D
    /// The order of the axes.
    public let dataFormat: DataFormat

    /// `strides` is the window's length by default.
    public init(
        _ size: Int = 2, strides: Int? = nil, padding: Padding1D = .valid, dataFormat: DataFormat = .channelsLast,
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
        size = try config.length("pool_size", default: 2)
        strides = try config.length("strides", default: size)
        padding = try config.padding1D(["valid", "same"])
        dataFormat = try config.dataFormat()
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("pool_size", [size])
        config.set("strides", [strides])
        config.set("padding", padding.rawValue)
        config.set("data_format", dataFormat.rawValue)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectPositive(size, "size", name)
        try expectPositive(strides, "strides", name)
        guard padding != .causal else { throw .invalidArgument("\(name): padding: expected valid or same, received causal") }
    }

    final func pooled(_ op: String, _ x: Tensor) throws(SwiftConvError) -> Tensor {
        try expectRank(3, x.shape, name)
        let y = try applyOne(
            op, [try dataFormat.rowToLast(try floats(x)).expandDims(at: 1)],
            ["ksize": .ints([1, size]), "strides": .ints([1, strides]), "padding": .string(padding.rawValue.uppercased())])
        return try dataFormat.rowFromLast(try nonEmptyRow(y, from: x, name).squeeze(1))
    }
}

/// The largest number of each window of a sequence.
public final class MaxPooling1D: PoolingLayer1D, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "MaxPooling1D" }
    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try pooled("max_pool2d", x) }
}

/// The mean of each window of a sequence, padding left out of the count.
public final class AveragePooling1D: PoolingLayer1D, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "AveragePooling1D" }
    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try pooled("avg_pool2d", x) }
}

/// What the layers share that make one number of each channel of a sequence: `[batch, steps, channels]` becomes `[batch, channels]`.
public class GlobalPoolingLayer1D: Module {
    /// The order of the axes.
    public let dataFormat: DataFormat
    /// Whether the steps stay as an axis of size 1.
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
        try expectRank(3, x.shape, name)
        let axis = dataFormat == .channelsLast ? 1 : 2
        return try applyOne(op, [try floats(x)], ["axes": .ints([axis]), "keepdims": .int(keepDims ? 1 : 0)])
    }
}

/// The mean of each channel over the sequence.
public final class GlobalAveragePooling1D: GlobalPoolingLayer1D, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "GlobalAveragePooling1D" }
    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try reduced("reduce_mean", x) }
}

/// The largest of each channel over the sequence.
public final class GlobalMaxPooling1D: GlobalPoolingLayer1D, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "GlobalMaxPooling1D" }
    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try reduced("reduce_max", x) }
}
