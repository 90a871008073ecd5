import TensorCore

/// The sum of the inputs.
public final class Add: Merge, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Add" }
    override func merged(_ inputs: [Tensor]) throws(SwiftConvError) -> Tensor { try folded("add", inputs) }
}

/// The product of the inputs.
public final class Multiply: Merge, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Multiply" }
    override func merged(_ inputs: [Tensor]) throws(SwiftConvError) -> Tensor { try folded("multiply", inputs) }
}

/// The largest of the inputs.
public final class Maximum: Merge, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Maximum" }
    override func merged(_ inputs: [Tensor]) throws(SwiftConvError) -> Tensor { try folded("maximum", inputs) }
}

/// The smallest of the inputs.
public final class Minimum: Merge, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Minimum" }
    override func merged(_ inputs: [Tensor]) throws(SwiftConvError) -> Tensor { try folded("minimum", inputs) }
}

/// The mean of the inputs.
public final class Average: Merge, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Average" }
    override func merged(_ inputs: [Tensor]) throws(SwiftConvError) -> Tensor { try floats(folded("add", inputs)) / Double(inputs.count) }
}

/// The first input minus the second.
public final class Subtract: Merge, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Subtract" }
    override func merged(_ inputs: [Tensor]) throws(SwiftConvError) -> Tensor {
        guard inputs.count == 2 else { throw .invalidArgument("\(name): expected 2 inputs, received \(inputs.count)") }
        return try inputs[0] - inputs[1]
    }
}

/// The inputs one after the other along an axis; their other sizes are equal.
public final class Concatenate: Merge, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Concatenate" }
    /// Along which axis; negative ones count from the end.
    public let axis: Int

    /// See the type.
    public init(axis: Int = -1, name: String? = nil, dtype: DType = .float32) {
        self.axis = axis
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public override init(config: LayerConfig) throws(SwiftConvError) {
        axis = try config.int("axis", default: -1)
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public override var config: LayerConfig {
        var config = baseConfig
        config.set("axis", axis)
        return config
    }

    /// What it computes.
    public override func call(_ inputs: [Tensor], training: Bool) throws(SwiftConvError) -> Tensor {
        guard let first = inputs.first else { throw .invalidArgument("\(name): expected at least one input, received none") }
        return try Tensor.concatenate(inputs, axis: try expectAxis(axis, first.shape, name))
    }
}
