import TensorCore

/// Examples with their labels: a batch, or a whole set of data. Each tensor has the examples along its first axis.
///
///     try model.fit(batches: [Examples(x, y), Examples(x, y)], epochs: 3)
public struct Examples: Sendable {
    /// One tensor for each input of the model.
    public var inputs: [Tensor]
    /// One tensor for each output of the model.
    public var labels: [Tensor]
    /// How much each example counts: nothing, one tensor for all outputs, or one for each output.
    public var sampleWeights: [Tensor?]

    /// For a model with one input and one output.
    public init(_ x: Tensor, _ y: Tensor, sampleWeight: Tensor? = nil) {
        self.init([x], [y], sampleWeights: sampleWeight.map { [$0] } ?? [])
    }

    /// For a model with several inputs or outputs.
    public init(_ inputs: [Tensor], _ labels: [Tensor], sampleWeights: [Tensor?] = []) {
        self.inputs = inputs
        self.labels = labels
        self.sampleWeights = sampleWeights
    }

    /// The number of examples, if all tensors have the same.
    func count(_ what: String, outputs: Int?) throws(SwiftConvError) -> Int {
        guard let first = inputs.first else { throw .invalidArgument("\(what): x: expected at least one tensor, received none") }
        if let outputs, labels.count != outputs {
            throw .invalidArgument("\(what): y: expected labels for \(outputs) outputs, received \(labels.count)")
        }
        guard let count = first.shape.first else { throw .invalidArgument("\(what): x: expected a batch, received a scalar") }
        for (name, tensors) in [("x", inputs), ("y", labels), ("sampleWeight", sampleWeights.compactMap { $0 })] {
            for tensor in tensors {
                guard tensor.shape.first == count else {
                    throw .invalidArgument("\(what): \(name): expected \(count) examples, received shape \(shapeText(tensor.shape))")
                }
            }
        }
        guard count > 0 else { throw .invalidArgument("\(what): expected at least one example, received none") }
        return count
    }

    /// The sample weight of each output.
    func weights(outputs: Int, _ what: String) throws(SwiftConvError) -> [Tensor?] {
        switch sampleWeights.count {
        case 0: return [Tensor?](repeating: nil, count: outputs)
        case 1: return [Tensor?](repeating: sampleWeights[0], count: outputs)
        case outputs: return sampleWeights
        default:
            throw .invalidArgument(
                "\(what): sampleWeights: expected one, or one for each of \(outputs) outputs, received \(sampleWeights.count)")
        }
    }

    /// The same with weights that hold the weight of each example's class; classes that are not named weigh 1.
    func weighted(by classWeight: [Int: Double], _ what: String) throws(SwiftConvError) -> Examples {
        if classWeight.isEmpty { return self }
        guard labels.count == 1, let y = labels.first else {
            throw .invalidArgument("\(what): classWeight: expected a model with one output, received labels for \(labels.count)")
        }
        let classes = y.rank > 1 && y.shape.last ?? 1 > 1 ? try y.asFloating().argmax() : y
        let count = y.shape.first ?? 0
        guard classes.count == count else {
            throw .invalidArgument("\(what): classWeight: expected one label for each example, received shape \(shapeText(y.shape))")
        }
        let factors = try classes.scalars(as: Double.self).map { label in
            Float(Int(exactly: label.rounded(.towardZero)).flatMap { classWeight[$0] } ?? 1)
        }
        var weight = try Tensor(factors, shape: [count])
        if let own = sampleWeights.first ?? nil { weight = try own.cast(to: .float32).reshape([count]) * weight }
        return Examples(inputs, labels, sampleWeights: [weight])
    }
}
