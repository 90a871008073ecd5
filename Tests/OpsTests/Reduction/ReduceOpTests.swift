import Foundation
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

/// A reduction by definition: every element visited in order, gathered by its kept coordinates.
private func reference(_ x: TestTensor, _ axes: [Int], _ start: Double, _ f: (Double, Double) -> Double) -> [Double] {
    let shape = x.spec.shape
    let kept = shape.indices.filter { !axes.contains($0) }
    var result = [Double](repeating: start, count: kept.reduce(1) { $0 * shape[$1] })
    for (flat, value) in x.numbers.enumerated() {
        var rest = flat
        var position = shape
        for axis in shape.indices.reversed() {
            position[axis] = rest % shape[axis]
            rest /= shape[axis]
        }
        let target = kept.reduce(0) { $0 * shape[$1] + position[$1] }
        result[target] = f(result[target], value)
    }
    return result
}

private let cases: [([Int], [[Int]])] = [
    ([5], [[0]]), ([31], [[0]]), ([32], [[0]]), ([33], [[0]]), ([97], [[0]]), ([10_007], [[0]]),
    ([3, 10], [[0], [1], [0, 1]]), ([70, 33], [[0], [1], [0, 1]]), ([1000, 3], [[0], [1]]), ([3, 1000], [[0], [1]]),
    ([2, 5001], [[1], [0]]),
    ([150, 131], [[0], [1]]), ([2, 7, 5, 3], [[0, 1, 2], [1, 2], [0, 2, 3], [3], [0, 3], [1, 3], [2], [0, 1, 2, 3]]),
    ([2, 17, 19, 8], [[0, 1, 2], [1, 2]]), ([1, 4, 1], [[0, 2], [1]]), ([3, 3, 3, 3, 3], [[0, 2, 4], [1, 3]]),
]

@Test(arguments: cases.indices) func reductionsAgainstDefinition(index: Int) throws {
    let (shape, choices) = cases[index]
    for axes in choices {
        for dtype in [DataType.float32, .float64] {
            let x = TestTensor.random(shape, dtype, seed: 3)
            let n = Double(axes.reduce(1) { $0 * shape[$1] })
            let near = TestTensor.random(shape, dtype, seed: 4, low: 0.999, high: 1.001)
            let sums = reference(x, axes, 0) { $0 + $1 }
            let table: [(String, TestTensor, [Double])] = [
                ("reduce_sum", x, sums), ("reduce_mean", x, sums.map { $0 / n }),
                ("reduce_max", x, reference(x, axes, -.infinity) { max($0, $1) }),
                ("reduce_min", x, reference(x, axes, .infinity) { min($0, $1) }),
                ("reduce_prod", near, reference(near, axes, 1) { $0 * $1 }),
            ]
            for (name, input, want) in table {
                let attributes: Attributes = ["axes": .ints(axes)]
                for level in CPULevel.available {
                    try Kernels.withLevel(level) { () throws in
                        let y = try applyOp(name, [input], attributes)[0]
                        let bound = tolerance(dtype) * (name == "reduce_prod" ? n.squareRoot() + 4 : 8)
                        #expect(largestError(y.numbers, want) <= bound, "\(name) \(shape) \(axes) \(dtype) \(level)")
                        for threads in 2...3 where index > 7 || level == CPULevel.available.last {
                            #expect(try applyOp(name, [input], attributes, threads: threads)[0] == y)
                        }
                    }
                }
            }
        }
        for dtype in [DataType.int32, .int64] {
            let x = TestTensor(dtype, shape, (0..<shape.reduce(1, *)).map { Double($0 * 7919 % 201 - 100) })
            #expect(try applyOp("reduce_sum", [x], ["axes": .ints(axes)])[0].numbers == reference(x, axes, 0) { $0 + $1 })
            #expect(try applyOp("reduce_max", [x], ["axes": .ints(axes)])[0].numbers == reference(x, axes, -1000) { max($0, $1) })
        }
        let bits = TestTensor(.bool, shape, (0..<shape.reduce(1, *)).map { $0 % 11 == 3 ? 0 : 1 })
        #expect(try applyOp("reduce_all", [bits], ["axes": .ints(axes)])[0].numbers == reference(bits, axes, 1) { min($0, $1) })
        #expect(try applyOp("reduce_any", [bits], ["axes": .ints(axes)])[0].numbers == reference(bits, axes, 0) { max($0, $1) })
    }
}

@Test func longSumsStayAccurate() throws {
    // 0.1 is not exact in float32: a plain running sum would be off by far more
    let x = TestTensor(.float32, [200_000], [Double](repeating: 0.1, count: 200_000))
    let exact = Double(Float(0.1)) * 200_000
    let flat = try applyOp("reduce_sum", [x])[0].numbers[0]
    #expect(abs(flat - exact) / exact < 1e-6)
    var columns = x
    columns.spec.shape = [100_000, 2]
    let sums = try applyOp("reduce_sum", [columns], ["axes": .ints([0])])[0].numbers
    #expect(sums.allSatisfy { abs($0 - exact / 2) / exact < 1e-6 })
}

@Test func reductionsOfNothingAndNaN() throws {
    let none = TestTensor(.float32, [0, 3], [])
    #expect(try applyOp("reduce_sum", [none], ["axes": .ints([0])])[0].numbers == [0, 0, 0])
    #expect(try applyOp("reduce_prod", [none], ["axes": .ints([0])])[0].numbers == [1, 1, 1])
    #expect(try applyOp("reduce_max", [none], ["axes": .ints([0])])[0].numbers == [-.infinity, -.infinity, -.infinity])
    #expect(try applyOp("reduce_mean", [none], ["axes": .ints([0])])[0].numbers.allSatisfy(\.isNaN))
    #expect(try applyOp("reduce_sum", [none], ["axes": .ints([1])])[0].spec.shape == [0])
    for place in [0, 31, 32, 63, 69] {
        var numbers = (0..<70).map { Double($0) }
        numbers[place] = .nan
        for shape in [[70], [7, 10], [35, 2]] {
            for name in ["reduce_max", "reduce_min"] {
                #expect(try applyOp(name, [TestTensor(.float32, shape, numbers)])[0].numbers[0].isNaN, "\(name) \(place)")
            }
        }
    }
    let x = TestTensor.random([2, 3], .float32, seed: 1)
    #expect(try applyOp("reduce_sum", [x], ["axes": .ints([-1]), "keepdims": .int(1)])[0].spec.shape == [2, 1])
    #expect(throws: ConvError.self) { try applyOp("reduce_sum", [x], ["axes": .ints([2])]) }
    #expect(throws: ConvError.self) { try applyOp("reduce_sum", [x], ["axes": .ints([1, -1])]) }
}
