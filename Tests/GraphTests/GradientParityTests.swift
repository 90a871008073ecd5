import Ops
import TensorCore
import Testing
import _TestSupport

@testable import Graph

/// Every op's gradients, as autodiff composes them, against the stored reference values.
@Suite struct GradientParityTests {
    @Test(arguments: ["convolution", "dense", "pooling", "normalization", "elementwise", "reduction", "movement", "loss"])
    func gradientsEqualReference(family: String) throws {
        for reference in try ReferenceCase.load(family) {
            guard let expected = reference.inputGradients, let seeds = reference.outputGradients else { continue }
            do {
                try check(reference, seeds, expected)
            } catch {
                Issue.record("\(reference): \(error)")
            }
        }
    }

    private func check(_ reference: ReferenceCase, _ outputGradients: [TestTensor?], _ expected: [TestTensor?]) throws {
        let graph = Graph()
        let inputs = try reference.inputs.map { try graph.placeholder($0.spec) }
        let outputs = try graph.apply(reference.op, inputs, reference.attributes)
        try #require(outputs.count == outputGradients.count)
        var targets: [Value] = []
        var given: [TestTensor] = []
        for (output, gradient) in zip(outputs, outputGradients) {
            guard let gradient else { continue }
            targets.append(output)
            given.append(gradient)
        }
        let seeds = try given.map { try graph.placeholder($0.spec) }
        let found = try graph.gradients(of: targets, seeds: seeds.map { $0 }, to: inputs)
        let wanted = expected.indices.filter { expected[$0] != nil }
        let fetches = wanted.compactMap { found[$0] }
        var values = try Executable(graph, feeds: inputs + seeds, fetches: fetches).run(reference.inputs + given)[...]
        for index in wanted {
            guard let dx = expected[index] else { continue }
            // No gradient flows: a gradient of zeros is the same.
            let received = found[index] == nil ? Array(repeating: 0, count: dx.spec.count) : values.removeFirst().numbers
            if let difference = difference(received, dx, factor: 4) {
                Issue.record("\(reference), gradient of input \(index): \(difference)")
            }
        }
    }
}
