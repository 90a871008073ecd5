/// How far a training is, for another task to show.
public struct TrainingProgress: Sendable {
    /// The epoch, from 0.
    public let epoch: Int
    /// The epoch at which training ends.
    public let epochs: Int
    /// How many batches of the epoch are done.
    public let batch: Int
    /// How many it has, where that is known.
    public let steps: Int?
    /// The loss and the metrics; at the end of an epoch also those of the validation data.
    public let logs: [String: Double]
    /// Whether the epoch is done.
    public let isEpochEnd: Bool
}

/// Reports the progress of `fit` as an asynchronous sequence, which another task reads. It ends with the training.
///
///     let reporter = ProgressReporter()
///     let updates = reporter.updates
///     Task { for await progress in updates { print(progress) } }
///     try await model.fit(x, y, epochs: 5, callbacks: [reporter])
public final class ProgressReporter: Callback {
    /// The progress; who reads too slowly gets the latest.
    public let updates: AsyncStream<TrainingProgress>
    private let continuation: AsyncStream<TrainingProgress>.Continuation
    private var epoch = 0
    private var batches = 0

    /// `buffer`: how many reports wait for a slow reader.
    public init(buffer: Int = 64) {
        (updates, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(max(1, buffer)))
    }

    deinit { continuation.finish() }

    /// Begins an epoch.
    public func onEpochBegin(_ epoch: Int, _ run: TrainingRun) {
        self.epoch = epoch
        batches = 0
    }
    /// Reports a batch.
    public func onBatchEnd(_ batch: Int, _ run: TrainingRun) {
        batches = batch + 1
        report(run, false)
    }
    /// Reports an epoch.
    public func onEpochEnd(_ epoch: Int, _ run: TrainingRun) { report(run, true) }
    /// Ends the sequence.
    public func onTrainEnd(_ run: TrainingRun) { continuation.finish() }
    /// Ends the sequence.
    public func onInterrupt(_ error: SwiftConvError, _ run: TrainingRun) { continuation.finish() }

    private func report(_ run: TrainingRun, _ isEpochEnd: Bool) {
        continuation.yield(
            TrainingProgress(
                epoch: epoch, epochs: run.epochs, batch: batches, steps: run.steps, logs: run.logs, isEpochEnd: isEpochEnd))
    }
}
