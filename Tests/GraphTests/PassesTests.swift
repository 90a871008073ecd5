import Ops
import TensorCore
import Testing
import _TestSupport

@testable import Graph

/// Each pass: the nodes before and after, and the same results.
@Suite struct PassesTests {
    private func ops(_ executable: Executable) -> [String] { executable.program.nodes.map(\.op.name) }

    /// The names of the nodes with all passes, after checking that the results agree with those without.
    private func optimized(
        _ graph: Graph, _ feeds: [Value], _ fetches: [Value], tolerance: Double = 1e-12
    ) throws -> (names: [String], executable: Executable) {
        let inputs = feeds.enumerated().map { TestTensor.random(graph.spec($1).shape, graph.spec($1).dtype, seed: UInt64($0)) }
        let before = try Executable(graph, feeds: feeds, fetches: fetches, options: .init(passes: false, reuse: false))
        let after = try Executable(graph, feeds: feeds, fetches: fetches)
        #expect(PlanCheck.problems(after).isEmpty)
        for (a, b) in zip(try before.run(inputs), try after.run(inputs)) {
            #expect(a.spec == b.spec)
            #expect(isClose(a.numbers, b.numbers, tolerance))
        }
        return (ops(after), after)
    }

    @Test func nodesThatNobodyReadsAreNotRun() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [4, 4]))
        _ = try graph.apply("matmul", [x, x], [:])
        let y = try graph.apply("relu", [x], [:])[0]
        #expect(try optimized(graph, [x], [y]).names == ["relu"])
    }

    @Test func nodesOverConstantsAreFolded() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [4, 4]))
        let c = try graph.constant(.random([4, 4]))
        let d = try graph.apply("matmul", [c, try graph.apply("relu", [c], [:])[0]], [:])[0]
        let y = try graph.apply("matmul", [x, d], [:])[0]
        #expect(try optimized(graph, [x], [y]).names == ["matmul"])
    }

    @Test func aFailureWhileFoldingStaysAFailureOfTheRun() throws {
        let graph = Graph()
        let spec = TensorSpec(.float64, [2])
        let one = try graph.constant(1, spec)
        let rate = try graph.constant(1, TensorSpec(.float64, []))
        let step = try graph.constant(0, TensorSpec(.int64, []))  // adam counts from 1
        let updated = try graph.apply("adam_update", [one, one, one, one, rate, step], [:])
        let executable = try Executable(graph, feeds: [], fetches: updated)
        #expect(throws: ConvError.self) { try executable.run([]) }
    }

    @Test func gradientsOfPoolingAreMaskedAndSummedWindowByWindow() throws {
        for (window, stride) in [(2, 2), (3, 2), (3, 1)] {
            for activation in ["relu", "relu6"] {
                let graph = Graph()
                let x = try graph.placeholder(TensorSpec(.float64, [2, 7, 6, 3]))
                let dp = try graph.placeholder(TensorSpec(.float64, [2, (7 + stride - 1) / stride, (6 + stride - 1) / stride, 3]))
                let settings: Attributes = [
                    "ksize": .ints([window, window]), "strides": .ints([stride, stride]), "padding": .string("SAME"),
                ]
                let y = try graph.apply(activation, [try graph.apply("multiply", [x, try graph.constant(8, graph.spec(x))], [:])[0]], [:])[
                    0]
                let p = try graph.apply("max_pool2d", [y], settings)[0]
                let dy = try graph.apply("max_pool2d_backward", [y, p, dp], settings)[0]
                let dx = try graph.apply("\(activation)_backward", [dy, y], [:])[0]
                let sum = try graph.apply("reduce_sum", [dx], ["axes": .ints([0, 1, 2])])[0]
                let names = try optimized(graph, [x, dp], [dx, sum]).names
                let pooling = try #require(names.firstIndex(of: "max_pool2d_backward"))
                let mask = try #require(names.firstIndex(of: "\(activation)_backward"))
                #expect(mask < pooling)
                // the gradient before the mask is wanted too: it stays where it was
                let both = try optimized(graph, [x, dp], [dx, dy]).names
                #expect(try #require(both.firstIndex(of: "max_pool2d_backward")) < #require(both.firstIndex(of: "\(activation)_backward")))
            }
        }
    }

    @Test func equalNodesAreMerged() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [4, 4]))
        let a = try graph.apply("relu", [x], [:])[0]
        let b = try graph.apply("relu", [x], [:])[0]
        let y = try graph.apply("matmul", [a, b], [:])[0]
        #expect(try optimized(graph, [x], [y]).names == ["relu", "matmul"])
    }

    @Test func activationIsFusedIntoTheProductBeforeIt() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [4, 4]))
        let y = try graph.apply("relu", [try graph.apply("matmul", [x, x], [:])[0]], [:])[0]
        let result = try optimized(graph, [x], [y])
        #expect(result.names == ["matmul"])
        #expect(result.executable.program.nodes[0].fused == ["relu"])
        #expect(result.executable.describe().contains(#""fused": ["relu"]"#))
    }

    @Test func activationIsNotFusedWhenItsInputIsReadElsewhere() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [4, 4]))
        let z = try graph.apply("matmul", [x, x], [:])[0]
        let y = try graph.apply("relu", [z], [:])[0]
        #expect(try optimized(graph, [x], [y, z]).names == ["matmul", "relu"])
        let w = try graph.apply("relu_backward", [y, z], [:])[0]
        #expect(try optimized(graph, [x], [w]).names == ["matmul", "relu", "relu_backward"])
    }

    @Test func convolutionBiasAndReluBecomeOneInTrainingToo() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [2, 6, 6, 3]))
        let filter = try graph.placeholder(TensorSpec(.float64, [3, 3, 3, 4]))
        let bias = try graph.placeholder(TensorSpec(.float64, [4]))
        let z = try graph.apply("conv2d", [x, filter], ["padding": .string("SAME")])[0]
        let y = try graph.apply("relu", [try graph.apply("bias_add", [z, bias], [:])[0]], [:])[0]
        #expect(try optimized(graph, [x, filter, bias], [y]).names == ["conv2d"])
        let gradients = try graph.gradients(of: [y], seeds: [nil], to: [filter, bias]).compactMap { $0 }
        #expect(gradients.count == 2)
        let training = try optimized(graph, [x, filter, bias], [y] + gradients)
        #expect(training.names.filter { $0 == "conv2d" }.count == 1)
        #expect(!training.names.contains("relu") && !training.names.contains("bias_add"))
        #expect(training.names.contains("relu_backward") && training.names.contains("conv2d_backward_filter"))
        #expect(!training.names.contains("conv2d_backward_input"))
    }

    @Test(arguments: ["relu", "relu6"]) func batchNormalizationTakesOverItsActivationInTraining(activation: String) throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [3, 4, 5, 3]))
        let (gamma, beta) = (try graph.placeholder(TensorSpec(.float64, [3])), try graph.placeholder(TensorSpec(.float64, [3])))
        let norm = try graph.apply("batch_norm_training", [x, gamma, beta], [:])
        let y = try graph.apply(activation, [norm[0]], [:])[0]
        let gradients = try graph.gradients(of: [y], seeds: [nil], to: [x, gamma, beta]).compactMap { $0 }
        let training = try optimized(graph, [x, gamma, beta], [y, norm[1]] + gradients)
        #expect(!training.names.contains(activation) && !training.names.contains(activation + "_backward"))
        // What is read elsewhere stays.
        let kept = try optimized(graph, [x, gamma, beta], [y, norm[0]] + gradients)
        #expect(kept.names.contains(activation))
    }

    @Test func movementsBackAndForthGo() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [2, 3, 4]))
        var y = try graph.apply("transpose", [x], ["perm": .ints([2, 0, 1])])[0]
        y = try graph.apply("transpose", [y], ["perm": .ints([1, 2, 0])])[0]
        y = try graph.apply("reshape", [y], ["shape": .ints([6, 4])])[0]
        y = try graph.apply("reshape", [y], ["shape": .ints([24])])[0]
        y = try graph.apply("identity", [y], [:])[0]
        y = try graph.apply("reshape", [y], ["shape": .ints([2, 3, 4])])[0]
        y = try graph.apply("relu", [y], [:])[0]
        #expect(try optimized(graph, [x], [y]).names == ["relu"])
    }

    @Test func transposesThatDoNotCancelBecomeOne() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [2, 3, 4]))
        var y = try graph.apply("transpose", [x], ["perm": .ints([2, 0, 1])])[0]
        y = try graph.apply("transpose", [y], ["perm": .ints([2, 0, 1])])[0]
        #expect(try optimized(graph, [x], [y]).names == ["transpose"])
    }

    @Test func aTransposeThatMovesOnesIsAnAlias() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [2, 1, 4]))
        let y = try graph.apply("relu", [try graph.apply("transpose", [x], ["perm": .ints([1, 0, 2])])[0]], [:])[0]
        let result = try optimized(graph, [x], [y])
        #expect(result.names == ["reshape", "relu"])
        #expect(result.executable.plan.isAlias == [true, false])
    }

    @Test(arguments: [true, false])
    func batchNormMovesIntoTheConvolution(withBias: Bool) throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [2, 6, 6, 3]))
        let filter = try graph.variable(try Variable(.random([3, 3, 3, 4])))
        var y = try graph.apply("conv2d", [x, filter], ["padding": .string("SAME")])[0]
        if withBias { y = try graph.apply("bias_add", [y, try graph.variable(try Variable(.random([4], seed: 2)))], [:])[0] }
        let gamma = try Variable(.random([4], seed: 3))
        let parameters = try [
            gamma, Variable(.random([4], seed: 4)), Variable(.random([4], seed: 5)), Variable(.random([4], seed: 6, low: 0.1)),
        ].map { try graph.variable($0) }
        y = try graph.apply("batch_norm_inference", [y] + parameters, ["epsilon": .double(1e-3)])[0]
        y = try graph.apply("relu", [y], [:])[0]
        let result = try optimized(graph, [x], [y])
        #expect(!result.names.contains("batch_norm_inference") && !result.names.contains("relu"))
        // What is kept between runs follows the variables.
        gamma.content = .random([4], seed: 8)
        let input = TestTensor.random([2, 6, 6, 3])
        let plain = try Executable(graph, feeds: [x], fetches: [y], options: .init(passes: false, reuse: false)).run([input])
        let changed = try result.executable.run([input])
        #expect(isClose(plain[0].numbers, changed[0].numbers, 1e-12))
    }

    @Test(arguments: [1, 2, 6])
    func zerosAroundAnImageBecomePadding(groups: Int) throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [2, 7, 8, 6]))
        let filter = try graph.variable(try Variable(.random([3, 3, 6 / groups, 12])))
        for (paddings, own, absorbed) in [
            ([0, 0, 1, 2, 0, 1, 0, 0], AttributeValue.string("VALID"), true), ([0, 0, 1, 2, 0, 1, 0, 0], .ints([1, 0, 2, 3]), true),
            ([0, 0, 1, 2, 0, 1, 0, 0], .string("SAME"), false), ([1, 0, 1, 2, 0, 1, 0, 0], .string("VALID"), false),
        ] {
            let padded = try graph.apply("pad", [x], ["paddings": .ints(paddings)])[0]
            let attributes: Attributes = ["padding": own, "strides": .ints([2, 2])]
            let y = try graph.apply("conv2d", [padded, filter], attributes)[0]
            #expect(try optimized(graph, [x], [y]).names == (absorbed ? ["conv2d"] : ["pad", "conv2d"]))
            // where something else reads the padded image it stays
            #expect(try optimized(graph, [x], [y, padded]).names == ["pad", "conv2d"])
        }
        let ones = try graph.apply("pad", [x], ["paddings": .ints([0, 0, 1, 1, 1, 1, 0, 0]), "value": .double(1)])[0]
        let y = try graph.apply("conv2d", [ones, filter], [:])[0]
        #expect(try optimized(graph, [x], [y]).names == ["pad", "conv2d"])
    }

    @Test func packedVariablesFollowTheirContent() throws {
        let variable = try Variable(.random([32, 32], .float32))
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [16, 32]))
        let y = try graph.apply("matmul", [x, try graph.variable(variable)], [:])[0]
        let executable = try Executable(graph, feeds: [x], fetches: [y])
        let input = TestTensor.random([16, 32], .float32)
        for turn in 0..<3 {
            let content = TestTensor.random([32, 32], .float32, seed: UInt64(turn))
            variable.content = content
            let fresh = try Executable(graph, feeds: [x], fetches: [y], options: .init(passes: false, reuse: false)).run([input])
            #expect(try executable.run([input]) == fresh)
        }
    }

    @Test func contentOfLentVariablesIsReadAnew() throws {
        let variable = try Variable(TensorSpec(.float32, [32, 32]))
        let memory = variable.lend().assumingMemoryBound(to: Float.self)
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [16, 32]))
        let hidden = try graph.apply("relu", [try graph.variable(variable)], [:])[0]
        let y = try graph.apply("matmul", [x, hidden], [:])[0]
        let executable = try Executable(graph, feeds: [x], fetches: [y])
        let ones = TestTensor(.float32, [16, 32], [Double](repeating: 1, count: 16 * 32))
        for number in [Float(1), 2, 3] {
            for i in 0..<(32 * 32) { memory[i] = number }
            #expect(try executable.run([ones])[0].numbers.allSatisfy { $0 == Double(number) * 32 })
        }
    }
}
