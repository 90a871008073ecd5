import TensorCore

extension Model {
    /// Trains: each batch is one run of one executable, forward, backward and update.
    ///
    /// - `sampleWeight`, `classWeight`: how much each example, or each class, counts in the loss.
    /// - `validationSplit`: this share of the examples, from the end, is kept apart and evaluated after each epoch.
    /// - `validationData`: other examples for that; every `validationFrequency` epochs.
    /// - `shuffle`: puts the examples in another order in each epoch.
    /// - `initialEpoch`: where counting begins, for a training that goes on.
    /// - `stepsPerEpoch`: how many batches an epoch has; the next one goes on behind them.
    /// - `verbose`: 0 shows nothing, 1 a bar and a line for each epoch, 2 the lines alone.
    /// - `onEpochEnd`: called with the epoch (from 0) and its results; false ends the training.
    @discardableResult
    public func fit(
        _ x: Tensor, _ y: Tensor, sampleWeight: Tensor? = nil, classWeight: [Int: Double] = [:], batchSize: Int = 32,
        epochs: Int = 1, validationSplit: Double = 0, validationData: Examples? = nil, validationSteps: Int? = nil,
        validationBatchSize: Int? = nil, validationFrequency: Int = 1, shuffle: Bool = true, initialEpoch: Int = 0,
        stepsPerEpoch: Int? = nil, verbose: Verbosity = 1, callbacks: [any Callback] = [],
        onEpochEnd: ((Int, [String: Double]) throws(SwiftConvError) -> Bool)? = nil
    ) throws(SwiftConvError) -> History {
        let (loop, batches) = try fitting(
            Examples(x, y, sampleWeight: sampleWeight), classWeight, batchSize, validationSplit, validationData, validationBatchSize,
            shuffle,
            FitOptions(
                epochs: epochs, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
                validationFrequency: validationFrequency, verbose: verbose, callbacks: callbacks, onEpochEnd: onEpochEnd))
        return try loop.run(batches)
    }

    /// Trains a model with several inputs or outputs: a tensor for each. `sampleWeights` are none, one for all outputs, or one for each.
    @discardableResult
    public func fit(
        _ x: [Tensor], _ y: [Tensor], sampleWeights: [Tensor?] = [], classWeight: [Int: Double] = [:], batchSize: Int = 32,
        epochs: Int = 1, validationSplit: Double = 0, validationData: Examples? = nil, validationSteps: Int? = nil,
        validationBatchSize: Int? = nil, validationFrequency: Int = 1, shuffle: Bool = true, initialEpoch: Int = 0,
        stepsPerEpoch: Int? = nil, verbose: Verbosity = 1, callbacks: [any Callback] = []
    ) throws(SwiftConvError) -> History {
        let (loop, batches) = try fitting(
            Examples(x, y, sampleWeights: sampleWeights), classWeight, batchSize, validationSplit, validationData,
            validationBatchSize, shuffle,
            FitOptions(
                epochs: epochs, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
                validationFrequency: validationFrequency, verbose: verbose, callbacks: callbacks))
        return try loop.run(batches)
    }

    /// Trains on the batches of a sequence, which is gone through in each epoch. One that gives its batches once may give all of them:
    /// `stepsPerEpoch` says how many make an epoch. ``GeneratedBatches``, and what `prefetched()` gives, are made by a thread while
    /// steps run.
    @discardableResult
    public func fit(
        batches: some Sequence<Examples>, classWeight: [Int: Double] = [:], epochs: Int = 1, validationData: Examples? = nil,
        validationSteps: Int? = nil, validationBatchSize: Int = 32, validationFrequency: Int = 1, initialEpoch: Int = 0,
        stepsPerEpoch: Int? = nil, verbose: Verbosity = 1, callbacks: [any Callback] = []
    ) throws(SwiftConvError) -> History {
        let (loop, source) = try fitting(
            batches, classWeight, validationData, validationBatchSize,
            FitOptions(
                epochs: epochs, initialEpoch: initialEpoch, stepsPerEpoch: stepsPerEpoch, validationSteps: validationSteps,
                validationFrequency: validationFrequency, verbose: verbose, callbacks: callbacks))
        return try loop.run(source)
    }

    /// The loop over a sequence, and its batches.
    func fitting(
        _ batches: some Sequence<Examples>, _ classWeight: [Int: Double], _ validationData: Examples?, _ validationBatchSize: Int,
        _ options: FitOptions
    ) throws(SwiftConvError) -> (FitLoop, any BatchSource) {
        let source = SequenceBatches(batches, reader("fit", classWeight)) { self.isBuilt }
        let validation = try validation(validationData, validationBatchSize)
        return (try FitLoop(self, try compiled("fit"), options, steps: source.count, validation: validation), source)
    }

    /// What becomes of the batches of a sequence.
    func reader(_ what: String, _ classWeight: [Int: Double] = [:]) -> BatchReader {
        BatchReader(outputs: outputCount, classWeight: classWeight, what: what)
    }

    /// The loop over tensors, and its batches.
    func fitting(
        _ examples: Examples, _ classWeight: [Int: Double], _ batchSize: Int, _ validationSplit: Double, _ validationData: Examples?,
        _ validationBatchSize: Int?, _ shuffle: Bool, _ options: FitOptions
    ) throws(SwiftConvError) -> (FitLoop, any BatchSource) {
        let trainer = try compiled("fit")
        guard validationSplit >= 0, validationSplit < 1 else {
            throw .invalidArgument("fit: validationSplit: expected at least 0 and below 1, received \(validationSplit)")
        }
        let count = try examples.count("fit", outputs: outputCount)
        let weighted = try examples.weighted(by: classWeight, "fit")
        var checked = try validation(validationData, validationBatchSize ?? batchSize)
        var kept = count
        if validationSplit > 0, checked == nil {
            kept = Int(Double(count) * (1 - validationSplit))
            guard kept > 0, kept < count else {
                throw .invalidArgument(
                    "fit: validationSplit: \(count) examples cannot be split at \(validationSplit): one part would be empty")
            }
            // As in Keras, the weights of classes count in training alone.
            checked = try TensorBatches(
                examples, range: kept..<count, batchSize: validationBatchSize ?? batchSize, shuffle: false, outputs: outputCount,
                "fit: validation")
        }
        let batches = try TensorBatches(
            weighted, range: 0..<kept, batchSize: batchSize, shuffle: shuffle, outputs: outputCount, "fit")
        return (try FitLoop(self, trainer, options, steps: batches.count, validation: checked), batches)
    }

    /// The batches of validation data.
    func validation(_ examples: Examples?, _ batchSize: Int) throws(SwiftConvError) -> (any BatchSource)? {
        try examples.map { examples throws(SwiftConvError) in
            try TensorBatches(examples, batchSize: batchSize, shuffle: false, outputs: outputCount, "fit: validationData")
        }
    }
}
