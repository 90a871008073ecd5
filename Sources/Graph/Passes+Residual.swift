import Ops
import TensorCore

extension Passes {
    /// A pointwise convolution that alone is added to another value starts its sums from that value: the addition costs no pass of its own,
    /// and an activation behind it becomes the convolution's.
    static func fuseResiduals(_ program: inout Program) {
        let wanted = program.wantedAtEnd()
        let readers = program.readers()
        let producers = program.producers()
        var isGone = [Bool](repeating: false, count: program.nodes.count)
        for index in program.nodes.indices where program.nodes[index].op.name == KnownOps.add {
            let sum = program.nodes[index]
            guard sum.inputs.count == 2, sum.inputs[0] != sum.inputs[1] else { continue }
            // Of two convolutions the later one: what the earlier one wrote is then the memory that it adds to.
            let candidates = sum.inputs.indices.compactMap { i in producers[sum.inputs[i]].map { (operand: i, node: $0) } }
                .sorted { $0.node > $1.node }
            for (operand, producer) in candidates {
                let node = program.nodes[producer]
                let (mine, other) = (sum.inputs[operand], sum.inputs[1 - operand])
                guard node.op.name == KnownOps.convolution, !isGone[producer], readers[mine].count == 1, !wanted[mine],
                    let attributes = PointwiseConvolutionAdd.attributes(
                        program.specs(node.inputs), node.attributes, residual: program.values[other].spec)
                else { continue }
                var fused = node
                fused.op = PointwiseConvolutionAdd()
                fused.attributes = attributes
                fused.inputs.append(other)
                fused.outputs = sum.outputs
                fused.takeOver(sum)
                guard let specs = try? fused.op.outputSpecs(program.specs(fused.inputs), attributes), specs == program.specs(sum.outputs)
                else { continue }
                program.notes.append("fused \(sum.op.name) into \(node.op.name)")
                program.nodes[index] = fused
                isGone[producer] = true
                break
            }
        }
        program.nodes = zip(program.nodes, isGone).filter { !$0.1 }.map(\.0)
    }
}
