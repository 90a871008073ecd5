import Foundation
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

/// The index into an operand of `shape` for element `flat` of the broadcast `output`.
func broadcastIndex(_ flat: Int, _ output: [Int], _ shape: [Int]) -> Int {
    var rest = flat
    var index = 0
    var step = 1
    for axis in output.indices.reversed() {
        let position = rest % output[axis]
        rest /= output[axis]
        let own = axis - (output.count - shape.count)
        if own >= 0 {
            if shape[own] != 1 { index += position * step }
            step *= shape[own]
        }
    }
    return index
}

private let shapePairs: [([Int], [Int], [Int])] = [
    ([7], [7], [7]), ([3, 5], [3, 5], [3, 5]), ([33], [], [33]), ([], [33], [33]), ([4, 7], [7], [4, 7]), ([7], [4, 7], [4, 7]),
    ([2, 3, 4], [3, 1], [2, 3, 4]), ([2, 3, 1, 5], [1, 3, 4, 1], [2, 3, 4, 5]), ([5, 1], [1, 6], [5, 6]), ([0, 3], [3], [0, 3]),
    ([3, 1, 4], [3, 2, 4], [3, 2, 4]), ([400, 3], [3], [400, 3]), ([300, 3], [300, 1], [300, 3]), ([1], [1, 1], [1, 1]), ([], [], []),
    ([3, 300], [300], [3, 300]),
]

private let functions: [(String, @Sendable (Double, Double) -> Double)] = [
    ("add", { $0 + $1 }), ("subtract", { $0 - $1 }), ("multiply", { $0 * $1 }), ("divide", { $0 / $1 }), ("maximum", { max($0, $1) }),
    ("minimum", { min($0, $1) }), ("squared_difference", { ($0 - $1) * ($0 - $1) }), ("power", { pow($0, $1) }),
    ("floor_divide", { floor($0 / $1) }), ("mod", { $0 - floor($0 / $1) * $1 }),
]

@Test(arguments: shapePairs.indices) func binaryBroadcasts(pair: Int) throws {
    let (xs, ys, zs) = shapePairs[pair]
    let count = zs.reduce(1, *)
    for dtype in [DataType.float32, .float64] {
        // away from whole quotients, where rounding decides over floor
        let x = TestTensor.random(xs, dtype, seed: 1, low: 0.5, high: 3)
        let y = TestTensor.random(ys, dtype, seed: 2, low: 3.1, high: 4)
        let (a, b) = (x.numbers, y.numbers)
        let pairs = (0..<count).map { (a[broadcastIndex($0, zs, xs)], b[broadcastIndex($0, zs, ys)]) }
        for (name, f) in functions {
            let want = pairs.map { f($0.0, $0.1) }
            let z = try applyOp(name, [x, y])
            #expect(z[0].spec == TensorSpec(dtype, zs))
            #expect(largestError(z[0].numbers, want) <= 4 * tolerance(dtype), "\(name) \(xs) \(ys) \(dtype)")
            #expect(try applyOp(name, [x, y], threads: 3, inPlace: true) == z, "\(name) \(xs) \(ys), in place on 3 threads")
        }
    }
}

@Test func binaryOnIntegers() throws {
    for dtype in [DataType.int32, .int64] {
        let x = TestTensor(dtype, [21], (0..<21).map { Double($0 - 10) })
        for divisor in [3.0, -4, 1, -1] {
            let y = TestTensor(dtype, [], [divisor])
            #expect(try applyOp("floor_divide", [x, y])[0].numbers == x.numbers.map { floor($0 / divisor) })
            #expect(try applyOp("mod", [x, y])[0].numbers == x.numbers.map { $0 - floor($0 / divisor) * divisor })
        }
        for (name, f) in functions.filter({ ["add", "subtract", "multiply", "maximum", "minimum", "squared_difference"].contains($0.0) }) {
            let y = TestTensor(dtype, [21], (0..<21).map { Double(7 - $0) })
            #expect(try applyOp(name, [x, y])[0].numbers == zip(x.numbers, y.numbers).map(f), "\(name)")
        }
        #expect(try applyOp("power", [x, TestTensor(dtype, [], [3])])[0].numbers == x.numbers.map { $0 * $0 * $0 })
        #expect(throws: ConvError.self) { try applyOp("floor_divide", [x, TestTensor(dtype, [], [0])]) }
        #expect(throws: ConvError.self) { try applyOp("divide", [x, x]) }
    }
    // what does not fit wraps; it never traps
    let lowest = TestTensor(.int32, [2], [Double(Int32.min), 5])
    #expect(try applyOp("floor_divide", [lowest, TestTensor(.int32, [], [-1])])[0].numbers == [Double(Int32.min), -5])
    #expect(try applyOp("mod", [lowest, TestTensor(.int32, [], [-1])])[0].numbers == [0, 0])
    #expect(try applyOp("add", [TestTensor(.uint8, [1], [200]), TestTensor(.uint8, [1], [100])])[0].numbers == [44])
}

