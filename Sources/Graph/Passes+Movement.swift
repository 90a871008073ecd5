import Ops
import TensorCore

extension Passes {
    /// Takes out what only moves elements back and forth: identities, reshapes of reshapes, transposes that cancel each other or move
    /// only axes of one element.
    static func simplifyMovement(_ program: inout Program) {
        var map: [Int: Int] = [:]
        var producers = [Int?](repeating: nil, count: program.values.count)
        var removed = 0
        for index in program.nodes.indices {
            program.nodes[index].inputs = program.nodes[index].inputs.map { map[$0] ?? $0 }
            var node = program.nodes[index]
            defer {
                for output in node.outputs where output < producers.count { producers[output] = index }
            }
            guard node.inputs.count == 1, node.outputs.count == 1 else { continue }
            let output = node.outputs[0]
            if KnownOps.aliases.contains(node.op.name) {
                if program.values[node.inputs[0]].spec == program.values[output].spec {
                    map[output] = node.inputs[0]
                    removed += 1
                    continue
                }
                while let inner = producers[node.inputs[0]], KnownOps.aliases.contains(program.nodes[inner].op.name) {
                    node.inputs = program.nodes[inner].inputs
                    removed += 1
                }
                if program.values[node.inputs[0]].spec == program.values[output].spec {
                    map[output] = node.inputs[0]
                }
                program.nodes[index] = node
            } else if node.op.name == KnownOps.transpose, let perm = permutation(node, program) {
                var source = node.inputs[0]
                var total = perm
                if let inner = producers[source], program.nodes[inner].op.name == KnownOps.transpose,
                    let first = permutation(program.nodes[inner], program), first.count == perm.count
                {
                    total = perm.map { first[$0] }
                    source = program.nodes[inner].inputs[0]
                    removed += 1
                }
                if total == Array(total.indices) {
                    map[output] = source
                    removed += 1
                    continue
                }
                node.inputs = [source]
                node.attributes["perm"] = .ints(total)
                let shape = program.values[source].spec.shape
                let moved = total.filter { shape.indices.contains($0) && shape[$0] != 1 }
                if moved == moved.sorted(), let reshape = try? Registry.op(KnownOps.reshape) {
                    node.op = reshape
                    node.attributes = ["shape": .ints(program.values[output].spec.shape)]
                    removed += 1
                }
                program.nodes[index] = node
            }
        }
        if removed > 0 { program.notes.append("simplified \(removed) movements") }
        program.redirect(map)
    }

    private static func permutation(_ node: Program.Node, _ program: Program) -> [Int]? {
        let rank = program.values[node.outputs[0]].spec.rank
        guard let perm = try? node.attributes.ints("perm", default: Array((0..<rank).reversed())) else { return nil }
        let axes = perm.map { $0 < 0 ? $0 + rank : $0 }
        return axes.sorted() == Array(0..<rank) ? axes : nil
    }
}
