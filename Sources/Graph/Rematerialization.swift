import Ops
import TensorCore

/// Values that are computed a second time instead of being kept: what the forward half of a training step leaves for the backward half is
/// most of its memory (T. Chen et al., "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174).
///
/// While the arena is larger than the limit, a buffer that lies idle at the step with the most bytes alive is given up: the nodes
/// that made its content are run again just before its next use, from values that are there anyway. The one that costs least for its bytes comes
/// first. Ops are functions of their inputs, so a repeated node gives the same bits.
struct Rematerialization {
    private var program: Program
    private var workspaces: [Int]
    private var costs: [Double]
    private let affordable: Double

    /// What a byte that is read or written costs in floating-point operations, roughly, of today's processors.
    private static let flopsPerByte = 16.0
    /// Repeated nodes may cost so many times the bytes that they save, if only `cheap` ones are wanted: elementwise ones, normalizations.
    private static let cheapPerByte = 12.0
    /// At most so many nodes are repeated for one value.
    private static let largestChain = 8
    /// Buffers below this share of the peak are not worth a node.
    private static let leastShare = 1000

    /// A program for the same results whose arena needs at most `limit` bytes or, where none is found, the fewest that were found.
    ///
    /// - Parameter prepared: of `program`'s nodes. Their work memory counts.
    static func fitting(_ program: Program, _ prepared: [PreparedOp?], limit: Int, onlyCheap: Bool) -> Program {
        var search = Rematerialization(program, prepared, onlyCheap)
        var best = (program: program, bytes: Int.max)
        for _ in 0...2 * program.nodes.count {
            let plan = Planner.plan(search.program, workspaces: search.workspaces, reuse: true, spreads: false)
            if plan.arenaBytes < best.bytes { best = (search.program, plan.arenaBytes) }
            guard plan.arenaBytes > limit, let choice = search.choice(plan) else { break }
            search.apply(choice)
        }
        return best.program
    }

    private init(_ program: Program, _ prepared: [PreparedOp?], _ onlyCheap: Bool) {
        self.program = program
        workspaces = prepared.map { $0?.workspaceBytes ?? 0 }
        costs = zip(program.nodes, prepared).map { node, op in
            guard let op else { return 0 }
            let bytes = program.specs(node.inputs + node.outputs).reduce(0.0) { $0 + Double($1.byteCount) }
            return bytes + Double(op.flops) / Self.flopsPerByte
        }
        affordable = onlyCheap ? Self.cheapPerByte : .infinity
    }

    /// The nodes to run again before node `next`.
    private struct Choice {
        var nodes: [Int]
        var next: Int
    }

    private func choice(_ plan: Plan) -> Choice? {
        let uses = Uses(program, plan)
        let (peak, bytes) = largest(plan)
        var best: (choice: Choice, cost: Double)?
        for (index, buffer) in plan.buffers.enumerated() {
            guard case .arena = buffer.place, buffer.first < peak, peak < buffer.last, buffer.bytes >= bytes / Self.leastShare,
                buffer.bytes > 0, !uses.isWantedAtEnd[index], let next = uses.next(of: index, after: peak),
                let nodes = uses.chain(for: index, before: next, program, plan, limit: Self.largestChain)
            else { continue }
            let cost = nodes.reduce(0) { $0 + costs[$1] } / Double(buffer.bytes)
            if cost <= affordable, cost < best?.cost ?? .infinity { best = (Choice(nodes: nodes, next: next), cost) }
        }
        return best?.choice
    }

    /// The first step at which most bytes are alive, and how many.
    private func largest(_ plan: Plan) -> (step: Int, bytes: Int) {
        var change = [Int](repeating: 0, count: program.nodes.count + 2)
        for buffer in plan.buffers where !buffer.values.isEmpty {
            guard case .arena = buffer.place else { continue }
            change[buffer.first] += buffer.bytes
            change[buffer.last + 1] -= buffer.bytes
        }
        var alive = 0
        var peak = (step: 0, bytes: 0)
        for node in program.nodes.indices {
            alive += change[node]
            let bytes = alive + (plan.isAlias[node] ? 0 : workspaces[node])
            if bytes > peak.bytes { peak = (node, bytes) }
        }
        return peak
    }

