import Graph
import TensorCore

/// What training reported after each epoch: "loss", the metrics, and the same with "val_" before on the validation data.
public struct History: Sendable {
    /// The results of each epoch.
    public internal(set) var epochs: [[String: Double]] = []
    /// The values of one name, epoch by epoch.
    public subscript(_ name: String) -> [Double] { epochs.compactMap { $0[name] } }
}

extension Sequential {
    /// Says how to train. Optimizer state begins anew.
    public func compile(optimizer: Optimizer, loss: Loss, metrics: [Metric] = []) throws(SwiftConvError) {
        trainer = try Trainer(optimizer, loss, metrics)
    }

    /// The factor of each step from now on.
    public func setLearningRate(_ rate: Double) throws(SwiftConvError) {
        guard rate >= 0, rate.isFinite else {
            throw .invalidArgument("setLearningRate: expected a number of at least 0, received \(rate)")
        }
        try compiled("setLearningRate").setLearningRate(rate)
    }

    private func compiled(_ what: String) throws(SwiftConvError) -> Trainer {
        guard let trainer else { throw .invalidArgument("\(what): the model is not compiled: call compile(optimizer:loss:) first") }
        return trainer
    }

    /// Trains: each batch is one run of one executable, forward, backward and update.
    ///
    /// - `validationSplit`: this share of the examples, from the end, is kept apart and evaluated after each epoch.
    /// - `shuffle`: puts the examples in another order in each epoch.
    /// - `onEpochEnd`: called with the epoch (from 0) and its results; false ends the training.
    @discardableResult
    public func fit(
        _ x: Tensor, _ y: Tensor, batchSize: Int = 32, epochs: Int = 1, validationSplit: Double = 0,
        validationData: (x: Tensor, y: Tensor)? = nil, shuffle: Bool = true, verbose: Bool = true,
        onEpochEnd: ((Int, [String: Double]) throws(SwiftConvError) -> Bool)? = nil
    ) throws(SwiftConvError) -> History {
        let trainer = try compiled("fit")
        let count = try examples(x, y, "fit")
        guard epochs >= 0 else { throw .invalidArgument("fit: epochs: expected at least 0, received \(epochs)") }
        guard validationSplit >= 0, validationSplit < 1 else {
            throw .invalidArgument("fit: validationSplit: expected at least 0 and below 1, received \(validationSplit)")
        }
        let trainCount = validationData == nil ? count - Int(Double(count) * validationSplit) : count
        var random = ShuffleGenerator(seed: UInt64(bitPattern: Random.newSeed()))
        var order = Array(0..<trainCount)
        var history = History()
        for epoch in 0..<epochs {
            let start = ContinuousClock.now
            if shuffle { order.shuffle(using: &random) }
            var results = try pass(trainer, .train, x, y, order, batchSize, isShuffled: shuffle)
            var validation: [String: Double] = [:]
            if let validationData {
                let n = try examples(validationData.x, validationData.y, "fit: validationData")
                validation = try pass(trainer, .evaluate, validationData.x, validationData.y, Array(0..<n), batchSize, isShuffled: false)
            } else if trainCount < count {
                validation = try pass(trainer, .evaluate, x, y, Array(trainCount..<count), batchSize, isShuffled: false)
            }
            for (name, value) in validation { results["val_\(name)"] = value }
            history.epochs.append(results)
            if verbose {
                let time = ContinuousClock.now - start
                let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
                let names = ["loss"] + trainer.metrics.map(\.rawValue)
                let shown = (names + names.map { "val_\($0)" }).compactMap { name in results[name].map { "\(name): \(digits($0))" } }
                print("Epoch \(epoch + 1)/\(epochs) - \(digits(seconds)) s - " + shown.joined(separator: " - "))
            }
            if let onEpochEnd, try !onEpochEnd(epoch, results) { break }
        }
        return history
    }

    /// "loss" and the metrics over all examples.
    public func evaluate(_ x: Tensor, _ y: Tensor, batchSize: Int = 32) throws(SwiftConvError) -> [String: Double] {
        let trainer = try compiled("evaluate")
        let count = try examples(x, y, "evaluate")
        return try pass(trainer, .evaluate, x, y, Array(0..<count), batchSize, isShuffled: false)
    }

    /// The model's outputs for all examples. It need not be compiled.
    public func predict(_ x: Tensor, batchSize: Int = 32) throws(SwiftConvError) -> Tensor {
        guard let count = x.shape.first else { throw .invalidArgument("predict: x: expected a batch, received a scalar") }
        guard batchSize > 0 else { throw .invalidArgument("predict: batchSize: expected at least 1, received \(batchSize)") }
        let source = try x.storage("predict: x")
        let trainer: Trainer
        if let known = self.trainer { trainer = known } else { trainer = try predictor() }
        guard count > 0 else {
            let step = try trainer.step(self, .predict, x.spec, nil)
            return try step.executable.run([x]).first ?? x
        }
        let row = x.spec.byteCount / count
        let batchSize = Swift.min(batchSize, count)
        var result: (storage: Storage, spec: TensorSpec, row: Int)?
        for start in stride(from: 0, to: count, by: batchSize) {
            let size = Swift.min(batchSize, count - start)
            let step = try trainer.step(self, .predict, x.spec.withBatch(size), nil)
            guard let spec = step.executable.fetchSpecs.first, spec.shape.first == size else {
                throw .invalidArgument("predict: expected a model whose output has one row for each example")
            }
            if result == nil {
                let whole = spec.withBatch(count)
                let storage = try engine { () throws(ConvError) in try Storage(bytes: whole.byteCount, for: "predictions") }
                result = (storage, whole, whole.byteCount / count)
            }
            guard let result else { continue }
            let sources: [UnsafeRawPointer?] = [UnsafeRawPointer(source.base + start * row)]
            let targets: [UnsafeMutableRawPointer?] = [result.storage.base + start * result.row]
            try engine { () throws(ConvError) in try step.executable.run(feeds: sources, fetches: targets) }
        }
        guard let result else { throw SwiftConvError(.internal, "predict: no batch was run") }
        return Tensor(result.spec, result.storage)
    }

