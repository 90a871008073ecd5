import CShims
import Ops
import TensorCore

/// Lays the values of a program out in memory.
///
/// Aliases (reshape and the like) share their input's buffer. An output takes over the memory of an input that dies there, where the op
/// allows it. A value that a variable shall hold is written into the variable at once when nothing reads the old content any more; a
/// value that the caller wants is written into the caller's memory at once. The rest is put into one arena, where buffers whose lives
/// do not overlap share bytes.
struct Planner {
    private let program: Program
    private let workspaces: [Int]
    private let reuse: Bool
    /// Whether large buffers begin at different places of a page: some bytes more, which a memory limit does not allow.
    private let spreads: Bool
    private let end: Int
    private var plan: Plan
    /// For each buffer the last node that reads or writes it.
    private var isWantedAtEnd: [Bool] = []

    /// `workspaces` are the bytes that each node asks for. Without `reuse` every value has memory of its own and nothing is bound.
    static func plan(_ program: Program, workspaces: [Int], reuse: Bool, spreads: Bool) -> Plan {
        var planner = Planner(program, workspaces, reuse, spreads)
        planner.run()
        return planner.plan
    }

    private init(_ program: Program, _ workspaces: [Int], _ reuse: Bool, _ spreads: Bool) {
        self.program = program
        self.workspaces = workspaces
        self.reuse = reuse
        self.spreads = spreads
        self.end = program.nodes.count
        self.plan = Plan(
            bufferOf: [Int](repeating: -1, count: program.values.count),
            workspaceOffsets: [Int](repeating: 0, count: program.nodes.count),
            isAlias: [Bool](repeating: false, count: program.nodes.count),
            isInvariant: [Bool](repeating: false, count: program.nodes.count))
    }

    private mutating func run() {
        makeBuffers()
        findLastUses()
        if reuse {
            keepInvariants()
            joinInPlace()
            bindVariables()
        }
        placeAssignments()
        placeFetches()
        placeInArena()
    }

    // MARK: buffers

    private mutating func makeBuffers() {
        for (value, info) in program.values.enumerated() {
            switch info.origin {
            case .feed(let i): newBuffer(value, .feed(i), at: 0)
            case .constant(let constant):
                newBuffer(value, .constant, at: 0)
                plan.buffers[plan.bufferOf[value]].constant = constant
            case .variable(let variable):
                newBuffer(value, .variable, at: 0)
                plan.buffers[plan.bufferOf[value]].variable = variable
            case .computed: break
            }
        }
        for (index, node) in program.nodes.enumerated() {
            if reuse, KnownOps.aliases.contains(node.op.name), node.inputs.count == 1, node.outputs.count == 1 {
                let buffer = plan.bufferOf[node.inputs[0]]
                plan.isAlias[index] = true
                plan.bufferOf[node.outputs[0]] = buffer
                plan.buffers[buffer].values.append(node.outputs[0])
                continue
            }
            for output in node.outputs { newBuffer(output, .arena(offset: 0), at: index) }
        }
    }

    private mutating func newBuffer(_ value: Int, _ place: Plan.Place, at first: Int) {
        plan.bufferOf[value] = plan.buffers.count
        let bytes = program.values[value].spec.byteCount
        plan.buffers.append(Plan.Buffer(place: place, bytes: bytes, first: first, last: first, values: [value]))
    }

    private mutating func findLastUses() {
        for (index, node) in program.nodes.enumerated() where !plan.isAlias[index] {
            for input in node.inputs { extend(plan.bufferOf[input], to: index) }
        }
        isWantedAtEnd = [Bool](repeating: false, count: plan.buffers.count)
        for value in program.fetches + program.assignments.map(\.value) {
            let buffer = plan.bufferOf[value]
            isWantedAtEnd[buffer] = true
            extend(buffer, to: end)
        }
    }

    private mutating func extend(_ buffer: Int, to index: Int) {
        plan.buffers[buffer].last = max(plan.buffers[buffer].last, index)
    }

