import Graph
import TensorCore

/// In training adds normally distributed noise.
public final class GaussianNoise: RandomLayer, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "GaussianNoise" }
    /// How far the noise is spread, from 0 to 1.
    public let standardDeviation: Double

    /// See the type.
    public init(_ standardDeviation: Double, seed: Int? = nil, name: String? = nil, dtype: DType = .float32) {
        self.standardDeviation = standardDeviation
        super.init(seed: seed, name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        standardDeviation = try config.double("stddev")
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = randomConfig
        config.set("stddev", standardDeviation)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectShare(standardDeviation, "standardDeviation", name)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard training, standardDeviation > 0 else { return x }
        let noise = try drawing(x.count) { state throws(SwiftConvError) in
            try applyOne(
                "random_normal", [state],
                [
                    "shape": .ints(x.shape), "mean": .double(0), "stddev": .double(standardDeviation), "truncated": .int(0),
                    "dtype": .string(dtype.rawValue),
                ])
        }
        return try floats(x) + noise
    }
}
