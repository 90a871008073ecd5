import Graph
import TensorCore

/// The rule of an optimizer: how one step changes a weight.
///
///     struct SignDescent: UpdateRule {
///         func update(_ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor)
///             throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor])
///         {
///             (try weight - rate * gradient / (gradient.absolute() + 1e-12), [])
///         }
///     }
///     let optimizer = Optimizer(name: "sign", learningRate: 0.01, rule: SignDescent())
public protocol UpdateRule: Sendable {
    /// What it keeps for each weight.
    var slots: [OptimizerSlot] { get }
    /// Its arguments as model files hold them; a rule without arguments needs none.
    var config: LayerConfig { get }
    /// Throws unless its settings can be used.
    func validate() throws(SwiftConvError)
    /// The new weight and the new slots. `step` (int64) counts from 1; `rate` is a scalar of the weight's type.
    func update(
        _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
    ) throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor])
}

extension UpdateRule {
    /// Nothing.
    public var slots: [OptimizerSlot] { [] }
    /// Nothing.
    public var config: LayerConfig { LayerConfig() }
    /// Nothing to check.
    public func validate() throws(SwiftConvError) {}
}

/// What an optimizer keeps for a weight.
public struct OptimizerSlot: Sendable, Hashable {
    /// Keras's name of it.
    public var name: String
    /// All its elements before the first step.
    public var initial: Double
    /// Whether it is one number, and not of the weight's shape.
    public var isScalar: Bool

    /// See the type.
    public init(_ name: String, initial: Double = 0, isScalar: Bool = false) {
        self.name = name
        self.initial = initial
        self.isScalar = isScalar
    }
}

/// Throws unless `number` is within `range`.
func expectNumber(_ number: Double, _ argument: String, in range: ClosedRange<Double>) throws(SwiftConvError) {
    guard range.contains(number) else {
        throw .invalidArgument("\(argument): expected a number from \(range.lowerBound) to \(range.upperBound), received \(number)")
    }
}

/// Throws unless `epsilon` can be used.
func expectEpsilon(_ epsilon: Double, _ optimizer: String) throws(SwiftConvError) {
    try expectNumber(epsilon, "\(optimizer): epsilon", in: 0...Double.greatestFiniteMagnitude)
}
