import CShims
import Ops
import TensorCore

/// The memory and the pointers of an executable, resolved when it is built: a run only fills in the caller's and walks the steps.
final class RunState {
    private struct Step {
        var run: @Sendable (OpArguments) throws(ConvError) -> Void
        var inputs: Int
        var outputs: Int
        var workspace: UnsafeMutableRawPointer
        var pack: Int?
        var node: Int
    }

    private struct Pack {
        var prepack: PreparedOp.Prepack
        var storage: Storage
        var inputSlot: Int
        /// Which content it was made from: the version of the variable, or the turn of the invariant steps.
        var variable: Variable?
        var isInvariant: Bool
        var version: Int?
    }

    private struct Copy {
        var source: Int
        var target: Int
        var bytes: Int
    }

    private let arena: Storage
    private let kept: Storage
    private let constants: [Constant]
    private let variables: [Variable]
    private let assigned: [Variable]

    /// All pointers of all steps, one after the other.
    private let slots: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private let slotCount: Int
    private var feedSlots: [(slot: Int, feed: Int)] = []
    private var fetchSlots: [(slot: Int, fetch: Int)] = []

    private var invariantSteps: [Step] = []
    private var steps: [Step] = []
    private var packs: [Pack] = []
    private var fetchCopies: [Copy] = []
    private var assignmentCopies: [Copy] = []

    /// The variables that the invariant steps depend on, their versions when those ran last, and how often they ran.
    private var watched: [(variable: Variable, version: Int?)] = []
    private var turn = 0

    init(_ program: Program, _ plan: Plan, _ prepared: [PreparedOp?]) throws(ConvError) {
        arena = try Storage(bytes: plan.arenaBytes, for: "arena of the executable")
        kept = try Storage(bytes: plan.keptBytes, for: "memory kept between runs")
        constants = plan.buffers.compactMap(\.constant)
        variables = plan.buffers.compactMap(\.variable) + program.assignments.map(\.variable)
        assigned = program.assignments.map(\.variable)

        slotCount =
            program.nodes.reduce(1) { $0 + $1.inputs.count + $1.outputs.count } + 2 * program.fetches.count
            + 2 * program.assignments.count
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: arena.base, count: slotCount)
        var used = 0
        func slot(of value: Int) throws(ConvError) -> Int {
            let buffer = plan.buffers[plan.bufferOf[value]]
            switch buffer.place {
            case .feed(let i): feedSlots.append((used, i))
            case .fetch(let i): fetchSlots.append((used, i))
            case .constant:
                if let data = try buffer.constant?.data() { slots[used] = UnsafeMutableRawPointer(mutating: data) }
            case .variable:
                if let data = buffer.variable?.data { slots[used] = data }
            case .arena(let offset): slots[used] = arena.base + offset
            case .kept(let offset): slots[used] = kept.base + offset
            }
            used += 1
            return used - 1
        }

