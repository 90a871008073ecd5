import Ops
import TensorCore

@testable import Graph

/// Runs a plan on marks instead of numbers: every 64 bytes of every memory hold the name of the value that was written there last. A value
/// that is read must still be there as a whole.
struct PlanCheck {
    private enum Memory: Hashable {
        case arena(Int)
        case kept(Int)
        case fetch(Int)
        case variable(ObjectIdentifier)
    }

    private let program: Program
    private let plan: Plan
    private var marks: [Memory: Int] = [:]
    private(set) var problems: [String] = []

    static func problems(_ executable: Executable) -> [String] {
        problems(program: executable.program, plan: executable.plan, workspaces: executable.prepared.map { $0?.workspaceBytes ?? 0 })
    }

    static func problems(program: Program, plan: Plan, workspaces: [Int]? = nil) -> [String] {
        var check = PlanCheck(program: program, plan: plan)
        check.run(workspaces: workspaces ?? program.nodes.map { _ in 0 })
        return check.problems
    }

    private init(program: Program, plan: Plan) {
        self.program = program
        self.plan = plan
    }

    /// The value whose bits `value` has: aliases have those of their input.
    private func root(_ value: Int) -> Int {
        for (index, node) in program.nodes.enumerated() where plan.isAlias[index] && node.outputs == [value] {
            return root(node.inputs[0])
        }
        return value
    }

    private func cells(_ value: Int) -> [Memory]? {
        let buffer = plan.buffers[plan.bufferOf[value]]
        let count = (program.values[value].spec.byteCount + 63) / 64
        switch buffer.place {
        case .arena(let offset): return (0..<count).map { .arena(offset / 64 + $0) }
        case .kept(let offset): return (0..<count).map { .kept(offset / 64 + $0) }
        case .fetch(let i): return [.fetch(i)]
        case .variable: return buffer.variable.map { [.variable(ObjectIdentifier($0))] }
        case .feed, .constant: return nil
        }
    }

    private mutating func expect(_ value: Int, _ reader: String) {
        for cell in cells(value) ?? [] where marks[cell] != root(value) {
            problems.append("\(reader): value \(value) in \(cell) was overwritten by \(marks[cell].map(String.init) ?? "nobody")")
        }
    }

    private mutating func run(workspaces: [Int]) {
        for (value, info) in program.values.enumerated() {
            if case .variable = info.origin { for cell in cells(value) ?? [] { marks[cell] = value } }
        }
        let order = program.nodes.indices.filter { plan.isInvariant[$0] } + program.nodes.indices.filter { !plan.isInvariant[$0] }
        for index in order where !plan.isAlias[index] {
            let node = program.nodes[index]
            let name = "\(node.op.name) \(index)"
            for input in node.inputs { expect(input, name) }
            let workspace = (0..<((workspaces[index] + 63) / 64)).map { Memory.arena(plan.workspaceOffsets[index] / 64 + $0) }
            let reusable = node.op.reusableInputs(program.specs(node.inputs), program.specs(node.outputs), node.attributes)
            for (k, output) in node.outputs.enumerated() {
                let written = Set(cells(output) ?? [])
                if !written.isDisjoint(with: workspace) { problems.append("\(name): output \(k) lies in the workspace") }
                for (i, input) in node.inputs.enumerated() where !(reusable.indices.contains(k) && reusable[k] == i) {
                    if !written.isDisjoint(with: cells(input) ?? []) { problems.append("\(name): output \(k) overwrites input \(i)") }
                }
                for other in node.outputs.dropFirst(k + 1) where !written.isDisjoint(with: cells(other) ?? []) {
                    problems.append("\(name): two outputs overlap")
                }
            }
            for input in node.inputs where !Set(cells(input) ?? []).isDisjoint(with: workspace) {
                problems.append("\(name): an input lies in the workspace")
            }
            for cell in workspace { marks[cell] = -1 }
            for output in node.outputs { for cell in cells(output) ?? [] { marks[cell] = output } }
            for buffer in plan.buffers {
                if case .arena(let offset) = buffer.place, offset + buffer.bytes > plan.arenaBytes, !buffer.values.isEmpty {
                    problems.append("a buffer ends beyond the arena")
                }
            }
        }
        for (i, value) in program.fetches.enumerated() {
            expect(value, "fetch \(i)")
            let isCopied = plan.fetchCopies.contains { $0.fetch == i }
            let isDirect = plan.buffers[plan.bufferOf[value]].place == .fetch(i)
            if isCopied == isDirect { problems.append("fetch \(i) is copied: \(isCopied), direct: \(isDirect)") }
        }
        for copied in plan.assignmentCopies {
            let assignment = program.assignments[copied]
            expect(assignment.value, "assignment \(copied)")
            marks[.variable(ObjectIdentifier(assignment.variable))] = root(assignment.value)
        }
        for (i, assignment) in program.assignments.enumerated()
        where marks[.variable(ObjectIdentifier(assignment.variable))] != root(assignment.value) {
            problems.append("the variable of assignment \(i) does not hold its value")
        }
    }
}
