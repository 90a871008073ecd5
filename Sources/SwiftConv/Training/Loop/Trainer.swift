import Graph
import Ops
import TensorCore

/// What a compiled model needs: the state of the optimizer and of the metrics, and one executable for each form of batch.
final class Trainer {
    enum Mode: Hashable {
        case train, evaluate, predict
    }

    private struct Key: Hashable {
        var mode: Mode
        var form: BatchForm
        /// Which parameters are frozen, for training.
        var frozen: [Bool]
        var completesStep: Bool
    }

    let optimizer: OptimizerState
    /// What `compile` was given, for files; nil where the model is not compiled.
    let settings: TrainingSettings?
    let losses: [Loss?]
    private let lossWeights: [Double]
    private let mean: Tracker
    /// The mean losses of single outputs, where there are several.
    private let outputLosses: [Tracker?]
    private let metrics: [Tracker]
    /// Ends the training after the current batch.
    var stopTraining = false
    private var steps: [Key: Executable] = [:]
    private var parameters: [Parameter]?

    /// What predicts before a model is compiled.
    init() throws(SwiftConvError) {
        optimizer = try OptimizerState(.sgd())
        settings = nil
        losses = []
        lossWeights = []
        mean = try Tracker.mean("loss")
        outputLosses = []
        metrics = []
    }

    init(_ model: Model, _ settings: TrainingSettings) throws(SwiftConvError) {
        self.settings = settings
        optimizer = try OptimizerState(settings.optimizer)
        let (losses, lossWeights) = (settings.losses, settings.lossWeights)
        let count = model.outputCount
        func expect(_ number: Int, _ what: String) throws(SwiftConvError) {
            guard number == count else {
                throw .invalidArgument("compile: \(what): expected \(count) entries (one for each output), received \(number)")
            }
        }
        try expect(losses.count, "losses")
        guard losses.contains(where: { $0 != nil }) else {
            throw .invalidArgument("compile: losses: expected a loss for at least one output, received none")
        }
        for loss in losses {
            if let fault = loss?.fault { throw .invalidArgument("\(loss?.name ?? "loss"): \(fault)") }
            guard loss?.reduction != Loss.Reduction.none else {
                throw .invalidArgument("compile: \(loss?.name ?? "loss"): reduction: expected one that gives a scalar, received none")
            }
        }
        self.losses = losses
        if let lossWeights { try expect(lossWeights.count, "lossWeights") }
        self.lossWeights = lossWeights ?? [Double](repeating: 1, count: count)
        let names = model.outputNames
        mean = try Tracker.mean("loss")
        var parts: [Tracker?] = []
        for (i, loss) in losses.enumerated() { parts.append(count > 1 && loss != nil ? try Tracker.mean("\(names[i])_loss") : nil) }
        outputLosses = parts
        var taken: Set<String> = ["loss"]
        var made: [Tracker] = []
        let kinds = [(settings.metrics, false, "metrics"), (settings.weightedMetrics, true, "weightedMetrics")]
        for (lists, isWeighted, what) in kinds where !lists.isEmpty {
            try expect(lists.count, what)
            for (output, list) in lists.enumerated() {
                for metric in list {
                    let base = count > 1 ? "\(names[output])_\(metric.name)" : metric.name
                    var name = base
                    var number = 0
                    while !taken.insert(name).inserted {
                        number += 1
                        name = "\(base)_\(number)"
                    }
                    made.append(Tracker(name, metric.rule, output: output, isWeighted: isWeighted))
                }
            }
        }
        metrics = made
    }

    // MARK: metrics

    private var trackers: [Tracker] { [mean] + outputLosses.compactMap { $0 } + metrics }

    func resetMetrics() throws(SwiftConvError) {
        for tracker in trackers { try tracker.reset() }
    }

    /// The values so far, in their order.
    func results() throws(SwiftConvError) -> [(String, Double)] {
        var all: [(String, Double)] = []
        for tracker in trackers { all += try tracker.results() }
        return all
    }

    // MARK: steps

    /// Runs a step of training or evaluation.
    func run(_ model: Model, _ mode: Mode, _ feeds: Feeds) throws(SwiftConvError) {
        let executable = try step(model, mode, feeds.form)
        var loss: Float = 0
        var failure: SwiftConvError?
        withUnsafeMutableBytes(of: &loss) { bytes in
            do throws(SwiftConvError) {
                try engine { () throws(ConvError) in try executable.run(feeds: feeds.pointers, fetches: [bytes.baseAddress]) }
            } catch {
                failure = error
            }
        }
        withExtendedLifetime(feeds.owners) {}
        if let failure { throw failure }
    }

