import TensorCore

/// Training in tasks. Where a caller can wait, Swift takes these methods: write `try await model.fit(…)`. They run where their caller
/// runs (on its actor, say), and other tasks get their turn after each batch. When the task is cancelled, they end after the current batch
/// with a `SwiftConvError` of the kind `.cancelled`; the weights are those after the last whole batch.
///
/// A model is used from one task at a time: the compiler sees to it, for a model is not `Sendable`.
extension Model {
    /// Trains, and ends when the task is cancelled. Arguments as in the other `fit`.
    @discardableResult
    nonisolated(nonsending) public func fit(
        _ x: Tensor, _ y: Tensor, sampleWeight: Tensor? = nil, classWeight: [Int: Double] = [:], batchSize: Int = 32,
        epochs: Int = 1, validationSplit: Double = 0, validationData: Examples? = nil, validationSteps: Int? = nil,
        validationBatchSize: Int? = nil, validationFrequency: Int = 1, shuffle: Bool = true, initialEpoch: Int = 0,
        stepsPerEpoch: Int? = nil, verbose: Verbosity = 1, callbacks: [any Callback] = [],
        onEpochEnd: ((Int, [String: Double]) throws(SwiftConvError) -> Bool)? = nil
    ) async throws(SwiftConvError) -> History {
        let (loop, batches) = try fitting(
            Examples(x, y, sampleWeight: sampleWeight), classWeight, batchSize, validationSplit, validationData, validationBatchSize,
            shuffle,
            FitOptions(
                epochs: epochs, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
                validationFrequency: validationFrequency, verbose: verbose, callbacks: callbacks, onEpochEnd: onEpochEnd,
                isCancellable: true))
        return try await loop.runInTurns(batches)
    }

    /// Trains a model with several inputs or outputs, and ends when the task is cancelled.
    @discardableResult
    nonisolated(nonsending) public func fit(
        _ x: [Tensor], _ y: [Tensor], sampleWeights: [Tensor?] = [], classWeight: [Int: Double] = [:], batchSize: Int = 32,
        epochs: Int = 1, validationSplit: Double = 0, validationData: Examples? = nil, validationSteps: Int? = nil,
        validationBatchSize: Int? = nil, validationFrequency: Int = 1, shuffle: Bool = true, initialEpoch: Int = 0,
        stepsPerEpoch: Int? = nil, verbose: Verbosity = 1, callbacks: [any Callback] = []
    ) async throws(SwiftConvError) -> History {
        let (loop, batches) = try fitting(
            Examples(x, y, sampleWeights: sampleWeights), classWeight, batchSize, validationSplit, validationData,
            validationBatchSize, shuffle,
            FitOptions(
                epochs: epochs, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
                validationFrequency: validationFrequency, verbose: verbose, callbacks: callbacks, isCancellable: true))
        return try await loop.runInTurns(batches)
    }

    /// Trains on the batches of a sequence, and ends when the task is cancelled.
    @discardableResult
    nonisolated(nonsending) public func fit(
        batches: some Sequence<Examples>, classWeight: [Int: Double] = [:], epochs: Int = 1, validationData: Examples? = nil,
        validationSteps: Int? = nil, validationBatchSize: Int = 32, validationFrequency: Int = 1, initialEpoch: Int = 0,
        stepsPerEpoch: Int? = nil, verbose: Verbosity = 1, callbacks: [any Callback] = []
    ) async throws(SwiftConvError) -> History {
        let (loop, source) = try fitting(
            batches, classWeight, validationData, validationBatchSize,
            FitOptions(
                epochs: epochs, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
                validationFrequency: validationFrequency, verbose: verbose, callbacks: callbacks, isCancellable: true))
        return try await loop.runInTurns(source)
    }

    /// Trains on batches that arrive by and by, and ends when the task is cancelled. The sequence is begun anew in each epoch, unless
    /// `stepsPerEpoch` says how many batches make one. An error of the sequence is thrown as the `cause` of a `SwiftConvError`.
    @discardableResult
    nonisolated(nonsending) public func fit<Batches: AsyncSequence>(
        batches: Batches, classWeight: [Int: Double] = [:], epochs: Int = 1, validationData: Examples? = nil,
        validationSteps: Int? = nil, validationBatchSize: Int = 32, validationFrequency: Int = 1, initialEpoch: Int = 0,
        stepsPerEpoch: Int? = nil, verbose: Verbosity = 1, callbacks: [any Callback] = []
    ) async throws(SwiftConvError) -> History where Batches.Element == Examples {
        let loop = try FitLoop(
            self, try compiled("fit"),
            FitOptions(
                epochs: epochs, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
                validationFrequency: validationFrequency, verbose: verbose, callbacks: callbacks, isCancellable: true),
            steps: nil, validation: try validation(validationData, validationBatchSize))
        return try await loop.run(batches, reader("fit", classWeight))
    }
}
