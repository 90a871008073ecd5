import Graph
import TensorCore

/// Cross-entropies. Where the predictions are a softmax or sigmoid whose input is known, that input is used: exact and fused.
extension Loss {
    /// Labels are class numbers, one for each row of predictions; those of `ignoreClass` count nothing.
    public static func sparseCategoricalCrossentropy(
        fromLogits: Bool = false, ignoreClass: Int? = nil, axis: Int = -1
    ) -> Loss {
        let form = TrainingForm(
            "SparseCategoricalCrossentropy",
            [("from_logits", .bool(fromLogits)), ("ignore_class", ignoreClass.map { .int($0) } ?? .null), ("axis", .int(axis))])
        return Loss("sparse_categorical_crossentropy", form: form) { labels, predictions throws(SwiftConvError) in
            let what = "sparse_categorical_crossentropy"
            let logits: Tensor
            if let known = fromLogits ? predictions : predictions.input(ofOp: "softmax") {
                logits = try axisLast(known, axis, what)
            } else {
                logits = try axisLast(predictions, axis, what).clipped(to: lossEpsilon...1 - lossEpsilon).log()
            }
            var y = try classNumbers(labels, for: logits, what)
            var valid: Tensor?
            if let ignoreClass {
                y = try y.cast(to: .int64)
                let kept = try applyOne("not_equal", [y, y.number(Double(ignoreClass))])
                y = try applyOne("select", [kept, y, Tensor.zeros(y.shape, dtype: .int64)])
                valid = kept
            }
            let lead = y.shape
            let rows = lead.reduce(1, *)
            let flat = lead.count == 1 ? y : try y.reshape([rows])
            let classes = logits.shape.last ?? 1
            let loss = try nn.sparseSoftmaxCrossEntropy(
                labels: flat, logits: logits.rank == 2 ? logits : try logits.reshape([rows, classes]))
            let shaped = lead.count == 1 ? loss : try loss.reshape(lead)
            return try valid.map { kept throws(SwiftConvError) in try shaped * kept.cast(to: shaped.dtype) } ?? shaped
        }
    }

    /// Labels are probabilities of the shape of the predictions, drawn towards 1 / classes by `labelSmoothing`.
    public static func categoricalCrossentropy(
        fromLogits: Bool = false, labelSmoothing: Double = 0, axis: Int = -1
    ) -> Loss {
        let form = TrainingForm(
            "CategoricalCrossentropy",
            [("from_logits", .bool(fromLogits)), ("label_smoothing", .double(labelSmoothing)), ("axis", .int(axis))])
        return Loss("categorical_crossentropy", fault: smoothingFault(labelSmoothing), form: form) {
            labels, predictions throws(SwiftConvError) in
            let what = "categorical_crossentropy"
            guard labels.shape == predictions.shape, predictions.rank > 0 else {
                throw .invalidArgument(
                    "\(what): labels: expected one-hot labels of the shape of the predictions, \(shapeText(predictions.shape)), received "
                        + "shape \(shapeText(labels.shape)); for class numbers use sparseCategoricalCrossentropy")
            }
            var y = try axisLast(try labels.cast(to: predictions.dtype), axis, what)
            let classes = y.shape.last ?? 1
            if labelSmoothing > 0 { y = try y * (1 - labelSmoothing) + labelSmoothing / Double(Swift.max(classes, 1)) }
            guard let known = fromLogits ? predictions : predictions.input(ofOp: "softmax") else {
                let p = try axisLast(predictions, axis, what)
                let clipped = try (p / p.sum(-1, keepDims: true)).clipped(to: lossEpsilon...1 - lossEpsilon)
                return try -(y * clipped.log()).sum(-1)
            }
            let logits = try axisLast(known, axis, what)
            if logits.rank == 2 { return try nn.softmaxCrossEntropy(labels: y, logits: logits) }
            let lead = Array(logits.shape.dropLast())
            let rows = lead.reduce(1, *)
            let loss = try nn.softmaxCrossEntropy(labels: try y.reshape([rows, classes]), logits: try logits.reshape([rows, classes]))
            return try loss.reshape(lead)
        }
    }

