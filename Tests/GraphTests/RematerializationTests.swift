import Ops
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Graph

/// Values that are computed again instead of kept: less memory, the same bits.
@Suite struct RematerializationTests {
    private let image = TestTensor.random([4, 24, 20, 3], .float32, seed: 1)
    private let labels = TestTensor(.int64, [4], [1, 3, 0, 2])

    /// A step of gradient descent on `blocks` residual blocks of convolution, batch normalization and relu; its loss and its variables.
    private func training(blocks: Int, limit: Int?, threads: Int = 2) throws -> (executable: Executable, weights: [Variable]) {
        let graph = Graph()
        var weights: [Variable] = []
        func weight(_ shape: [Int], _ seed: Int, low: Double = -0.4) throws -> Value {
            weights.append(try Variable(.random(shape, .float32, seed: UInt64(seed), low: low, high: 0.4)))
            return try graph.variable(weights[weights.count - 1])
        }
        let x = try graph.placeholder(image.spec)
        let y = try graph.placeholder(labels.spec)
        let same: Attributes = ["padding": .string("SAME")]
        var now = try graph.apply("conv2d", [x, try weight([3, 3, 3, 8], 2)], same)[0]
        for block in 0..<blocks {
            var inner = now
            for half in 0..<2 {
                let seed = 10 * block + 4 * half
                inner = try graph.apply("conv2d", [inner, try weight([3, 3, 8, 8], seed + 20)], same)[0]
                let scales = [try weight([8], seed + 21, low: 0.1), try weight([8], seed + 22)]
                inner = try graph.apply("batch_norm_training", [inner] + scales, [:])[0]
                if half == 0 { inner = try graph.apply("relu", [inner], [:])[0] }
            }
            now = try graph.apply("relu", [try graph.apply("add", [inner, now], [:])[0]], [:])[0]
        }
        let pooled = try graph.apply("reduce_mean", [now], ["axes": .ints([1, 2])])[0]
        let logits = try graph.apply("matmul", [pooled, try weight([8, 4], 3)], [:])[0]
        let loss = try graph.apply(
            "reduce_mean", [try graph.apply("sparse_softmax_cross_entropy", [logits, y], [:])[0]], [:])[0]
        let values = try weights.map { try graph.variable($0) }
        let rate = try graph.constant(0.1, TensorSpec(.float32, []))
        for (weight, gradient) in zip(weights, try graph.gradients(of: [loss], seeds: [nil], to: values)) {
            let gradient = try #require(gradient)
            let step = try graph.apply("multiply", [gradient, rate], [:])[0]
            try graph.assign(weight, try graph.apply("subtract", [try graph.variable(weight), step], [:])[0])
        }
        // Without Winograd: its work memory is as large as all else of so small a network.
        let settings = Settings.Values(precision: .highest, memoryLimit: limit)
        return (
            try Executable(graph, feeds: [x, y], fetches: [loss], options: .init(threads: threads, settings: settings)), weights
        )
    }

    /// The losses of three steps and the weights after them.
    private func outcome(_ step: (executable: Executable, weights: [Variable])) throws -> [[Double]] {
        var numbers: [[Double]] = []
        for _ in 0..<3 { numbers += try step.executable.run([image, labels]).map(\.numbers) }
        return numbers + step.weights.map(\.content.numbers)
    }

    @Test func cheapValuesAreComputedAgainToTheSameBits() throws {
        let free = try training(blocks: 4, limit: nil)
        let whole = free.executable.plan.arenaBytes
        let expected = try outcome(free)
        #expect(free.executable.program.nodes.filter(\.isRepeated).isEmpty)
        for share in [90, 80, 70] {
            let tight = try training(blocks: 4, limit: whole * share / 100)
            #expect(tight.executable.plan.arenaBytes <= whole * share / 100)
            #expect(PlanCheck.problems(tight.executable).isEmpty)
            #expect(tight.executable.program.nodes.contains { $0.isRepeated && $0.op.name == "batch_norm_training" })
            // The same algorithms, so the same bits.
            #expect(try outcome(tight) == expected, "\(share) %")
        }
    }

    @Test func theLeastLimitThatTheErrorNamesWorks() throws {
        let free = try training(blocks: 3, limit: nil)
        let least = try #require(try leastLimit { _ = try training(blocks: 3, limit: $0) })
        #expect(least < free.executable.plan.arenaBytes / 2)
        let tight = try training(blocks: 3, limit: least)
        #expect(tight.executable.plan.arenaBytes <= least)
        #expect(PlanCheck.problems(tight.executable).isEmpty)
        // Other algorithms, so not the same bits.
        for (a, b) in zip(try outcome(tight), try outcome(free)) {
            #expect(isClose(a, b, 1e-4))
        }
        #expect(throws: ConvError.self) { try training(blocks: 3, limit: least - 1) }
    }

    @Test func everyLimitAboveTheLeastWorks() throws {
        let whole = try training(blocks: 2, limit: nil).executable.plan.arenaBytes
        let least = try #require(try leastLimit { _ = try training(blocks: 2, limit: $0) })
        for step in 0...5 {
            let limit = least + (whole - least) * step / 5
            let executable = try training(blocks: 2, limit: limit).executable
            #expect(executable.plan.arenaBytes <= limit)
            #expect(PlanCheck.problems(executable).isEmpty)
        }
    }

    @Test func theNumberOfThreadsDoesNotMatterUnderALimit() throws {
        let limit = try training(blocks: 3, limit: nil).executable.plan.arenaBytes * 4 / 5
        let one = try outcome(try training(blocks: 3, limit: limit, threads: 1))
        for threads in [2, 3] { #expect(try outcome(try training(blocks: 3, limit: limit, threads: threads)) == one) }
    }

    @Test func theReportSaysWhatRunsAgain() throws {
        let whole = try training(blocks: 4, limit: nil).executable.plan.arenaBytes
        let report = try training(blocks: 4, limit: whole * 8 / 10).executable.describe()
        #expect(report.contains("\"repeated\": true"))
        #expect(report.contains("runs again for the backward half"))
    }

    /// Inference keeps nothing for later: there is nothing to give up, and the error says so.
    @Test func inferenceHasNothingToComputeAgain() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [1, 32, 32, 8]))
        let filter = try graph.constant(.random([3, 3, 8, 8], .float32))
        var y = x
        for _ in 0..<3 { y = try graph.apply("conv2d", [y, filter], ["padding": .string("SAME")])[0] }
        let values = 2 * 32 * 32 * 8 * 4
        let executable = try Executable(graph, feeds: [x], fetches: [y], options: .init(settings: .init(memoryLimit: values)))
        #expect(executable.plan.arenaBytes <= values)
        #expect(executable.program.nodes.filter(\.isRepeated).isEmpty)
        #expect(throws: ConvError.self) {
            try Executable(graph, feeds: [x], fetches: [y], options: .init(settings: .init(memoryLimit: values / 4)))
        }
    }
}

/// The limit that the error for a limit of one byte names as the least; nil where one byte is enough.
func leastLimit(_ make: (Int) throws -> Void) throws -> Int? {
    do {
        try make(1)
        return nil
    } catch let error as ConvError {
        let words = error.message.split(separator: " ")
        return words.firstIndex(of: "least").flatMap { Int(words[$0 + 1]) }
    }
}
