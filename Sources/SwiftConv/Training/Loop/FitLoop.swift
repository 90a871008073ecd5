import TensorCore

/// What `fit` is told beside the data.
struct FitOptions {
    var epochs = 1
    var initialEpoch = 0
    var stepsPerEpoch: Int?
    var validationSteps: Int?
    var validationFrequency = 1
    var verbose = Verbosity.silent
    var callbacks: [any Callback] = []
    var onEpochEnd: ((Int, [String: Double]) throws(SwiftConvError) -> Bool)?
    /// Whether the end of the task ends the training.
    var isCancellable = false
}

/// The loops over epochs and batches.
final class FitLoop {
    private let model: Model
    private let trainer: Trainer
    private let options: FitOptions
    private let validation: (any BatchSource)?
    private let run: TrainingRun
    private let callbacks: [any Callback]
    private var history = History()
    private var epoch = 0
    private var batch = 0
    private var isOpen = false

    init(
        _ model: Model, _ trainer: Trainer, _ options: FitOptions, steps: Int?, validation: (any BatchSource)?
    ) throws(SwiftConvError) {
        func expect(_ number: Int?, atLeast least: Int, _ what: String) throws(SwiftConvError) {
            guard let number, number < least else { return }
            throw .invalidArgument("fit: \(what): expected at least \(least), received \(number)")
        }
        try expect(options.epochs, atLeast: 0, "epochs")
        try expect(options.initialEpoch, atLeast: 0, "initialEpoch")
        try expect(options.stepsPerEpoch, atLeast: 1, "stepsPerEpoch")
        try expect(options.validationSteps, atLeast: 1, "validationSteps")
        try expect(options.validationFrequency, atLeast: 1, "validationFrequency")
        self.model = model
        self.trainer = trainer
        self.options = options
        self.validation = validation
        run = TrainingRun(
            model, trainer, initialEpoch: options.initialEpoch, epochs: options.epochs, steps: options.stepsPerEpoch ?? steps,
            verbose: options.verbose)
        callbacks = options.callbacks + (options.verbose == .silent ? [] : [ProgressBar()])
    }

    // MARK: drivers

    func run(_ source: any BatchSource) throws(SwiftConvError) -> History {
        defer { source.close() }
        do {
            try begin()
            while try beginEpoch() {
                while let feeds = try nextBatch(source) { try train(feeds) }
                try endEpoch { source throws(SwiftConvError) in
                    try model.evaluate(trainer, source, steps: options.validationSteps, "fit")
                }
            }
            return try end()
        } catch {
            interrupt(error)
            throw error
        }
    }

    /// The same, where other tasks get their turn after each batch.
    nonisolated(nonsending) func runInTurns(_ source: any BatchSource) async throws(SwiftConvError) -> History {
        defer { source.close() }
        do {
            try begin()
            while try beginEpoch() {
                while let feeds = try nextBatch(source) {
                    try train(feeds)
                    try await takeTurns("fit")
                }
                try await endEpochInTurns()
            }
            return try end()
        } catch {
            interrupt(error)
            throw error
        }
    }

    /// The same for batches that arrive by and by.
    nonisolated(nonsending) func run<Source: AsyncSequence>(
        _ source: Source, _ reader: BatchReader
    ) async throws(SwiftConvError) -> History where Source.Element == Examples {
        do {
            try begin()
            var iterator = source.makeAsyncIterator()
            while try beginEpoch() {
                if !isOpen { iterator = source.makeAsyncIterator() }
                isOpen = true
                while !isEpochFull {
                    let next = try await reader.next(&iterator)
                    try checkCancellation()
                    guard let next else {
                        isOpen = false
                        break
                    }
                    try train(try reader.feeds(next))
                }
                try await endEpochInTurns()
            }
            return try end()
        } catch {
            interrupt(error)
            throw error
        }
    }

    // MARK: steps

    private func begin() throws(SwiftConvError) {
        trainer.stopTraining = false
        for callback in callbacks { try callback.onTrainBegin(run) }
        epoch = run.initialEpoch
    }

