import Ops
import TensorCore

/// Rewriting of programs.
enum Passes {
    /// `optimize` false does only what correctness needs.
    static func run(_ program: inout Program, optimize: Bool) throws(ConvError) {
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
}