    private func isArena(_ buffer: Int) -> Bool {
        if case .arena = plan.buffers[buffer].place { return true }
        return false
    }

    // MARK: what stays the same between runs

    /// Nodes that read only constants and variables which no assignment of this program changes: their outputs are kept between runs.
    private mutating func keepInvariants() {
        let steady = program.steadyValues
        for (index, node) in program.nodes.enumerated() where !plan.isAlias[index] {
            guard !node.inputs.isEmpty, node.inputs.allSatisfy({ steady[$0] }) else { continue }
            plan.isInvariant[index] = true
            for output in node.outputs {
                let buffer = plan.bufferOf[output]
                plan.buffers[buffer].place = .kept(offset: plan.keptBytes)
                plan.keptBytes += aligned(plan.buffers[buffer].bytes)
            }
        }
    }

    // MARK: in place

    private mutating func joinInPlace() {
        for (index, node) in program.nodes.enumerated() where !plan.isAlias[index] && !plan.isInvariant[index] {
            let reusable = node.op.reusableInputs(program.specs(node.inputs), program.specs(node.outputs), node.attributes)
            var taken: Set<Int> = []
            for (k, output) in node.outputs.enumerated() where k < reusable.count {
                guard let i = reusable[k], node.inputs.indices.contains(i) else { continue }
                let from = plan.bufferOf[node.inputs[i]]
                let to = plan.bufferOf[output]
                guard from != to, isArena(from), isArena(to), !taken.contains(from),
                    plan.buffers[from].last == index, plan.buffers[from].bytes == plan.buffers[to].bytes,
                    program.values[node.inputs[i]].spec.dtype.size == program.values[output].spec.dtype.size,
                    !readsElsewhere(node, from, besides: i)
                else { continue }
                taken.insert(from)
                plan.inPlace.append("\(node.op.name) \(index)")
                merge(to, into: from)
            }
        }
    }

    private func readsElsewhere(_ node: Program.Node, _ buffer: Int, besides i: Int) -> Bool {
        node.inputs.enumerated().contains { $0.offset != i && plan.bufferOf[$0.element] == buffer }
    }

    private mutating func merge(_ from: Int, into target: Int) {
        for value in plan.buffers[from].values { plan.bufferOf[value] = target }
        plan.buffers[target].values += plan.buffers[from].values
        plan.buffers[from].values = []
        plan.buffers[target].last = max(plan.buffers[target].last, plan.buffers[from].last)
        isWantedAtEnd[target] = isWantedAtEnd[target] || isWantedAtEnd[from]
    }

    // MARK: variables and the caller's memory

    /// Lets a node write the variable itself when the old content is read by nobody after it.
    private mutating func bindVariables() {
        for assignment in program.assignments {
            let buffer = plan.bufferOf[assignment.value]
            guard isArena(buffer), plan.buffers[buffer].bytes == assignment.variable.byteCount else { continue }
            let writer = plan.buffers[buffer].first
            let node = program.nodes[writer]
            var isFree = true
            for old in plan.buffers.indices where plan.buffers[old].variable === assignment.variable {
                if plan.buffers[old].last > writer || isWantedAtEnd[old] { isFree = false }
                if plan.buffers[old].last == writer, node.inputs.contains(where: { plan.bufferOf[$0] == old }) {
                    isFree = isFree && mayOverwrite(node, old, writing: buffer)
                }
            }
            guard isFree else { continue }
            plan.buffers[buffer].place = .variable
            plan.buffers[buffer].variable = assignment.variable
            plan.inPlace.append("assign to variable by \(node.op.name) \(writer)")
        }
    }

    /// Whether `node` writes `buffer` through the input that reads `old`, element by element.
    private func mayOverwrite(_ node: Program.Node, _ old: Int, writing buffer: Int) -> Bool {
        let reusable = node.op.reusableInputs(program.specs(node.inputs), program.specs(node.outputs), node.attributes)
        for (k, output) in node.outputs.enumerated() where plan.bufferOf[output] == buffer && k < reusable.count {
            guard let i = reusable[k], node.inputs.indices.contains(i), plan.bufferOf[node.inputs[i]] == old,
                program.values[node.inputs[i]].spec.dtype.size == program.values[output].spec.dtype.size
            else { continue }
            return !readsElsewhere(node, old, besides: i)
        }
        return false
    }

