import Ops
import TensorCore
import Testing
import _TestSupport

@testable import Graph

/// Batches that go through a computation in slices.
@Suite struct BatchSlicesTests {
    private let rows = 7

    /// The graph's results in slices of three: to the bit those of each slice alone, and those of all at once within rounding.
    private func check(_ graph: Graph, _ feeds: [Value], _ fetches: [Value], batched: [Bool]? = nil) throws {
        let inputs = feeds.enumerated().map { TestTensor.random(graph.spec($1).shape, graph.spec($1).dtype, seed: UInt64($0)) }
        let whole = try Executable(graph, feeds: feeds, fetches: fetches, options: .init(passes: false, reuse: false)).run(inputs)
        let executable = try Executable(graph, feeds: feeds, fetches: fetches, options: .init(slice: 3))
        #expect(executable.slices?.count == 3)
        #expect(executable.fetchSpecs == whole.map(\.spec))
        #expect(PlanCheck.problems(executable).isEmpty)
        let sliced = try executable.run(inputs)
        for (a, b) in zip(whole, sliced) {
            #expect(isClose(a.numbers, b.numbers))
        }
        // as many threads as one likes
        for threads in [1, 3] {
            let other = try Executable(graph, feeds: feeds, fetches: fetches, options: .init(threads: threads, slice: 3))
            #expect(try other.run(inputs) == sliced)
        }
    }

    private func refuses(_ graph: Graph, _ feeds: [Value], _ fetches: [Value]) throws {
        let executable = try Executable(graph, feeds: feeds, fetches: fetches, options: .init(slice: 3))
        #expect(executable.slices == nil)
    }

    private func image(_ graph: Graph, _ shape: [Int] = [6, 5, 4], _ dtype: DataType = .float32) throws -> Value {
        try graph.placeholder(TensorSpec(dtype, [rows] + shape))
    }

    @Test func aNetworkRunsInSlices() throws {
        let graph = Graph()
        let x = try image(graph)
        let filter = try graph.constant(.random([3, 3, 4, 8], .float32))
        let bias = try graph.constant(.random([8], .float32, seed: 2))
        var y = try graph.apply("conv2d", [x, filter], ["padding": .string("SAME")])[0]
        y = try graph.apply("relu", [try graph.apply("bias_add", [y, bias], [:])[0]], [:])[0]
        y = try graph.apply("max_pool2d", [y], ["ksize": .ints([2, 2]), "strides": .ints([2, 2]), "padding": .string("VALID")])[0]
        y = try graph.apply("reshape", [y], ["shape": .ints([rows, 48])])[0]
        y = try graph.apply("matmul", [y, try graph.constant(.random([48, 5], .float32, seed: 3))], [:])[0]
        try check(graph, [x], [try graph.apply("softmax", [y], [:])[0]])
    }

    @Test func branchesAndSeveralFeedsRunInSlices() throws {
        let graph = Graph()
        let (x, z) = (try image(graph), try image(graph))
        let sum = try graph.apply("add", [x, z], [:])[0]
        let scaled = try graph.apply("multiply", [sum, try graph.constant(.random([1, 1, 1, 4], .float32))], [:])[0]
        let both = try graph.apply("concat", [scaled, z], ["axis": .int(-1)])[0]
        let padded = try graph.apply("pad", [both], ["paddings": .ints([0, 0, 1, 2, 0, 1, 0, 0])])[0]
        let mean = try graph.apply("reduce_mean", [padded], ["axes": .ints([1, 2])])[0]
        let turned = try graph.apply("transpose", [both], ["perm": .ints([0, 3, 1, 2])])[0]
        let flat = try graph.apply("reshape", [turned], ["shape": .ints([-1, 240])])[0]
        try check(graph, [x, z], [mean, flat, x])
    }

    @Test func aTransposedConvolutionRunsInSlices() throws {
        let graph = Graph()
        let dy = try image(graph, [3, 4, 6])
        let filter = try graph.constant(.random([2, 2, 5, 6], .float32))
        let y = try graph.apply(
            "conv2d_backward_input", [filter, dy], ["input_shape": .ints([rows, 6, 8, 5]), "strides": .ints([2, 2])])[0]
        try check(graph, [dy], [y])
    }

    @Test func oneFeedMayBelongToAllExamples() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [rows, 3]))
        let weights = try graph.placeholder(TensorSpec(.float32, [3, 5]))
        try check(graph, [x, weights], [try graph.apply("matmul", [x, weights], [:])[0]])
    }

    @Test func examplesThatKnowOfEachOtherStayTogether() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [rows, rows]))
        let constant = try graph.constant(.random([rows, rows], .float32))
        let mean = try graph.apply("reduce_mean", [x], ["axes": .ints([0])])[0]
        try refuses(graph, [x], [mean])
        try refuses(graph, [x], [try graph.apply("subtract", [x, mean], [:])[0]])
        try refuses(graph, [x], [try graph.apply("add", [x, constant], [:])[0]])
        try refuses(graph, [x], [try graph.apply("matmul", [x, x], [:])[0]])
        try refuses(graph, [x], [try graph.apply("matmul", [x, constant], ["transpose_a": .int(1)])[0]])
        try refuses(graph, [x], [try graph.apply("matmul", [constant, x], [:])[0]])
        try refuses(graph, [x], [try graph.apply("transpose", [x], ["perm": .ints([1, 0])])[0]])
        try refuses(graph, [x], [try graph.apply("concat", [x, x], ["axis": .int(0)])[0]])
        try refuses(graph, [x], [try graph.apply("reshape", [x], ["shape": .ints([rows * rows])])[0]])
        try refuses(graph, [x], [try graph.apply("pad", [x], ["paddings": .ints([0, 1, 0, 0])])[0]])
        try refuses(graph, [x], [try graph.apply("cumsum", [x], ["axis": .int(0)])[0]])
        try refuses(graph, [x], [x, constant])
    }

    @Test func updatesAndStatisticsOfABatchStayTogether() throws {
        let graph = Graph()
        let x = try image(graph)
        let ones = try graph.constant(1, TensorSpec(.float32, [4]))
        let y = try graph.apply("batch_norm_training", [x, ones, ones], [:])
        try refuses(graph, [x], [y[0]])
        let other = Graph()
        let z = try image(other)
        let variable = try Variable(.random([4], .float32))
        try other.assign(variable, try other.apply("reduce_mean", [z], ["axes": .ints([0, 1, 2])])[0])
        try refuses(other, [z], [try other.apply("relu", [z], [:])[0]])
    }

    @Test func largeBatchesAreCutAndSmallOnesAreNot() throws {
        for (examples, isCut) in [(2, false), (512, true)] {
            let graph = Graph()
            let x = try graph.placeholder(TensorSpec(.float32, [examples, 32, 32, 32]))
            let filter = try graph.constant(.random([3, 3, 32, 32], .float32))
            var y = x
            for _ in 0..<3 { y = try graph.apply("conv2d", [y, filter], ["padding": .string("SAME")])[0] }
            let executable = try Executable(graph, feeds: [x], fetches: [y])
            #expect((executable.slices != nil) == isCut)
        }
    }
}