        let assignedIdentities = Set(assigned.map { ObjectIdentifier($0) })
        var watchedIdentities: Set<ObjectIdentifier> = []
        for (index, node) in program.nodes.enumerated() {
            guard !plan.isAlias[index], let op = prepared[index] else { continue }
            let firstInput = used
            for input in node.inputs { _ = try slot(of: input) }
            let firstOutput = used
            for output in node.outputs { _ = try slot(of: output) }
            var step = Step(
                run: op.run, inputs: firstInput, outputs: firstOutput, workspace: arena.base + plan.workspaceOffsets[index], pack: nil,
                node: index)
            if let prepack = op.prepack, node.inputs.indices.contains(prepack.input) {
                let buffer = plan.buffers[plan.bufferOf[node.inputs[prepack.input]]]
                var steady = false
                var isInvariant = false
                switch buffer.place {
                case .constant: steady = true
                case .kept:
                    steady = true
                    isInvariant = true
                case .variable: steady = buffer.variable.map { !assignedIdentities.contains(ObjectIdentifier($0)) } ?? false
                default: break
                }
                if steady {
                    step.pack = packs.count
                    packs.append(
                        Pack(
                            prepack: prepack, storage: try Storage(bytes: prepack.bytes, for: "\(node.op.name): packed input"),
                            inputSlot: firstInput + prepack.input, variable: buffer.variable, isInvariant: isInvariant))
                }
            }
            if plan.isInvariant[index] {
                invariantSteps.append(step)
                for input in node.inputs {
                    guard let variable = plan.buffers[plan.bufferOf[input]].variable,
                        watchedIdentities.insert(ObjectIdentifier(variable)).inserted
                    else { continue }
                    watched.append((variable, nil))
                }
            } else {
                steps.append(step)
            }
        }
        for copy in plan.fetchCopies {
            let source = try slot(of: copy.value)
            fetchSlots.append((used, copy.fetch))
            used += 1
            fetchCopies.append(Copy(source: source, target: used - 1, bytes: program.values[copy.value].spec.byteCount))
        }
        for index in plan.assignmentCopies {
            let assignment = program.assignments[index]
            let source = try slot(of: assignment.value)
            slots[used] = assignment.variable.data
            used += 1
            assignmentCopies.append(Copy(source: source, target: used - 1, bytes: assignment.variable.byteCount))
        }
    }

    deinit { slots.deallocate() }

    /// `times`: nil, or one place for each node of the program, to which the nanoseconds that it took are added.
    func run(
        _ feeds: UnsafePointer<UnsafeRawPointer?>?, _ fetches: UnsafePointer<UnsafeMutableRawPointer?>?,
        _ feedSpecs: [TensorSpec], _ fetchSpecs: [TensorSpec], times: UnsafeMutablePointer<Int64>? = nil
    ) throws(ConvError) {
        for i in feedSpecs.indices where feeds?[i] == nil && feedSpecs[i].count > 0 {
            throw .invalidArgument("executable: feed \(i): expected \(feedSpecs[i]), received a null pointer")
        }
        for i in fetchSpecs.indices where fetches?[i] == nil && fetchSpecs[i].count > 0 {
            throw .invalidArgument("executable: fetch \(i): expected memory for \(fetchSpecs[i]), received a null pointer")
        }
        for (slot, feed) in feedSlots { slots[slot] = feeds?[feed].map { UnsafeMutableRawPointer(mutating: $0) } ?? arena.base }
        for (slot, fetch) in fetchSlots { slots[slot] = fetches?[fetch] ?? arena.base }
        // Whatever happens on the way, assigned variables may have been written.
        defer { for variable in assigned { variable.wasWritten() } }

        try runInvariants(times)
        if let times {
            for step in steps { try run(step, times) }
        } else {
            for step in steps { try run(step) }
        }
        for copy in fetchCopies where copy.bytes > 0 { copyBytes(to: slots[copy.target], from: slots[copy.source], copy.bytes) }
        for copy in assignmentCopies where copy.bytes > 0 { copyBytes(to: slots[copy.target], from: slots[copy.source], copy.bytes) }
    }

    private func runInvariants(_ times: UnsafeMutablePointer<Int64>?) throws(ConvError) {
        guard !invariantSteps.isEmpty else { return }
        var isStale = turn == 0
        for i in watched.indices {
            let version = watched[i].variable.version
            if watched[i].version != version || watched[i].variable.isLent { isStale = true }
            watched[i].version = version
        }
        guard isStale else { return }
        turn += 1
        do throws(ConvError) {
            for step in invariantSteps {
                if let times { try run(step, times) } else { try run(step) }
            }
        } catch {
            for i in watched.indices { watched[i].version = nil }
            turn += 1
            if watched.isEmpty { turn = 0 }
            throw error
        }
    }

    @inline(__always)
    private func run(_ step: Step) throws(ConvError) {
        let inputs = UnsafeMutableRawPointer(slots + step.inputs).assumingMemoryBound(to: UnsafeRawPointer.self)
        let packed: UnsafeRawPointer? = step.pack.map { refreshed($0) }
        try step.run(
            OpArguments(
                inputs: UnsafePointer(inputs), outputs: UnsafePointer(slots + step.outputs), workspace: step.workspace, packed: packed))
    }

    private func run(_ step: Step, _ times: UnsafeMutablePointer<Int64>) throws(ConvError) {
        let start = sc_nanoseconds()
        defer { times[step.node] &+= Int64(sc_nanoseconds() - start) }
        try run(step)
    }

    /// The packed form, made anew when what it was made from has changed.
    private func refreshed(_ index: Int) -> UnsafeRawPointer {
        let pack = packs[index]
        let version = pack.isInvariant ? turn : pack.variable?.version ?? 0
        let memory = pack.storage.base
        if pack.version != version || pack.variable?.isLent == true {
            pack.prepack.run(slots[pack.inputSlot], memory)
            packs[index].version = version
        }
        return UnsafeRawPointer(memory)
    }
}
