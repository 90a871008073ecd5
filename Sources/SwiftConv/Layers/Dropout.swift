import TensorCore

/// In training sets a share of the numbers to 0 at random, and scales the others by 1 / (1 − rate) to keep the sum.
public final class Dropout: Layer {
    /// What reports call it.
    public let name: String
    /// The numbers it keeps; empty before `build`.
    public private(set) var parameters: [Parameter] = []
    /// The share that is set to 0.
    public let rate: Double

    /// See the type.
    public init(_ rate: Double, name: String = "dropout") {
        self.rate = rate
        self.name = name
    }

    /// Makes the parameters for inputs of this shape.
    public func build(inputShape: [Int]) throws(SwiftConvError) {
        guard rate >= 0, rate < 1 else { throw .invalidArgument("\(name): rate: expected at least 0 and below 1, received \(rate)") }
        let state = try Tensor([Random.newSeed(), 0], shape: [2])
        parameters = [try Parameter("\(name)/seed_generator_state", state, isTrainable: false)]
    }

    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard training, rate > 0 else { return x }
        guard let generator = parameters.first else { throw notBuilt(name) }
        let state = try generator.value
        let y = try applyOne("dropout", [x, state], ["rate": .double(rate)])
        try generator.assign(try state + Tensor([0, Int64(x.count)], shape: [2]))
        return y
    }
}
