import Ops
import TensorCore

extension Passes {
    /// Lets what follows the gradient of a max pooling work on its small side.
    ///
    /// The gradient of a window goes to its maximum, whose value is the window's result: whether an activation before the pooling lets it through
    /// is known from that, window by window, and bit for bit the same. The sum of a channel over all pixels is that over all windows, in
    /// another order.
    static func shrinkPoolGradients(_ program: inout Program) {
        let producers = program.producers()
        let readers = program.readers()
        let wanted = program.wantedAtEnd()
        for index in program.nodes.indices {
            let node = program.nodes[index]
            guard let gradient = node.inputs.first, let pooling = producers[gradient],
                program.nodes[pooling].op.name == KnownOps.maxPoolBackward
            else { continue }
            let pool = program.nodes[pooling]
            let (x, y, dy) = (pool.inputs[0], pool.inputs[1], pool.inputs[2])
            if KnownOps.maskedByResult.contains(node.op.name), node.inputs == [gradient, x], readers[gradient].count == 1, !wanted[gradient]
            {
                let masked = program.add(program.values[dy].spec, .computed)
                program.nodes[pooling] = node
                program.nodes[pooling].inputs = [dy, y]
                program.nodes[pooling].outputs = [masked]
                program.nodes[index] = pool
                program.nodes[index].inputs = [x, y, masked]
                program.nodes[index].outputs = node.outputs
                program.notes.append("\(node.op.name) before \(pool.op.name)")
            }
        }
        sumWindows(&program)
    }

    private static func sumWindows(_ program: inout Program) {
        let producers = program.producers()
        for index in program.nodes.indices where program.nodes[index].op.name == KnownOps.sum {
            let node = program.nodes[index]
            guard let pooling = producers[node.inputs[0]], program.nodes[pooling].op.name == KnownOps.maxPoolBackward,
                case .ints(let axes) = node.attributes["axes"], axes.sorted() == [0, 1, 2]
            else { continue }
            program.nodes[index].inputs[0] = program.nodes[pooling].inputs[2]
            program.notes.append("\(node.op.name) of windows")
        }
    }
}
