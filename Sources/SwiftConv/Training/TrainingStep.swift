import Graph
import TensorCore

/// A step of a training loop of your own, recorded once for each set of shapes and run again for each batch: loss, gradients and the update of the
/// weights are one program, as in `fit`.
///
///     let network = Sequential { Dense(16, activation: .relu); Dense(1) }
///     try network.build(inputShape: x.shape)
///     let adam = try OptimizerState(.adam(learningRate: 0.01))
///     let step = try TrainingStep(network.trainableParameters, adam) { batch in
///         try (network(batch[0], training: true) - batch[1]).square().mean()
///     }
///     var losses: [Float] = []
///     for _ in 0..<20 { losses.append(try step(x, y).scalar()) }
///     print(losses[19] < losses[0])              // true
///
/// The weights end up as those of a loop of ``valueWithGradient(for:of:)-(_,()->Tensor)`` and ``OptimizerState/update(_:gradients:)``, but for those that the
/// loss does not depend on: they stay as they are.
///
/// It is used from one task at a time.
public final class TrainingStep {
    /// What is trained. Those that are frozen when a step is taken stay as they are.
    public let weights: [Parameter]
    /// How.
    public let optimizer: OptimizerState
    private let loss: ([Tensor]) throws -> Tensor
    private var recorded: [Key: Executable] = [:]

    private struct Key: Hashable {
        var inputs: [TensorSpec]
        var isTrained: [Bool]
        var completesStep: Bool
    }

    /// Nothing is called yet.
    ///
    /// - Parameters:
    ///   - weights: Of float32 or float64. Layers have theirs once they are built.
    ///   - optimizer: May serve several steps, in turn.
    ///   - loss: Gets what the step is called with, gives float32 or float64: the sum of its elements is made small. Called anew for new shapes.
    /// - Throws: No weights at all, or ones that are states.
    public init(
        _ weights: [Parameter], _ optimizer: OptimizerState, of loss: @escaping ([Tensor]) throws -> Tensor
    ) throws(SwiftConvError) {
        try expectWeights(weights, "TrainingStep: weights")
        self.weights = weights
        self.optimizer = optimizer
        self.loss = loss
    }

    /// Takes a step, and gives the loss before it.
    ///
    /// - Throws: What the loss throws; then nothing has changed.
    @discardableResult
    public func callAsFunction(_ inputs: [Tensor]) throws(SwiftConvError) -> Tensor {
        guard Trace.current == nil else {
            throw .invalidArgument("TrainingStep: expected a call outside of a function that is being recorded")
        }
        for input in inputs { _ = try input.storage("TrainingStep") }
        let key = Key(inputs: inputs.map(\.spec), isTrained: weights.map(\.isTrainable), completesStep: try optimizer.completesStep)
        let made: Executable
        if let known = recorded[key] {
            made = known
        } else {
            made = try record(key)
            recorded[key] = made
        }
        guard let value = try made.run(inputs).first else { throw SwiftConvError(.internal, "TrainingStep: no loss") }
        return value
    }

    /// Takes a step, and gives the loss before it.
    @discardableResult
    public func callAsFunction(_ inputs: Tensor...) throws(SwiftConvError) -> Tensor { try callAsFunction(inputs) }

    private func record(_ key: Key) throws(SwiftConvError) -> Executable {
        let trained = zip(weights, key.isTrained).filter(\.1).map(\.0)
        let trace = Trace()
        return try trace.record { () throws(SwiftConvError) in
            var symbols: [Tensor] = []
            for spec in key.inputs { symbols.append(try trace.placeholder(spec)) }
            // weights first: what they are before the step
            var values: [Tensor] = []
            for weight in trained { values.append(try weight.value) }
            let value = try userFunction("TrainingStep: loss") { try loss(symbols) }
            var pairs: [(weight: Parameter, gradient: Tensor)] = []
            for (weight, gradient) in zip(trained, try trace.gradients(of: value, to: values)) {
                if let gradient { pairs.append((weight, gradient)) }
            }
            try optimizer.prepare(pairs.map(\.weight))
            try optimizer.apply(pairs, completesStep: key.completesStep)
            return try trace.executable(symbols, [value])
        }
    }
}
