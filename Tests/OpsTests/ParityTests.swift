import Testing
import _TestSupport

/// Every op's forward against the stored reference values; the gradients are compared in GraphTests, where there is autodiff.
@Suite struct ParityTests {
    @Test(arguments: ["convolution", "dense", "pooling", "normalization", "elementwise", "reduction", "movement", "loss"])
    func outputsEqualReference(family: String) throws {
        for reference in try ReferenceCase.load(family) {
            do {
                try check(reference)
            } catch {
                Issue.record("\(reference): \(error)")
            }
        }
    }

    private func check(_ reference: ReferenceCase) throws {
        let run = try runOp(reference.op, reference.inputs, reference.attributes, threads: 2)
        try #require(run.outputs.map(\.spec) == reference.outputs.map(\.spec), "\(reference)")
        for (k, (received, expected)) in zip(run.outputs, reference.outputs).enumerated() {
            if let difference = difference(received.numbers, expected) { Issue.record("\(reference), output \(k): \(difference)") }
        }
    }
}
