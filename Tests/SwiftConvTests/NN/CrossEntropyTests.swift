import SwiftConv
import Testing
import _TestSupport

@Suite struct CrossEntropyTests {
    @Test func rowsAreLogarithmsOfSoftmax() throws {
        let logits = try Random.normal([2, 3, 4], seed: 1)
        let classes = try Tensor([0, 1, 2, 3, 0, 1] as [Int32], shape: [2, 3])
        let expected = try -(nn.logSoftmax(logits) * classes.oneHot(depth: 4)).sum(-1)
        let sparse = try nn.sparseSoftmaxCrossEntropy(labels: classes, logits: logits)
        #expect(sparse.shape == [2, 3])
        #expect(isClose(try sparse.scalars(), try expected.scalars()))
        let dense = try nn.softmaxCrossEntropy(labels: classes.oneHot(depth: 4), logits: logits)
        #expect(isClose(try dense.scalars(), try expected.scalars()))
        let first = try nn.softmaxCrossEntropy(
            labels: classes.oneHot(depth: 4).moveAxis(from: 2, to: 0), logits: logits.moveAxis(from: 2, to: 0), axis: 0)
        #expect(isClose(try first.scalars(), try expected.scalars()))
    }

    @Test func elementsAreThoseOfPython() throws {
        let (z, x) = (try Tensor([1, 0]), try Tensor([0.5, -0.3]))
        let p = try nn.sigmoid(x)
        #expect(
            isClose(
                try nn.sigmoidCrossEntropy(labels: z, logits: x).scalars(),
                try nn.binaryCrossEntropy(labels: z, probabilities: p).scalars()))
        #expect(isClose(try nn.weightedCrossEntropy(labels: z, logits: x, positiveWeight: 2).scalars(), [0.948154, 0.55435526]))
        #expect(isClose(try nn.binaryCrossEntropy(labels: z, probabilities: Tensor([0.8, 0.3])).scalars(), [0.22314355, 0.35667494]))
        let rows = try nn.categoricalCrossEntropy(labels: Tensor([[0, 1, 0]]), probabilities: Tensor([[0.2, 0.7, 0.6]]))
        #expect(isClose(try rows.scalars(), [0.76214]))
    }

    @Test func misuseIsExplained() throws {
        let logits = try Tensor.zeros([2, 3])
        expectError("labels", "int32, int64 or uint8") { try nn.sparseSoftmaxCrossEntropy(labels: .zeros([2]), logits: logits) }
        expectError("labels", "(2,)", "(3,)") { try nn.sparseSoftmaxCrossEntropy(labels: Tensor(0..<3), logits: logits) }
        expectError("labels", "0 to 2") { try nn.sparseSoftmaxCrossEntropy(labels: Tensor(2..<4), logits: logits) }
        expectError("labels", "(1, 2, 3)") { try nn.sparseSoftmaxCrossEntropy(labels: Tensor(0..<2), logits: .zeros([1, 2, 3, 4])) }
        expectError("labels", "(2, 3)") { try nn.softmaxCrossEntropy(labels: .zeros([2, 2]), logits: logits) }
        expectError("labels", "(2, 3)") { try nn.sigmoidCrossEntropy(labels: .zeros([3]), logits: logits) }
        expectError("binaryCrossEntropy: labels", "(2, 3)") { try nn.binaryCrossEntropy(labels: .zeros([3]), probabilities: logits) }
    }

    @Test func slopesAreThoseOfDifferences() throws {
        let x = try Random.normal([2, 3], dtype: .float64, seed: 4)
        let labels = try Tensor(1..<3)
        try checkSlopes(at: x) { x throws(SwiftConvError) in try nn.sparseSoftmaxCrossEntropy(labels: labels, logits: x) }
        let odds = try nn.softmax(x)
        try checkSlopes(at: x) { x throws(SwiftConvError) in
            try nn.categoricalCrossEntropy(labels: odds, probabilities: nn.softmax(x)).square()
        }
    }
}
