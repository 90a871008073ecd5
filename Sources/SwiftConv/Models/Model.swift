import Graph
import TensorCore

/// Layers put together, and how to train them: made from the tensors of `Input`, or as a `Sequential`.
///
///     let x = try Input([32, 32, 3])
///     let a = try Conv2D(16, kernelSize: 3, padding: .same)(x)
///     let b = try Conv2D(16, kernelSize: 1)(x)
///     let features = try GlobalAveragePooling2D()(Add()([a, b]))
///     let model = try Model(inputs: x, outputs: Dense(10)(features))
///     try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(fromLogits: true), metrics: [.accuracy])
///
/// A model is used from one task at a time. It is a layer too, and may be a part of another one.
open class Model: Layer {
    /// What reports call it.
    public let name: String
    /// The steps in the order in which they are computed; nil for a `Sequential` and for subclasses.
    let program: FunctionalProgram?
    var trainer: Trainer?
    var uncompiled: Trainer?
    /// Why a model that was read from a file is not compiled, if the file says so.
    var notCompiled: String?
    /// The names of its inputs and outputs where a file gives them some (in Python they are a dictionary), in the order of the names.
    var inputKeys: [String]?
    var outputKeys: [String]?

    /// A model from the tensors of `Input` to tensors that layers made of them.
    public init(inputs: [Tensor], outputs: [Tensor], name: String? = nil) throws(SwiftConvError) {
        self.name = name ?? LayerNames.next(for: "Functional")
        program = try FunctionalProgram(inputs, outputs, model: self.name)
    }

    /// A model with one input and one output.
    public convenience init(inputs: Tensor, outputs: Tensor, name: String? = nil) throws(SwiftConvError) {
        try self.init(inputs: [inputs], outputs: [outputs], name: name)
    }

    init(name: String) {
        self.name = name
        program = nil
    }

    /// Its layers, in the order in which they are computed.
    open var layers: [any Layer] { program?.layers ?? [] }
    /// What its layers keep.
    public var parameters: [Parameter] { layers.flatMap(\.parameters) }
    /// Whether training changes its weights: of all its layers.
    public var isTrainable: Bool {
        get { layers.contains { $0.isTrainable } }
        set { for layer in layers { layer.isTrainable = newValue } }
    }
    /// Whether the weights are made.
    open var isBuilt: Bool { true }
    /// How many tensors it takes.
    public var inputCount: Int { program?.inputs.count ?? 1 }
    /// How many tensors it gives.
    public var outputCount: Int { program?.outputs.count ?? 1 }

    /// The shapes of its inputs without the batch, -1 where a size may be any; empty where it is not built yet.
    open var inputShapes: [[Int]] { program?.inputShapes ?? [] }

    /// Makes the weights for inputs of this shape, batch included.
    open func build(inputShape: [Int]) throws(SwiftConvError) {}

    /// What it computes of one input.
    open func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        let results = try call([x], training: training)
        guard results.count == 1, let first = results.first else {
            throw .invalidArgument("\(name): it has \(results.count) outputs: call it with an array of inputs")
        }
        return first
    }

    /// What it computes.
    open func call(_ inputs: [Tensor], training: Bool) throws(SwiftConvError) -> [Tensor] {
        if let program { return try program.run(inputs, training: training, model: name) }
        guard inputs.count == 1, let x = inputs.first else {
            throw .invalidArgument("\(name): expected one input, received \(inputs.count)")
        }
        return [try call(x, training: training)]
    }

    /// Applies it; on the tensors of `Input` the model around it decides whether it is training.
    public func callAsFunction(_ inputs: [Tensor]) throws(SwiftConvError) -> [Tensor] { try apply(inputs, training: nil) }
    /// Applies it.
    public func callAsFunction(_ inputs: [Tensor], training: Bool) throws(SwiftConvError) -> [Tensor] {
        try apply(inputs, training: training)
    }

    private func apply(_ inputs: [Tensor], training: Bool?) throws(SwiftConvError) -> [Tensor] {
        if inputs.contains(where: \.isNode) { return try FunctionalNode.apply(all: self, inputs, training: training) }
        if !isBuilt, let x = inputs.first { try build(inputShape: x.shape) }
        let training = training ?? Phase.isTraining ?? false
        return try Phase.with(training) { () throws(SwiftConvError) in try call(inputs, training: training) }
    }

    /// The shape of what a layer gave when the model was made; nil before.
    func outputShapes(of layer: Int) -> [Int]? { program?.shapes[layer] }
}
