import Foundation
import Graph
import Ops
import Runtime
import TensorCore
import Testing
import _TestSupport

/// The stored reference cases and trainings through Swift, with results that pytests/test_doors.py compares bit by bit with Python's and
/// C's. It runs them in a process of their own, for they set the seed, and asks for the file of results.
@Suite(.enabled(if: Results.requestedPath != nil)) struct DoorTests {
    private static let families = ["convolution", "dense", "pooling", "normalization", "elementwise", "reduction", "movement", "loss"]

    @Test func resultsOfThisDoor() throws {
        var results = Results()
        for family in Self.families {
            for reference in try ReferenceCase.load(family) {
                try outputs(of: reference, &results)
                try gradients(of: reference, &results)
            }
        }
        for reference in try ReferenceCase.load("optimizer") { try updates(of: reference, &results) }
        for reference in try ReferenceCase.load("training") where reference.name.hasPrefix("plain-") {
            try storedTraining(reference, &results)
        }
        try digits(&results)
        try regularized(&results)
        try results.write()
    }

    private func outputs(of reference: ReferenceCase, _ results: inout Results) throws {
        // Alone, as a call of the op is: a graph would fold and fuse.
        let received = try applyOp(reference.op, reference.inputs, reference.attributes, threads: ThreadCount.current)
        for (k, output) in received.enumerated() { results.add(reference.description, "output", k, output.bytes) }
    }

    private func gradients(of reference: ReferenceCase, _ results: inout Results) throws {
        guard let expected = reference.inputGradients, let seedArrays = reference.outputGradients else { return }
        let graph = Graph()
        let inputs = try reference.inputs.map { try graph.placeholder($0.spec) }
        let outputs = try graph.apply(reference.op, inputs, reference.attributes)
        var targets: [Value] = []
        var seeds: [Value] = []
        var feeds = reference.inputs
        for (output, seed) in zip(outputs, seedArrays) {
            guard let seed else { continue }
            targets.append(output)
            seeds.append(try graph.placeholder(seed.spec))
            feeds.append(seed)
        }
        let wanted = expected.indices.filter { expected[$0] != nil }
        let found = try graph.gradients(of: targets, seeds: seeds.map { $0 }, to: wanted.map { inputs[$0] })
        let fetches = zip(wanted, found).compactMap { index, value in value.map { (index, $0) } }
        let executable = try Executable(graph, feeds: inputs + seeds, fetches: fetches.map(\.1))
        for ((index, _), received) in zip(fetches, try executable.run(feeds)) {
            results.add(reference.description, "gradient", index, received.bytes)
            guard let dx = expected[index] else { continue }
            if let difference = difference(received.numbers, dx, factor: 4) {
                Issue.record("\(reference), gradient of input \(index): \(difference)")
            }
        }
    }

    private func updates(of reference: ReferenceCase, _ results: inout Results) throws {
        let dtype = try #require(reference.inputs.first).spec.dtype
        let rate = TestTensor(dtype, [], [try #require(reference.learningRate)])
        var state = reference.inputs
        for (t, step) in reference.steps.enumerated() {
            var inputs = state + [try #require(step["gradient"]?.first), rate]
            if reference.op == "adam_update" { inputs.append(TestTensor(.int64, [], [Double(t + 1)])) }
            state = try applyOp(reference.op, inputs, reference.attributes, threads: ThreadCount.current)
            for (k, received) in state.enumerated() {
                results.add(reference.description, "state", t * 16 + k, received.bytes)
                let expected = try #require(step["state"])[k]
                // Keras rounds its constants to float32 on the way even when it computes in float64.
                if let difference = difference(received.numbers, expected, factor: dtype == .float64 ? 1e4 : 4) {
                    Issue.record("\(reference), state \(k) after step \(t): \(difference)")
                }
            }
        }
    }
}
