import Ops
import Runtime
import TensorCore

/// Rewriting of programs. Each pass leaves a program that computes the same fetches and assignments.
enum Passes {
    /// `optimize` false does only what correctness needs.
    static func run(_ program: inout Program, optimize: Bool) throws(ConvError) {
        if optimize {
            simplifyMovement(&program)
            mergeEqualNodes(&program)
            removeDeadNodes(&program)
            foldConstants(&program)
            absorbPadding(&program)
            fuseEpilogues(&program)
            foldBatchNorm(&program)
            fuseResiduals(&program)
            fuseEpilogues(&program)
            fuseSeparable(&program)
            fuseNormActivations(&program)
            shrinkPoolGradients(&program)
            foldConstants(&program)
            mergeEqualNodes(&program)
            removeDeadNodes(&program)
            putUpdatesLast(&program)
        }
        try separateAssignments(&program)
    }

    /// A variable that shall hold the old content of another one which changes too gets a copy made in time.
    static func separateAssignments(_ program: inout Program) throws(ConvError) {
        let assigned = Set(program.assignments.map { ObjectIdentifier($0.variable) })
        let producers = program.producers()
        for i in program.assignments.indices {
            var root = program.assignments[i].value
            while let producer = producers[root], KnownOps.aliases.contains(program.nodes[producer].op.name) {
                root = program.nodes[producer].inputs[0]
            }
            guard case .variable(let variable) = program.values[root].origin, assigned.contains(ObjectIdentifier(variable)),
                variable !== program.assignments[i].variable
            else { continue }
            let value = program.assignments[i].value
            let copy = program.add(program.values[value].spec, .computed)
            program.nodes.append(Program.Node(op: CopyOp(), attributes: [:], inputs: [value], outputs: [copy]))
            program.assignments[i].value = copy
        }
    }

    /// Nodes none of whose outputs anybody reads go.
    static func removeDeadNodes(_ program: inout Program) {
        var needed = program.wantedAtEnd()
        var kept: [Program.Node] = []
        for node in program.nodes.reversed() where node.outputs.contains(where: { needed[$0] }) {
            for input in node.inputs { needed[input] = true }
            kept.append(node)
        }
        let removed = program.nodes.count - kept.count
        if removed > 0 { program.notes.append("removed \(removed) dead nodes") }
        program.nodes = kept.reversed()
    }

    /// Of several nodes with the same op, attributes and inputs one stays: all ops are functions of their inputs.
    static func mergeEqualNodes(_ program: inout Program) {
        struct Key: Hashable {
            var op: String
            var attributes: Attributes
            var inputs: [Int]
        }
        var known: [Key: [Int]] = [:]
        var map: [Int: Int] = [:]
        var kept: [Program.Node] = []
        for var node in program.nodes {
            node.inputs = node.inputs.map { map[$0] ?? $0 }
            let key = Key(op: node.op.name, attributes: node.attributes, inputs: node.inputs)
            if let outputs = known[key], outputs.count == node.outputs.count {
                for (mine, theirs) in zip(node.outputs, outputs) { map[mine] = theirs }
                program.notes.append("merged \(node.op.name) with an equal one")
            } else {
                known[key] = node.outputs
                kept.append(node)
            }
        }
        program.nodes = kept
        program.redirect(map)
    }

    /// Nodes that read only constants are run now, where the result is not much larger than what it is made from.
    static func foldConstants(_ program: inout Program) {
        let sizeLimit = 1 << 20
        var kept: [Program.Node] = []
        for node in program.nodes {
            let constants = node.inputs.compactMap { input -> Constant? in
                if case .constant(let constant) = program.values[input].origin { constant } else { nil }
            }
            let bytesIn = constants.reduce(0) { $0 + $1.spec.byteCount }
            let bytesOut = program.specs(node.outputs).reduce(0) { $0 + $1.byteCount }
            guard constants.count == node.inputs.count, !constants.isEmpty, bytesOut <= max(sizeLimit, bytesIn),
                let results = try? evaluate(node, constants, program.specs(node.outputs))
            else {
                kept.append(node)
                continue
            }
            for (output, constant) in zip(node.outputs, results) { program.values[output].origin = .constant(constant) }
            program.notes.append("folded \(node.op.name) of constants")
        }
        program.nodes = kept
    }

    private static func evaluate(
        _ node: Program.Node, _ constants: [Constant], _ outputSpecs: [TensorSpec]
    ) throws(ConvError) -> [Constant] {
        let prepared = try node.op.prepare(constants.map(\.spec), outputSpecs, node.attributes, PrepareContext(threads: 1))
        let workspace = try Storage(bytes: prepared.workspaceBytes, for: "workspace")
        var results: [Storage] = []
        for spec in outputSpecs { results.append(try Storage(bytes: spec.byteCount, for: "constant of spec \(spec)")) }
        var inputs: [UnsafeRawPointer] = []
        for constant in constants { inputs.append(try constant.data()) }
        let outputs = results.map(\.base)
        var failure: ConvError?
        inputs.withUnsafeBufferPointer { inputs in
            outputs.withUnsafeBufferPointer { outputs in
                guard let inputBase = inputs.baseAddress, let outputBase = outputs.baseAddress else { return }
                do throws(ConvError) {
                    try withKernelFloatingPoint { () throws(ConvError) in
                        try prepared.run(OpArguments(inputs: inputBase, outputs: outputBase, workspace: workspace.base))
                    }
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return zip(outputSpecs, results).map { Constant($0, storage: $1) }
    }

    /// Nodes whose outputs go only into variables are run last: by then nobody reads the old contents, so that they can be overwritten
    /// in place, and a node that fails leaves the variables as they were.
    static func putUpdatesLast(_ program: inout Program) {
        var assigned = Set(program.assignments.map(\.value))
        assigned.subtract(program.fetches)
        var isRead = [Bool](repeating: false, count: program.values.count)
        for node in program.nodes {
            for input in node.inputs { isRead[input] = true }
        }
        func isUpdate(_ node: Program.Node) -> Bool {
            node.outputs.contains(where: assigned.contains) && node.outputs.allSatisfy { !isRead[$0] }
        }
        program.nodes = program.nodes.filter { !isUpdate($0) } + program.nodes.filter(isUpdate)
    }
}
