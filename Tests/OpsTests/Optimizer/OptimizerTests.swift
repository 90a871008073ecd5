import TensorCore
import Testing
import _TestSupport

@testable import Ops

private let types: [DataType] = [.float32, .float64]
private let shapes: [[Int]] = [[], [1], [7], [3, 5], [64], [0, 4], [9, 1021]]

private func scalar(_ dtype: DataType, _ number: Double) -> TestTensor { TestTensor(dtype, [], [number]) }

/// Compares with `expected`, in place and not, on 1, 2 and 3 threads.
private func check(
    _ op: String, _ inputs: [TestTensor], _ attributes: Attributes, _ expected: [[Double]],
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let first = try applyOp(op, inputs, attributes)
    for (i, (got, want)) in zip(first, expected).enumerated() {
        let error = largestError(got.numbers, want)
        #expect(error <= tolerance(got.spec.dtype), "output \(i)", sourceLocation: sourceLocation)
    }
    for threads in 1...3 {
        #expect(try applyOp(op, inputs, attributes, threads: threads, inPlace: true) == first, sourceLocation: sourceLocation)
    }
}

@Test(arguments: types, shapes) func sgdAgainstDefinition(dtype: DataType, shape: [Int]) throws {
    let x = TestTensor.random(shape, dtype, seed: 1)
    let g = TestTensor.random(shape, dtype, seed: 2)
    let rate = scalar(dtype, 0.25)
    try check("sgd_update", [x, g, rate], [:], [zip(x.numbers, g.numbers).map { $0 - 0.25 * $1 }])
}

@Test(arguments: types, shapes) func momentumAgainstDefinition(dtype: DataType, shape: [Int]) throws {
    let x = TestTensor.random(shape, dtype, seed: 1)
    let m = TestTensor.random(shape, dtype, seed: 2)
    let g = TestTensor.random(shape, dtype, seed: 3)
    let rate = scalar(.float64, 0.125)
    for nesterov in [0, 1] {
        let newM = zip(m.numbers, g.numbers).map { 0.9 * $0 - 0.125 * $1 }
        let move = nesterov == 0 ? newM : zip(newM, g.numbers).map { 0.9 * $0 - 0.125 * $1 }
        try check(
            "momentum_update", [x, m, g, rate], ["momentum": .double(0.9), "nesterov": .int(nesterov)],
            [zip(x.numbers, move).map { $0 + $1 }, newM])
    }
}

@Test(arguments: types, shapes) func adamAgainstDefinition(dtype: DataType, shape: [Int]) throws {
    let x = TestTensor.random(shape, dtype, seed: 1)
    let m = TestTensor.random(shape, dtype, seed: 2)
    let v = TestTensor.random(shape, dtype, seed: 3, low: 0, high: 1)
    let g = TestTensor.random(shape, dtype, seed: 4)
    for (t, decay) in [(1, 0.0), (2, 0.0), (1000, 0.004)] {
        let rate = 0.0625
        let alpha = rate * (1 - power(0.99, t)).squareRoot() / (1 - power(0.8, t))
        let newM = zip(m.numbers, g.numbers).map { $0 + ($1 - $0) * (1 - 0.8) }
        let newV = zip(v.numbers, g.numbers).map { $0 + ($1 * $1 - $0) * (1 - 0.99) }
        let old = x.numbers
        let newX = old.indices.map { i in
            let start = old[i] - old[i] * rate * decay
            return start - alpha * newM[i] / (newV[i].squareRoot() + 1e-3)
        }
        try check(
            "adam_update", [x, m, v, g, scalar(dtype, rate), scalar(.int64, Double(t))],
            ["beta_1": .double(0.8), "beta_2": .double(0.99), "epsilon": .double(1e-3), "weight_decay": .double(decay)],
            [newX, newM, newV])
    }
}

@Test(arguments: types, shapes) func rmspropAgainstDefinition(dtype: DataType, shape: [Int]) throws {
    let x = TestTensor.random(shape, dtype, seed: 1)
    let s = TestTensor.random(shape, dtype, seed: 2, low: 1, high: 2)
    let b = TestTensor.random(shape, dtype, seed: 3)
    let a = TestTensor.random(shape, dtype, seed: 4, low: -0.5, high: 0.5)
    let g = TestTensor.random(shape, dtype, seed: 5)
    for (momentum, centered) in [(0.0, 0), (0.5, 0), (0.0, 1), (0.5, 1)] {
        let newS = zip(s.numbers, g.numbers).map { 0.75 * $0 + 0.25 * $1 * $1 }
        let newA = centered == 0 ? a.numbers : zip(a.numbers, g.numbers).map { 0.75 * $0 + 0.25 * $1 }
        let gradients = g.numbers
        let moves = gradients.indices.map { i in
            0.125 * gradients[i] / (newS[i] - (centered == 0 ? 0 : newA[i] * newA[i]) + 1e-3).squareRoot()
        }
        let newB = momentum == 0 ? b.numbers : zip(b.numbers, moves).map { momentum * $0 + $1 }
        let newX = zip(x.numbers, momentum == 0 ? moves : newB).map { $0 - $1 }
        try check(
            "rmsprop_update", [x, s, b, a, g, scalar(dtype, 0.125)],
            ["rho": .double(0.75), "momentum": .double(momentum), "centered": .int(centered), "epsilon": .double(1e-3)],
            [newX, newS, newB, newA])
    }
}

/// Slots that the settings do not need may have any shape, and come out as they went in.
@Test func rmspropUnusedSlots() throws {
    let x = TestTensor.random([9], .float32, seed: 1)
    let unused = TestTensor(.float32, [], [3])
    let outputs = try applyOp("rmsprop_update", [x, x, unused, unused, x, scalar(.float32, 1)], ["rho": .double(0.5)])
    #expect(outputs[2] == unused && outputs[3] == unused)
}

@Test func optimizersRefuse() {
    let x = TestTensor.random([4], .float32, seed: 1)
    let wide = TestTensor.random([5], .float32, seed: 1)
    let double = TestTensor.random([4], .float64, seed: 1)
    let one = scalar(.float32, 1)
    func kind(_ op: String, _ inputs: [TestTensor], _ attributes: Attributes = [:]) -> ConvError.Kind? {
        do throws(ConvError) {
            _ = try applyOp(op, inputs, attributes)
            return nil
        } catch { return error.kind }
    }
    #expect(kind("sgd_update", [x, x]) == .invalidArgument)
    #expect(kind("sgd_update", [x, wide, one]) == .invalidArgument)
    #expect(kind("sgd_update", [x, double, one]) == .wrongType)
    #expect(kind("sgd_update", [x, x, x]) == .invalidArgument)
    #expect(kind("momentum_update", [x, x, x, one]) == .wrongType)
    #expect(kind("momentum_update", [x, x, x, one], ["momentum": .double(1.5)]) == .invalidArgument)
    #expect(kind("momentum_update", [x, x, x, one], ["momentum": .double(.nan)]) == .invalidArgument)
    #expect(kind("adam_update", [x, x, x, x, one, scalar(.int64, 0)]) == .invalidArgument)
    #expect(kind("adam_update", [x, x, x, x, one, one]) == .wrongType)
    #expect(kind("rmsprop_update", [x, x, wide, x, x, one], ["momentum": .double(0.5)]) == .invalidArgument)
    #expect(kind("rmsprop_update", [x, x, wide, x, x, one]) == nil)
}

private func power(_ base: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1) { product, _ in product * base } }
