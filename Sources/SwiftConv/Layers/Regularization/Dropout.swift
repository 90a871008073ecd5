import Graph
import TensorCore

/// In training sets a share of the numbers to 0 at random, and scales the others by 1 / (1 − rate) to keep the sum.
public final class Dropout: RandomLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Dropout" }
    /// The share that is set to 0.
    public let rate: Double
    /// The sizes of what is drawn: 1 for one draw along the axis, nil for the input's size.
    public let noiseShape: [Int?]?

    /// See the type.
    public init(_ rate: Double, noiseShape: [Int?]? = nil, seed: Int? = nil, name: String? = nil, dtype: DType = .float32) {
        self.rate = rate
        self.noiseShape = noiseShape
        super.init(seed: seed, name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        rate = try config.double("rate")
        noiseShape = config.has("noise_shape") ? try config.ints("noise_shape").map { $0 < 0 ? nil : $0 } : nil
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = randomConfig
        config.set("rate", rate)
        config["noise_shape"] = noiseShape.map { .array($0.map { $0.map { .int($0) } ?? .null }) }
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectShare(rate, "rate", name)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard training, rate > 0 else { return x }
        let x = try floats(x)
        guard noiseShape != nil || rate >= 1 else {
            return try drawing(x.count) { state throws(SwiftConvError) in
                try applyOne("dropout", [x, state], ["rate": .double(rate)])
            }
        }
        return try dropped(x, rate, noiseShape)
    }
}

/// Dropout of whole channels of images.
public final class SpatialDropout2D: RandomLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "SpatialDropout2D" }
    /// The share of the channels that is set to 0.
    public let rate: Double
    /// The order of the axes of images.
    public let dataFormat: DataFormat

    /// See the type.
    public init(
        _ rate: Double, dataFormat: DataFormat = .channelsLast, seed: Int? = nil, name: String? = nil, dtype: DType = .float32
    ) {
        self.rate = rate
        self.dataFormat = dataFormat
        super.init(seed: seed, name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        rate = try config.double("rate")
        dataFormat = try config.dataFormat()
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = randomConfig
        config.set("rate", rate)
        config.set("data_format", dataFormat.rawValue)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectShare(rate, "rate", name)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard training, rate > 0 else { return x }
        return try dropped(try floats(x), rate, dataFormat == .channelsLast ? [nil, 1, 1, nil] : [nil, nil, 1, 1])
    }
}

extension RandomLayer {
    /// Dropout with a mask of the shape `noise`, which is repeated to the input's.
    fileprivate func dropped(_ x: Tensor, _ rate: Double, _ noise: [Int?]?) throws(SwiftConvError) -> Tensor {
        if rate >= 1 { return try Tensor.zeros(x.shape, dtype: x.dtype) }
        let noise = noise ?? []
        try expectRank(noise.count, x.shape, name)
        let shape = zip(noise, x.shape).map { $0 ?? $1 }
        let count = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        let draws = try drawing(count) { state throws(SwiftConvError) in
            try applyOne(
                "random_uniform", [state],
                ["shape": .ints(shape), "low": .double(0), "high": .double(1), "dtype": .string(dtype.rawValue)])
        }
        let keep = try applyOne("greater_equal", [draws, try .full([], rate, dtype: dtype)]).cast(to: dtype)
        return try x * keep / (1 - rate)
    }
}

/// Throws unless `number` lies from 0 to 1.
func expectShare(_ number: Double, _ argument: String, _ layer: String) throws(SwiftConvError) {
    guard (0...1).contains(number) else {
        throw .invalidArgument("\(layer): \(argument): expected a number from 0 to 1, received \(number)")
    }
}
