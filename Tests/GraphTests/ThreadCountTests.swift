import Dispatch
import Runtime
import Synchronization
import TensorCore
import Testing
import _TestSupport

@testable import Graph
@testable import Ops

/// Notes which workers took part, and what it was prepared for; otherwise it copies.
private struct WitnessOp: Op {
    final class Notes: Sendable {
        let workers = Mutex<Set<Int>>([])
        let prepared = Mutex<[Int]>([])
    }

    let name = "witness"
    let notes: Notes

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] { inputs }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        notes.prepared.withLock { $0.append(context.threads) }
        let (notes, bytes, threads) = (notes, inputs[0].byteCount, context.threads)
        // Work memory of each thread: the reason for another layout.
        return PreparedOp(algorithm: "witness", workspaceBytes: 64 * threads) { arguments in
            parallelFor(64, threads: threads) { _, worker in
                arguments.workspace.storeBytes(of: 1, toByteOffset: 64 * worker, as: UInt8.self)
                notes.workers.withLock { _ = $0.insert(worker) }
            }
            copyBytes(to: arguments.outputs[0], from: arguments.inputs[0], bytes)
        }
    }
}

/// Executables that were made before the number of threads was set.
@Suite struct ThreadCountTests {
    private func witness(_ options: Executable.Options = .init()) throws -> (Executable, WitnessOp.Notes) {
        let op = WitnessOp(notes: .init())
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [8]))
        let y = try graph.apply(op, [x], [:])[0]
        return (try Executable(graph, feeds: [x], fetches: [y], options: options), op.notes)
    }

    private func workers(_ executable: Executable, _ notes: WitnessOp.Notes) throws -> Set<Int> {
        notes.workers.withLock { $0 = [] }
        let x = TestTensor.random([8], .float32)
        #expect(try executable.run([x]) == [x])
        return notes.workers.withLock { $0 }
    }

    @Test func theNumberOfThreadsOfTheRunCounts() throws {
        try ThreadSettings.with(threads: 1) {
            let (executable, notes) = try witness()
            #expect(try workers(executable, notes) == [0])
            for threads in [3, 2, 4, 1] {
                try ThreadCount.set(threads)
                #expect(executable.threads == threads)
                // Another test may have the workers just then: the caller works alone.
                let all = Set(0..<threads)
                var seen = try workers(executable, notes)
                for _ in 0..<1000 where seen != all { seen = try workers(executable, notes) }
                #expect(seen == all)
            }
            // Prepared anew for more threads only.
            #expect(notes.prepared.withLock { $0 } == [1, 3, 4])
        }
    }

    @Test func aNumberThatWasAskedForStays() throws {
        try ThreadSettings.with(threads: 3) {
            let (executable, notes) = try witness(.init(threads: 1))
            #expect(executable.threads == 1)
            #expect(try workers(executable, notes) == [0])
        }
    }

    @Test func withoutRoomForMoreThreadsTheNumberStays() throws {
        try ThreadSettings.with(threads: 1) {
            let plenty = try witness().0.plan.arenaBytes
            let (executable, notes) = try witness(.init(settings: .init(memoryLimit: plenty)))
            try ThreadCount.set(3)
            #expect(executable.threads == 1)
            #expect(try workers(executable, notes) == [0])
            #expect(executable.plan.arenaBytes <= plenty)
        }
    }

    /// A training whose convolutions have several algorithms: more and fewer threads between its steps change no bit.
    @Test func bitsAndAlgorithmsStay() throws {
        func training(_ threads: [Int]) throws -> [TestTensor] {
            try ThreadCount.set(threads[0])
            let graph = Graph()
            let x = try graph.placeholder(TensorSpec(.float32, [6, 14, 12, 8]))
            let filters = [
                try Variable(.random([3, 3, 8, 32], .float32, seed: 2)), try Variable(.random([3, 3, 32, 16], .float32, seed: 3)),
            ]
            var y = x
            for filter in filters {
                y = try graph.apply("conv2d", [y, graph.variable(filter)], ["padding": .string("SAME"), "activation": .string("relu")])[0]
            }
            let loss = try graph.apply("reduce_mean", [graph.apply("square", [y], [:])[0]], [:])[0]
            let gradients = try graph.gradients(of: [loss], seeds: [], to: filters.map { try graph.variable($0) })
            let rate = try graph.constant(0.05, TensorSpec(.float32, []))
            for (filter, gradient) in zip(filters, gradients) {
                let new = try graph.apply("sgd_update", [graph.variable(filter), try #require(gradient), rate], [:])[0]
                try graph.assign(filter, new)
            }
            let executable = try Executable(graph, feeds: [x], fetches: [loss])
            let algorithms = executable.prepared.map { $0?.algorithm }
            var results: [TestTensor] = []
            for (step, number) in threads.enumerated() {
                try ThreadCount.set(number)
                results += try executable.run([.random([6, 14, 12, 8], .float32, seed: UInt64(step))])
                #expect(executable.threads == number)
                #expect(executable.prepared.map { $0?.algorithm } == algorithms)
                #expect(PlanCheck.problems(executable).isEmpty)
            }
            return results + filters.map(\.content)
        }
        try ThreadSettings.exclusively {
            let expected = try training([1, 1, 1, 1, 1])
            #expect(try training([1, 2, 4, 3, 1]) == expected)
            #expect(try training([3, 1, 2, 5, 2]) == expected)
        }
    }

    /// Runs of one executable from several threads while the number is changed under them.
    @Test func runsSideBySideSeeOneLayoutOrTheOther() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float32, [2, 9, 9, 8]))
        let counter = try Variable(TestTensor(.float32, [], [0]))
        let one = try graph.constant(1, TensorSpec(.float32, []))
        try graph.assign(counter, graph.apply("add", [graph.variable(counter), one], [:])[0])
        let filter = try graph.constant(.random([3, 3, 8, 16], .float32))
        let y = try graph.apply("conv2d", [x, filter], [:])[0]
        let input = TestTensor.random([2, 9, 9, 8], .float32)
        try ThreadSettings.with(threads: 1) {
            let executable = try Executable(graph, feeds: [x], fetches: [y])
            let expected = try executable.run([input])
            let wrong = Mutex(0)
            let finished = DispatchGroup()
            for _ in 0..<3 {
                DispatchQueue.global().async(group: finished) {
                    for _ in 0..<200 where (try? executable.run([input])) != expected { wrong.withLock { $0 += 1 } }
                }
            }
            for turn in 0..<60 { try ThreadCount.set(1 + turn % 4) }
            finished.wait()
            #expect(wrong.withLock { $0 } == 0)
            // Each run counted once: none overtook another in a second memory.
            #expect(counter.content.numbers == [601])
        }
    }
}
