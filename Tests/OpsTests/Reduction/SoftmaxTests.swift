import Foundation
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

private func rows(_ x: [Double], _ n: Int, _ f: ([Double]) -> [Double]) -> [Double] {
    stride(from: 0, to: x.count, by: n).flatMap { f(Array(x[$0..<$0 + n])) }
}

private func softmax(_ x: [Double]) -> [Double] {
    let m = x.max() ?? 0
    let e = x.map { exp($0 - m) }
    return e.map { $0 / e.reduce(0, +) }
}

@Test(arguments: [DataType.float32, .float64], [1, 2, 7, 8, 10, 33, 1000]) func softmaxAgainstDefinition(dtype: DataType, n: Int) throws {
    let x = TestTensor.random([5, n], dtype, seed: 1, low: -30, high: 30)
    let dy = TestTensor.random([5, n], dtype, seed: 2)
    let p = rows(x.numbers, n, softmax)
    for level in CPULevel.available {
        try Kernels.withLevel(level) { () throws in
            let y = try applyOp("softmax", [x])
            #expect(largestError(y[0].numbers, p) <= 2 * tolerance(dtype))
            #expect(try applyOp("softmax", [x], threads: 3, inPlace: true) == y)
            let logarithm = try applyOp("log_softmax", [x], inPlace: true)
            #expect(
                largestError(
                    logarithm[0].numbers,
                    rows(x.numbers, n) { r in
                        let m = r.max() ?? 0
                        let total = log(r.reduce(0) { $0 + exp($1 - m) })
                        return r.map { $0 - m - total }
                    }) <= 2 * tolerance(dtype))
            let lse = try applyOp("logsumexp", [x])[0]
            #expect(lse.spec.shape == [5])
            #expect(
                largestError(
                    lse.numbers,
                    rows(x.numbers, n) { r in
                        let m = r.max() ?? 0
                        return [m + log(r.reduce(0) { $0 + exp($1 - m) })]
                    }) <= 2 * tolerance(dtype))
            let dx = try applyOp("softmax_backward", [dy, y[0]], inPlace: true)[0].numbers
            let pairs = rows(zip(dy.numbers, y[0].numbers).map { $0 * $1 }, n) { r in r.map { _ in r.reduce(0, +) } }
            let (d, p1) = (dy.numbers, y[0].numbers)
            let want = dx.indices.map { (d[$0] - pairs[$0]) * p1[$0] }
            #expect(largestError(dx, want) <= 4 * tolerance(dtype))
            let dl = try applyOp("log_softmax_backward", [dy, logarithm[0]], inPlace: true)[0].numbers
            let sums = rows(dy.numbers, n) { r in r.map { _ in r.reduce(0, +) } }
            let l = logarithm[0].numbers
            let wantL = dl.indices.map { d[$0] - exp(l[$0]) * sums[$0] }
            #expect(largestError(dl, wantL) <= 20 * tolerance(dtype))
        }
    }
}

@Test func softmaxOfLargeAndStrangeRows() throws {
    let big = try applyOp("softmax", [TestTensor(.float32, [1, 3], [1000, 1000, -1000])])[0].numbers
    #expect(big == [0.5, 0.5, 0])
    #expect(try applyOp("softmax", [TestTensor(.float32, [1, 3], [1, .nan, 2])])[0].numbers.allSatisfy(\.isNaN))
    #expect(try applyOp("softmax", [TestTensor(.float32, [1, 2], [-.infinity, 3])])[0].numbers == [0, 1])
    #expect(try applyOp("logsumexp", [TestTensor(.float32, [1, 2], [-.infinity, -.infinity])])[0].numbers == [-.infinity])
    #expect(try applyOp("softmax", [TestTensor(.float32, [0, 2], [])])[0].spec.shape == [0, 2])
}

@Test func argmaxTakesTheFirst() throws {
    let x = TestTensor(.float32, [2, 4], [1, 5, 5, 0, -1, -1, -3, -1])
    #expect(try applyOp("argmax", [x])[0] == TestTensor(.int64, [2], [1, 0]))
    #expect(try applyOp("argmin", [x])[0] == TestTensor(.int64, [2], [3, 2]))
    #expect(try applyOp("argmax", [x], ["axis": .int(0)])[0] == TestTensor(.int64, [4], [0, 0, 0, 0]))
    #expect(try applyOp("argmin", [x], ["axis": .int(0)])[0] == TestTensor(.int64, [4], [1, 1, 1, 1]))
    #expect(try applyOp("argmax", [TestTensor(.int32, [3], [4, 9, 2])])[0] == TestTensor(.int64, [], [1]))
    #expect(throws: ConvError.self) { try applyOp("argmax", [TestTensor(.float32, [2, 0], [])]) }
}

@Test func cumsumAlongEachAxis() throws {
    let x = TestTensor(.float64, [2, 3], [1, 2, 3, 4, 5, 6])
    #expect(try applyOp("cumsum", [x], ["axis": .int(0)])[0].numbers == [1, 2, 3, 5, 7, 9])
    #expect(try applyOp("cumsum", [x], ["axis": .int(-1)], inPlace: true)[0].numbers == [1, 3, 6, 4, 9, 15])
}
