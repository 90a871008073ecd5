import Graph
import Ops
import TensorCore

/// A step of a model that is being put together: an input, a layer applied to tensors, or an op applied to them. Nothing is computed.
final class FunctionalNode: Sendable {
    enum Kind: @unchecked Sendable {
        /// `shape`: without the batch, -1 where any size will do.
        case input(name: String, shape: [Int])
        /// `training`: what the caller fixed; nil follows the model.
        case layer(any Layer, training: Bool?)
        case op(String, Attributes)
        /// A subscript, which is taken when the batch is known.
        case part([TensorIndex])
    }

    let kind: Kind
    let inputs: [Tensor]
    let outputSpecs: [TensorSpec]

    init(_ kind: Kind, _ inputs: [Tensor], _ outputSpecs: [TensorSpec]) {
        self.kind = kind
        self.inputs = inputs
        self.outputSpecs = outputSpecs
    }

    var outputs: [Tensor] { outputSpecs.enumerated().map { Tensor($1, self, output: $0) } }

    /// Applies a layer: builds it, and asks it for the shapes of its results.
    static func apply(all layer: any Layer, _ inputs: [Tensor], training: Bool?) throws(SwiftConvError) -> [Tensor] {
        try layer.prepare(inputs.map(\.shape))
        let trace = Trace()
        let results = try trace.record { () throws(SwiftConvError) in
            var symbols: [Tensor] = []
            for input in inputs { symbols.append(input.isNode ? try trace.placeholder(input.spec) : input) }
            return try run(layer, symbols, training: training ?? false)
        }
        return FunctionalNode(.layer(layer, training: training), inputs, results.map(\.spec)).outputs
    }

    /// Applies a layer with one result.
    static func apply(_ layer: any Layer, _ inputs: [Tensor], training: Bool?) throws(SwiftConvError) -> Tensor {
        let results = try apply(all: layer, inputs, training: training)
        guard results.count == 1, let first = results.first else {
            throw .invalidArgument("\(layer.name): it has \(results.count) outputs: call it with an array of inputs")
        }
        return first
    }

    /// Applies an op: its shape rule gives the results.
    static func apply(_ name: String, _ inputs: [Tensor], _ attributes: Attributes) throws(SwiftConvError) -> [Tensor] {
        let specs = try engine { () throws(ConvError) in
            let op = try Registry.op(name)
            var specs: [TensorSpec] = []
            for spec in try op.outputSpecs(inputs.map(\.spec), attributes) { specs.append(try spec.validated(name)) }
            return specs
        }
        return FunctionalNode(.op(name, attributes), inputs, specs).outputs
    }

    /// Takes a part.
    static func apply(_ indices: [TensorIndex], _ x: Tensor) throws(SwiftConvError) -> Tensor {
        let shape = try TensorIndex.shape(of: indices, x.shape)
        let spec = try engine { () throws(ConvError) in try TensorSpec(x.spec.dtype, shape).validated("subscript") }
        return Tensor(spec, FunctionalNode(.part(indices), [x], [spec]), output: 0)
    }

    /// Applies `layer` to tensors that are no nodes.
    static func run(_ layer: any Layer, _ inputs: [Tensor], training: Bool) throws(SwiftConvError) -> [Tensor] {
        if let several = layer as? any MultipleInputLayer { return [try several(inputs, training: training)] }
        if let model = layer as? Model { return try model(inputs, training: training) }
        if inputs.count == 2, let maskable = layer as? any MaskableLayer {
            return [try maskable(inputs[0], mask: inputs[1], training: training)]
        }
        guard inputs.count == 1, let x = inputs.first else {
            throw .invalidArgument("\(layer.name): expected one input, received \(inputs.count)")
        }
        return [try layer(x, training: training)]
    }
}

/// What a functional model is given: a tensor of this shape (without the batch) that has no numbers yet.
///
///     let images = try Input([28, 28, 1])
///     let features = try Flatten()(Conv2D(8, kernelSize: 3)(images))
///     let model = try Model(inputs: images, outputs: Dense(10)(features))
///
/// Layers and operations on it compute nothing, and become parts of the model. Its batch is shown as 1 and may be any: an
/// operation that names sizes says -1 for it.
///
/// A size of -1 may be any too: `Input([-1, -1, 3])` takes pictures of all sizes. Layers whose weights depend on such a size, as those
/// of `Dense` after `Flatten`, are an error.
public func Input(_ shape: [Int], dtype: DType = .float32, name: String? = nil) throws(SwiftConvError) -> Tensor {
    guard shape.allSatisfy({ $0 >= -1 }) else {
        throw .invalidArgument("Input: shape: expected sizes of at least 0, or -1 for any, received \(shapeText(shape))")
    }
    let shown = OpenSizes.first(shape)
    let spec = try engine { () throws(ConvError) in try TensorSpec(dtype.engineType, [1] + shown).validated("Input") }
    let name = name ?? LayerNames.next(for: "InputLayer")
    return Tensor(spec, FunctionalNode(.input(name: name, shape: shape), [], [spec]), output: 0)
}

/// Sizes that are not known while a model is put together: two sizes stand for them, and what differs between them is not known either.
/// Both are divisible by 64, as networks with six poolings need it, and by 15.
enum OpenSizes {
    static func first(_ shape: [Int]) -> [Int] { shape.map { $0 < 0 ? 960 : $0 } }
    static func second(_ shape: [Int]) -> [Int] { shape.map { $0 < 0 ? 1920 : $0 } }
    /// `a` with -1 where `b` differs; nil where the ranks do.
    static func merged(_ a: [Int], _ b: [Int]) -> [Int]? { a.count == b.count ? zip(a, b).map { $0 == $1 ? $0 : -1 } : nil }
}
