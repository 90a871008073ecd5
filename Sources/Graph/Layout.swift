import Ops
import Runtime
import TensorCore

/// The ops of an executable prepared for a number of threads, and the memory that they run in.
///
/// Fewer threads may run in it at any time (`parallelFor` looks at the number of now); for more it is made anew, with the same algorithms, so
/// that the bits stay: work memory is laid out for each thread.
final class Layout: Sendable {
    let plan: Plan
    let prepared: [PreparedOp?]
    let threads: Int
    let states: RunStates

    init(_ program: Program, _ plan: Plan, _ prepared: [PreparedOp?], threads: Int) throws(ConvError) {
        self.plan = plan
        self.prepared = prepared
        self.threads = threads
        states = try RunStates(program, plan, prepared)
    }

    /// Prepares every op and plans the memory. `algorithms`: for each node the one to take, where that matters;
    /// `spreads`: whether buffers may take some bytes more for the sake of the caches.
    static func choose(
        _ program: Program, _ threads: Int, _ settings: Settings.Values, reuse: Bool, spreads: Bool, algorithms: [String?] = []
    ) throws(ConvError) -> ([PreparedOp?], Plan) {
        let steady = program.steadyValues
        let constantBytes = program.specs(steady.indices.filter { steady[$0] }).reduce(0) { $0 + $1.byteCount }
        var prepared: [PreparedOp?] = []
        for (index, node) in program.nodes.enumerated() {
            if reuse, KnownOps.aliases.contains(node.op.name) {
                prepared.append(nil)
                continue
            }
            let context = PrepareContext(
                threads: threads, constantInputs: node.inputs.indices.filter { steady[node.inputs[$0]] }, constantBytes: constantBytes,
                settings: settings, algorithm: algorithms.indices.contains(index) ? algorithms[index] : nil)
            prepared.append(try node.op.prepare(program.specs(node.inputs), program.specs(node.outputs), node.attributes, context))
        }
        let workspaces = prepared.map { $0?.workspaceBytes ?? 0 }
        return (prepared, Planner.plan(program, workspaces: workspaces, reuse: reuse, spreads: spreads))
    }

    /// The same for another number of threads; nil where the memory limit or the system has no room for it with the same algorithms.
    func renewed(_ program: Program, threads: Int, _ settings: Settings.Values, reuse: Bool) -> Layout? {
        let algorithms = prepared.map { $0?.algorithm }
        let spreads = settings.memoryLimit == nil
        guard let (prepared, plan) = try? Self.choose(program, threads, settings, reuse: reuse, spreads: spreads, algorithms: algorithms),
            prepared.map({ $0?.algorithm }) == algorithms, plan.arenaBytes <= settings.memoryLimit ?? Int.max
        else { return nil }
        return try? Layout(program, plan, prepared, threads: threads)
    }
}