    private mutating func placeAssignments() {
        for (i, assignment) in program.assignments.enumerated() {
            let buffer = plan.buffers[plan.bufferOf[assignment.value]]
            if case .variable = buffer.place, buffer.variable === assignment.variable { continue }
            plan.assignmentCopies.append(i)
        }
    }

    private mutating func placeFetches() {
        for (i, value) in program.fetches.enumerated() {
            let buffer = plan.bufferOf[value]
            if reuse, isArena(buffer) {
                plan.buffers[buffer].place = .fetch(i)
            } else {
                plan.fetchCopies.append((fetch: i, value: value))
            }
        }
    }

    // MARK: the arena

    private func aligned(_ bytes: Int) -> Int { (bytes + 63) & ~63 }

    private struct Block {
        var first: Int
        var last: Int
        var bytes: Int
        var offset = 0

        /// The first offset from `top` on that this block, the `number`th, may have. Large ones begin at different places of a page, in turn, as
        /// do blocks of the pool (cshims.h says why).
        func place(from top: Int, _ number: Int) -> Int {
            guard sc_is_placed(UInt64(bytes)) else { return top }
            let (page, place) = (Int(SC_PAGE), Int(sc_place_in_page(UInt64(number))))
            return top + (place - top % page + page) % page
        }
    }

    /// Largest first, each at the smallest gap that fits between the buffers alive at the same time.
    private mutating func placeInArena() {
        var blocks: [Block] = []
        var owners: [(buffer: Int?, node: Int?)] = []
        for (index, buffer) in plan.buffers.enumerated() where isArena(index) && !buffer.values.isEmpty {
            blocks.append(Block(first: reuse ? buffer.first : 0, last: reuse ? buffer.last : end, bytes: aligned(buffer.bytes)))
            owners.append((index, nil))
        }
        for (index, bytes) in workspaces.enumerated() where bytes > 0 && !plan.isAlias[index] {
            // What is run beside the other nodes, before them, overlaps with none.
            let at = plan.isInvariant[index] ? 0 : index
            blocks.append(Block(first: reuse ? at : 0, last: reuse ? at : end, bytes: aligned(bytes)))
            owners.append((nil, index))
        }
        let order = blocks.indices.sorted { (blocks[$0].bytes, -$0) > (blocks[$1].bytes, -$1) }
        var placed: [Int] = []  // by offset
        for current in order where blocks[current].bytes > 0 {
            let bytes = blocks[current].bytes
            var best: (gap: Int, offset: Int)?
            var top = 0
            for other in placed where blocks[other].first <= blocks[current].last && blocks[other].last >= blocks[current].first {
                let gap = blocks[other].offset - top
                let place = spreads ? blocks[current].place(from: top, current) : top
                if blocks[other].offset - place >= bytes, gap < best?.gap ?? Int.max { best = (gap, place) }
                top = max(top, blocks[other].offset + blocks[other].bytes)
            }
            blocks[current].offset = best?.offset ?? (spreads ? blocks[current].place(from: top, current) : top)
            plan.arenaBytes = max(plan.arenaBytes, blocks[current].offset + bytes)
            let at = placed.firstIndex { blocks[$0].offset > blocks[current].offset } ?? placed.count
            placed.insert(current, at: at)
        }
        for (block, owner) in zip(blocks, owners) {
            if let buffer = owner.buffer { plan.buffers[buffer].place = .arena(offset: block.offset) }
            if let node = owner.node { plan.workspaceOffsets[node] = block.offset }
        }
        var change = [Int](repeating: 0, count: end + 2)
        for block in blocks {
            change[block.first] += block.bytes
            change[block.last + 1] -= block.bytes
        }
        var alive = 0
        for step in change {
            alive += step
            plan.peakBytes = max(plan.peakBytes, alive)
        }
    }
}
