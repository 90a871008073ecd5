import TensorCore

/// What training makes small: the mean over the batch.
public enum Loss: Sendable, Hashable {
    /// Labels are class numbers, one for each example.
    case sparseCategoricalCrossentropy(fromLogits: Bool = false)
    /// Labels are probabilities of the shape of the predictions.
    case categoricalCrossentropy(fromLogits: Bool = false)
    case binaryCrossentropy(fromLogits: Bool = false)
    case meanSquaredError

    /// A scalar.
    public func callAsFunction(labels: Tensor, predictions: Tensor) throws(SwiftConvError) -> Tensor {
        switch self {
        case .sparseCategoricalCrossentropy(let fromLogits):
            let logits = fromLogits ? predictions : try Self.logits(ofProbabilities: predictions)
            return try nn.sparseSoftmaxCrossEntropy(labels: try Self.flat(labels, like: predictions), logits: logits).mean()
        case .categoricalCrossentropy(let fromLogits):
            let logits = fromLogits ? predictions : try Self.logits(ofProbabilities: predictions)
            return try nn.softmaxCrossEntropy(labels: try Self.likewise(labels, predictions), logits: logits).mean()
        case .binaryCrossentropy(let fromLogits):
            let targets = try Self.likewise(labels, predictions)
            if fromLogits { return try nn.sigmoidCrossEntropy(labels: targets, logits: predictions).mean() }
            let p = try applyOne("clip", [predictions], ["min": .double(1e-7), "max": .double(1 - 1e-7)])
            return try -(targets * p.log() + (1 - targets) * (1 - p).log()).mean()
        case .meanSquaredError:
            return try (predictions - Self.likewise(labels, predictions)).square().mean()
        }
    }

    /// Whether labels are class numbers.
    var isSparse: Bool {
        if case .sparseCategoricalCrossentropy = self { true } else { false }
    }

    /// Clipped logarithms: softmax gives the probabilities back.
    private static func logits(ofProbabilities p: Tensor) throws(SwiftConvError) -> Tensor {
        let sum = try p.sum(-1, keepDims: true)
        return try applyOne("clip", [try p / sum], ["min": .double(1e-7), "max": .double(1 - 1e-7)]).log()
    }

    private static func likewise(_ labels: Tensor, _ predictions: Tensor) throws(SwiftConvError) -> Tensor {
        guard labels.count == predictions.count else {
            throw .invalidArgument(
                "loss: labels: expected the shape of the predictions, \(shapeText(predictions.shape)), received \(shapeText(labels.shape))")
        }
        let cast = try labels.cast(to: predictions.dtype)
        return cast.shape == predictions.shape ? cast : try cast.reshape(predictions.shape)
    }

    /// Class numbers as a vector of integers.
    static func flat(_ labels: Tensor, like predictions: Tensor) throws(SwiftConvError) -> Tensor {
        let rows = predictions.shape.dropLast().reduce(1, *)
        guard labels.count == rows else {
            throw .invalidArgument(
                "loss: labels: expected \(rows) class numbers for predictions of shape \(shapeText(predictions.shape)), received shape "
                    + "\(shapeText(labels.shape)); one-hot labels belong to categoricalCrossentropy")
        }
        let whole = labels.spec.dtype.isFloating ? try labels.cast(to: .int64) : labels
        return whole.shape == [rows] ? whole : try whole.reshape([rows])
    }
}

/// What is reported beside the loss.
public enum Metric: String, Sendable, Hashable {
    /// The share of examples whose largest prediction is that of the label (for a single output: on the label's side of ½).
    case accuracy
    case meanAbsoluteError

    /// The sum over the batch of what is averaged, and how many there are.
    func sum(labels: Tensor, predictions: Tensor, _ loss: Loss) throws(SwiftConvError) -> (Tensor, Int) {
        switch self {
        case .accuracy:
            let hits: Tensor
            if loss.isSparse {
                let wanted = try Loss.flat(labels, like: predictions).cast(to: .int64)
                hits = try predictions.reshape([wanted.count, -1]).argmax().equal(wanted)
            } else if predictions.shape.last ?? 1 > 1 {
                hits = try predictions.argmax().equal(try labels.reshape(predictions.shape).argmax())
            } else {
                let threshold = try Tensor.full([], 0.5, dtype: predictions.dtype)
                let wanted = try labels.cast(to: predictions.dtype).reshape(predictions.shape).greater(threshold)
                hits = try predictions.greater(threshold).equal(wanted)
            }
            return (try hits.cast(to: .float32).sum(), hits.count)
        case .meanAbsoluteError:
            let error = try (predictions - labels.cast(to: predictions.dtype).reshape(predictions.shape)).absolute()
            return (try error.cast(to: .float32).sum(), error.count)
        }
    }
}
