import TensorCore

/// True and false positives and negatives: what is said above each threshold, against what is so.
struct Confusion: Sendable {
    /// A threshold below every prediction; what is at it or below it was not said.
    static let never = -1e10

    var owner: String
    var thresholds: [Double]
    /// The class that is looked at.
    var classID: Int?
    /// Only so many of an example's predictions, the largest ones, count as said at all.
    var topK: Int?
    /// Whether each column is a label with a state of its own.
    var isMultiLabel = false
    /// The weights of the columns.
    var labelWeights: [Double]?

    struct Outcomes {
        var truePositives: Tensor
        var falsePositives: Tensor
        var falseNegatives: Tensor
        var trueNegatives: Tensor
    }

    func validate() throws(SwiftConvError) {
        if let topK, topK < 1 { throw .invalidArgument("\(owner): topK: expected at least 1, received \(topK)") }
    }

    func outcomes(_ labels: Tensor, _ predictions: Tensor, _ sampleWeight: Tensor?) throws(SwiftConvError) -> Outcomes {
        try validate()
        var (y, p) = try sameRank(try labels.cast(to: .float32), try predictions.cast(to: .float32))
        guard y.shape == p.shape else {
            throw .invalidArgument(
                "\(owner): labels, predictions: shapes differ: \(shapeText(labels.shape)) and \(shapeText(predictions.shape))")
        }
        if let topK { p = try Self.largest(p, topK) }
        if let classID { (y, p) = (try column(y, classID), try column(p, classID)) }
        let rows = isMultiLabel ? [1, -1, p.shape.last ?? 1] : [1, -1]
        let weight = try self.weight(sampleWeight, p.shape, rows)
        let truth = try y.reshape(rows).isAbove(0)
        let limits = try Tensor(thresholds.map(Float.init), shape: [thresholds.count] + rows.dropFirst().map { _ in 1 })
        let said = try p.reshape(rows).greater(limits).cast(to: .float32)
        let isNot = try 1 - truth
        let weighted = try weight.map { w throws(SwiftConvError) in try truth * w } ?? truth
        let inverse = try weight.map { w throws(SwiftConvError) in try isNot * w } ?? isNot
        let unsaid = try 1 - said
        return Outcomes(
            truePositives: try (said * weighted).sum(1), falsePositives: try (said * inverse).sum(1),
            falseNegatives: try (unsaid * weighted).sum(1), trueNegatives: try (unsaid * inverse).sum(1))
    }

    private func weight(_ sampleWeight: Tensor?, _ shape: [Int], _ rows: [Int]) throws(SwiftConvError) -> Tensor? {
        var weight: Tensor?
        if let sampleWeight {
            let given = try sampleWeight.cast(to: .float32)
            let missing = Swift.max(0, shape.count - given.rank)
            weight = try given.reshape(given.shape + [Int](repeating: 1, count: missing)).broadcast(to: shape)
        }
        if let labelWeights, !isMultiLabel {
            let own = try Tensor(labelWeights.map(Float.init), shape: [labelWeights.count]).broadcast(to: shape)
            weight = try weight.map { w throws(SwiftConvError) in try w * own } ?? own
        }
        return try weight.map { w throws(SwiftConvError) in try w.reshape(rows) }
    }

    private func column(_ x: Tensor, _ id: Int) throws(SwiftConvError) -> Tensor {
        let columns = x.shape.last ?? 0
        let at = id < 0 ? id &+ columns : id
        guard (0..<columns).contains(at) else {
            throw .invalidArgument("\(owner): classID: expected a column of shape \(shapeText(x.shape)), received \(id)")
        }
        let lead = Array(x.shape.dropLast())
        let part = try applyOne("slice", [x], ["begin": .ints(lead.map { _ in 0 } + [at]), "size": .ints(lead + [1])])
        return try part.reshape(lead)
    }

    /// The `k` largest of each row as they are (the first of equal ones), all others far below any threshold.
    private static func largest(_ x: Tensor, _ k: Int) throws(SwiftConvError) -> Tensor {
        let n = x.shape.last ?? 1
        let mine = try x.reshape(x.shape + [1])
        let other = try x.reshape(x.shape.dropLast() + [1, n])
        let earlier = try Tensor((0..<n * n).map { Float($0 % n < $0 / n ? 1 : 0) }, shape: [n, n]).cast(to: .bool)
        let tied = try applyOne("logical_and", [other.equal(mine), earlier])
        let before = try applyOne("logical_or", [other.greater(mine), tied])
        let rank = try before.cast(to: .float32).sum(-1)
        return try applyOne("select", [rank.less(rank.number(Double(k))), x, Tensor.full(x.shape, never, dtype: x.dtype)])
    }
}

/// `above / below`, 0 where there is nothing below.
func ratio(_ above: Tensor, _ below: Tensor) throws(SwiftConvError) -> Tensor {
    try above / (below + (1 - below.isAbove(0)))
}
