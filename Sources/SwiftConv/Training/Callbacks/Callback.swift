/// What `fit` calls while it trains: a class with the methods that you need.
///
///     final class Announce: Callback {
///         func onEpochEnd(_ epoch: Int, _ run: TrainingRun) { print("epoch", epoch, run.logs["loss"] ?? 0) }
///     }
///     try model.fit(x, y, epochs: 3, callbacks: [Announce(), EarlyStopping(monitor: "loss", patience: 2)])
public protocol Callback: AnyObject {
    /// Before the first epoch.
    func onTrainBegin(_ run: TrainingRun) throws(SwiftConvError)
    /// After the last epoch, also when training was stopped early.
    func onTrainEnd(_ run: TrainingRun) throws(SwiftConvError)
    /// Before an epoch (from 0).
    func onEpochBegin(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError)
    /// After an epoch; `run.logs` holds the loss and the metrics and, under "val_", those of the validation data.
    func onEpochEnd(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError)
    /// Before a batch (from 0) of training.
    func onBatchBegin(_ batch: Int, _ run: TrainingRun) throws(SwiftConvError)
    /// After a batch of training; `run.logs` holds what was measured in this epoch so far.
    func onBatchEnd(_ batch: Int, _ run: TrainingRun) throws(SwiftConvError)
    /// Before the validation.
    func onTestBegin(_ run: TrainingRun) throws(SwiftConvError)
    /// After the validation.
    func onTestEnd(_ run: TrainingRun) throws(SwiftConvError)
    /// In place of the `…End` methods when an error, or the end of the task, ends the training.
    func onInterrupt(_ error: SwiftConvError, _ run: TrainingRun)
}

extension Callback {
    /// Nothing.
    public func onTrainBegin(_ run: TrainingRun) throws(SwiftConvError) {}
    /// Nothing.
    public func onTrainEnd(_ run: TrainingRun) throws(SwiftConvError) {}
    /// Nothing.
    public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {}
    /// Nothing.
    public func onEpochEnd(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {}
    /// Nothing.
    public func onBatchBegin(_ batch: Int, _ run: TrainingRun) throws(SwiftConvError) {}
    /// Nothing.
    public func onBatchEnd(_ batch: Int, _ run: TrainingRun) throws(SwiftConvError) {}
    /// Nothing.
    public func onTestBegin(_ run: TrainingRun) throws(SwiftConvError) {}
    /// Nothing.
    public func onTestEnd(_ run: TrainingRun) throws(SwiftConvError) {}
    /// Nothing.
    public func onInterrupt(_ error: SwiftConvError, _ run: TrainingRun) {}
}

/// A call of `fit`, as callbacks see it.
public final class TrainingRun {
    /// The model that is trained.
    public let model: Model
    /// The epoch at which training ends.
    public let epochs: Int
    /// How many batches an epoch has, where that is known.
    public let steps: Int?
    /// How much is to be shown.
    public let verbose: Verbosity
    /// The epoch at which training begins; `onTrainBegin` may change it.
    public var initialEpoch: Int

    let trainer: Trainer
    private var known: [String: Double]?
    private var names: [String] = []

    init(_ model: Model, _ trainer: Trainer, initialEpoch: Int, epochs: Int, steps: Int?, verbose: Verbosity) {
        self.model = model
        self.trainer = trainer
        self.initialEpoch = initialEpoch
        self.epochs = epochs
        self.steps = steps
        self.verbose = verbose
    }

    /// The loss and the metrics. What callbacks add in `onEpochEnd` goes into the `History`.
    public var logs: [String: Double] {
        get {
            if let known { return known }
            let found = (try? trainer.results()) ?? []
            names = found.map(\.0)
            let made = Dictionary(found, uniquingKeysWith: { $1 })
            known = made
            return made
        }
        set {
            for name in newValue.keys.sorted() where !names.contains(name) { names.append(name) }
            known = newValue
        }
    }

    /// The names of the logs in their order.
    public var logNames: [String] {
        let logs = logs
        return names.filter { logs[$0] != nil }
    }

    /// Another batch is done: the logs are asked for anew.
    func forget() { known = nil }

    func add(_ results: [(String, Double)], prefix: String) {
        var all = logs
        for (name, value) in results {
            names.append(prefix + name)
            all[prefix + name] = value
        }
        known = all
    }

    /// Ends the training after the current batch.
    public func stop() { trainer.stopTraining = true }
    /// Whether training will end after the current batch.
    public var isStopped: Bool { trainer.stopTraining }

    /// The rate of the next step.
    public var learningRate: Double {
        get throws(SwiftConvError) { try trainer.optimizer.learningRate }
    }
    /// The rate from now on; an optimizer with a schedule throws.
    public func setLearningRate(_ rate: Double) throws(SwiftConvError) { try trainer.optimizer.setLearningRate(rate) }

    /// The content of all parameters of the model.
    func weights() throws(SwiftConvError) -> [Tensor] {
        var values: [Tensor] = []
        for parameter in model.parameters { values.append(try parameter.value) }
        return values
    }

    func setWeights(_ values: [Tensor]) throws(SwiftConvError) {
        for (parameter, value) in zip(model.parameters, values) { try parameter.assign(value) }
    }
}

/// How much training shows: 0 nothing, 1 a bar (on a terminal) and a line for each epoch, 2 a line for each epoch. `true` means 1.
public enum Verbosity: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// Nothing.
    case silent
    /// A bar where the output is a terminal, and a line for each epoch.
    case bar
    /// A line for each epoch.
    case line

    /// See the type; other numbers mean 2.
    public init(integerLiteral value: Int) { self = value == 0 ? .silent : value == 1 ? .bar : .line }
    /// See the type.
    public init(booleanLiteral value: Bool) { self = value ? .bar : .silent }
    /// See the type.
    public init(_ isShown: Bool) { self.init(booleanLiteral: isShown) }
}
