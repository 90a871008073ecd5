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
public final class Sequential: Model {
    private let members: [any Layer]
    private(set) var shapes: [[Int]] = []
    private var built = false
    /// The shape that it was built for; empty before.
    private(set) var inputShape: [Int] = []

    /// See the type.
    public convenience init(name: String? = nil, @LayerBuilder _ layers: () -> [any Layer]) { self.init(name: name, layers: layers()) }

    /// See the type.
    public init(name: String? = nil, layers: [any Layer]) {
        members = layers
        super.init(name: name ?? LayerNames.next(for: "Sequential"))
    }

    /// The layers in their order.
    public override var layers: [any Layer] { members }
    /// Whether the weights are made.
    public override var isBuilt: Bool { built }

    /// The shape of its input without the batch, -1 where a size may be any; empty where it is not built yet.
    public override var inputShapes: [[Int]] { built ? [Array(inputShape.dropFirst())] : [] }

    /// Makes the weights for inputs of this shape, batch included (-1 for a size that may be any); the first call does it by itself.
    public override func build(inputShape: [Int]) throws(SwiftConvError) {
        if built { return }
        var shapes = try shapes(for: OpenSizes.first(inputShape))
        if inputShape.contains(where: { $0 < 0 }) {
            let others = try self.shapes(for: OpenSizes.second(inputShape))
            shapes = zip(shapes, others).map { OpenSizes.merged($0, $1) ?? $0 }
        }
        self.shapes = shapes
        self.inputShape = inputShape
        built = true
    }

    /// The shapes of what the layers give for an input; it builds them.
    private func shapes(for inputShape: [Int]) throws(SwiftConvError) -> [[Int]] {
        let trace = Trace()
        let spec = try engine { () throws(ConvError) in try TensorSpec(.float32, inputShape).validated("\(name): inputShape") }
        var x = try trace.placeholder(spec)
        var shapes: [[Int]] = []
        for layer in members {
            let input = x
            x = try trace.record { () throws(SwiftConvError) in try layer(input, training: false) }
            shapes.append(x.shape)
        }
        return shapes
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        if !built { try build(inputShape: x.shape) }
        var y = try x.cast(to: .float32)
        for layer in members { y = try layer(y, training: training) }
        return y
    }

    override func outputShapes(of layer: Int) -> [Int]? { shapes.indices.contains(layer) ? shapes[layer] : nil }
}
