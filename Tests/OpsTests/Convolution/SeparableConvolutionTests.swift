import TensorCore
import Testing
import _TestSupport

@testable import Ops
@testable import Runtime

private struct SeparableCase: Sendable, CustomTestStringConvertible {
    var x: [Int]
    var window: [Int]
    var outputs: Int
    var multiplier = 1
    var strides = [1, 1]
    var padding = "SAME"
    var testDescription: String { "\(x) \(window) to \(outputs) * \(multiplier) / \(strides) \(padding)" }
}

private let cases = [
    SeparableCase(x: [4, 28, 28, 16], window: [3, 3], outputs: 32),
    SeparableCase(x: [1, 56, 57, 24], window: [3, 3], outputs: 17),
    SeparableCase(x: [3, 33, 31, 7], window: [5, 3], outputs: 70, padding: "VALID"),
    SeparableCase(x: [2, 61, 40, 19], window: [3, 3], outputs: 12, strides: [2, 2]),
    SeparableCase(x: [9, 12, 12, 33], window: [3, 3], outputs: 5),
    // too few pixels to be cut into blocks, several filters a channel: two passes
    SeparableCase(x: [1, 7, 7, 40], window: [3, 3], outputs: 24),
    SeparableCase(x: [2, 20, 20, 6], window: [3, 3], outputs: 10, multiplier: 2),
    SeparableCase(x: [0, 20, 20, 6], window: [3, 3], outputs: 10),
    SeparableCase(x: [1, 9, 9, 1], window: [3, 3], outputs: 4),
]

/// Block by block there are the same sums as in two passes.
@Test(arguments: [DataType.float32, .float64], cases)
private func separableIsDepthwiseThenPointwise(dtype: DataType, c: SeparableCase) throws {
    let channels = c.x[3] * c.multiplier
    let x = TestTensor.random(c.x, dtype, seed: 1)
    let depthwise = TestTensor.random(c.window + [1, channels], dtype, seed: 2)
    let pointwise = TestTensor.random([1, 1, channels, c.outputs], dtype, seed: 3)
    let (inner, outer) = (TestTensor.random([channels], dtype, seed: 4), TestTensor.random([c.outputs], dtype, seed: 5))
    for (isPlain, activation) in [(true, "linear"), (false, "relu6"), (false, "leaky_relu")] {
        let window: Attributes = ["strides": .ints(c.strides), "padding": .string(c.padding)]
        var (first, second, attributes) = (window, Attributes(), window)
        var inputs = [x, depthwise, pointwise]
        if !isPlain {
            (first["activation"], first["alpha"]) = (.string(activation), .double(0.25))
            (second["activation"], second["alpha"]) = (.string("relu"), .double(0))
            (attributes["depthwise_activation"], attributes["depthwise_alpha"]) = (.string(activation), .double(0.25))
            (attributes["activation"], attributes["depthwise_bias"], attributes["bias"]) = (.string("relu"), .int(1), .int(1))
            inputs += [inner, outer]
        }
        let middle = try applyOp("conv2d", isPlain ? [x, depthwise] : [x, depthwise, inner], first)
        let y = try applyOp("conv2d", isPlain ? [middle[0], pointwise] : [middle[0], pointwise, outer], second)
        for threads in 1...3 {
            let received = try applyOp("separable_conv2d", inputs, attributes, threads: threads)
            #expect(largestError(received[0].numbers, y[0].numbers) <= 4 * tolerance(dtype), "\(activation), \(threads) threads")
        }
    }
}

@Test(.enabled(if: !OpenBLAS.isChosen)) private func separableTakesBlocksWhereTheyPay() throws {
    func algorithm(_ x: [Int], _ outputs: Int) throws -> String {
        let specs = [TensorSpec(.float32, x), TensorSpec(.float32, [3, 3, 1, x[3]]), TensorSpec(.float32, [1, 1, x[3], outputs])]
        let attributes: Attributes = ["padding": .string("SAME")]
        let op = SeparableConv2D()
        return try op.prepare(specs, op.outputSpecs(specs, attributes), attributes, PrepareContext(threads: 2)).algorithm
    }
    #expect(try algorithm([64, 28, 28, 16], 32) == "separable")
    #expect(try algorithm([1, 7, 7, 960], 320) == "two-passes")
}

@Test private func separableExplainsWhatDoesNotFit() throws {
    let (x, d, p) = (TensorSpec(.float32, [1, 8, 8, 4]), TensorSpec(.float32, [3, 3, 1, 4]), TensorSpec(.float32, [1, 1, 4, 2]))
    let op = SeparableConv2D()
    for (inputs, part) in [
        ([x, d], "expected 3 inputs"), ([x, p, d], "filters: expected shapes"), ([x, TensorSpec(.float32, [3, 3, 4, 4]), p], "filters"),
        ([x, d, TensorSpec(.float32, [1, 1, 3, 2])], "filters"), ([TensorSpec(.int32, [1, 8, 8, 4]), d, p], "float32 or float64"),
        ([x, TensorSpec(.float32, [3, 3, 1, 6]), TensorSpec(.float32, [1, 1, 6, 2])], "multiple of the number of groups"),
    ] {
        let error = try #require(throws: ConvError.self) { try op.outputSpecs(inputs, [:]) }
        #expect("\(error)".contains(part), "\(error)")
    }
}