    /// The executable for batches of a form.
    func step(_ model: Model, _ mode: Mode, _ form: BatchForm) throws(SwiftConvError) -> Executable {
        if parameters == nil || !model.isBuilt {
            if !model.isBuilt, let first = form.inputs.first { try model.build(inputShape: first.shape) }
            parameters = model.isBuilt ? model.parameters : nil
        }
        let all = parameters ?? model.parameters
        let completesStep = mode == .train ? try optimizer.completesStep : true
        let key = Key(mode: mode, form: form, frozen: mode == .predict ? [] : all.map(\.isFrozen), completesStep: completesStep)
        if let known = steps[key] { return known }
        if mode == .train { try optimizer.prepare(all.filter(\.isTrainable)) }
        let trace = Trace()
        let made = try trace.record { () throws(SwiftConvError) in try record(trace, model, key) }
        steps[key] = made
        return made
    }

    private func record(_ trace: Trace, _ model: Model, _ key: Key) throws(SwiftConvError) -> Executable {
        func placeholders(_ specs: [TensorSpec]) throws(SwiftConvError) -> [Tensor] {
            var made: [Tensor] = []
            for spec in specs { made.append(try trace.placeholder(spec)) }
            return made
        }
        let x = try placeholders(key.form.inputs)
        // Weights first: what they are before the step.
        let weights = model.parameters.filter(\.isTrainable)
        var values: [Tensor] = []
        for weight in weights { values.append(try weight.value) }
        let predictions = try model(x, training: key.mode == .train)
        if key.mode == .predict { return try trace.executable(x, predictions) }
        let y = try placeholders(key.form.labels)
        var sampleWeights: [Tensor?] = []
        for spec in key.form.weights { sampleWeights.append(try spec.map(trace.placeholder)) }
        guard predictions.count == losses.count, y.count == losses.count, sampleWeights.count == losses.count else {
            throw .invalidArgument(
                "\(model.name): expected \(losses.count) outputs and labels, received \(predictions.count) and \(y.count)")
        }
        let batch = x.first?.shape.first ?? 1
        var total = try compiledLoss(y, predictions, sampleWeights)
        for loss in trace.losses { total = try add(total, loss) }
        for (weight, value) in zip(weights, values) {
            if let penalty = try weight.regularizer?(value) { total = try add(total, penalty) }
        }
        guard let total else { throw SwiftConvError(.internal, "\(model.name): no loss") }
        guard total.rank == 0 else {
            throw .invalidArgument("\(model.name): loss: expected a scalar, received shape \(shapeText(total.shape))")
        }
        try mean.add(total, count: batch)
        for metric in metrics {
            let (labels, predicted) = (y[metric.output], predictions[metric.output])
            try metric.prepare(labels: labels.shape, predictions: predicted.shape)
            try metric.update(
                labels: labels, predictions: predicted, sampleWeight: metric.isWeighted ? sampleWeights[metric.output] : nil)
        }
        if key.mode == .train { try update(trace, total, weights, values, key.completesStep) }
        return try trace.executable(x + y + sampleWeights.compactMap { $0 }, [try total.cast(to: .float32)])
    }

    private func add(_ total: Tensor?, _ part: Tensor) throws(SwiftConvError) -> Tensor {
        guard let total else { return part }
        return try total + part.cast(to: total.dtype)
    }

    private func compiledLoss(_ y: [Tensor], _ predictions: [Tensor], _ weights: [Tensor?]) throws(SwiftConvError) -> Tensor? {
        var total: Tensor?
        for (i, loss) in losses.enumerated() {
            guard let loss else { continue }
            let value = try loss(labels: y[i], predictions: predictions[i], sampleWeight: weights[i])
            try outputLosses[i]?.add(value, count: predictions[i].shape.first ?? 1)
            total = try add(total, lossWeights[i] == 1 ? value : try value * lossWeights[i])
        }
        return total
    }

    private func update(
        _ trace: Trace, _ total: Tensor, _ weights: [Parameter], _ values: [Tensor], _ completesStep: Bool
    ) throws(SwiftConvError) {
        if weights.isEmpty { return }
        let scaled = try optimizer.optimizer.lossScaleFactor.map { factor throws(SwiftConvError) in try total * factor } ?? total
        let gradients = try trace.gradients(of: scaled, to: values)
        var pairs: [(weight: Parameter, gradient: Tensor)] = []
        for (weight, gradient) in zip(weights, gradients) {
            if let gradient { pairs.append((weight, gradient)) }
        }
        guard !pairs.isEmpty else {
            throw .invalidArgument("fit: expected a loss that depends on the weights, received one that depends on none of them")
        }
        try optimizer.apply(pairs, completesStep: completesStep)
    }
}

/// What a model is compiled with.
struct TrainingSettings {
    var optimizer: Optimizer
    var losses: [Loss?]
    var lossWeights: [Double]?
    var metrics: [[Metric]] = []
    var weightedMetrics: [[Metric]] = []
}

extension Model {
    /// What reports call the outputs: the layers that made them.
    var outputNames: [String] {
        guard let program else { return (0..<outputCount).map { "output_\($0)" } }
        return program.outputs.enumerated().map { i, place in
            for step in program.steps where step.outputs == place {
                if case .layer(let layer, _) = step.node.kind { return layer.name }
            }
            return "output_\(i)"
        }
    }
}
