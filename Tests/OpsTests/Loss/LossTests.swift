import TensorCore
import Testing
import _TestSupport

@testable import Ops

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

@Suite struct LossTests {
    private static let sizes = [(1, 1), (3, 10), (64, 10), (7, 1000), (0, 5), (500, 3)]

    private func softmax(_ x: ArraySlice<Double>) -> [Double] {
        let most = x.max() ?? 0
        let e = x.map { exp($0 - most) }
        let sum = e.reduce(0, +)
        return e.map { $0 / sum }
    }

    @Test(arguments: sizes, [DataType.float32, .float64])
    func sparseAgreesWithTheDefinition(_ size: (Int, Int), _ dtype: DataType) throws {
        let (rows, classes) = size
        let logits = TestTensor.random([rows, classes], dtype, seed: 3, low: -30, high: 30)
        for labelType in [DataType.int32, .int64, .uint8] {
            let labels = TestTensor(labelType, [rows], (0..<rows).map { Double($0 * 7 % min(classes, 200)) })
            let one = try applyOp("sparse_softmax_cross_entropy", [logits, labels])
            let (x, classOf) = (logits.numbers, labels.numbers.map { Int($0) })
            var (losses, gradients) = ([Double](), [Double]())
            for row in 0..<rows {
                var p = softmax(x[row * classes..<(row + 1) * classes])
                losses.append(-log(p[classOf[row]]))
                p[classOf[row]] -= 1
                gradients += p
            }
            #expect(largestError(one[0].numbers, losses) < 1e-5)
            #expect(largestError(one[1].numbers, gradients) < 1e-6)
            #expect(try applyOp("sparse_softmax_cross_entropy", [logits, labels], threads: 3) == one)
        }
    }

    @Test(arguments: sizes)
    func denseAgreesWithSparseAndBroadcasts(_ size: (Int, Int)) throws {
        let (rows, classes) = size
        let logits = TestTensor.random([rows, classes], .float64, seed: 4, low: -9, high: 9)
        let labels = TestTensor(.int32, [rows], (0..<rows).map { Double($0 % classes) })
        let hot = try applyOp("one_hot", [labels], ["depth": .int(classes), "dtype": .string("float64")])[0]
        let sparse = try applyOp("sparse_softmax_cross_entropy", [logits, labels])
        let dense = try applyOp("softmax_cross_entropy", [logits, hot])
        #expect(largestError(dense[0].numbers, sparse[0].numbers) < 1e-12)
        #expect(largestError(dense[1].numbers, sparse[1].numbers) < 1e-12)
        let row = TestTensor.random([1, classes], .float64, seed: 5, low: 0, high: 1)
        let all = TestTensor(.float64, [rows, classes], (0..<rows).flatMap { _ in row.numbers })
        #expect(try applyOp("softmax_cross_entropy", [logits, row]) == applyOp("softmax_cross_entropy", [logits, all]))
    }

    @Test func hugeLogitsStayFinite() throws {
        let logits = TestTensor(.float32, [2, 3], [3e38, -3e38, 0, -1e30, -1e30, -1e30])
        let result = try applyOp("sparse_softmax_cross_entropy", [logits, TestTensor(.int32, [2], [0, 1])])
        #expect(result[0].numbers[0] == 0)
        #expect(abs(result[0].numbers[1] - log(3.0)) < 1e-6)
        #expect(result[1].numbers.allSatisfy { $0.isFinite })
    }

    @Test func labelsOutOfRangeAreNamed() throws {
        let logits = TestTensor.random([3, 4], .float32, seed: 6)
        for label in [-1.0, 4] {
            let error = #expect(throws: ConvError.self) {
                try applyOp("sparse_softmax_cross_entropy", [logits, TestTensor(.int32, [3], [0, label, 1])])
            }
            #expect(error?.message.contains("0 to 3, received \(Int(label)) in row 1") == true)
        }
        let hot = TestTensor.random([3, 4], .float32, seed: 7)
        #expect(throws: ConvError.self) { try applyOp("sparse_softmax_cross_entropy", [logits, hot]) }
        #expect(throws: ConvError.self) { try applyOp("softmax_cross_entropy", [logits, TestTensor(.float32, [3], [0, 1, 1])]) }
    }

    @Test(arguments: [DataType.float32, .float64])
    func sigmoidAgreesWithTheDefinition(_ dtype: DataType) throws {
        let x = TestTensor(dtype, [9], [-1e4, -40, -2, -0.5, 0, 0.5, 2, 40, 1e4])
        let z = TestTensor(dtype, [9], [0, 1, 0.25, 1, 0.5, 0, 1, 0, 1])
        let y = try applyOp("sigmoid_cross_entropy", [x, z], threads: 2)[0].numbers
        for i in y.indices {
            let (x, z) = (x.numbers[i], z.numbers[i])
            let expected = z * log1p(exp(-abs(x))) + (1 - z) * log1p(exp(-abs(x))) + (x > 0 ? (1 - z) * x : -z * x)
            #expect(abs(y[i] - expected) <= 1e-6 * (1 + abs(expected)))
        }
    }
}