@Test func comparisonsAndLogic() throws {
    for dtype in DataType.allCases {
        let x = TestTensor(dtype, [4], [0, 1, 1, 0])
        let y = TestTensor(dtype, [4], [0, 0, 1, 1])
        let table: [(String, [Double])] = [
            ("equal", [1, 0, 1, 0]), ("not_equal", [0, 1, 0, 1]), ("less", [0, 0, 0, 1]), ("less_equal", [1, 0, 1, 1]),
            ("greater", [0, 1, 0, 0]), ("greater_equal", [1, 1, 1, 0]),
        ]
        for (name, want) in table {
            let z = try applyOp(name, [x, y])[0]
            #expect(z == TestTensor(.bool, [4], want), "\(name) \(dtype)")
        }
    }
    let x = TestTensor(.bool, [4], [0, 1, 1, 0])
    let y = TestTensor(.bool, [4], [0, 0, 1, 1])
    #expect(try applyOp("logical_and", [x, y])[0].numbers == [0, 0, 1, 0])
    #expect(try applyOp("logical_or", [x, y])[0].numbers == [0, 1, 1, 1])
    #expect(try applyOp("logical_xor", [x, y])[0].numbers == [0, 1, 0, 1])
}

@Test func extremaKeepNaN() throws {
    let x = TestTensor(.float32, [3], [.nan, 1, 2])
    let y = TestTensor(.float32, [3], [1, .nan, 3])
    for (name, third) in [("maximum", 3.0), ("minimum", 2.0)] {
        let z = try applyOp(name, [x, y])[0].numbers
        #expect(z[0].isNaN && z[1].isNaN && z[2] == third)
    }
}

@Test(arguments: DataType.allCases) func selectBroadcasts(dtype: DataType) throws {
    for (cs, xs, ys, zs) in [
        ([9], [9], [9], [9]), ([4, 1], [5], [], [4, 5]), ([], [3], [3], [3]), ([2, 3], [2, 3], [], [2, 3]),
        ([3], [2, 1], [2, 3], [2, 3]),
    ] as [([Int], [Int], [Int], [Int])] {
        let c = TestTensor(.bool, cs, (0..<cs.reduce(1, *)).map { Double($0 * 5 % 3 % 2) })
        let x = TestTensor(dtype, xs, (0..<xs.reduce(1, *)).map { Double($0 % 2) })
        let y = TestTensor(dtype, ys, (0..<ys.reduce(1, *)).map { Double(($0 + 1) % 2) })
        let want = (0..<zs.reduce(1, *)).map {
            c.numbers[broadcastIndex($0, zs, cs)] != 0 ? x.numbers[broadcastIndex($0, zs, xs)] : y.numbers[broadcastIndex($0, zs, ys)]
        }
        #expect(try applyOp("select", [c, x, y])[0] == TestTensor(dtype, zs, want))
    }
}

@Test func biasAddChecksAndAdds() throws {
    let x = TestTensor.random([2, 3, 5, 7], .float32, seed: 1)
    let b = TestTensor.random([7], .float32, seed: 2)
    let bias = b.numbers
    let y = try applyOp("bias_add", [x, b], threads: 2, inPlace: true)[0]
    #expect(largestError(y.numbers, x.numbers.enumerated().map { $1 + bias[$0 % 7] }) <= tolerance(.float32))
    #expect(throws: ConvError.self) { try applyOp("bias_add", [x, TestTensor.random([5], .float32, seed: 2)]) }
    #expect(throws: ConvError.self) { try applyOp("add", [x, TestTensor.random([5], .float32, seed: 2)]) }
}
