import TensorCore

/// Layers one after the other, and how to train them.
///
///     let model = Sequential {
///         Conv2D(32, kernelSize: 3, activation: .relu)
///         MaxPooling2D(2)
///         Flatten()
///         Dense(10, activation: .softmax)
///     }
///     try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
///     try model.fit(images, labels, epochs: 5)
///     let results = try model.evaluate(testImages, testLabels)
///
/// A model is used from one task at a time.
public final class Sequential: Layer {
    /// What reports call it.
    public let name: String
    /// The layers in their order.
    public let layers: [any Layer]
    private var outputShapes: [[Int]] = []
    private(set) var isBuilt = false
    var trainer: Trainer?
    var uncompiled: Trainer?

    /// See the type.
    public init(name: String = "sequential", @LayerBuilder _ layers: () -> [any Layer]) {
        self.name = name
        self.layers = layers()
    }

    /// See the type.
    public init(name: String = "sequential", layers: [any Layer]) {
        self.name = name
        self.layers = layers
    }

    /// The numbers it keeps; empty before `build`.
    public var parameters: [Parameter] { layers.flatMap(\.parameters) }

    /// Makes the weights for inputs of this shape, batch included; the first call does it by itself.
    public func build(inputShape: [Int]) throws(SwiftConvError) {
        if isBuilt { return }
        let trace = Trace()
        let spec = try engine { () throws(ConvError) in try TensorSpec(.float32, inputShape).validated("\(name): inputShape") }
        var x = try trace.placeholder(spec)
        var shapes: [[Int]] = []
        for layer in layers {
            try layer.build(inputShape: x.shape)
            let input = x
            x = try trace.record { () throws(SwiftConvError) in try layer(input, training: false) }
            shapes.append(x.shape)
        }
        outputShapes = shapes
        isBuilt = true
    }

    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        if !isBuilt { try build(inputShape: x.shape) }
        var y = try x.cast(to: .float32)
        for layer in layers { y = try layer(y, training: training) }
        return y
    }

    /// The layers with the shapes of their outputs and the numbers of their parameters, as a table.
    public var summary: String {
        var rows = [["Layer", "Output shape", "Parameters"]]
        for (i, layer) in layers.enumerated() {
            var shape = "not built"
            if outputShapes.indices.contains(i) {
                shape = "(" + (["?"] + outputShapes[i].dropFirst().map(String.init)).joined(separator: ", ") + ")"
            }
            rows.append(["\(layer.name) (\(type(of: layer)))", shape, "\(layer.parameterCount)"])
        }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        }
        let trainable = parameters.filter(\.isTrainable).reduce(0) { $0 + $1.count }
        return (["Model: \(name)"] + lines + ["Parameters: \(parameterCount), trainable: \(trainable)"]).joined(separator: "\n")
    }
}
