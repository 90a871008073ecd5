import Graph
import TensorCore

/// What training makes small. Keras's names, rules and defaults.
///
///     let classes = Loss.sparseCategoricalCrossentropy(fromLogits: true)
///     let robust = Loss.huber(delta: 0.5).reduced(by: .sum)
///     let own = Loss(name: "cubic") { labels, predictions in
///         try (labels - predictions).absolute().power(3).mean(-1)
///     }
public struct Loss: Sendable {
    /// How the values of a batch become one number.
    public enum Reduction: Sendable, Hashable {
        /// Their sum over their count.
        case sumOverBatchSize
        /// Their sum.
        case sum
        /// Their sum over the sum of the sample weights.
        case meanWithSampleWeight
        /// They stay as they are. Not for training.
        case none
    }

    /// What reports call it.
    public private(set) var name: String
    /// How the values of a batch become one number.
    public private(set) var reduction: Reduction
    let fault: String?
    /// What files call it; nil for a loss of the user's own, which they hold by its name.
    let form: TrainingForm?
    private let function: @Sendable (Tensor, Tensor) throws(SwiftConvError) -> Tensor

    /// A loss of your own: from labels and predictions to one value for each example.
    public init(
        name: String, reduction: Reduction = .sumOverBatchSize,
        _ values: @escaping @Sendable (_ labels: Tensor, _ predictions: Tensor) throws -> Tensor
    ) {
        self.init(name, fault: nil, form: nil, reduction: reduction) { labels, predictions throws(SwiftConvError) in
            try userFunction(name) { try values(labels, predictions) }
        }
    }

    init(
        _ name: String, fault: String? = nil, form: TrainingForm?, reduction: Reduction = .sumOverBatchSize,
        _ values: @escaping @Sendable (_ labels: Tensor, _ predictions: Tensor) throws(SwiftConvError) -> Tensor
    ) {
        self.name = name
        self.fault = fault
        self.form = form
        self.reduction = reduction
        function = values
    }

    /// The same loss with another reduction.
    public func reduced(by reduction: Reduction) -> Loss {
        var made = self
        made.reduction = reduction
        return made
    }

    /// The same loss under another name.
    public func named(_ name: String) -> Loss {
        var made = self
        made.name = name
        return made
    }

    /// One value for each example.
    public func values(labels: Tensor, predictions: Tensor) throws(SwiftConvError) -> Tensor {
        if let fault { throw .invalidArgument("\(name): \(fault)") }
        return try function(labels, try predictions.asFloating())
    }

    /// A scalar (unless the reduction is `.none`); each value counts as often as its sample weight says.
    public func callAsFunction(
        labels: Tensor, predictions: Tensor, sampleWeight: Tensor? = nil
    ) throws(SwiftConvError) -> Tensor {
        var values = try values(labels: labels, predictions: predictions)
        var weight: Tensor?
        if let sampleWeight {
            let fitting = try Self.aligned(try sampleWeight.cast(to: values.dtype), to: values.shape)
            values = try values * fitting
            weight = fitting
        }
        if reduction == .none { return values }
        let total = try values.sum()
        switch reduction {
        case .none: return values
        case .sum: return total
        case .meanWithSampleWeight:
            guard let weight else { break }
            return try total / weight.broadcast(to: values.shape).sum().maximum(1e-12)
        case .sumOverBatchSize: break
        }
        return try total / Double(Swift.max(values.count, 1))
    }

    /// Weights as they multiply values of a shape.
    private static func aligned(_ weight: Tensor, to shape: [Int]) throws(SwiftConvError) -> Tensor {
        var sizes = weight.shape
        if sizes.count == shape.count + 1, sizes.last == 1 {
            sizes.removeLast()
        } else if !sizes.isEmpty, sizes.count < shape.count {
            sizes += [Int](repeating: 1, count: shape.count - sizes.count)
        }
        let fits = sizes.count <= shape.count && zip(sizes.reversed(), shape.reversed()).allSatisfy { $0 == 1 || $0 == $1 }
        guard fits else {
            throw .invalidArgument("sampleWeight: expected a shape that fits \(shapeText(shape)), received \(shapeText(weight.shape))")
        }
        return sizes == weight.shape ? weight : try weight.reshape(sizes)
    }
}

/// Labels and predictions of one rank: a last axis of size 1 is dropped or added.
func sameRank(_ a: Tensor, _ b: Tensor) throws(SwiftConvError) -> (Tensor, Tensor) {
    var (a, b) = (a, b)
    if a.rank == b.rank + 1, a.shape.last == 1 {
        if b.rank > 1 || Array(a.shape.dropLast()) == b.shape { a = try a.reshape(Array(a.shape.dropLast())) }
        if a.rank != b.rank { b = try b.reshape(b.shape + [1]) }
    } else if b.rank == a.rank + 1, b.shape.last == 1 {
        if a.rank == 1 { a = try a.reshape(a.shape + [1]) } else { b = try b.reshape(Array(b.shape.dropLast())) }
    }
    return (a, b)
}

/// Labels in the type of the predictions and of their rank; throws where their shapes do not fit.
func ready(_ labels: Tensor, _ predictions: Tensor, _ what: String) throws(SwiftConvError) -> (labels: Tensor, predictions: Tensor) {
    let predictions = try predictions.asFloating()
    let (a, b) = try sameRank(try labels.cast(to: predictions.dtype), predictions)
    guard zip(a.shape.reversed(), b.shape.reversed()).allSatisfy({ $0 == $1 || $0 == 1 || $1 == 1 }) else {
        throw .invalidArgument(
            "\(what): labels, predictions: shapes do not fit: \(shapeText(labels.shape)) and \(shapeText(predictions.shape))")
    }
    return (a, b)
}
