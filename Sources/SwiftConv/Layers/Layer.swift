import TensorCore

/// A part of a model: it makes one tensor from another, with parameters that training changes.
///
/// A layer of your own needs a name and a `call` made of operations on tensors; its gradient follows from them. One with weights makes
/// them in `build` and lists them in `parameters`:
///
///     final class Scale: Layer {
///         let name = "scale"
///         private(set) var parameters: [Parameter] = []
///         func build(inputShape: [Int]) throws(SwiftConvError) {
///             parameters = [try Parameter("factor", .ones([inputShape.last ?? 1]))]
///         }
///         func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
///             try x * parameters[0].value
///         }
///     }
///
/// One made of others holds them in its properties, and says no more than what it computes of them: see ``sublayers``.
///
/// A layer is called like a function: `try layer(x)`. The first call builds it. Called on the tensors of `Input` it computes nothing
/// yet, and becomes a part of the `Model` that is made from the results.
public protocol Layer: AnyObject {
    var name: String { get }
    /// What it keeps; empty before `build`.
    var parameters: [Parameter] { get }
    /// Whether training changes its weights.
    var isTrainable: Bool { get set }
    /// Whether `build` is done.
    var isBuilt: Bool { get }
    /// Makes the parameters for inputs of this shape (batch included). Called once, before the first call.
    func build(inputShape: [Int]) throws(SwiftConvError)
    /// What it computes. `training`: whether a training step asks.
    func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor
}

extension Layer {
    /// The numbers that the layers in its properties keep, see ``sublayers``; empty before `build`.
    public var parameters: [Parameter] { heldParameters(after: []) }
    /// Whether training changes its weights; a layer that is not built yet has none to freeze.
    public var isTrainable: Bool {
        get { !parameters.contains { $0.isFrozen } }
        set {
            for layer in sublayers { layer.isTrainable = newValue }
            for parameter in parameters { parameter.isFrozen = !newValue }
        }
    }
    /// Whether it has parameters.
    public var isBuilt: Bool { !parameters.isEmpty }
    /// Makes the parameters for inputs of this shape.
    public func build(inputShape: [Int]) throws(SwiftConvError) {}

    /// Applies it. Within the `call` of another layer it trains if that one does; on the tensors of `Input` the model decides.
    public func callAsFunction(_ x: Tensor) throws(SwiftConvError) -> Tensor { try apply(x, training: nil) }
    /// Applies it.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try apply(x, training: training) }

    private func apply(_ x: Tensor, training: Bool?) throws(SwiftConvError) -> Tensor {
        if case .node = x.content { return try FunctionalNode.apply(self, [x], training: training) }
        try prepare([x.shape])
        let training = training ?? Phase.isTraining ?? false
        guard let module = self as? Module else {
            return try Phase.with(training) { () throws(SwiftConvError) in try call(x, training: training) }
        }
        let given = try module.autocast(x)
        guard module.mayHoldLayers else { return try module.finished(try call(given, training: training)) }
        return try module.finished(try Phase.with(training) { () throws(SwiftConvError) in try call(given, training: training) })
    }

    /// Builds it, if that was not done yet.
    func prepare(_ shapes: [[Int]]) throws(SwiftConvError) {
        if isBuilt { return }
        try (self as? Module)?.checkArguments()
        if let several = self as? any MultipleInputLayer {
            try several.build(inputShapes: shapes)
        } else {
            try build(inputShape: shapes.first ?? [])
        }
        (self as? Module)?.markBuilt()
    }

    /// The number of trainable and other numbers it keeps.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }
}

/// A layer that makes one tensor from several: a sum, a concatenation.
public protocol MultipleInputLayer: Layer {
    /// Makes the parameters for inputs of these shapes (batch included).
    func build(inputShapes: [[Int]]) throws(SwiftConvError)
    /// What it computes.
    func call(_ inputs: [Tensor], training: Bool) throws(SwiftConvError) -> Tensor
}

extension MultipleInputLayer {
    /// Makes the parameters for inputs of these shapes.
    public func build(inputShapes: [[Int]]) throws(SwiftConvError) {}
    /// Makes the parameters for one input.
    public func build(inputShape: [Int]) throws(SwiftConvError) { try build(inputShapes: [inputShape]) }
    /// What it computes of one input.
    public func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try call([x], training: training) }

    /// Applies it. Within the `call` of another layer it trains if that one does; on the tensors of `Input` the model decides.
    public func callAsFunction(_ inputs: [Tensor]) throws(SwiftConvError) -> Tensor { try apply(inputs, training: nil) }
    /// Applies it.
    public func callAsFunction(_ inputs: [Tensor], training: Bool) throws(SwiftConvError) -> Tensor {
        try apply(inputs, training: training)
    }

    private func apply(_ inputs: [Tensor], training: Bool?) throws(SwiftConvError) -> Tensor {
        guard !inputs.isEmpty else { throw .invalidArgument("\(name): expected at least one input, received none") }
        if inputs.contains(where: \.isNode) { return try FunctionalNode.apply(self, inputs, training: training) }
        try prepare(inputs.map(\.shape))
        let training = training ?? Phase.isTraining ?? false
        guard let module = self as? Module else {
            return try Phase.with(training) { () throws(SwiftConvError) in try call(inputs, training: training) }
        }
        var given: [Tensor] = []
        for input in inputs { given.append(try module.autocast(input)) }
        guard module.mayHoldLayers else { return try module.finished(try call(given, training: training)) }
        return try module.finished(try Phase.with(training) { () throws(SwiftConvError) in try call(given, training: training) })
    }
}

