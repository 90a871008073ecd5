import Graph
import Ops
import TensorCore

/// What a compiled model needs: the optimizer's state, and one executable for each shape of batch.
final class Trainer {
    enum Mode: Hashable {
        case train, evaluate, predict
    }

    private struct Key: Hashable {
        var mode: Mode
        var x: TensorSpec
        var y: TensorSpec?
    }

    let optimizer: Optimizer
    let loss: Loss
    let metrics: [Metric]
    private let learningRate: Parameter
    private let iterations: Parameter
    private var slots: [ObjectIdentifier: [Parameter]] = [:]
    private var steps: [Key: Step] = [:]

    /// One executable: x (and y) in; the loss and the sums of the metrics, or the predictions, out.
    struct Step {
        var executable: Executable
        /// By how much each metric's sum is divided.
        var metricCounts: [Int]
    }

    init(_ optimizer: Optimizer, _ loss: Loss, _ metrics: [Metric]) throws(SwiftConvError) {
        try optimizer.validate()
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
        learningRate = try Parameter("learning_rate", try Tensor([Float(optimizer.learningRate)], shape: []), isTrainable: false)
        iterations = try Parameter("iterations", try Tensor([Int64(0)], shape: []), isTrainable: false)
    }

    func setLearningRate(_ rate: Double) throws(SwiftConvError) {
        try learningRate.assign(try Tensor([Float(rate)], shape: []))
    }

    func step(_ model: Sequential, _ mode: Mode, _ x: TensorSpec, _ y: TensorSpec?) throws(SwiftConvError) -> Step {
        let key = Key(mode: mode, x: x, y: y)
        if let known = steps[key] { return known }
        if !model.isBuilt { try model.build(inputShape: x.shape) }
        if mode == .train {
            for parameter in model.parameters where parameter.isTrainable && slots[ObjectIdentifier(parameter)] == nil {
                var made: [Parameter] = []
                for i in 0..<optimizer.slotCount {
                    let zeros = try Tensor.zeros(parameter.shape, dtype: parameter.dtype)
                    made.append(try Parameter("\(parameter.name)/slot\(i)", zeros, isTrainable: false))
                }
                slots[ObjectIdentifier(parameter)] = made
            }
        }
        let trace = Trace()
        let made = try trace.record { () throws(SwiftConvError) in try record(trace, model, mode, x, y) }
        steps[key] = made
        return made
    }

    private func record(
        _ trace: Trace, _ model: Sequential, _ mode: Mode, _ xSpec: TensorSpec, _ ySpec: TensorSpec?
    ) throws(SwiftConvError) -> Step {
        let x = try trace.placeholder(xSpec)
        // Weights first: what they are before the step.
        let weights = model.parameters.filter(\.isTrainable)
        var values: [Tensor] = []
        for weight in weights { values.append(try weight.value) }
        let predictions = try model(x, training: mode == .train)
        guard mode != .predict, let ySpec else {
            return Step(executable: try trace.executable([x], [predictions]), metricCounts: [])
        }
        let y = try trace.placeholder(ySpec)
        let total = try loss(labels: y, predictions: predictions)
        var fetches = [try total.cast(to: .float32)]
        var counts: [Int] = []
        for metric in metrics {
            let (sum, count) = try metric.sum(labels: y, predictions: predictions, loss)
            fetches.append(sum)
            counts.append(count)
        }
        if mode == .train {
            let gradients = try trace.gradients(of: total, to: values)
            let next = try iterations.value + 1
            try iterations.assign(next)
            let rate = try learningRate.value
            for (index, weight) in weights.enumerated() {
                guard let gradient = gradients[index] else { continue }
                let state = slots[ObjectIdentifier(weight)] ?? []
                var old: [Tensor] = []
                for slot in state { old.append(try slot.value) }
                let new = try optimizer.update(values[index], old, gradient: gradient, rate: rate, step: next)
                for (parameter, value) in zip([weight] + state, new) { try parameter.assign(value) }
            }
        }
        return Step(executable: try trace.executable([x, y], fetches), metricCounts: counts)
    }
}