    /// Labels are 0 or 1 (or probabilities) of the shape of the predictions; the mean along `axis`.
    public static func binaryCrossentropy(fromLogits: Bool = false, labelSmoothing: Double = 0, axis: Int = -1) -> Loss {
        let form = TrainingForm(
            "BinaryCrossentropy",
            [("from_logits", .bool(fromLogits)), ("label_smoothing", .double(labelSmoothing)), ("axis", .int(axis))])
        return Loss("binary_crossentropy", fault: smoothingFault(labelSmoothing), form: form) {
            labels, predictions throws(SwiftConvError) in
            let logits = fromLogits ? predictions : predictions.input(ofOp: "sigmoid")
            let (y, p) = try binary(labels, predictions, labelSmoothing, "binary_crossentropy")
            if let logits {
                let shaped = logits.shape == y.shape ? logits : try logits.reshape(y.shape)
                return try nn.sigmoidCrossEntropy(labels: y, logits: shaped).mean(axis)
            }
            let q = try p.clipped(to: lossEpsilon...1 - lossEpsilon)
            return try -(y * q.log() + (1 - y) * (1 - q).log()).mean(axis)
        }
    }

    /// Binary cross-entropy that counts easy examples less (Lin et al. 2018).
    public static func binaryFocalCrossentropy(
        applyClassBalancing: Bool = false, alpha: Double = 0.25, gamma: Double = 2, fromLogits: Bool = false,
        labelSmoothing: Double = 0, axis: Int = -1
    ) -> Loss {
        let form = TrainingForm(
            "BinaryFocalCrossentropy",
            [("apply_class_balancing", .bool(applyClassBalancing)), ("alpha", .double(alpha)), ("gamma", .double(gamma))]
                + [("from_logits", .bool(fromLogits)), ("label_smoothing", .double(labelSmoothing)), ("axis", .int(axis))])
        return Loss("binary_focal_crossentropy", fault: smoothingFault(labelSmoothing), form: form) {
            labels, predictions throws(SwiftConvError) in
            let (y, given) = try binary(labels, predictions, labelSmoothing, "binary_focal_crossentropy")
            let p = try (fromLogits ? nn.sigmoid(given) : given).clipped(to: lossEpsilon...1 - lossEpsilon)
            let entropy = try -(y * p.log() + (1 - y) * (1 - p).log())
            let right = try y * p + (1 - y) * (1 - p)
            var value = try (1 - right).power(gamma) * entropy
            if applyClassBalancing { value = try (y * alpha + (1 - y) * (1 - alpha)) * value }
            return try value.mean(axis)
        }
    }

    private static func smoothingFault(_ number: Double) -> String? {
        (0...1).contains(number) ? nil : "labelSmoothing: expected a number from 0 to 1, received \(number)"
    }

    private static func binary(
        _ labels: Tensor, _ predictions: Tensor, _ smoothing: Double, _ what: String
    ) throws(SwiftConvError) -> (Tensor, Tensor) {
        let (y, p) = try sameRank(try labels.cast(to: predictions.dtype), predictions)
        guard y.shape == p.shape else {
            throw .invalidArgument(
                "\(what): labels: expected the shape of the predictions, \(shapeText(predictions.shape)), received "
                    + shapeText(labels.shape))
        }
        return (smoothing > 0 ? try y * (1 - smoothing) + 0.5 * smoothing : y, p)
    }

    /// The classes' axis as the last one.
    private static func axisLast(_ x: Tensor, _ axis: Int, _ what: String) throws(SwiftConvError) -> Tensor {
        let at = axis < 0 ? axis &+ x.rank : axis
        guard (0..<x.rank).contains(at) else {
            throw .invalidArgument("\(what): axis: expected an axis of shape \(shapeText(x.shape)), received \(axis)")
        }
        return at == x.rank - 1 ? x : try x.transpose((0..<x.rank).filter { $0 != at } + [at])
    }
}

/// Class numbers of the shape of the predictions without their last axis, as integers.
func classNumbers(_ labels: Tensor, for predictions: Tensor, _ what: String) throws(SwiftConvError) -> Tensor {
    let lead = Array(predictions.shape.dropLast())
    let isColumn = labels.rank == lead.count + 1 && labels.shape.last == 1
    let y = isColumn ? try labels.reshape(Array(labels.shape.dropLast())) : labels
    guard y.shape == lead else {
        let hint = labels.shape == predictions.shape ? "; for one-hot labels use categoricalCrossentropy" : ""
        throw .invalidArgument(
            "\(what): labels: expected class numbers of shape \(shapeText(lead)) for predictions of shape "
                + "\(shapeText(predictions.shape)), received shape \(shapeText(labels.shape))\(hint)")
    }
    return [.int32, .int64, .uint8].contains(y.dtype) ? y : try y.cast(to: .int64)
}
