import Ops
import TensorCore
import Testing
import _TestSupport

@testable import Graph

/// Whole small networks through autodiff, passes, plan and executor.
@Suite struct NetworkTests {
    /// The mean loss of conv → bias → relu → pool → dense on four images.
    private func loss(_ graph: Graph, _ v: [Value], _ labels: Value, activation: String = "relu") throws -> Value {
        var y = try graph.apply("conv2d", [v[0], v[1]], ["padding": .string("SAME")])[0]
        y = try graph.apply("bias_add", [y, v[2]], [:])[0]
        y = try graph.apply(activation, [y], [:])[0]
        y = try graph.apply("max_pool2d", [y], ["ksize": .ints([2, 2]), "strides": .ints([2, 2])])[0]
        y = try graph.apply("reshape", [y], ["shape": .ints([4, -1])])[0]
        y = try graph.apply("matmul", [y, v[3]], [:])[0]
        y = try graph.apply("bias_add", [y, v[4]], [:])[0]
        let losses = try graph.apply("sparse_softmax_cross_entropy", [y, labels], [:])[0]
        return try graph.apply("reduce_mean", [losses], [:])[0]
    }

    private let start: [TestTensor] = [
        .random([4, 6, 5, 2], seed: 1), .random([3, 3, 2, 3], seed: 2), .random([3], seed: 3), .random([18, 4], seed: 4),
        .random([4], seed: 5),
    ]
    private let labels = TestTensor(.int64, [4], [0, 3, 1, 2])

    @Test(arguments: ["relu", "tanh", "silu"])
    func gradientsOfANetworkAgreeWithDifferences(activation: String) throws {
        let report = try checkGradient(of: start) { graph, values in
            [try loss(graph, values, try graph.constant(labels), activation: activation)]
        }
        #expect(report.isGood, "\(report)")
    }

    @Test func gradientsOfGradientsAgreeWithDifferences() throws {
        let inputs: [TestTensor] = [.random([1, 4, 4, 2], seed: 1), .random([2, 2, 2, 3], seed: 2)]
        let report = try checkGradient(of: inputs, tolerance: 1e-5) { graph, values in
            let y = try graph.apply("tanh", [try graph.apply("conv2d", values, ["strides": .ints([2, 1])])[0]], [:])[0]
            let square = try graph.apply("multiply", [y, y], [:])[0]
            return try graph.gradients(of: [square], seeds: [nil], to: values).compactMap { $0 }
        }
        #expect(report.isGood, "\(report)")
    }

    /// One step of Adam on all weights; the loss.
    private func training(_ weights: [Variable], _ slots: [Variable], _ iterations: Variable, _ options: Executable.Options) throws
        -> Executable
    {
        let graph = Graph()
        let x = try graph.placeholder(start[0].spec)
        let y = try graph.placeholder(labels.spec)
        let values = try weights.map { try graph.variable($0) }
        let total = try loss(graph, [x] + values, y)
        let gradients = try graph.gradients(of: [total], seeds: [nil], to: values)
        let step = try graph.apply("add", [try graph.variable(iterations), try graph.constant(1, iterations.spec)], [:])[0]
        try graph.assign(iterations, step)
        let rate = try graph.constant(0.05, TensorSpec(.float64, []))
        for (i, weight) in weights.enumerated() {
            guard let gradient = gradients[i] else { throw ConvError.internal("no gradient") }
            let (m, v) = (slots[2 * i], slots[2 * i + 1])
            let new = try graph.apply(
                "adam_update", [values[i], try graph.variable(m), try graph.variable(v), gradient, rate, step], [:])
            for (variable, value) in zip([weight, m, v], new) { try graph.assign(variable, value) }
        }
        return try Executable(graph, feeds: [x, y], fetches: [total], options: options)
    }

    @Test func trainingIsTheSameWithAndWithoutPlanAndPasses() throws {
        var histories: [[Double]] = []
        var ends: [[TestTensor]] = []
        let ways: [Executable.Options] = [
            .init(passes: false, reuse: false, threads: 1), .init(passes: true, reuse: true, threads: 1),
            .init(passes: true, reuse: true, threads: 2), .init(passes: true, reuse: true, threads: 3),
        ]
        for options in ways {
            let weights = try start.dropFirst().map { try Variable($0) }
            let slots = try weights.flatMap { [try Variable($0.spec), try Variable($0.spec)] }
            let iterations = try Variable(TensorSpec(.int64, []))
            let executable = try training(weights, slots, iterations, options)
            #expect(PlanCheck.problems(executable).isEmpty)
            if options.passes {
                // Every update is written in place, the loss straight into the caller's memory.
                #expect(executable.plan.assignmentCopies.isEmpty)
                #expect(executable.plan.fetchCopies.isEmpty)
                #expect(executable.program.nodes.filter { $0.op.name == "relu" || $0.op.name == "bias_add" }.isEmpty)
                let apart = try training(weights, slots, iterations, .init(passes: true, reuse: false, threads: options.threads))
                #expect(executable.plan.arenaBytes < apart.plan.arenaBytes)
                #expect(executable.plan.arenaBytes >= executable.plan.peakBytes)
            }
            var history: [Double] = []
            for _ in 0..<30 { history += try executable.run([start[0], labels])[0].numbers }
            #expect(iterations.content.numbers == [30])
            histories.append(history)
            ends.append(weights.map(\.content))
        }
        #expect(histories[1].first ?? 0 > 3 * (histories[1].last ?? 1))
        for (a, b) in zip(histories[0], histories[1]) { #expect(abs(a - b) < 1e-9) }
        #expect(histories[1] == histories[2] && histories[2] == histories[3])
        #expect(ends[1] == ends[2] && ends[2] == ends[3])
    }

    @Test func aLabelOutOfRangeThrowsAndLeavesTheWeights() throws {
        let weights = try start.dropFirst().map { try Variable($0) }
        let slots = try weights.flatMap { [try Variable($0.spec), try Variable($0.spec)] }
        let executable = try training(weights, slots, try Variable(TensorSpec(.int64, [])), .init())
        #expect(throws: ConvError.self) { try executable.run([start[0], TestTensor(.int64, [4], [0, 9, 1, 2])]) }
        for (weight, before) in zip(weights, start.dropFirst()) { #expect(weight.content == before) }
        _ = try executable.run([start[0], labels])
    }

    @Test func twoThreadsMayRunOneExecutable() async throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [32, 32]))
        var y = x
        for _ in 0..<5 { y = try graph.apply("relu", [try graph.apply("matmul", [y, x], [:])[0]], [:])[0] }
        let executable = try Executable(graph, feeds: [x], fetches: [y])
        let inputs = (0..<4).map { TestTensor.random([32, 32], seed: UInt64($0)) }
        let expected = try inputs.map { try executable.run([$0]) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for i in inputs.indices {
                group.addTask {
                    for _ in 0..<20 where try executable.run([inputs[i]]) != expected[i] { return false }
                    return true
                }
            }
            for try await isSame in group { #expect(isSame) }
        }
    }
}
