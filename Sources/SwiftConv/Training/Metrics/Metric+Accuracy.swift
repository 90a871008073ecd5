import Graph
import TensorCore

/// How often a prediction is right.
extension Metric {
    /// Binary, categorical or sparse categorical accuracy, as the shapes say.
    public static var accuracy: Metric {
        Metric(name: "accuracy", form: .byShapes("accuracy")) { labels, predictions throws(SwiftConvError) in
            if predictions.shape.last == 1 || predictions.rank == 0 { return try binaryHits(labels, predictions, 0.5) }
            return isSparse(labels, predictions) ? try sparseHits(labels, predictions) : try categoricalHits(labels, predictions)
        }
    }

    /// The binary, categorical or sparse categorical cross-entropy of probabilities, as the shapes say.
    public static var crossentropy: Metric {
        Metric(name: "crossentropy", form: .byShapes("crossentropy")) { labels, predictions throws(SwiftConvError) in
            let loss: Loss =
                predictions.shape.last == 1
                ? .binaryCrossentropy() : isSparse(labels, predictions) ? .sparseCategoricalCrossentropy() : .categoricalCrossentropy()
            return try loss.values(labels: labels, predictions: predictions)
        }
    }

    /// How often predictions equal labels: Keras's class `Accuracy`.
    public static var exactAccuracy: Metric {
        Metric(name: "accuracy", form: .keras(TrainingForm("Accuracy"))) { labels, predictions throws(SwiftConvError) in
            let (y, p) = try sameRank(try labels.cast(to: predictions.dtype), predictions)
            return try y.equal(p).cast(to: .float32)
        }
    }

    /// How often predictions lie on the labels' side of a threshold.
    public static func binaryAccuracy(threshold: Double = 0.5) -> Metric {
        let form = TrainingForm("BinaryAccuracy", [("threshold", .double(threshold))])
        return Metric(name: "binary_accuracy", form: .keras(form)) { labels, predictions throws(SwiftConvError) in
            try expectNumber(threshold, "binary_accuracy: threshold", in: 0...1)
            return try binaryHits(labels, predictions, threshold)
        }
    }

    /// How often the strongest class is that of the one-hot label.
    public static var categoricalAccuracy: Metric {
        Metric(name: "categorical_accuracy", form: .keras(TrainingForm("CategoricalAccuracy")), categoricalHits)
    }
    /// How often the strongest class is the label.
    public static var sparseCategoricalAccuracy: Metric {
        Metric(name: "sparse_categorical_accuracy", form: .keras(TrainingForm("SparseCategoricalAccuracy")), sparseHits)
    }

    /// How often the class of the one-hot label is among the `k` strongest.
    public static func topKCategoricalAccuracy(k: Int = 5) -> Metric {
        Metric(name: "top_k_categorical_accuracy", form: .keras(TrainingForm("TopKCategoricalAccuracy", [("k", .int(k))]))) {
            labels, predictions throws(SwiftConvError) in
            try isInTop(k, try labels.asFloating().argmax(), predictions)
        }
    }

    /// How often the label is among the `k` strongest classes.
    public static func sparseTopKCategoricalAccuracy(k: Int = 5) -> Metric {
        let form = TrainingForm("SparseTopKCategoricalAccuracy", [("k", .int(k))])
        return Metric(name: "sparse_top_k_categorical_accuracy", form: .keras(form)) { labels, predictions throws(SwiftConvError) in
            try isInTop(k, try classNumbers(labels, for: predictions, "sparse_top_k_categorical_accuracy"), predictions)
        }
    }

    private static func isSparse(_ labels: Tensor, _ predictions: Tensor) -> Bool {
        labels.rank < predictions.rank || (labels.shape.last == 1 && predictions.shape.last != 1)
    }

    private static func binaryHits(_ labels: Tensor, _ predictions: Tensor, _ threshold: Double) throws(SwiftConvError) -> Tensor {
        let (y, p) = try ready(labels, predictions, "binary_accuracy")
        let hits = try y.equal(p.isAbove(threshold)).cast(to: .float32)
        return hits.rank > 1 ? try hits.mean(-1) : hits
    }

    @Sendable private static func categoricalHits(_ labels: Tensor, _ predictions: Tensor) throws(SwiftConvError) -> Tensor {
        guard labels.rank == predictions.rank else {
            throw .invalidArgument(
                "categorical_accuracy: labels: expected one-hot labels of shape \(shapeText(predictions.shape)), received "
                    + shapeText(labels.shape))
        }
        return try labels.asFloating().argmax().equal(predictions.argmax()).cast(to: .float32)
    }

    @Sendable private static func sparseHits(_ labels: Tensor, _ predictions: Tensor) throws(SwiftConvError) -> Tensor {
        let wanted = try classNumbers(labels, for: predictions, "sparse_categorical_accuracy").cast(to: .int64)
        return try wanted.equal(predictions.argmax()).cast(to: .float32)
    }

    /// Whether fewer than `k` classes are predicted more strongly than the label.
    private static func isInTop(_ k: Int, _ labels: Tensor, _ predictions: Tensor) throws(SwiftConvError) -> Tensor {
        guard k > 0 else { throw .invalidArgument("top-k accuracy: k: expected at least 1, received \(k)") }
        let hot = try nn.oneHot(labels, depth: predictions.shape.last ?? 1, dtype: predictions.dtype)
        let mine = try (hot * predictions).sum(-1, keepDims: true)
        let stronger = try predictions.greater(mine).cast(to: .float32).sum(-1)
        return try stronger.less(stronger.number(Double(k))).cast(to: .float32)
    }
}