    private func beginEpoch() throws(SwiftConvError) -> Bool {
        guard epoch < options.epochs, !trainer.stopTraining else { return false }
        try checkCancellation()
        try trainer.resetMetrics()
        run.forget()
        batch = 0
        for callback in callbacks { try callback.onEpochBegin(epoch, run) }
        return true
    }

    private var isEpochFull: Bool { trainer.stopTraining || options.stepsPerEpoch.map { batch >= $0 } ?? false }

    /// How many batches the training takes yet, where that is known.
    private var batchesLeft: Int? {
        guard let steps = options.stepsPerEpoch else { return nil }
        let (all, isLarge) = steps.multipliedReportingOverflow(by: options.epochs - epoch)
        return isLarge ? nil : all - batch
    }

    /// The next batch of the epoch. With `stepsPerEpoch` the next epoch goes on behind the last one.
    private func nextBatch(_ source: any BatchSource) throws(SwiftConvError) -> Feeds? {
        if isEpochFull { return nil }
        if !isOpen || (batch == 0 && options.stepsPerEpoch == nil) { source.restart(limit: batchesLeft) }
        isOpen = true
        if let feeds = try source.next() { return feeds }
        isOpen = false
        guard batch == 0, options.stepsPerEpoch != nil else { return nil }
        // The data ended with the last epoch.
        source.restart(limit: batchesLeft)
        isOpen = true
        return try source.next()
    }

    private func train(_ feeds: Feeds) throws(SwiftConvError) {
        for callback in callbacks { try callback.onBatchBegin(batch, run) }
        try trainer.run(model, .train, feeds)
        run.forget()
        for callback in callbacks { try callback.onBatchEnd(batch, run) }
        batch += 1
    }

    /// Ends an epoch: `validate` gives the results on the validation data.
    private func endEpoch(_ validate: (any BatchSource) throws(SwiftConvError) -> [(String, Double)]) throws(SwiftConvError) {
        guard try closeEpoch() else { return }
        if let validation = try beginValidation() { try endValidation(try validate(validation)) }
        try recordEpoch()
    }

    /// The same, where other tasks get their turn after each batch of the validation data.
    nonisolated(nonsending) private func endEpochInTurns() async throws(SwiftConvError) {
        guard try closeEpoch() else { return }
        if let validation = try beginValidation() {
            try endValidation(try await model.evaluateInTurns(trainer, validation, steps: options.validationSteps, "fit"))
        }
        try recordEpoch()
    }

    /// false if there was no batch: training ends then.
    private func closeEpoch() throws(SwiftConvError) -> Bool {
        guard batch > 0 || trainer.stopTraining else {
            if history.epochs.isEmpty { throw .invalidArgument("fit: expected at least one batch, received none") }
            // A sequence that gives its batches once.
            trainer.stopTraining = true
            return false
        }
        run.forget()
        _ = run.logs
        return true
    }

    /// The validation data, if this epoch has them.
    private func beginValidation() throws(SwiftConvError) -> (any BatchSource)? {
        guard let validation, (epoch + 1) % options.validationFrequency == 0 else { return nil }
        for callback in callbacks { try callback.onTestBegin(run) }
        return validation
    }

    private func endValidation(_ results: [(String, Double)]) throws(SwiftConvError) {
        run.add(results, prefix: "val_")
        for callback in callbacks { try callback.onTestEnd(run) }
    }

    private func recordEpoch() throws(SwiftConvError) {
        for callback in callbacks { try callback.onEpochEnd(epoch, run) }
        history.epochs.append(run.logs)
        history.numbers.append(epoch)
        if let onEpochEnd = options.onEpochEnd, try !onEpochEnd(epoch, run.logs) { trainer.stopTraining = true }
        epoch += 1
    }

    private func end() throws(SwiftConvError) -> History {
        if !history.epochs.isEmpty { try trainer.optimizer.finish() }
        for callback in callbacks { try callback.onTrainEnd(run) }
        return history
    }

    private func interrupt(_ error: SwiftConvError) {
        for callback in callbacks { callback.onInterrupt(error, run) }
    }

    private func checkCancellation() throws(SwiftConvError) {
        if options.isCancellable, Task.isCancelled { throw cancelled("fit") }
    }
}
