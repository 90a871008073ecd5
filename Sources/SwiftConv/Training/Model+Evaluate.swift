import Graph
import TensorCore

extension Model {
    /// "loss" and the metrics over all examples, or over `steps` batches.
    public func evaluate(
        _ x: Tensor, _ y: Tensor, sampleWeight: Tensor? = nil, batchSize: Int = 32, steps: Int? = nil
    ) throws(SwiftConvError) -> [String: Double] {
        let (trainer, batches) = try evaluating(Examples(x, y, sampleWeight: sampleWeight), batchSize)
        return named(try evaluate(trainer, batches, steps: steps))
    }

    /// The same for a model with several inputs or outputs.
    public func evaluate(
        _ x: [Tensor], _ y: [Tensor], sampleWeights: [Tensor?] = [], batchSize: Int = 32, steps: Int? = nil
    ) throws(SwiftConvError) -> [String: Double] {
        let (trainer, batches) = try evaluating(Examples(x, y, sampleWeights: sampleWeights), batchSize)
        return named(try evaluate(trainer, batches, steps: steps))
    }

    /// "loss" and the metrics over the batches of a sequence.
    public func evaluate(batches: some Sequence<Examples>, steps: Int? = nil) throws(SwiftConvError) -> [String: Double] {
        let source = SequenceBatches(batches, reader("evaluate")) { self.isBuilt }
        return named(try evaluate(try compiled("evaluate"), source, steps: steps))
    }

    func evaluating(_ examples: Examples, _ batchSize: Int) throws(SwiftConvError) -> (Trainer, any BatchSource) {
        let trainer = try compiled("evaluate")
        return (trainer, try TensorBatches(examples, batchSize: batchSize, shuffle: false, outputs: outputCount, "evaluate"))
    }

    func named(_ results: [(String, Double)]) -> [String: Double] { Dictionary(results, uniquingKeysWith: { $1 }) }

    // MARK: single batches

    /// One step; the loss and the metrics of this batch.
    @discardableResult
    public func trainOnBatch(
        _ x: Tensor, _ y: Tensor, sampleWeight: Tensor? = nil, classWeight: [Int: Double] = [:]
    ) throws(SwiftConvError) -> [String: Double] {
        try trainOnBatch(Examples(x, y, sampleWeight: sampleWeight), classWeight: classWeight)
    }

    /// One step of a model with several inputs or outputs; the loss and the metrics of this batch.
    @discardableResult
    public func trainOnBatch(_ batch: Examples, classWeight: [Int: Double] = [:]) throws(SwiftConvError) -> [String: Double] {
        try onBatch(.train, try batch.weighted(by: classWeight, "trainOnBatch"), "trainOnBatch")
    }

    /// The loss and the metrics of this batch.
    public func testOnBatch(_ x: Tensor, _ y: Tensor, sampleWeight: Tensor? = nil) throws(SwiftConvError) -> [String: Double] {
        try testOnBatch(Examples(x, y, sampleWeight: sampleWeight))
    }

    /// The loss and the metrics of this batch of a model with several inputs or outputs.
    public func testOnBatch(_ batch: Examples) throws(SwiftConvError) -> [String: Double] {
        try onBatch(.evaluate, batch, "testOnBatch")
    }

    private func onBatch(_ mode: Trainer.Mode, _ batch: Examples, _ what: String) throws(SwiftConvError) -> [String: Double] {
        let trainer = try compiled(what)
        let feeds = try Feeds(batch, outputs: outputCount, what)
        try trainer.resetMetrics()
        try trainer.run(self, mode, feeds)
        return named(try trainer.results())
    }

    // MARK: predictions

    /// The model's outputs for all examples. It need not be compiled.
    public func predict(_ x: Tensor, batchSize: Int = 32) throws(SwiftConvError) -> Tensor {
        try only(try predict([x], batchSize: batchSize), "predict")
    }

    /// The outputs of a model with several inputs or outputs for all examples.
    public func predict(_ x: [Tensor], batchSize: Int = 32) throws(SwiftConvError) -> [Tensor] {
        let loop = try PredictionLoop(self, x, batchSize)
        while try loop.step() {}
        return try loop.results()
    }

    /// The outputs for one batch.
    public func predictOnBatch(_ x: Tensor) throws(SwiftConvError) -> Tensor { try only(try predictOnBatch([x]), "predictOnBatch") }

    /// The outputs of a model with several inputs or outputs for one batch.
    public func predictOnBatch(_ x: [Tensor]) throws(SwiftConvError) -> [Tensor] { try predictedBatch(try predictor(), x) }

    /// The one output of a model with one.
    func only(_ results: [Tensor], _ what: String) throws(SwiftConvError) -> Tensor {
        guard results.count == 1, let first = results.first else {
            throw .invalidArgument("\(what): \(name) has \(results.count) outputs: give its inputs as an array")
        }
        return first
    }

    private func predictedBatch(_ trainer: Trainer, _ x: [Tensor]) throws(SwiftConvError) -> [Tensor] {
        for tensor in x { _ = try tensor.storage("predict: x") }
        return try trainer.step(self, .predict, BatchForm(inputs: x.map(\.spec), labels: [], weights: [])).run(x)
    }
}
