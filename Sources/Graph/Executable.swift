import Ops
import Runtime
import TensorCore

/// A planned computation over a graph: prepared ops, memory, pointers. Run it any number of times.
///
/// Feeds may be any values of the graph; what only they need is not computed. Fetches may be any values, also twice the same. All reads of
/// a variable see its content before the run; assignments take effect at its end. Runs of one executable from several threads
/// follow one another. Executables that share variables may run at the same time, but a run may then see a variable half updated.
///
/// A run that throws (a label out of range) leaves fetches undefined. Variables keep their old content unless the node that
/// failed reads a new value of a variable, directly or through others: updates are put at the end of the schedule.
package final class Executable: @unchecked Sendable {
    package struct Options: Sendable {
        /// Whether the graph is rewritten (folding, fusion …).
        package var passes: Bool
        /// Whether values share memory, and are written to variables and outputs at once.
        package var reuse: Bool
        package var threads: Int?
        package init(passes: Bool = true, reuse: Bool = true, threads: Int? = nil) {
            self.passes = passes
            self.reuse = reuse
            self.threads = threads
        }
    }

    package let feedSpecs: [TensorSpec]
    package let fetchSpecs: [TensorSpec]
    let program: Program
    let plan: Plan
    let prepared: [PreparedOp?]
    let threads: Int
    private let state: RunState
    private let lock = Lock()

    package init(_ graph: Graph, feeds: [Value], fetches: [Value], options: Options = Options()) throws(ConvError) {
        var program = try Program(graph, feeds: feeds, fetches: fetches)
        try Passes.run(&program, optimize: options.passes)
        let threads = max(1, options.threads ?? ThreadCount.current)
        let (prepared, plan) = try Self.plan(program, threads, reuse: options.reuse)
        self.feedSpecs = program.feedSpecs
        self.fetchSpecs = program.specs(program.fetches)
        self.program = program
        self.plan = plan
        self.prepared = prepared
        self.threads = threads
        self.state = try RunState(program, plan, prepared)
    }

    /// Chooses the algorithms and lays out the memory. Where that is more than the memory limit, once more with what activations leave of it
    /// for work memory, then with the leanest algorithms.
    private static func plan(_ program: Program, _ threads: Int, reuse: Bool) throws(ConvError) -> ([PreparedOp?], Plan) {
        let settings = Settings.current
        var (prepared, plan) = try plan(program, threads, settings, reuse: reuse)
        guard let limit = settings.memoryLimit, plan.arenaBytes > limit else { return (prepared, plan) }
        let activations = Planner.plan(program, workspaces: prepared.map { _ in 0 }, reuse: reuse).arenaBytes
        for room in [max(0, limit - activations), 0] {
            var tighter = settings
            tighter.memoryLimit = room
            (prepared, plan) = try self.plan(program, threads, tighter, reuse: reuse)
            if plan.arenaBytes <= limit { return (prepared, plan) }
        }
        throw .beyondMemoryLimit(
            limit, "executable", needs: plan.arenaBytes, "\(activations) of them for the values in flight (smaller batches need less)")
    }

    private static func plan(
        _ program: Program, _ threads: Int, _ settings: Settings.Values, reuse: Bool
    ) throws(ConvError) -> ([PreparedOp?], Plan) {
        let steady = program.steadyValues
        let constantBytes = program.specs(steady.indices.filter { steady[$0] }).reduce(0) { $0 + $1.byteCount }
        var prepared: [PreparedOp?] = []
        for node in program.nodes {
            if reuse, KnownOps.aliases.contains(node.op.name) {
                prepared.append(nil)
                continue
            }
            let context = PrepareContext(
                threads: threads, constantInputs: node.inputs.indices.filter { steady[node.inputs[$0]] }, constantBytes: constantBytes,
                settings: settings)
            prepared.append(try node.op.prepare(program.specs(node.inputs), program.specs(node.outputs), node.attributes, context))
        }
        return (prepared, Planner.plan(program, workspaces: prepared.map { $0?.workspaceBytes ?? 0 }, reuse: reuse))
    }

    /// How many nodes there are: those of `describe()`, in its order.
    package var nodeCount: Int { program.nodes.count }

    /// Runs once. `feeds` and `fetches` point to the first elements of dense tensors of `feedSpecs` and `fetchSpecs`; outputs must
    /// overlap neither feeds nor variables. They may be nil when there are none, and single pointers when their tensors are empty.
    /// `times`: nil, or `nodeCount` places, to which the nanoseconds that each node took are added.
    package func run(
        feeds: UnsafePointer<UnsafeRawPointer?>?, fetches: UnsafePointer<UnsafeMutableRawPointer?>?,
        times: UnsafeMutablePointer<Int64>? = nil
    ) throws(ConvError) {
        lock.lock()
        defer { lock.unlock() }
        try state.run(feeds, fetches, feedSpecs, fetchSpecs, times: times)
    }
}
