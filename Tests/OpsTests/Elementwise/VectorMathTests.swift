import Foundation
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

/// |got - want| in units of the last place of `want` as float32.
private func ulps(_ got: Float, _ want: Double) -> Double {
    let rounded = Float(want)
    if got == rounded || (got.isNaN && want.isNaN) { return 0 }
    // the engine flushes denormals
    if want.magnitude < Double(Float.leastNormalMagnitude) { return got.magnitude <= Float.leastNormalMagnitude ? 0 : .infinity }
    if !got.isFinite || !rounded.isFinite { return .infinity }
    return (Double(got) - want).magnitude / Double(rounded.ulp)
}

private struct Case: Sendable, CustomStringConvertible {
    var name: String
    var range: ClosedRange<Float>
    var bound: Double
    var reference: @Sendable (Double) -> Double
    var description: String { "\(name) on \(range)" }
}

private let cases: [Case] = [
    Case(name: "exp", range: -110...90, bound: 2) { Foundation.exp($0) },
    Case(name: "exp", range: -1...1, bound: 2) { Foundation.exp($0) },
    Case(name: "expm1", range: -25...88, bound: 2) { Foundation.expm1($0) },
    Case(name: "expm1", range: -0.01...0.01, bound: 2) { Foundation.expm1($0) },
    Case(name: "log", range: 0...10, bound: 2) { Foundation.log($0) },
    Case(name: "log", range: 0.9...1.1, bound: 2) { Foundation.log($0) },
    Case(name: "log", range: 0...3e38, bound: 2) { Foundation.log($0) },
    Case(name: "log1p", range: -0.99...10, bound: 2) { Foundation.log1p($0) },
    Case(name: "log1p", range: -0.001...0.001, bound: 2) { Foundation.log1p($0) },
    Case(name: "tanh", range: -12...12, bound: 2) { Foundation.tanh($0) },
    Case(name: "tanh", range: -0.7...0.7, bound: 2) { Foundation.tanh($0) },
    Case(name: "erf", range: -5...5, bound: 2) { Foundation.erf($0) },
    Case(name: "erf", range: -1...1, bound: 2) { Foundation.erf($0) },
    Case(name: "sigmoid", range: -90...90, bound: 2) { 1 / (1 + Foundation.exp(-$0)) },
    Case(name: "sigmoid", range: -4...4, bound: 2) { 1 / (1 + Foundation.exp(-$0)) },
    Case(name: "softplus", range: -80...80, bound: 2) { $0 > 40 ? $0 : Foundation.log1p(Foundation.exp($0)) },
    Case(name: "log", range: 0...3e-38, bound: 2) { Foundation.log($0) },
    Case(name: "rsqrt", range: 0.001...1000, bound: 2) { 1 / $0.squareRoot() },
]

@Test(arguments: cases, CPULevel.available)
private func vectorMathIsWithinItsBound(c: Case, level: CPULevel) throws {
    let count = 6_001
    let x = (0..<count).map { c.range.lowerBound + (c.range.upperBound - c.range.lowerBound) * (Float($0) / Float(count - 1)) }
    let got = try Kernels.withLevel(level) { try applyOp(c.name, [TestTensor(.float32, [count], x.map { Double($0) })])[0].all(Float.self) }
    var worst = (ulps: 0.0, x: Float(0))
    for (x, y) in zip(x, got) {
        let error = ulps(y, c.reference(Double(x)))
        if !(error <= worst.ulps) { worst = (error, x) }
    }
    #expect(worst.ulps <= c.bound, "\(worst.ulps) ulp at \(worst.x)")
}

@Test(arguments: CPULevel.available) func vectorMathAtTheEdges(level: CPULevel) throws {
    let inf = Double.infinity
    let nan = Double.nan
    let table: [(String, [Double], [Double])] = [
        ("exp", [-inf, inf, nan, 0, -0.0, 1000, -1000], [0, inf, nan, 1, 1, inf, 0]),
        ("expm1", [-inf, inf, nan, 0, 1000, -1000], [-1, inf, nan, 0, inf, -1]),
        ("log", [0, -0.0, 1, inf, -1, -inf, nan], [-inf, -inf, 0, inf, nan, nan, nan]),
        ("log1p", [-1, 0, inf, -2, nan], [-inf, 0, inf, nan, nan]),
        ("tanh", [-inf, inf, nan, 0, 50, -50], [-1, 1, nan, 0, 1, -1]),
        ("erf", [-inf, inf, nan, 0, 50, -50], [-1, 1, nan, 0, 1, -1]),
        ("sigmoid", [-inf, inf, nan, 0, 2000, -2000], [0, 1, nan, 0.5, 1, 0]),
        ("softplus", [-inf, inf, nan, 2000, -2000], [0, inf, nan, 2000, 0]),
        ("relu", [-inf, inf, nan, -0.5, 0.5], [0, inf, nan, 0, 0.5]),
        ("relu6", [-inf, inf, nan, -0.5, 7], [0, 6, nan, 0, 6]),
        ("rsqrt", [0, inf, nan, -1, 4], [inf, 0, nan, nan, 0.5]),
        ("sign", [-inf, inf, nan, 0, -2], [-1, 1, nan, 0, -1]),
        ("round", [0.5, 1.5, -0.5, 2.5, nan], [0, 2, 0, 2, nan]),
    ]
    for dtype in [DataType.float32, .float64] {
        for (name, x, want) in table {
            // 11 copies, so that every value meets the vector loop and the tail
            let input = TestTensor(dtype, [11 * x.count], (0..<11).flatMap { _ in x })
            let got = try Kernels.withLevel(level) { try applyOp(name, [input])[0].numbers }
            let all = (0..<11).flatMap { _ in want }
            #expect(zip(got, all).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }, "\(name) \(dtype): \(got.prefix(x.count))")
        }
    }
}
