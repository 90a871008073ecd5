import Graph
import TensorCore

/// The outputs of a model, batch by batch, in tensors for all examples.
final class PredictionLoop {
    private let model: Model
    private let trainer: Trainer
    private let x: [Tensor]
    private let count: Int
    /// nil without examples.
    private let batches: TensorBatches?
    private var parts: [(storage: Storage, spec: TensorSpec)] = []
    private var done = 0

    init(_ model: Model, _ x: [Tensor], _ batchSize: Int) throws(SwiftConvError) {
        guard let count = x.first?.shape.first else { throw .invalidArgument("predict: x: expected a batch, received a scalar") }
        guard batchSize > 0 else { throw .invalidArgument("predict: batchSize: expected at least 1, received \(batchSize)") }
        self.model = model
        self.x = x
        self.count = count
        trainer = try model.predictor()
        batches =
            count == 0 ? nil : try TensorBatches(Examples(x, []), batchSize: batchSize, shuffle: false, outputs: 0, "predict")
        batches?.restart(limit: nil)
    }

    /// Predicts one batch; false after the last one.
    func step() throws(SwiftConvError) -> Bool {
        guard let feeds = try batches?.next() else { return false }
        let executable = try trainer.step(model, .predict, feeds.form)
        guard executable.fetchSpecs.allSatisfy({ $0.shape.first == feeds.count }) else {
            throw .invalidArgument("predict: expected a model whose outputs have one row for each example")
        }
        if parts.isEmpty {
            for spec in executable.fetchSpecs {
                let whole = spec.withBatch(count)
                let storage = try engine { () throws(ConvError) in try Storage(bytes: whole.byteCount, for: "predictions") }
                parts.append((storage, whole))
            }
        }
        let targets: [UnsafeMutableRawPointer?] = parts.map { $0.storage.base + done * ($0.spec.byteCount / count) }
        try engine { () throws(ConvError) in try executable.run(feeds: feeds.pointers, fetches: targets) }
        withExtendedLifetime(feeds.owners) {}
        done += feeds.count
        return true
    }

    func results() throws(SwiftConvError) -> [Tensor] {
        batches == nil ? try model.predictOnBatch(x) : parts.map { Tensor($0.spec, $0.storage) }
    }
}
