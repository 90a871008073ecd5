import Ops
import Runtime
import TensorCore

/// A planned computation over a graph: prepared ops, memory, pointers. Run it any number of times.
///
/// Feeds may be any values of the graph; what only they need is not computed. Fetches may be any values, also twice the same. All reads of
/// a variable see its content before the run; assignments take effect at its end. Runs of one executable from several threads
/// follow one another, or run side by side where it assigns nothing and is small. Executables that share variables may run at the same
/// time, but a run may then see a variable half updated.
///
/// A run uses as many threads as are set when it begins; see `Layout`.
///
/// A run that throws (a label out of range) leaves fetches undefined. Variables keep their old content unless the node that
/// failed reads a new value of a variable, directly or through others: updates are put at the end of the schedule.
package final class Executable: @unchecked Sendable {
    package struct Options: Sendable {
        /// Whether the graph is rewritten (folding, fusion …).
        package var passes: Bool
        /// Whether values share memory, and are written to variables and outputs at once.
        package var reuse: Bool
        /// The most threads of a run; nil: as many as are set when it begins.
        package var threads: Int?
        /// How many examples a slice has where examples are independent; nil: what is expected to be fastest.
        package var slice: Int?
        /// nil: those of the process.
        package var settings: Settings.Values?
        package init(
            passes: Bool = true, reuse: Bool = true, threads: Int? = nil, slice: Int? = nil, settings: Settings.Values? = nil
        ) {
            self.passes = passes
            self.reuse = reuse
            self.threads = threads
            self.slice = slice
            self.settings = settings
        }
    }

    package let feedSpecs: [TensorSpec]
    package let fetchSpecs: [TensorSpec]
    let program: Program
    /// The examples of a batch go through the whole computation in slices, or nil: all at once.
    let slices: BatchSlices?
    private let settings: Settings.Values
    private let isReusing: Bool
    private let fixedThreads: Int?
    // Guarded by `Forks`.
    private var layout: Layout
    /// For how many threads at most `layout` is the answer.
    private var settledThreads: Int

    var plan: Plan { layoutForReports.plan }
    var prepared: [PreparedOp?] { layoutForReports.prepared }
    /// How many threads a run would use now.
    package var threads: Int { min(fixedThreads ?? ThreadCount.current, layoutForReports.threads) }
    var layoutForReports: Layout { (try? layoutOfNow()) ?? Forks.guarded { layout } }

    package init(_ graph: Graph, feeds: [Value], fetches: [Value], options: Options = Options()) throws(ConvError) {
        var program = try Program(graph, feeds: feeds, fetches: fetches)
        try Passes.run(&program, optimize: options.passes)
        let threads = max(1, options.threads ?? ThreadCount.current)
        self.feedSpecs = program.feedSpecs
        self.fetchSpecs = program.specs(program.fetches)
        let slices = options.passes && options.reuse ? BatchSlices(program, size: options.slice) : nil
        if let slices, let sliced = slices.apply(to: program) {
            program = sliced
            self.slices = slices
        } else {
            self.slices = nil
        }
        settings = options.settings ?? Settings.current
        isReusing = options.reuse
        fixedThreads = options.threads
        let (planned, prepared, plan) = try Self.plan(program, threads, settings, reuse: options.reuse)
        self.program = planned
        settledThreads = threads
        layout = try Layout(planned, plan, prepared, threads: threads)
    }

    /// Chooses the algorithms and lays out the memory. Where that is more than the memory limit, values are computed again instead of
    /// kept (first what is cheap to compute, then anything): to the same bits. Then algorithms make do with what activations leave of the
    /// limit, at last with the least that there is.
    ///
    /// How far each of these ways gets does not depend on the limit, so the least that works is known where all fail.
    private static func plan(
        _ whole: Program, _ threads: Int, _ settings: Settings.Values, reuse: Bool
    ) throws(ConvError) -> (Program, [PreparedOp?], Plan) {
        var program = whole
        let spreads = settings.memoryLimit == nil
        var (prepared, plan) = try Layout.choose(program, threads, settings, reuse: reuse, spreads: spreads)
        guard let limit = settings.memoryLimit, plan.arenaBytes > limit else { return (program, prepared, plan) }
        var least = Int.max
        func isEnough(_ room: Int?) throws(ConvError) -> Bool {
            var within = settings
            within.memoryLimit = room
            (prepared, plan) = try Layout.choose(program, threads, within, reuse: reuse, spreads: spreads)
            if room ?? 0 == 0 { least = min(least, plan.arenaBytes) }  // what another limit would find too
            return plan.arenaBytes <= limit
        }
        for scratch in [nil, 0] {
            program = whole
            if try isEnough(scratch) { return (program, prepared, plan) }
            for onlyCheap in [true, false] where reuse {
                program = Rematerialization.fitting(program, prepared, limit: limit, onlyCheap: onlyCheap)
                if try isEnough(scratch) { return (program, prepared, plan) }
            }
            let activations = Planner.plan(program, workspaces: prepared.map { _ in 0 }, reuse: reuse, spreads: spreads).arenaBytes
            if activations < limit, try isEnough(limit - activations) { return (program, prepared, plan) }
            if try isEnough(0) { return (program, prepared, plan) }
        }
        throw .beyondMemoryLimit(limit, "executable", needs: least, "the least for its values in flight (smaller batches need less)")
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
        let place = try takePlace()
        defer { place.giveBack() }
        // What ops do outside `parallelFor` shall not depend on the caller's state either.
        try withKernelFloatingPoint { () throws(ConvError) in
            try ConcurrentRuns.counted { () throws(ConvError) in try run(place.state, feeds, fetches, times) }
        }
    }

    /// A memory to run in, laid out for the number of threads of now.
    private func takePlace() throws(ConvError) -> RunStates.Place {
        while true {
            // nil: meanwhile there is another layout
            if let place = try layoutOfNow().states.take() { return place }
        }
    }

    /// The layout, made anew if it is for fewer threads than there are now. Where that cannot be had within the memory limit, or with other
    /// algorithms only (which might give other bits), it stays as it is.
    private func layoutOfNow() throws(ConvError) -> Layout {
        let wanted = fixedThreads ?? ThreadCount.current
        let (known, isSettled) = Forks.guarded { (layout, wanted <= settledThreads) }
        if isSettled { return known }
        // An executable that assigns variables runs once at a time, in whichever memory.
        guard let place = try known.states.take() else { return Forks.guarded { layout } }
        defer { place.giveBack() }
        let renewed = known.renewed(program, threads: wanted, settings, reuse: isReusing)
        return Forks.guarded {
            guard layout === known, wanted > settledThreads else { return layout }
            settledThreads = wanted
            if let renewed {
                known.states.retire()
                layout = renewed
            }
            return layout
        }
    }

    private func run(
        _ state: RunState, _ feeds: UnsafePointer<UnsafeRawPointer?>?, _ fetches: UnsafePointer<UnsafeMutableRawPointer?>?,
        _ times: UnsafeMutablePointer<Int64>?
    ) throws(ConvError) {
        guard let slices else { return try state.run(feeds, fetches, feedSpecs, fetchSpecs, times: times) }
        try run(slices, state, feeds, fetches, times)
    }

    /// Slice by slice. The last one reaches back where the rest is smaller: its first examples are computed twice, to the same bits.
    private func run(
        _ slices: BatchSlices, _ state: RunState, _ feeds: UnsafePointer<UnsafeRawPointer?>?,
        _ fetches: UnsafePointer<UnsafeMutableRawPointer?>?, _ times: UnsafeMutablePointer<Int64>?
    ) throws(ConvError) {
        var from = [UnsafeRawPointer?](repeating: nil, count: feedSpecs.count)
        var to = [UnsafeMutableRawPointer?](repeating: nil, count: fetchSpecs.count)
        for slice in 0..<slices.count {
            let first = min(slice * slices.size, slices.rows - slices.size)
            for (i, spec) in feedSpecs.enumerated() {
                from[i] = feeds?[i].map { $0 + (slices.isFeedBatched[i] ? first * (spec.byteCount / slices.rows) : 0) }
            }
            for (i, spec) in fetchSpecs.enumerated() { to[i] = fetches?[i].map { $0 + first * (spec.byteCount / slices.rows) } }
            try state.run(from, to, program.feedSpecs, program.specs(program.fetches), times: times)
        }
    }
}
