import Ops
import TensorCore

extension Passes {
    /// Lets ops take over the bias and the activation that alone read their output (the op decides which it can). What a gradient
    /// reads is a reader too: relu's backward reads its output, so that conv2d, bias and relu become one in training as well.
    static func fuseEpilogues(_ program: inout Program) {
        let wanted = program.wantedAtEnd()
        var readers = program.readers()
        var isGone = [Bool](repeating: false, count: program.nodes.count)
        for start in program.nodes.indices where !isGone[start] {
            var index = start
            while let next = soleReader(of: index, program, readers, wanted),
                let fused = absorbed(program.nodes[next], by: program.nodes[index], program)
            {
                program.notes.append("fused \(program.nodes[next].op.name) into \(fused.op.name)")
                isGone[index] = true
                for input in fused.inputs {
                    readers[input] = readers[input].map { $0 == index ? next : $0 }
                }
                program.nodes[next] = fused
                index = next
            }
        }
        program.nodes = zip(program.nodes, isGone).filter { !$0.1 }.map(\.0)
    }

    /// The only node that reads the only output of node `index`, if it does so as its first input and once.
    static func soleReader(of index: Int, _ program: Program, _ readers: [[Int]], _ wanted: [Bool]) -> Int? {
        let outputs = program.nodes[index].outputs
        guard outputs.count == 1, !wanted[outputs[0]], readers[outputs[0]].count == 1 else { return nil }
        let reader = readers[outputs[0]][0]
        return program.nodes[reader].inputs.first == outputs[0] ? reader : nil
    }

    private static func absorbed(_ consumer: Program.Node, by node: Program.Node, _ program: Program) -> Program.Node? {
        guard consumer.outputs.count == 1 else { return nil }
        let role = consumer.op.epilogueRole(program.specs(consumer.inputs), consumer.attributes)
        guard role != .none, let attributes = node.op.absorbing(role, program.specs(node.inputs), node.attributes) else { return nil }
        var fused = node
        fused.attributes = attributes
        fused.outputs = consumer.outputs
        fused.takeOver(consumer)
        if case .bias = role {
            guard consumer.inputs.count == 2 else { return nil }
            fused.inputs.append(consumer.inputs[1])
        } else if consumer.inputs.count != 1 {
            return nil
        }
        // The op has the last word on what it accepts.
        guard let specs = try? fused.op.outputSpecs(program.specs(fused.inputs), attributes), specs == program.specs(fused.outputs) else {
            return nil
        }
        return fused
    }

    /// Batch normalization with given statistics after a convolution or a product is a scale of the filter's output channels and a bias:
    /// both are made from constants and variables alone, so that they are computed again only when those change.
    static func foldBatchNorm(_ program: inout Program) {
        let wanted = program.wantedAtEnd()
        let readers = program.readers()
        let assigned = Set(program.assignments.map { ObjectIdentifier($0.variable) })
        var isSteady = program.values.map { info in
            switch info.origin {
            case .constant: true
            case .variable(let variable): !assigned.contains(ObjectIdentifier(variable))
            default: false
            }
        }
        for node in program.nodes where !node.inputs.isEmpty && node.inputs.allSatisfy({ isSteady[$0] }) {
            for output in node.outputs { isSteady[output] = true }
        }
        var replacements: [Int: [Program.Node]] = [:]
        for index in program.nodes.indices {
            let node = program.nodes[index]
            guard KnownOps.linearInLastAxis.contains(node.op.name), node.inputs.count >= 2,
                let reader = soleReader(of: index, program, readers, wanted),
                program.nodes[reader].op.name == KnownOps.batchNormInference, program.nodes[reader].inputs.count == 5,
                (node.inputs.dropFirst() + program.nodes[reader].inputs.dropFirst()).allSatisfy({ isSteady[$0] }),
                (try? node.attributes.string("activation", default: "linear")) == "linear",
                (try? node.attributes.bool("transpose_b", default: false)) == false
            else { continue }
            var trial = program
            guard let nodes = try? folded(node, program.nodes[reader], &trial) else { continue }
            program = trial
            replacements[index] = []
            replacements[reader] = nodes
            program.notes.append("folded \(KnownOps.batchNormInference) into \(node.op.name)")
        }
        if replacements.isEmpty { return }
        var nodes: [Program.Node] = []
        for (index, node) in program.nodes.enumerated() { nodes += replacements[index] ?? [node] }
        program.nodes = nodes
    }

    private static func folded(
        _ node: Program.Node, _ norm: Program.Node, _ program: inout Program
    ) throws(ConvError) -> [Program.Node] {
        var nodes: [Program.Node] = []
        func apply(_ name: String, _ inputs: [Int]) throws(ConvError) -> Int {
            let op = try Registry.op(name)
            guard let spec = try op.outputSpecs(program.specs(inputs), [:]).first else { throw .internal("\(name): no output") }
            let output = program.add(spec, .computed)
            nodes.append(Program.Node(op: op, attributes: [:], inputs: inputs, outputs: [output], labels: norm.labels))
            return output
        }
        let (gamma, beta, mean, variance) = (norm.inputs[1], norm.inputs[2], norm.inputs[3], norm.inputs[4])
        let scalar = TensorSpec(program.values[variance].spec.dtype, [])
        let epsilon = program.add(scalar, .constant(Constant(try norm.attributes.double("epsilon", default: 1e-3), scalar)))
        let scale = try apply("multiply", [gamma, try apply("rsqrt", [try apply("add", [variance, epsilon])])])
        let filter = try apply("multiply", [node.inputs[1], scale])
        let shift = node.inputs.count > 2 ? try apply("subtract", [mean, node.inputs[2]]) : mean
        let bias = try apply("subtract", [beta, try apply("multiply", [shift, scale])])
        var result = node
        result.inputs = [node.inputs[0], filter, bias]
        result.outputs = norm.outputs
        result.takeOver(norm)
        let specs = try result.op.outputSpecs(program.specs(result.inputs), result.attributes)
        guard specs == program.specs(result.outputs) else { throw .internal("batch norm: folding changes the shape") }
        return nodes + [result]
    }
}
