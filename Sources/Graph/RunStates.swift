import Ops
import Runtime
import TensorCore

/// The memories that one executable runs in. There is one; a second thread that finds it taken gets one of its own where that is cheap:
/// runs of small executables are shorter than it takes to wake a waiting thread. After a fork a new one is made: the old one may belong to
/// a thread that does not exist any more.
final class RunStates: @unchecked Sendable {
    /// A memory, locked while a run uses it.
    final class Place: @unchecked Sendable {
        let state: RunState
        private let lock = Lock()

        init(_ state: RunState) { self.state = state }

        func tryTake() -> Bool { lock.tryLock() }
        func take() { lock.lock() }
        func giveBack() { lock.unlock() }
    }

    private let program: Program
    private let plan: Plan
    private let prepared: [PreparedOp?]
    private let most: Int
    // Guarded by `Forks`.
    private var places: [Place]
    private var generation: UInt32
    private var isRetired = false

    /// How many runs may be under way at once, and the bytes of an executable for which more than one may.
    private static let mostStates = 8
    private static let mostBytes = 16 << 20

    init(_ program: Program, _ plan: Plan, _ prepared: [PreparedOp?]) throws(ConvError) {
        self.program = program
        self.plan = plan
        self.prepared = prepared
        let bytes = prepared.reduce(plan.arenaBytes + plan.keptBytes) { $0 + ($1?.prepack?.bytes ?? 0) }
        let isCheap = program.assignments.isEmpty && bytes <= Self.mostBytes && Settings.current.memoryLimit == nil
        most = isCheap ? Self.mostStates : 1
        generation = Forks.generation
        places = [Place(try RunState(program, plan, prepared))]
    }

    /// No run begins in these memories any more. Called within `Forks.guarded`.
    func retire() { isRetired = true }

    /// A memory that nobody else runs in, to be given back after the run; nil if they were retired.
    func take() throws(ConvError) -> Place? {
        if generation != Forks.generation {
            let first = Place(try RunState(program, plan, prepared))
            Forks.guarded {
                if generation == Forks.generation { return }
                // left behind, locked or not
                for place in places { _ = Unmanaged.passRetained(place) }
                (places, generation) = ([first], Forks.generation)
            }
        }
        let (free, first, mayGrow, isOver) = Forks.guarded { () -> (Place?, Place, Bool, Bool) in
            isRetired ? (nil, places[0], false, true) : (places.first { $0.tryTake() }, places[0], places.count < most, false)
        }
        if isOver { return nil }
        if let free { return free }
        guard mayGrow, let state = try? RunState(program, plan, prepared) else {
            first.take()
            if !Forks.guarded({ isRetired }) { return first }
            first.giveBack()
            return nil
        }
        let another = Place(state)
        another.take()
        Forks.guarded { places.append(another) }
        return another
    }
}
