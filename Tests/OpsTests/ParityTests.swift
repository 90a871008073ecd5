import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

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
        let op = try Registry.op(reference.op)
        let specs = reference.inputs.map(\.spec)
        let outputs = try op.outputSpecs(specs, reference.attributes)
        try #require(outputs == reference.outputs.map(\.spec), "\(reference)")
        let prepared = try op.prepare(specs, outputs, reference.attributes, PrepareContext(threads: 2))
        let memory = (reference.inputs.map(\.spec) + outputs).map { Block($0.byteCount) }
        for (block, input) in zip(memory, reference.inputs) { block.fill(input.bytes) }
        let workspace = Block(prepared.workspaceBytes)
        let inputs = memory.prefix(specs.count).map { UnsafeRawPointer($0.start) }
        let results = memory.dropFirst(specs.count).map(\.start)
        try inputs.withUnsafeBufferPointer { ins in
            try results.withUnsafeBufferPointer { outs in
                // The bodies of the pointers are only read by `run`; an op has at least one of each.
                guard let ins = ins.baseAddress, let outs = outs.baseAddress else { return }
                try prepared.run(OpArguments(inputs: ins, outputs: outs, workspace: workspace.start))
            }
        }
        for (k, expected) in reference.outputs.enumerated() {
            let received = decode(UnsafeRawBufferPointer(start: results[k], count: outputs[k].byteCount), outputs[k])
            if let difference = difference(received, expected) { Issue.record("\(reference), output \(k): \(difference)") }
        }
    }
}

/// Aligned memory for one tensor, filled with a pattern that is NaN in both floating types.
private final class Block {
    let start: UnsafeMutableRawPointer

    init(_ bytes: Int) {
        start = .allocate(byteCount: bytes + 64, alignment: 64)
        start.initializeMemory(as: UInt8.self, repeating: 0xFF, count: bytes + 64)
    }

    func fill(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { if let base = $0.baseAddress { start.copyMemory(from: base, byteCount: $0.count) } }
    }

    deinit { start.deallocate() }
}
