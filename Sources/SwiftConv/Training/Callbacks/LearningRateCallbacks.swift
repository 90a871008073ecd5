/// Sets the learning rate at the start of each epoch, and writes it into the logs as "learning_rate".
public final class LearningRateScheduler: Callback {
    private let schedule: (Int, Double) throws -> Double
    private let verbose: Bool

    /// `schedule` makes the new rate from the epoch (from 0) and the current rate.
    public init(verbose: Bool = false, _ schedule: @escaping (_ epoch: Int, _ rate: Double) throws -> Double) {
        self.schedule = schedule
        self.verbose = verbose
    }

    /// Sets the rate.
    public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        let current = try run.learningRate
        let rate = try userFunction("LearningRateScheduler") { try schedule(epoch, current) }
        try run.setLearningRate(rate)
        if verbose { print("Epoch \(epoch + 1): learning rate \(rate)") }
    }

    /// Writes the rate down.
    public func onEpochEnd(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        run.logs["learning_rate"] = try run.learningRate
    }
}

/// Lowers the learning rate when a monitored value has stopped improving.
public final class ReduceLROnPlateau: Callback {
    private let monitor: Monitor
    private let factor: Double
    private let patience: Int
    private let cooldown: Int
    private let minLearningRate: Double
    private let verbose: Bool
    private var best = 0.0
    private var wait = 0
    private var cooling = 0

    /// - `factor`: the new rate is the old one times this, below 1.
    /// - `patience`: how many epochs without improvement pass before.
    /// - `minDelta`: the smallest change that counts as an improvement.
    /// - `cooldown`: how many epochs pass after a reduction.
    /// - `minLearningRate`: the lower bound of the rate.
    public init(
        monitor: String = "val_loss", factor: Double = 0.1, patience: Int = 10, mode: MonitorMode = .auto, minDelta: Double = 1e-4,
        cooldown: Int = 0, minLearningRate: Double = 0, verbose: Bool = false
    ) {
        self.monitor = Monitor("ReduceLROnPlateau", monitor, mode, minDelta: minDelta)
        self.factor = factor
        self.patience = patience
        self.cooldown = cooldown
        self.minLearningRate = minLearningRate
        self.verbose = verbose
    }

    /// Forgets what it saw.
    public func onTrainBegin(_ run: TrainingRun) throws(SwiftConvError) {
        guard factor < 1, factor >= 0 else {
            throw .invalidArgument("ReduceLROnPlateau: factor: expected a number of at least 0 and below 1, received \(factor)")
        }
        best = monitor.worst
        wait = 0
        cooling = 0
    }

    /// Looks at the value.
    public func onEpochEnd(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        let rate = try run.learningRate
        run.logs["learning_rate"] = rate
        guard let value = monitor.value(run) else { return }
        if cooling > 0 {
            cooling -= 1
            wait = 0
        }
        if monitor.improved(value, best) {
            best = value
            wait = 0
            return
        }
        guard cooling <= 0 else { return }
        wait += 1
        guard wait >= patience, rate > minLearningRate else { return }
        let lower = max(rate * factor, minLearningRate)
        try run.setLearningRate(lower)
        cooling = cooldown
        wait = 0
        if verbose { print("Epoch \(epoch + 1): \(monitor.name) stands still, learning rate \(lower)") }
    }
}
