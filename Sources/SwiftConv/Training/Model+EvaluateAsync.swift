import TensorCore

/// Evaluation and prediction in tasks: see the asynchronous `fit`. Where a caller can wait, Swift takes these: write `try await`.
extension Model {
    /// "loss" and the metrics over all examples, or over `steps` batches; it ends when the task is cancelled.
    nonisolated(nonsending) public func evaluate(
        _ x: Tensor, _ y: Tensor, sampleWeight: Tensor? = nil, batchSize: Int = 32, steps: Int? = nil
    ) async throws(SwiftConvError) -> [String: Double] {
        let (trainer, batches) = try evaluating(Examples(x, y, sampleWeight: sampleWeight), batchSize)
        return named(try await evaluateInTurns(trainer, batches, steps: steps))
    }

    /// The same for a model with several inputs or outputs.
    nonisolated(nonsending) public func evaluate(
        _ x: [Tensor], _ y: [Tensor], sampleWeights: [Tensor?] = [], batchSize: Int = 32, steps: Int? = nil
    ) async throws(SwiftConvError) -> [String: Double] {
        let (trainer, batches) = try evaluating(Examples(x, y, sampleWeights: sampleWeights), batchSize)
        return named(try await evaluateInTurns(trainer, batches, steps: steps))
    }

    /// "loss" and the metrics over the batches of a sequence; it ends when the task is cancelled.
    nonisolated(nonsending) public func evaluate(
        batches: some Sequence<Examples>, steps: Int? = nil
    ) async throws(SwiftConvError) -> [String: Double] {
        let source = SequenceBatches(batches, reader("evaluate")) { self.isBuilt }
        return named(try await evaluateInTurns(try compiled("evaluate"), source, steps: steps))
    }

    /// "loss" and the metrics over batches that arrive by and by; it ends when the task is cancelled.
    nonisolated(nonsending) public func evaluate<Batches: AsyncSequence>(
        batches: Batches, steps: Int? = nil
    ) async throws(SwiftConvError) -> [String: Double] where Batches.Element == Examples {
        named(try await evaluateInTurns(try compiled("evaluate"), batches, steps: steps, reader("evaluate")))
    }

    /// The model's outputs for all examples; it ends when the task is cancelled. It need not be compiled.
    nonisolated(nonsending) public func predict(_ x: Tensor, batchSize: Int = 32) async throws(SwiftConvError) -> Tensor {
        try only(try await predict([x], batchSize: batchSize), "predict")
    }

    /// The outputs of a model with several inputs or outputs for all examples; it ends when the task is cancelled.
    nonisolated(nonsending) public func predict(_ x: [Tensor], batchSize: Int = 32) async throws(SwiftConvError) -> [Tensor] {
        let loop = try PredictionLoop(self, x, batchSize)
        while try loop.step() { try await takeTurns("predict") }
        return try loop.results()
    }
}
