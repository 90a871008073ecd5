import Ops
import Runtime
import TensorCore

/// What one run of an op gave.
package struct OpRun: Sendable {
    package var outputs: [TestTensor]
    package var algorithm: String
    /// Of the first output.
    package var shape: [Int] { outputs[0].spec.shape }
    package var values: [Double] { outputs[0].numbers }
}

/// Runs the op `name` of the registry.
///
/// With `inPlace` the outputs take the memory that `reusableInputs` offers; with `prepacked` the input that can be packed is packed before
/// the run; `constantInputs` are those of which the op is told that they stay. See `PreparedOp.run(on:to:)` for what is checked on the way.
package func runOp(
    _ name: String, _ inputs: [TestTensor], _ attributes: Attributes = [:], threads: Int = 1, inPlace: Bool = false,
    prepacked: Bool = false,
    constantInputs: [Int] = []
) throws(ConvError) -> OpRun {
    let op = try Registry.op(name)
    let specs = inputs.map(\.spec)
    let outputs = try op.outputSpecs(specs, attributes)
    let prepared = try op.prepare(specs, outputs, attributes, PrepareContext(threads: threads, constantInputs: constantInputs))
    let reusable = inPlace ? op.reusableInputs(specs, outputs, attributes) : []
    let results = try prepared.run(on: inputs, to: outputs, reusing: reusable, prepacked: prepacked, name)
    return OpRun(outputs: results, algorithm: prepared.algorithm)
}

/// The outputs of `runOp`.
package func applyOp(
    _ name: String, _ inputs: [TestTensor], _ attributes: Attributes = [:], threads: Int = 1, inPlace: Bool = false
) throws(ConvError) -> [TestTensor] {
    try runOp(name, inputs, attributes, threads: threads, inPlace: inPlace).outputs
}

extension PreparedOp {
    /// Runs once, in the floating-point state that doors set. Outputs and workspace start as NaN, and neither inputs nor the bytes behind an
    /// output or the workspace may change.
    /// - `reusing`: for each output the input whose memory it takes over, if it does.
    package func run(
        on inputs: [TestTensor], to outputs: [TensorSpec], reusing: [Int?] = [], prepacked: Bool = false, _ name: String = "op"
    ) throws(ConvError) -> [TestTensor] {
        let sources = inputs.map { TestMemory($0.bytes) }
        let targets = outputs.enumerated().map { i, spec in
            (reusing.indices.contains(i) ? reusing[i] : nil).map { sources[$0] } ?? TestMemory(bytes: spec.byteCount)
        }
        let workspace = TestMemory(bytes: workspaceBytes)
        var packed: TestMemory?
        if prepacked, let prepack {
            let memory = TestMemory(bytes: prepack.bytes)
            prepack.run(sources[prepack.input].start, memory.start)
            precondition(memory.isIntact, "\(name) packed more than it said")
            packed = memory
        }
        // One more, so that there is an address where an op has no inputs.
        let ins = sources.map { UnsafeRawPointer($0.start) } + [UnsafeRawPointer(workspace.start)]
        let outs = targets.map(\.start)
        defer { withExtendedLifetime((sources, targets, workspace, packed)) {} }
        var failure: ConvError?
        ins.withUnsafeBufferPointer { ins in
            outs.withUnsafeBufferPointer { outs in
                guard let ins = ins.baseAddress, let outs = outs.baseAddress else { return }
                do throws(ConvError) {
                    try withKernelFloatingPoint { () throws(ConvError) in
                        try run(
                            OpArguments(
                                inputs: ins, outputs: outs, workspace: workspace.start, packed: packed.map { UnsafeRawPointer($0.start) }))
                    }
                } catch { failure = error }
            }
        }
        if let failure { throw failure }
        precondition(workspace.isIntact, "\(name) wrote behind its workspace")
        for (i, input) in inputs.enumerated() where !reusing.contains(i) {
            precondition(sources[i].content == input.bytes, "\(name) changed its input \(i)")
        }
        return zip(outputs, targets).map { spec, memory in
            precondition(memory.isIntact, "\(name) wrote behind its output")
            return TestTensor(spec, bytes: memory.content)
        }
    }
}
