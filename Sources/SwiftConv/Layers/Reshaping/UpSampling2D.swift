import TensorCore

/// Images with rows and columns repeated or interpolated.
public final class UpSampling2D: Module, ConfigurableLayer {
    /// Where the new numbers come from.
    public enum Interpolation: String, Sendable, Hashable {
        /// Each number is repeated.
        case nearest
        /// Weighted means of the four neighbours.
        case bilinear
    }

    /// Keras's name.
    public static var className: String { "UpSampling2D" }
    /// The factors of rows and columns.
    public let size: Size2
    /// The order of the axes of images.
    public let dataFormat: DataFormat
    /// Where the new numbers come from.
    public let interpolation: Interpolation

    /// See the type.
    public init(
        _ size: Size2 = 2, dataFormat: DataFormat = .channelsLast, interpolation: Interpolation = .nearest, name: String? = nil,
        dtype: DType = .float32
    ) {
        self.size = size
        self.dataFormat = dataFormat
        self.interpolation = interpolation
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        size = try config.size2("size", default: 2)
        dataFormat = try config.dataFormat()
        guard let found = Interpolation(rawValue: try config.string("interpolation", default: "nearest").lowercased()) else {
            throw config.wrong("interpolation", "nearest or bilinear")
        }
        interpolation = found
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("size", size)
        config.set("data_format", dataFormat.rawValue)
        config.set("interpolation", interpolation.rawValue)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectPositive(size, "size", name)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        let y = try applyOne(
            "upsample2d", [try dataFormat.toLast(try floats(x))],
            ["size": .ints(size.list), "interpolation": .string(interpolation.rawValue)])
        return try dataFormat.fromLast(y)
    }
}
