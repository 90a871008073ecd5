import Graph
import TensorCore

/// Counts of right and wrong decisions, and rates of them.
extension Metric {
    /// How many were rightly called positive, at each threshold.
    public static func truePositives(thresholds: [Double] = [0.5]) -> Metric { count("true_positives", thresholds, .truePositives) }
    /// How many were wrongly called positive, at each threshold.
    public static func falsePositives(thresholds: [Double] = [0.5]) -> Metric { count("false_positives", thresholds, .falsePositives) }
    /// How many were rightly called negative, at each threshold.
    public static func trueNegatives(thresholds: [Double] = [0.5]) -> Metric { count("true_negatives", thresholds, .trueNegatives) }
    /// How many were wrongly called negative, at each threshold.
    public static func falseNegatives(thresholds: [Double] = [0.5]) -> Metric { count("false_negatives", thresholds, .falseNegatives) }

    /// How many of those called positive are.
    ///
    /// - `thresholds`: above which a prediction counts as positive; ½ by default, none with `topK`.
    /// - `topK`: only the so many largest predictions of an example count as positive.
    /// - `classID`: the class that is looked at; all by default.
    public static func precision(thresholds: [Double]? = nil, topK: Int? = nil, classID: Int? = nil) -> Metric {
        rate("precision", thresholds, topK, classID, .falsePositives)
    }

    /// How many of the positive were called so. Arguments as for `precision`.
    public static func recall(thresholds: [Double]? = nil, topK: Int? = nil, classID: Int? = nil) -> Metric {
        rate("recall", thresholds, topK, classID, .falseNegatives)
    }

    private static func count(_ name: String, _ thresholds: [Double], _ outcome: ConfusionRule.Outcome) -> Metric {
        let className = name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        let form = TrainingForm(className, [("thresholds", .array(thresholds.map { .double($0) }))])
        return Metric(
            name: name, form: .keras(form),
            rule: ConfusionRule(confusion: Confusion(owner: name, thresholds: thresholds), outcomes: [outcome], given: thresholds))
    }

    private static func rate(
        _ name: String, _ thresholds: [Double]?, _ topK: Int?, _ classID: Int?, _ other: ConfusionRule.Outcome
    ) -> Metric {
        let limits = thresholds ?? [topK == nil ? 0.5 : Confusion.never]
        let confusion = Confusion(owner: name, thresholds: limits, classID: classID, topK: topK)
        let form = TrainingForm(
            name == "precision" ? "Precision" : "Recall",
            [
                ("thresholds", thresholds.map { .array($0.map { .double($0) }) } ?? .null), ("top_k", topK.map { .int($0) } ?? .null),
                ("class_id", classID.map { .int($0) } ?? .null),
            ])
        return Metric(
            name: name, form: .keras(form),
            rule: ConfusionRule(confusion: confusion, outcomes: [.truePositives, other], given: thresholds ?? []))
    }
}

/// Keeps outcomes: one alone is the result, of two the share of the first.
private struct ConfusionRule: MetricRule {
    enum Outcome: Sendable {
        case truePositives, falsePositives, trueNegatives, falseNegatives
    }

    let confusion: Confusion
    let outcomes: [Outcome]
    /// The thresholds that the user gave.
    let given: [Double]

    func states(labels: [Int], predictions: [Int]) throws(SwiftConvError) -> [Tensor] {
        guard !confusion.thresholds.isEmpty, given.allSatisfy({ (0...1).contains($0) }) else {
            throw .invalidArgument("\(confusion.owner): thresholds: expected numbers from 0 to 1, received \(given)")
        }
        try confusion.validate()
        let zeros = try Tensor.zeros([confusion.thresholds.count])
        return outcomes.map { _ in zeros }
    }

    func update(
        _ states: [Tensor], labels: Tensor, predictions: Tensor, sampleWeight: Tensor?
    ) throws(SwiftConvError) -> [Tensor] {
        let found = try confusion.outcomes(labels, predictions, sampleWeight)
        var new: [Tensor] = []
        for (state, outcome) in zip(states, outcomes) {
            let value =
                switch outcome {
                case .truePositives: found.truePositives
                case .falsePositives: found.falsePositives
                case .trueNegatives: found.trueNegatives
                case .falseNegatives: found.falseNegatives
                }
            new.append(try state + value)
        }
        return new
    }

    func result(_ states: [Tensor]) throws(SwiftConvError) -> Tensor {
        let value = states.count == 1 ? states[0] : try ratio(states[0], try states[0] + states[1])
        return value.count == 1 ? try value.reshape([]) : value
    }
}
