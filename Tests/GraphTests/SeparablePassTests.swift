import Ops
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Graph

/// Depthwise convolutions that a pointwise one reads.
@Suite(.enabled(if: !OpenBLAS.isChosen)) struct SeparablePassTests {
    private let window: Attributes = ["strides": .ints([1, 1]), "padding": .string("SAME")]

    /// relu6(pointwise(relu(depthwise(x) + b)) + b) and the depthwise result.
    private func layers(_ graph: Graph, _ x: Value, outputs: Int, multiplier: Int = 1) throws -> (middle: Value, y: Value) {
        let channels = graph.spec(x).shape[3]
        let wide = channels * multiplier
        func constant(_ shape: [Int], _ seed: UInt64) throws -> Value { try graph.constant(.random(shape, .float32, seed: seed)) }
        let depthwise = try graph.apply("conv2d", [x, constant([3, 3, 1, wide], 1)], window)[0]
        let middle = try graph.apply("relu", [graph.apply("bias_add", [depthwise, constant([wide], 2)], [:])[0]], [:])[0]
        let pointwise = try graph.apply("conv2d", [middle, constant([1, 1, wide, outputs], 3)], window)[0]
        return (middle, try graph.apply("relu6", [graph.apply("bias_add", [pointwise, constant([outputs], 4)], [:])[0]], [:])[0])
    }

    private func names(_ graph: Graph, _ x: Value, _ fetches: [Value]) throws -> [String] {
        let input = TestTensor.random(graph.spec(x).shape, .float32, seed: 9)
        let before = try Executable(graph, feeds: [x], fetches: fetches, options: .init(passes: false, reuse: false))
        let after = try Executable(graph, feeds: [x], fetches: fetches)
        #expect(PlanCheck.problems(after).isEmpty)
        for _ in 0..<2 {  // the second run finds what the first left in its memory
            for (a, b) in zip(try before.run([input]), try after.run([input])) { #expect(isClose(a.numbers, b.numbers, 1e-4)) }
        }
        return after.program.nodes.map(\.op.name)
    }

    @Test func theTwoBecomeOneWhereItPays() throws {
        for (shape, expected) in [
            ([2, 56, 56, 24], ["separable_conv2d"]), ([1, 33, 40, 19], ["separable_conv2d"]), ([1, 7, 7, 200], ["conv2d", "conv2d"]),
        ] {
            let graph = Graph()
            let x = try graph.placeholder(TensorSpec(.float32, shape))
            #expect(try names(graph, x, [layers(graph, x, outputs: 17).y]) == expected)
        }
    }

    @Test func whatOthersReadIsWritten() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [2, 40, 40, 16]))
        let (middle, y) = try layers(graph, x, outputs: 8)
        #expect(try names(graph, x, [y, middle]) == ["conv2d", "conv2d"])
        let other = Graph()
        let z = try other.placeholder(TensorSpec(.float32, [2, 40, 40, 8]))
        #expect(try names(other, z, [layers(other, z, outputs: 8, multiplier: 2).y]) == ["conv2d", "conv2d"])
    }
}
