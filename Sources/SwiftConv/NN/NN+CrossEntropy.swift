import TensorCore

extension nn {
    /// The cross-entropy of each row with the class numbers `labels` (int32, int64 or uint8): logits `[…, classes]`, labels and
    /// result `[…]`.
    public static func sparseSoftmaxCrossEntropy(labels: Tensor, logits: Tensor) throws(SwiftConvError) -> Tensor {
        if logits.rank == 2 { return try applyOne("sparse_softmax_cross_entropy", [logits, labels]) }
        let (flat, lead) = try rows(logits, "sparseSoftmaxCrossEntropy")
        guard labels.shape == lead else {
            throw .invalidArgument(
                "sparseSoftmaxCrossEntropy: labels: expected shape \(shapeText(lead)), one class a row, "
                    + "received \(shapeText(labels.shape)); one-hot labels go to softmaxCrossEntropy")
        }
        return try applyOne("sparse_softmax_cross_entropy", [flat, labels.reshape([labels.count])]).reshape(lead)
    }

    /// The cross-entropy of each row with the probabilities `labels`, of the shape of `logits` or one that broadcasts to it; the
    /// classes are along `axis`, which vanishes.
    public static func softmaxCrossEntropy(labels: Tensor, logits: Tensor, axis: Int = -1) throws(SwiftConvError) -> Tensor {
        let place = try normalized(axis, rank: logits.rank, "softmaxCrossEntropy")
        if logits.rank == 2, place == 1 { return try applyOne("softmax_cross_entropy", [logits, labels]) }
        guard labels.rank == logits.rank else {
            throw .invalidArgument(
                "softmaxCrossEntropy: labels: expected shape \(shapeText(logits.shape)), that of logits, "
                    + "received \(shapeText(labels.shape))")
        }
        let labels = try labels.broadcast(to: logits.shape).moveAxis(from: place, to: -1)
        let logits = try logits.moveAxis(from: place, to: -1)
        let (flat, lead) = try rows(logits, "softmaxCrossEntropy")
        return try applyOne("softmax_cross_entropy", [flat, labels.reshape(flat.shape)]).reshape(lead)
    }

    /// The cross-entropy of each element with the probability in `labels`.
    public static func sigmoidCrossEntropy(labels: Tensor, logits: Tensor) throws(SwiftConvError) -> Tensor {
        try applyOne("sigmoid_cross_entropy", [logits, labels])
    }

    /// `sigmoidCrossEntropy` in which a missed positive label costs `positiveWeight` times as much.
    public static func weightedCrossEntropy(
        labels: Tensor, logits: Tensor, positiveWeight: Double
    ) throws(SwiftConvError) -> Tensor {
        let weight = try labels * (positiveWeight - 1) + 1
        return try (1 - labels) * logits + weight * softplus(-logits)
    }

    /// The cross-entropy of each element with the probability in `labels`, of probabilities, which are kept `epsilon` away from 0 and 1.
    public static func binaryCrossEntropy(
        labels: Tensor, probabilities: Tensor, epsilon: Double = 1e-7
    ) throws(SwiftConvError) -> Tensor {
        try expectSame(labels, probabilities, "binaryCrossEntropy")
        let p = try probabilities.clipped(to: epsilon...(1 - epsilon))
        return try -(labels * p.log() + (1 - labels) * (1 - p).log())
    }

    /// The cross-entropy of each row of probabilities along `axis` with the probabilities `labels`.
    public static func categoricalCrossEntropy(
        labels: Tensor, probabilities: Tensor, axis: Int = -1, epsilon: Double = 1e-7
    ) throws(SwiftConvError) -> Tensor {
        try expectSame(labels, probabilities, "categoricalCrossEntropy")
        let p = try probabilities / probabilities.sum(axis, keepDims: true)
        return try -(labels * p.clipped(to: epsilon...(1 - epsilon)).log()).sum(axis)
    }

    /// Half the sum of the squares.
    public static func l2Loss(_ x: Tensor) throws(SwiftConvError) -> Tensor { try x.square().sum() * 0.5 }

    /// `[…, classes]` as `[rows, classes]`, and the leading sizes.
    private static func rows(_ logits: Tensor, _ what: String) throws(SwiftConvError) -> (flat: Tensor, lead: [Int]) {
        guard let classes = logits.shape.last else {
            throw .invalidArgument("\(what): logits: expected at least 1 dimension, received shape ()")
        }
        let lead = Array(logits.shape.dropLast())
        return (try logits.reshape([lead.reduce(1, *), classes]), lead)
    }

    private static func expectSame(_ labels: Tensor, _ probabilities: Tensor, _ what: String) throws(SwiftConvError) {
        guard labels.shape == probabilities.shape else {
            throw .invalidArgument(
                "\(what): labels: expected shape \(shapeText(probabilities.shape)), that of probabilities, "
                    + "received \(shapeText(labels.shape))")
        }
    }
}
