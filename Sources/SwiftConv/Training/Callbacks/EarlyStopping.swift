/// Stops training when a monitored value has not improved for `patience` epochs.
public final class EarlyStopping: Callback {
    private let monitor: Monitor
    private let patience: Int
    private let baseline: Double?
    private let restoreBestWeights: Bool
    private let startFromEpoch: Int
    private let verbose: Bool
    private var wait = 0
    private var best = 0.0
    private var bestWeights: [Tensor]?
    /// The epoch (from 0) that gave the best value.
    public private(set) var bestEpoch = 0
    /// The epoch (from 0) after which training was stopped; nil if it was not.
    public private(set) var stoppedEpoch: Int?

    /// - `minDelta`: the smallest change that counts as an improvement.
    /// - `baseline`: a value that must be beaten.
    /// - `restoreBestWeights`: whether the weights of the best epoch are set at the end.
    /// - `startFromEpoch`: how many epochs pass before monitoring begins.
    public init(
        monitor: String = "val_loss", minDelta: Double = 0, patience: Int = 0, mode: MonitorMode = .auto, baseline: Double? = nil,
        restoreBestWeights: Bool = false, startFromEpoch: Int = 0, verbose: Bool = false
    ) {
        self.monitor = Monitor("EarlyStopping", monitor, mode, minDelta: minDelta)
        self.patience = patience
        self.baseline = baseline
        self.restoreBestWeights = restoreBestWeights
        self.startFromEpoch = startFromEpoch
        self.verbose = verbose
    }

    /// Forgets what it saw.
    public func onTrainBegin(_ run: TrainingRun) {
        wait = 0
        best = monitor.worst
        bestEpoch = 0
        bestWeights = nil
        stoppedEpoch = nil
    }

    /// Looks at the value.
    public func onEpochEnd(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        guard let value = monitor.value(run), epoch >= startFromEpoch else { return }
        if restoreBestWeights, bestWeights == nil {
            bestWeights = try run.weights()
            bestEpoch = epoch
        }
        wait += 1
        if monitor.improved(value, best) {
            best = value
            bestEpoch = epoch
            if restoreBestWeights { bestWeights = try run.weights() }
            if baseline.map({ monitor.improved(value, $0) }) ?? true { wait = 0 }
            return
        }
        if wait >= patience, epoch > 0 {
            stoppedEpoch = epoch
            run.stop()
        }
    }

    /// Sets the best weights, if asked to.
    public func onTrainEnd(_ run: TrainingRun) throws(SwiftConvError) {
        if let stoppedEpoch, verbose { print("Epoch \(stoppedEpoch + 1): early stopping") }
        guard restoreBestWeights, let bestWeights else { return }
        if verbose { print("Restoring the weights of the best epoch: \(bestEpoch + 1)") }
        try run.setWeights(bestWeights)
    }
}

/// Stops training at the first batch whose loss is NaN or infinite.
public final class TerminateOnNaN: Callback {
    /// See the type.
    public init() {}

    /// Looks at the loss.
    public func onBatchEnd(_ batch: Int, _ run: TrainingRun) {
        guard let loss = run.logs["loss"], !loss.isFinite else { return }
        print("Batch \(batch): the loss is \(loss), training stops")
        run.stop()
    }
}

/// Calls closures.
///
///     LambdaCallback(onEpochEnd: { epoch, run in print(epoch, run.logs) })
public final class LambdaCallback: Callback {
    /// What is called at the beginning and end of the training.
    public typealias TrainHook = (TrainingRun) throws -> Void
    /// What is called with the number of an epoch or a batch.
    public typealias Hook = (Int, TrainingRun) throws -> Void

    private let trainBegin: TrainHook?
    private let trainEnd: TrainHook?
    private let epochBegin: Hook?
    private let epochEnd: Hook?
    private let batchBegin: Hook?
    private let batchEnd: Hook?

    /// See the type.
    public init(
        onTrainBegin: TrainHook? = nil, onTrainEnd: TrainHook? = nil, onEpochBegin: Hook? = nil, onEpochEnd: Hook? = nil,
        onBatchBegin: Hook? = nil, onBatchEnd: Hook? = nil
    ) {
        trainBegin = onTrainBegin
        trainEnd = onTrainEnd
        epochBegin = onEpochBegin
        epochEnd = onEpochEnd
        batchBegin = onBatchBegin
        batchEnd = onBatchEnd
    }

    /// Calls the closure.
    public func onTrainBegin(_ run: TrainingRun) throws(SwiftConvError) {
        try userFunction("trainBegin") { try self.trainBegin?(run) }
    }
    /// Calls the closure.
    public func onTrainEnd(_ run: TrainingRun) throws(SwiftConvError) {
        try userFunction("trainEnd") { try self.trainEnd?(run) }
    }
    /// Calls the closure.
    public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        try userFunction("epochBegin") { try self.epochBegin?(epoch, run) }
    }
    /// Calls the closure.
    public func onEpochEnd(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        try userFunction("epochEnd") { try self.epochEnd?(epoch, run) }
    }
    /// Calls the closure.
    public func onBatchBegin(_ batch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        try userFunction("batchBegin") { try self.batchBegin?(batch, run) }
    }
    /// Calls the closure.
    public func onBatchEnd(_ batch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        try userFunction("batchEnd") { try self.batchEnd?(batch, run) }
    }
}
