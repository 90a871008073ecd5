import TensorCore

/// What is reported beside the loss, over all batches so far. Keras's names, rules and defaults.
///
///     let metrics: [Metric] = [.accuracy, .auc(), .topKCategoricalAccuracy(k: 3)]
///     let own = Metric(name: "largest_error") { labels, predictions in
///         try (labels - predictions).absolute().max(-1)
///     }
public struct Metric: Sendable {
    /// What reports call it.
    public private(set) var name: String
    /// How it is made.
    public let rule: any MetricRule
    /// What files hold of it; nil for a metric of the user's own, which they hold by its name.
    let form: MetricForm?

    /// A metric of your own rule.
    public init(name: String, rule: any MetricRule) { self.init(name: name, form: nil, rule: rule) }

    init(name: String, form: MetricForm?, rule: any MetricRule) {
        self.name = name
        self.form = form
        self.rule = rule
    }

    /// The (weighted) mean of values, one or more for each example.
    public init(
        name: String, _ values: @escaping @Sendable (_ labels: Tensor, _ predictions: Tensor) throws -> Tensor
    ) {
        self.init(name: name, form: nil) { labels, predictions throws(SwiftConvError) in
            try userFunction(name) { try values(labels, predictions) }
        }
    }

    init(
        name: String, form: MetricForm?, _ values: @escaping @Sendable (Tensor, Tensor) throws(SwiftConvError) -> Tensor
    ) {
        self.init(name: name, form: form, rule: MeanRule(values: values))
    }

    /// The mean of a loss's values.
    public init(_ loss: Loss) {
        self.init(name: loss.name, form: .loss(loss)) { labels, predictions throws(SwiftConvError) in
            try loss.values(labels: labels, predictions: predictions)
        }
    }

    /// The same metric under another name.
    public func named(_ name: String) -> Metric {
        var made = self
        made.name = name
        return made
    }
}

/// What a metric keeps over batches, and how: by operations on tensors, which become a part of a compiled step.
public protocol MetricRule: Sendable {
    /// What it keeps before the first batch.
    func states(labels: [Int], predictions: [Int]) throws(SwiftConvError) -> [Tensor]
    /// What it keeps after a batch.
    func update(
        _ states: [Tensor], labels: Tensor, predictions: Tensor, sampleWeight: Tensor?
    ) throws(SwiftConvError) -> [Tensor]
    /// The value over all batches so far: a scalar, or a vector of several values.
    func result(_ states: [Tensor]) throws(SwiftConvError) -> Tensor
}

/// A metric outside of a model: it takes batches into account, and says the value so far.
///
///     var auc = MetricState(.auc())
///     try auc.update(labels: y, predictions: model.predict(x))
///     print(try auc.result.scalar())
public struct MetricState: Sendable {
    /// What is measured.
    public let metric: Metric
    private var states: [Tensor]?

    /// Before the first batch.
    public init(_ metric: Metric) { self.metric = metric }

    /// Takes a batch into account.
    public mutating func update(labels: Tensor, predictions: Tensor, sampleWeight: Tensor? = nil) throws(SwiftConvError) {
        let before: [Tensor]
        if let states { before = states } else { before = try metric.rule.states(labels: labels.shape, predictions: predictions.shape) }
        states = try metric.rule.update(before, labels: labels, predictions: predictions, sampleWeight: sampleWeight)
    }

    /// Starts again.
    public mutating func reset() { states = nil }

    /// The value over all batches so far; 0 before the first.
    public var result: Tensor {
        get throws(SwiftConvError) {
            guard let states else { return try Tensor.zeros([]) }
            return try metric.rule.result(states)
        }
    }
}

/// Sums and counts.
struct MeanRule: MetricRule {
    let values: @Sendable (Tensor, Tensor) throws(SwiftConvError) -> Tensor
    /// Whether the root of the mean is taken.
    var takesRoot = false

    init(takesRoot: Bool = false, values: @escaping @Sendable (Tensor, Tensor) throws(SwiftConvError) -> Tensor) {
        self.values = values
        self.takesRoot = takesRoot
    }

    func states(labels: [Int], predictions: [Int]) throws(SwiftConvError) -> [Tensor] {
        [try Tensor.zeros([]), try Tensor.zeros([])]
    }

    func update(
        _ states: [Tensor], labels: Tensor, predictions: Tensor, sampleWeight: Tensor?
    ) throws(SwiftConvError) -> [Tensor] {
        let found = try values(labels, try predictions.asFloating()).cast(to: .float32)
        return try Self.add(found, sampleWeight, to: states)
    }

    /// Sum and count after more values.
    static func add(_ values: Tensor, _ sampleWeight: Tensor?, to states: [Tensor]) throws(SwiftConvError) -> [Tensor] {
        guard let sampleWeight else { return [try states[0] + values.sum(), try states[1] + Double(values.count)] }
        let (found, weight) = try reducedToSamples(values, sampleWeight)
        return [try states[0] + found.sum(), try states[1] + weight.sum()]
    }

    func result(_ states: [Tensor]) throws(SwiftConvError) -> Tensor {
        let mean = try states[0] / (states[1] + (1 - states[1].isAbove(0)))
        return takesRoot ? try mean.squareRoot() : mean
    }

    /// Values times weights, and the weights, of one shape: surplus axes of the values are averaged.
    private static func reducedToSamples(_ values: Tensor, _ weight: Tensor) throws(SwiftConvError) -> (Tensor, Tensor) {
        var values = values
        var weight = try weight.cast(to: values.dtype)
        let given = weight.shape
        if weight.rank == values.rank + 1, weight.shape.last == 1 { weight = try weight.reshape(Array(weight.shape.dropLast())) }
        if values.rank > weight.rank {
            let axes = Array(weight.rank..<values.rank)
            values = try applyOne("reduce_mean", [values], ["axes": .ints(axes), "keepdims": .int(0)])
        }
        guard weight.rank == values.rank, zip(weight.shape, values.shape).allSatisfy({ $0 == 1 || $0 == $1 }) else {
            throw .invalidArgument("sampleWeight: expected a shape that fits \(shapeText(values.shape)), received \(shapeText(given))")
        }
        return (try values * weight, try weight.broadcast(to: values.shape))
    }
}