    /// What predicts as long as the model is not compiled.
    private func predictor() throws(SwiftConvError) -> Trainer {
        if let uncompiled { return uncompiled }
        let made = try Trainer(.sgd(), .meanSquaredError, [])
        uncompiled = made
        return made
    }

    /// The number of examples, if x and y have the same.
    private func examples(_ x: Tensor, _ y: Tensor, _ what: String) throws(SwiftConvError) -> Int {
        guard let count = x.shape.first, let labels = y.shape.first else {
            throw .invalidArgument("\(what): expected batches, received shapes \(shapeText(x.shape)) and \(shapeText(y.shape))")
        }
        guard count == labels else {
            throw .invalidArgument("\(what): y: expected \(count) examples as in x, received \(labels)")
        }
        guard count > 0 else { throw .invalidArgument("\(what): expected at least one example, received none") }
        return count
    }

    /// Runs over the examples of `order` in batches; the means of the loss and the metrics.
    private func pass(
        _ trainer: Trainer, _ mode: Trainer.Mode, _ x: Tensor, _ y: Tensor, _ order: [Int], _ batchSize: Int, isShuffled: Bool
    ) throws(SwiftConvError) -> [String: Double] {
        guard batchSize > 0 else { throw .invalidArgument("batchSize: expected at least 1, received \(batchSize)") }
        guard !order.isEmpty else { throw .invalidArgument("fit: no examples are left to train on: lower validationSplit") }
        let batchSize = Swift.min(batchSize, order.count)
        let xRows = try Rows(x, batchSize)
        let yRows = try Rows(y, batchSize)
        var lossSum = 0.0
        var sums = [Double](repeating: 0, count: trainer.metrics.count)
        var counts = [Double](repeating: 0, count: trainer.metrics.count)
        var outputs = [Float](repeating: 0, count: 1 + sums.count)
        for start in stride(from: 0, to: order.count, by: batchSize) {
            let batch = order[start..<Swift.min(start + batchSize, order.count)]
            let step = try trainer.step(self, mode, x.spec.withBatch(batch.count), y.spec.withBatch(batch.count))
            let sources: [UnsafeRawPointer?] = [xRows.batch(batch, isShuffled), yRows.batch(batch, isShuffled)]
            var failure: SwiftConvError?
            outputs.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                let targets: [UnsafeMutableRawPointer?] = (0..<bytes.count / 4).map { base + 4 * $0 }
                do throws(SwiftConvError) {
                    try engine { () throws(ConvError) in try step.executable.run(feeds: sources, fetches: targets) }
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            lossSum += Double(outputs[0]) * Double(batch.count)
            for i in sums.indices {
                sums[i] += Double(outputs[i + 1])
                counts[i] += Double(step.metricCounts[i])
            }
        }
        var results = ["loss": lossSum / Double(order.count)]
        for (i, metric) in trainer.metrics.enumerated() { results[metric.rawValue] = sums[i] / Swift.max(1, counts[i]) }
        return results
    }
}

/// The examples of a tensor, from which batches are taken: without a copy while they stand in their order.
private struct Rows {
    let source: Storage
    let row: Int
    let buffer: Storage

    init(_ tensor: Tensor, _ batchSize: Int) throws(SwiftConvError) {
        source = try tensor.storage("fit")
        let count = Swift.max(1, tensor.shape.first ?? 1)
        let row = tensor.spec.byteCount / count
        self.row = row
        buffer = try engine { () throws(ConvError) in try Storage(bytes: row * Swift.min(batchSize, count), for: "batch") }
    }

    func batch(_ examples: ArraySlice<Int>, _ isShuffled: Bool) -> UnsafeRawPointer {
        guard isShuffled else { return UnsafeRawPointer(source.base + (examples.first ?? 0) * row) }
        for (i, example) in examples.enumerated() {
            (buffer.base + i * row).copyMemory(from: source.base + example * row, byteCount: row)
        }
        return UnsafeRawPointer(buffer.base)
    }
}

/// SplitMix64, for the order of the examples.
private struct ShuffleGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension TensorSpec {
    /// The same with another first size.
    func withBatch(_ size: Int) -> TensorSpec { TensorSpec(dtype, [size] + shape.dropFirst()) }
}

/// Four digits after the point.
private func digits(_ number: Double) -> String {
    guard number.isFinite, abs(number) < 1e9 else { return "\(number)" }
    let scaled = Int((abs(number) * 10_000).rounded())
    let fraction = String(scaled % 10_000)
    return (number < 0 && scaled > 0 ? "-" : "") + "\(scaled / 10_000)." + String(repeating: "0", count: 4 - fraction.count) + fraction
}
