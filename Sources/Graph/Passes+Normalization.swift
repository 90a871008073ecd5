import Ops
import TensorCore

extension Passes {
    /// Lets a batch normalization of a training step take over the activation that alone reads its output, and its gradient that of the
    /// activation: both then pass over their tensors as often as without one.
    static func fuseNormActivations(_ program: inout Program) {
        let wanted = program.wantedAtEnd()
        let readers = program.readers()
        var isGone = [Bool](repeating: false, count: program.nodes.count)
        for index in program.nodes.indices where program.nodes[index].op.name == KnownOps.batchNormTraining {
            let node = program.nodes[index]
            guard (try? node.attributes.string("activation", default: "linear")) == "linear", let output = node.outputs.first,
                !wanted[output], let next = readers[output].first, readers[output].count == 1,
                case .activation(let name, _) = role(program.nodes[next], program), name == "relu" || name == "relu6",
                let result = program.nodes[next].outputs.first
            else { continue }
            program.nodes[index].attributes["activation"] = .string(name)
            program.nodes[index].outputs[0] = result
            absorb(next, into: index, &program, &isGone)
            for backward in readers[result] {
                fuseGradient(of: node, name, backward, readers, wanted, &program, &isGone)
            }
        }
        program.nodes = zip(program.nodes, isGone).filter { !$0.1 }.map(\.0)
    }

    private static func role(_ node: Program.Node, _ program: Program) -> EpilogueRole {
        node.inputs.count == 1 && node.outputs.count == 1 ? node.op.epilogueRole(program.specs(node.inputs), node.attributes) : .none
    }

    /// The gradient of `norm` takes over node `index`, if that is the gradient of the activation and only the norm's gradient reads it.
    private static func fuseGradient(
        of norm: Program.Node, _ activation: String, _ index: Int, _ readers: [[Int]], _ wanted: [Bool], _ program: inout Program,
        _ isGone: inout [Bool]
    ) {
        let node = program.nodes[index]
        guard node.op.name == activation + "_backward", node.inputs.count == 2, let output = node.outputs.first, !wanted[output],
            let next = readers[output].first, readers[output].count == 1
        else { return }
        let gradient = program.nodes[next]
        let forward = [norm.inputs[0], norm.inputs[1], norm.outputs[1], norm.outputs[2]]
        guard gradient.op.name == KnownOps.batchNormTraining + "_backward", gradient.inputs == forward + [output] else { return }
        program.nodes[next].attributes["activation"] = .string(activation)
        program.nodes[next].inputs = forward + [node.inputs[0], norm.inputs[2]]
        absorb(index, into: next, &program, &isGone)
    }

    private static func absorb(_ gone: Int, into index: Int, _ program: inout Program, _ isGone: inout [Bool]) {
        let node = program.nodes[gone]
        isGone[gone] = true
        program.nodes[index].takeOver(node)
        program.notes.append("fused \(node.op.name) into \(program.nodes[index].op.name)")
    }
}