    private mutating func apply(_ choice: Choice) {
        var map: [Int: Int] = [:]
        var clones: [Program.Node] = []
        for index in choice.nodes {
            var clone = program.nodes[index]
            clone.inputs = clone.inputs.map { map[$0] ?? $0 }
            clone.outputs = clone.outputs.map { output in
                let again = program.add(program.values[output].spec, .computed)
                map[output] = again
                return again
            }
            clone.isRepeated = true
            clone.isGradient = true  // in reports: it runs in the backward half, for its sake
            clones.append(clone)
            program.notes.append("\(clone.op.name) runs again for the backward half")
        }
        for index in choice.next..<program.nodes.count {
            program.nodes[index].inputs = program.nodes[index].inputs.map { map[$0] ?? $0 }
        }
        program.nodes.insert(contentsOf: clones, at: choice.next)
        workspaces.insert(contentsOf: choice.nodes.map { workspaces[$0] }, at: choice.next)
        costs.insert(contentsOf: choice.nodes.map { costs[$0] }, at: choice.next)
    }
}

/// Who reads and writes the buffers of a plan, and when.
private struct Uses {
    /// For each buffer the nodes that read or write it, in their order.
    private var nodes: [[Int]]
    /// For each buffer the nodes that write it, with the value.
    private var writes: [[(node: Int, value: Int)]]
    private let producers: [Int?]
    private(set) var isWantedAtEnd: [Bool]

    init(_ program: Program, _ plan: Plan) {
        nodes = [[Int]](repeating: [], count: plan.buffers.count)
        writes = [[(node: Int, value: Int)]](repeating: [], count: plan.buffers.count)
        isWantedAtEnd = [Bool](repeating: false, count: plan.buffers.count)
        producers = program.producers()
        for (index, node) in program.nodes.enumerated() where !plan.isAlias[index] {
            for input in node.inputs { nodes[plan.bufferOf[input]].append(index) }
            for output in node.outputs {
                nodes[plan.bufferOf[output]].append(index)
                writes[plan.bufferOf[output]].append((index, output))
            }
        }
        for value in program.fetches + program.assignments.map(\.value) { isWantedAtEnd[plan.bufferOf[value]] = true }
    }

    /// The node after `step` that uses a buffer next; nil where `step` itself does, or the buffer is written later on.
    func next(of buffer: Int, after step: Int) -> Int? {
        guard !nodes[buffer].contains(step), let next = nodes[buffer].first(where: { $0 > step }),
            writes[buffer].allSatisfy({ $0.node < step })
        else { return nil }
        return next
    }

    /// The nodes that compute, from values that are there at node `next`, what is read of `buffer` from then on.
    func chain(for buffer: Int, before next: Int, _ program: Program, _ plan: Plan, limit: Int) -> [Int]? {
        var chain: Set<Int> = []
        var missing: [Int] = []
        for node in program.nodes[next...] {
            missing += node.inputs.filter { plan.bufferOf[$0] == buffer && producers[$0] ?? next < next }
        }
        while let value = missing.popLast() {
            guard let producer = producers[value], producer < next, !plan.isInvariant[producer] else { return nil }
            guard chain.insert(producer).inserted else { continue }
            if chain.count > limit { return nil }
            missing += program.nodes[producer].inputs.filter { plan.bufferOf[$0] == buffer || !isThere($0, at: next, program, plan) }
        }
        return chain.isEmpty ? nil : chain.sorted()
    }

    /// Whether `value` can be read just before node `next` without being kept for that.
    private func isThere(_ value: Int, at next: Int, _ program: Program, _ plan: Plan) -> Bool {
        guard case .computed = program.values[value].origin else { return true }
        let buffer = plan.bufferOf[value]
        if case .kept = plan.buffers[buffer].place { return true }
        guard plan.buffers[buffer].last >= next || isWantedAtEnd[buffer] else { return false }
        // An alias has the content of what it stands for.
        var root = value
        while let producer = producers[root], plan.isAlias[producer] { root = program.nodes[producer].inputs[0] }
        return writes[buffer].last { $0.node < next }?.value == root
    }
}
