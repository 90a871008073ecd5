import TensorCore

/// All axes but the batch's become one.
public final class Flatten: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Flatten" }
    /// With `.channelsFirst` the channels are moved to the end first.
    public let dataFormat: DataFormat

    /// See the type.
    public init(dataFormat: DataFormat = .channelsLast, name: String? = nil, dtype: DType = .float32) {
        self.dataFormat = dataFormat
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        dataFormat = try config.dataFormat()
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("data_format", dataFormat.rawValue)
        return config
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let batch = x.shape.first else { throw .invalidArgument("\(name): expected a batch, received a scalar") }
        let ordered = dataFormat == .channelsFirst && x.rank > 2 ? try x.transpose([0] + Array(2..<x.rank) + [1]) : x
        return try ordered.reshape([batch, x.shape.dropFirst().reduce(1, *)])
    }
}
