import Ops
import TensorCore

extension Passes {
    /// A pointwise convolution that alone reads a depthwise one becomes one node with it where the result between them is better not written to
    /// memory: it is then computed and read block by block.
    static func fuseSeparable(_ program: inout Program) {
        let wanted = program.wantedAtEnd()
        let readers = program.readers()
        var isGone = [Bool](repeating: false, count: program.nodes.count)
        for index in program.nodes.indices where program.nodes[index].op.name == KnownOps.convolution {
            let first = program.nodes[index]
            guard let next = soleReader(of: index, program, readers, wanted), program.nodes[next].op.name == KnownOps.convolution else {
                continue
            }
            let second = program.nodes[next]
            guard
                let attributes = SeparableConv2D.attributes(
                    program.specs(first.inputs), first.attributes, program.specs(second.inputs), second.attributes)
            else { continue }
            var fused = first
            fused.op = SeparableConv2D()
            fused.attributes = attributes
            fused.inputs = [first.inputs[0], first.inputs[1], second.inputs[1]] + first.inputs.dropFirst(2) + second.inputs.dropFirst(2)
            fused.outputs = second.outputs
            fused.takeOver(second)
            guard let specs = try? fused.op.outputSpecs(program.specs(fused.inputs), attributes), specs == program.specs(second.outputs)
            else {
                continue
            }
            program.notes.append("fused \(second.op.name) into \(first.op.name)")
            program.nodes[next] = fused
            isGone[index] = true
        }
        program.nodes = zip(program.nodes, isGone).filter { !$0.1 }.map(\.0)
    }
}
