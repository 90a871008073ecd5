import Foundation
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
private func softplus(_ x: Double) -> Double { x > 40 ? x : log1p(exp(x)) }
private func normal(_ x: Double) -> Double { 0.5 * (1 + erf(x / 2.0.squareRoot())) }
private func geluTanh(_ x: Double) -> Double { 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))) }
private let scale = 1.0507009873554805
private let scaleAlpha = 1.7580993408473766

private struct Function: Sendable, CustomStringConvertible {
    var name: String
    var attributes: Attributes = [:]
    var range: ClosedRange<Double> = -4...4
    var f: @Sendable (Double) -> Double
    var description: String { "\(name) \(attributes.values.isEmpty ? "" : "\(attributes.values)")" }
}

private let functions: [Function] = [
    Function(name: "relu") { max($0, 0) },
    Function(name: "relu6", range: -3...9) { min(max($0, 0), 6) },
    Function(name: "leaky_relu") { $0 < 0 ? 0.2 * $0 : $0 },
    Function(name: "leaky_relu", attributes: ["alpha": .double(0.01)]) { $0 < 0 ? 0.01 * $0 : $0 },
    Function(name: "elu", attributes: ["alpha": .double(0.5)]) { $0 < 0 ? 0.5 * expm1($0) : $0 },
    Function(name: "selu") { $0 < 0 ? scaleAlpha * expm1($0) : scale * $0 },
    Function(name: "gelu") { $0 * normal($0) },
    Function(name: "gelu", attributes: ["approximate": .int(1)], f: { geluTanh($0) }),
    Function(name: "silu") { $0 * sigmoid($0) },
    Function(name: "sigmoid") { sigmoid($0) },
    Function(name: "tanh") { tanh($0) },
    Function(name: "softplus") { softplus($0) },
    Function(name: "softsign") { $0 / (1 + abs($0)) },
    Function(name: "mish") { $0 * tanh(softplus($0)) },
    Function(name: "hard_sigmoid") { min(max($0 + 3, 0), 6) / 6 },
    Function(name: "hard_silu") { $0 * min(max($0 + 3, 0), 6) / 6 },
    Function(name: "exp") { exp($0) }, Function(name: "expm1") { expm1($0) },
    Function(name: "log", range: 0.01...9) { log($0) }, Function(name: "log1p", range: -0.9...9) { log1p($0) },
    Function(name: "sqrt", range: 0...9) { $0.squareRoot() }, Function(name: "rsqrt", range: 0.1...9) { 1 / $0.squareRoot() },
    Function(name: "square") { $0 * $0 }, Function(name: "abs") { abs($0) }, Function(name: "negative") { -$0 },
    Function(name: "sign") { $0 > 0 ? 1 : ($0 < 0 ? -1 : 0) }, Function(name: "reciprocal", range: 0.5...4) { 1 / $0 },
    Function(name: "floor") { floor($0) }, Function(name: "ceil") { ceil($0) },
    Function(name: "round") { $0.rounded(.toNearestOrEven) }, Function(name: "erf") { erf($0) },
    Function(name: "sin") { sin($0) }, Function(name: "cos") { cos($0) },
    Function(name: "clip", attributes: ["min": .double(-1), "max": .double(2)]) { min(max($0, -1), 2) },
]

@Test(arguments: functions, [DataType.float32, .float64])
private func unaryAgainstDefinition(function: Function, dtype: DataType) throws {
    for count in [0, 1, 7, 8, 17, 33, 300] {
        let x = TestTensor.random([count], dtype, seed: UInt64(count + 1), low: function.range.lowerBound, high: function.range.upperBound)
        for level in CPULevel.available {
            try Kernels.withLevel(level) { () throws in
                let y = try applyOp(function.name, [x], function.attributes)
                #expect(largestError(y[0].numbers, x.numbers.map(function.f)) <= 2 * tolerance(dtype), "\(count) at \(level)")
                #expect(try applyOp(function.name, [x], function.attributes, inPlace: true) == y, "\(count) at \(level), in place")
            }
        }
    }
}

@Test func unaryOnThreads() throws {
    let x = TestTensor.random([40_003], .float32, seed: 1, low: -4, high: 4)
    for name in ["exp", "gelu", "relu"] {
        let one = try applyOp(name, [x])
        for threads in 2...3 { #expect(try applyOp(name, [x], threads: threads) == one) }
    }
}

@Test func unaryOnIntegers() throws {
    for dtype in [DataType.int32, .int64] {
        let x = TestTensor(dtype, [37], (0..<37).map { Double($0 - 18) })
        for (name, f) in [
            ("negative", { -$0 }), ("abs", { abs($0) }), ("square", { $0 * $0 }), ("sign", { $0.sign == .minus ? -1 : min($0, 1) }),
        ]
            as [(String, (Double) -> Double)]
        {
            #expect(try applyOp(name, [x])[0].numbers == x.numbers.map { f($0) + 0 }, "\(name) \(dtype)")
        }
    }
    #expect(try applyOp("logical_not", [TestTensor(.bool, [3], [1, 0, 1])])[0].numbers == [0, 1, 0])
    let odd = TestTensor(.float32, [4], [1, .nan, .infinity, -.infinity])
    #expect(try applyOp("is_nan", [odd])[0].numbers == [0, 1, 0, 0])
    #expect(try applyOp("is_finite", [odd])[0].numbers == [1, 0, 0, 0])
    #expect(throws: ConvError.self) { try applyOp("exp", [x(.int32)]) }
    #expect(throws: ConvError.self) { try applyOp("abs", [x(.bool)]) }
    #expect(throws: ConvError.self) { try applyOp("clip", [x(.float32)], ["min": .double(2), "max": .double(1)]) }
    func x(_ dtype: DataType) -> TestTensor { TestTensor(dtype, [1], [1]) }
}

@Test func kinksFollowTensorFlow() throws {
    let ones = TestTensor(.float32, [5], [1, 1, 1, 1, 1])
    let at = TestTensor(.float32, [5], [-1, 0, 3, 6, .nan])
    #expect(try applyOp("relu_backward", [ones, at])[0].numbers == [0, 0, 1, 1, 0])
    #expect(try applyOp("relu6_backward", [ones, at])[0].numbers == [0, 0, 1, 0, 0])
    #expect(try applyOp("leaky_relu_backward", [ones, at], ["alpha": .double(0.5)])[0].numbers.prefix(4) == [0.5, 0.5, 1, 1])
    #expect(try applyOp("elu_backward", [ones, at])[0].numbers[1] == 1)
}
