import Ops
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Graph

/// Pointwise convolutions that are added to something.
@Suite struct ResidualPassTests {
    private struct Block {
        var graph = Graph()
        var x: Value
        var y: Value
    }

    /// relu(conv(relu(x)) + relu(x)), the convolution with `kernel`, from `channels` to as many.
    private func block(_ shape: [Int], kernel: Int = 1, hasBias: Bool = true, _ dtype: DataType = .float32, swapped: Bool = false) throws
        -> Block
    {
        let graph = Graph()
        let channels = shape[3]
        let x = try graph.placeholder(TensorSpec(dtype, shape))
        let input = try graph.apply("relu", [x], [:])[0]
        var inputs = [input, try graph.constant(.random([kernel, kernel, channels, channels], dtype, seed: 3))]
        if hasBias { inputs.append(try graph.constant(.random([channels], dtype, seed: 4))) }
        let attributes: Attributes = ["strides": .ints([1, 1]), "padding": .string("SAME")]
        let convolved = try graph.apply("conv2d", inputs, attributes)[0]
        let sum = try graph.apply("add", swapped ? [input, convolved] : [convolved, input], [:])[0]
        return Block(graph: graph, x: x, y: try graph.apply("relu", [sum], [:])[0])
    }

    private func check(_ block: Block, fetches: [Value]? = nil, tolerance: Double = 1e-4) throws -> Executable {
        let fetches = fetches ?? [block.y]
        let input = TestTensor.random(block.graph.spec(block.x).shape, block.graph.spec(block.x).dtype, seed: 9)
        let before = try Executable(block.graph, feeds: [block.x], fetches: fetches, options: .init(passes: false, reuse: false))
        let after = try Executable(block.graph, feeds: [block.x], fetches: fetches)
        #expect(PlanCheck.problems(after).isEmpty)
        for _ in 0..<2 {  // the second run finds what the first left in its memory
            for (a, b) in zip(try before.run([input]), try after.run([input])) {
                #expect(isClose(a.numbers, b.numbers, tolerance))
            }
        }
        return after
    }

    private func names(_ executable: Executable) -> [String] { executable.program.nodes.map(\.op.name) }

    @Test(
        .enabled(if: !OpenBLAS.isChosen),
        arguments: [
            [1, 1, 1, 1], [1, 3, 5, 7], [2, 7, 7, 33], [1, 14, 14, 64], [3, 5, 4, 17], [1, 2, 3, 1100],
        ])
    func theSumStartsFromTheResidual(shape: [Int]) throws {
        for dtype in [DataType.float32, .float64] {
            for hasBias in [true, false] {
                for swapped in [true, false] {
                    let executable = try check(block(shape, hasBias: hasBias, dtype, swapped: swapped))
                    #expect(names(executable) == ["relu", "conv2d_add"])
                    #expect(executable.plan.inPlace.contains("conv2d_add 1") == false)  // the convolution reads the same memory
                }
            }
        }
    }

    @Test(.enabled(if: !OpenBLAS.isChosen)) func memoryOfWhatNobodyElseReadsIsTakenOver() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [1, 6, 5, 24]))
        func convolution(_ input: Value, _ seed: UInt64) throws -> Value {
            let filter = try graph.constant(.random([1, 1, 24, 24], .float32, seed: seed))
            return try graph.apply("conv2d", [input, filter], ["strides": .ints([1, 1]), "padding": .string("VALID")])[0]
        }
        let (a, b) = (try convolution(x, 1), try convolution(try convolution(x, 2), 3))
        let y = try graph.apply("relu", [try graph.apply("add", [a, b], [:])[0]], [:])[0]
        let executable = try check(Block(graph: graph, x: x, y: y))
        #expect(names(executable) == ["conv2d", "conv2d", "conv2d_add"])
        #expect(executable.plan.inPlace.contains { $0.hasPrefix("conv2d_add") })
    }

    @Test func otherConvolutionsAndReadersAreLeftAlone() throws {
        #expect(try names(check(block([1, 5, 5, 8], kernel: 3))).contains("add"))
        let read = try block([1, 5, 5, 8])
        let convolved = read.graph.nodes.first { $0.op.name == "conv2d" }!.outputs[0]
        #expect(try names(check(read, fetches: [read.y, convolved])).contains("add"))
    }

    @Test(.enabled(if: !OpenBLAS.isChosen)) func bitsDoNotDependOnThreads() throws {
        let results = try [1, 2, 3].map { threads in
            try ThreadSettings.with(threads: threads) {
                let block = try block([2, 9, 7, 48])
                return try Executable(block.graph, feeds: [block.x], fetches: [block.y])
                    .run([.random([2, 9, 7, 48], .float32, seed: 9)])[0].numbers
            }
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }
}
