import Graph
import TensorCore

extension Metric {
    /// Which curve.
    public enum Curve: Sendable, Hashable {
        /// True against false positives.
        case roc
        /// Precision against recall.
        case pr

        var word: String { self == .roc ? "ROC" : "PR" }
    }

    /// How the area between two points is taken.
    public enum Summation: Sendable, Hashable {
        /// Along a line (PR: as Davis and Goadrich 2006).
        case interpolation
        /// At the lower of the two.
        case minoring
        /// At the higher of the two.
        case majoring

        var word: String {
            switch self {
            case .interpolation: "interpolation"
            case .minoring: "minoring"
            case .majoring: "majoring"
            }
        }
    }

    /// The area under the curve of true against false positives, or of precision against recall.
    ///
    /// - `numThresholds`: how many points the curve has; or `thresholds`: the points themselves.
    /// - `isMultiLabel`: whether each column is a label of its own; the areas of the labels are averaged.
    /// - `labelWeights`: the weights of the labels in that mean (or of the columns otherwise).
    /// - `fromLogits`: whether predictions are logits.
    public static func auc(
        numThresholds: Int = 200, curve: Curve = .roc, summation: Summation = .interpolation, thresholds: [Double]? = nil,
        isMultiLabel: Bool = false, labelWeights: [Double]? = nil, fromLogits: Bool = false
    ) -> Metric {
        let isUsable = thresholds != nil || (2...maximalThresholds).contains(numThresholds)
        let count = isUsable && thresholds == nil ? numThresholds - 2 : 0
        let inner = thresholds?.sorted() ?? (0..<count).map { Double($0 + 1) / Double(numThresholds - 1) }
        let confusion = Confusion(
            owner: "auc", thresholds: [-1e-7] + inner + [1 + 1e-7], isMultiLabel: isMultiLabel, labelWeights: labelWeights)
        let fault = isUsable ? nil : "numThresholds: expected from 2 to \(maximalThresholds), received \(numThresholds)"
        let numbers: ([Double]?) -> Json = { $0.map { .array($0.map { .double($0) }) } ?? .null }
        let form = TrainingForm(
            "AUC",
            [
                ("num_thresholds", .int(thresholds.map { $0.count + 2 } ?? numThresholds)), ("curve", .string(curve.word)),
                ("summation_method", .string(summation.word)), ("multi_label", .bool(isMultiLabel)), ("num_labels", .null),
                ("label_weights", numbers(labelWeights)), ("from_logits", .bool(fromLogits)), ("thresholds", numbers(thresholds)),
            ])
        return Metric(
            name: "auc", form: .keras(form),
            rule: AreaRule(confusion: confusion, curve: curve, summation: summation, fromLogits: fromLogits, fault: fault))
    }
}

/// More points than any curve needs.
private let maximalThresholds = 1 << 20

private struct AreaRule: MetricRule {
    let confusion: Confusion
    let curve: Metric.Curve
    let summation: Metric.Summation
    let fromLogits: Bool
    let fault: String?

    func states(labels: [Int], predictions: [Int]) throws(SwiftConvError) -> [Tensor] {
        if let fault { throw .invalidArgument("auc: \(fault)") }
        var shape = [confusion.thresholds.count]
        if confusion.isMultiLabel {
            guard predictions.count == 2 else {
                throw .invalidArgument(
                    "auc: isMultiLabel expects predictions of shape (examples, labels), received \(shapeText(predictions))")
            }
            shape.append(predictions[1])
            if let weights = confusion.labelWeights, weights.count != predictions[1] {
                throw .invalidArgument("auc: labelWeights: expected \(predictions[1]) of them, received \(weights.count)")
            }
        }
        let zeros = try Tensor.zeros(shape)
        return [zeros, zeros, zeros, zeros]
    }

    func update(
        _ states: [Tensor], labels: Tensor, predictions: Tensor, sampleWeight: Tensor?
    ) throws(SwiftConvError) -> [Tensor] {
        let p = fromLogits ? try nn.sigmoid(predictions) : predictions
        let found = try confusion.outcomes(labels, p, sampleWeight)
        return [
            try states[0] + found.truePositives, try states[1] + found.falsePositives, try states[2] + found.trueNegatives,
            try states[3] + found.falseNegatives,
        ]
    }

    func result(_ states: [Tensor]) throws(SwiftConvError) -> Tensor {
        let (tp, fp, tn, fn) = (states[0], states[1], states[2], states[3])
        if curve == .pr, summation == .interpolation { return try interpolatedPR(tp, fp, fn) }
        let recall = try ratio(tp, try tp + fn)
        let x = curve == .roc ? try ratio(fp, try fp + tn) : recall
        let y = curve == .roc ? recall : try ratio(tp, try tp + fp)
        let (left, right) = (try head(y), try tail(y))
        let height =
            switch summation {
            case .interpolation: try (left + right) / 2
            case .minoring: try left.minimum(right)
            case .majoring: try left.maximum(right)
            }
        return try overLabels(try ((head(x) - tail(x)) * height).sum(0))
    }

    /// Between two points the false positives, not the precision, grow evenly.
    private func interpolatedPR(_ tp: Tensor, _ fp: Tensor, _ fn: Tensor) throws(SwiftConvError) -> Tensor {
        let dTp = try head(tp) - tail(tp)
        let p = try tp + fp
        let (before, after) = (try head(p), try tail(p))
        let slope = try ratio(dTp, try (before - after).maximum(0))
        let intercept = try tail(tp) - slope * after
        let both = try before.isAbove(0) * after.isAbove(0)
        let plain = try ratio(before, try after.maximum(0))
        let quotient = try applyOne("select", [both.cast(to: .bool), plain, Tensor.ones(plain.shape)])
        let area = try ratio(
            try slope * (dTp + intercept * quotient.log()), try (tail(tp) + tail(fn)).maximum(0))
        return try overLabels(try area.sum(0))
    }

    private func overLabels(_ areas: Tensor) throws(SwiftConvError) -> Tensor {
        guard confusion.isMultiLabel else { return areas }
        guard let given = confusion.labelWeights else { return try areas.mean() }
        let weights = try Tensor(given.map(Float.init), shape: [given.count])
        return try ratio(try (areas * weights).sum(), try weights.sum())
    }

    private func head(_ x: Tensor) throws(SwiftConvError) -> Tensor { try rows(x, 0) }
    private func tail(_ x: Tensor) throws(SwiftConvError) -> Tensor { try rows(x, 1) }
    private func rows(_ x: Tensor, _ start: Int) throws(SwiftConvError) -> Tensor {
        try x[.range(start..<start + x.shape[0] - 1)]
    }
}
