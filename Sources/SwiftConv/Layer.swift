import TensorCore

/// A part of a model: it makes one tensor from another, with parameters that training changes.
///
/// A layer of your own needs a name and a call made of operations on tensors; its gradient follows from them. One with weights makes
/// them in `build` and lists them in `parameters`:
///
///     final class Scale: Layer {
///         let name = "scale"
///         private(set) var parameters: [Parameter] = []
///         func build(inputShape: [Int]) throws(SwiftConvError) {
///             parameters = [try Parameter("factor", .ones([inputShape.last ?? 1]))]
///         }
///         func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
///             try x * parameters[0].value
///         }
///     }
public protocol Layer: AnyObject {
    var name: String { get }
    /// What it keeps; empty before `build`.
    var parameters: [Parameter] { get }
    /// Makes the parameters for inputs of this shape (batch included). Called once, before the first call.
    func build(inputShape: [Int]) throws(SwiftConvError)
    func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor
}

extension Layer {
    /// The numbers it keeps; empty before `build`.
    public var parameters: [Parameter] { [] }
    /// Makes the parameters for inputs of this shape.
    public func build(inputShape: [Int]) throws(SwiftConvError) {}
    /// Applies it.
    public func callAsFunction(_ x: Tensor) throws(SwiftConvError) -> Tensor { try self(x, training: false) }

    /// The number of trainable and other numbers it keeps.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }
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

/// `y`, unless images have become empty on the way: a window that is larger than its image is a mistake in a model.
func nonEmpty(_ y: Tensor, from x: Tensor, _ layer: String) throws(SwiftConvError) -> Tensor {
    guard !y.shape.dropFirst().contains(0) || x.shape.dropFirst().contains(0) else {
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