/// A layer that can leave positions out, those where a mask (of bool, without the last axis or with it) is false.
public protocol MaskableLayer: Layer {
    /// What it computes of the positions where the mask is true.
    func call(_ x: Tensor, mask: Tensor, training: Bool) throws(SwiftConvError) -> Tensor
}

extension MaskableLayer {
    /// Applies it; on the tensors of `Input` the model decides whether it is training.
    public func callAsFunction(_ x: Tensor, mask: Tensor) throws(SwiftConvError) -> Tensor { try apply(x, mask, training: nil) }
    /// Applies it.
    public func callAsFunction(_ x: Tensor, mask: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try apply(x, mask, training: training)
    }

    private func apply(_ x: Tensor, _ mask: Tensor, training: Bool?) throws(SwiftConvError) -> Tensor {
        if x.isNode || mask.isNode { return try FunctionalNode.apply(self, [x, mask], training: training) }
        try prepare([x.shape])
        guard let module = self as? Module else { return try call(x, mask: mask, training: training ?? false) }
        return try module.finished(try call(try module.autocast(x), mask: mask, training: training ?? false))
    }
}

/// Collects the layers in the braces after `Sequential`.
@resultBuilder
public enum LayerBuilder {
    /// A line.
    public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
    /// A line.
    public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
    /// `Activation.relu` on a line of its own is a layer too.
    public static func buildExpression(_ activation: Activation) -> [any Layer] { [ActivationLayer(activation)] }
    /// The lines, one after the other.
    public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
    /// An `if` without `else`.
    public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
    /// The `if` side.
    public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
    /// The `else` side.
    public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
    /// A loop.
    public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}

/// Throws unless `shape` has `rank` dimensions.
func expectRank(_ rank: Int, _ shape: [Int], _ layer: String) throws(SwiftConvError) {
    guard shape.count == rank else {
        throw .invalidArgument("\(layer): expected an input of \(rank) dimensions, received shape \(shapeText(shape))")
    }
}

/// Throws unless `number` is at least 1.
func expectPositive(_ number: Int, _ argument: String, _ layer: String) throws(SwiftConvError) {
    guard number > 0 else { throw .invalidArgument("\(layer): \(argument): expected at least 1, received \(number)") }
}

/// Throws unless `pair` holds two numbers of at least 1.
func expectPositive(_ pair: Size2, _ argument: String, _ layer: String) throws(SwiftConvError) {
    guard pair.height > 0, pair.width > 0 else {
        throw .invalidArgument("\(layer): \(argument): expected at least 1, received (\(pair.height), \(pair.width))")
    }
}

/// Throws unless `shape` has `size` along `axis`.
func expectSize(_ size: Int, axis: Int, _ shape: [Int], _ layer: String) throws(SwiftConvError) {
    guard shape.indices.contains(axis), shape[axis] == size else {
        throw .invalidArgument("\(layer): expected size \(size) along axis \(axis), received shape \(shapeText(shape))")
    }
}

/// `axis` counted from the front; throws where there is none.
func expectAxis(_ axis: Int, _ shape: [Int], _ layer: String) throws(SwiftConvError) -> Int {
    let found = axis < 0 ? axis &+ shape.count : axis
    guard shape.indices.contains(found) else {
        throw .invalidArgument("\(layer): axis: expected one of input shape \(shapeText(shape)), received \(axis)")
    }
    return found
}

/// `y`, unless its images are empty: a window that is larger than its image is a mistake in a model.
func nonEmpty(_ y: Tensor, from x: Tensor, _ format: DataFormat, _ layer: String) throws(SwiftConvError) -> Tensor {
    for axis in format.spatialAxes where y.shape.indices.contains(axis) && y.shape[axis] == 0 {
        throw .invalidArgument(
            "\(layer): an input of shape \(shapeText(x.shape)) is smaller than the window and leaves nothing: "
                + "take padding .same or a smaller window")
    }
    return y
}

/// The error of a layer that is called before `build`.
func notBuilt(_ layer: String) -> SwiftConvError {
    .invalidArgument("\(layer): not built: call it through a model, or build(inputShape:) first")
}
