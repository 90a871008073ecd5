import CKernelInterface
import CShims

/// The workers behind `parallelFor`. Started at the first call that needs them; they spin for some microseconds after their work,
/// then sleep. After a fork the child starts its own at its first need.
///
/// A job is written to the pool, then each worker that takes part gets `Go.work` in its own word. The last one to finish wakes the caller.
enum ThreadPool {
    /// How long a worker looks for the next job before it sleeps. Ops of one graph follow each other faster than that; a wake-up by
    /// the operating system costs about as much.
    static let spinNanoseconds: UInt64 = 30_000

    /// Runs `split`'s part `i` on worker `i`, part 0 on the caller. false, and nothing is done, if the workers are taken: by another thread, or by this
    /// one further up.
    static func run(_ split: Split, _ body: (Range<Int>, Int) -> Void) -> Bool {
        guard sc_atomic_compare_exchange(&busy, 0, 1) != 0 else { return false }
        defer { sc_atomic_store(&busy, 0) }
        let pool = current ?? make()
        let workers = pool.grow(to: split.parts - 1)
        guard workers > 0 else { return false }
        // Where the system refuses threads, fewer parts; the cuts do not matter to the result.
        let split = Split(count: split.count, parts: workers + 1, multiple: split.multiple)
        withoutActuallyEscaping(body) { body in
            var job = Job(split: split, table: sc_thread_table_get(), body: body)
            withUnsafePointer(to: &job) { job in
                pool.start(job, workers)
                body(split[0], 0)
                pool.finish()
            }
        }
        return true
    }

    /// How many workers this process has: 0 before the first parallel call.
    static var workerCount: Int { current?.count ?? 0 }

    // The words of the atomics; the address of a static variable is its own.
    nonisolated(unsafe) private static var busy: UInt32 = 0
    /// Guarded by `busy`.
    nonisolated(unsafe) private static var current: Pool?

    /// In the child of a fork only the thread that forked lives on. Whatever the old pool was doing, its workers are gone: leave it (their
    /// words may be in any state) and begin anew. The one reference that `current` held is leaked on purpose: nothing may be freed here.
    static func forget() {
        if let old = current { _ = Unmanaged.passRetained(old) }
        current = nil
        sc_atomic_store(&busy, 0)
    }

    private static func make() -> Pool {
        Forks.register()
        let pool = Pool()
        current = pool
        return pool
    }
}

/// What a worker needs to know; it lies on the caller's stack.
private struct Job {
    var split: Split
    /// The caller's own kernel table, if it has one (`Kernels.withLevel`).
    var table: UnsafeRawPointer?
    var body: (Range<Int>, Int) -> Void
}

/// What a worker's word says.
private enum Go {
    static let idle: UInt32 = 0
    static let work: UInt32 = 1
    static let asleep: UInt32 = 2
}

/// The words of a worker, alone in their cache lines (two, because processors fetch lines in pairs).
private struct Slot {
    /// In UInt32s: 128 bytes.
    static let stride = 32
}

private final class Pool: @unchecked Sendable {
    /// How many workers there are.
    private(set) var count = 0
    private var refused = false
    private var slots: [UnsafeMutablePointer<UInt32>] = []
    /// Workers that have not finished, and whether the caller sleeps until they have.
    private let pending: UnsafeMutablePointer<UInt32>
    private let waiting: UnsafeMutablePointer<UInt32>
    private let jobWord: UnsafeMutablePointer<UnsafePointer<Job>?>

    init() {
        pending = .allocate(capacity: Slot.stride * 2)
        pending.initialize(repeating: 0, count: Slot.stride * 2)
        waiting = pending + Slot.stride
        jobWord = .allocate(capacity: 1)
        jobWord.initialize(to: nil)
    }

    /// The number of workers, at most `wanted`, that there are after trying to start the missing ones.
    func grow(to wanted: Int) -> Int {
        while count < wanted, !refused {
            let word = UnsafeMutablePointer<UInt32>.allocate(capacity: Slot.stride * 2)
            word.initialize(repeating: 0, count: Slot.stride * 2)
            let worker = Worker(pool: self, index: count + 1, word: word + Slot.stride / 2)
            let context = Unmanaged.passRetained(worker)
            let status = sc_thread_start(
                { raw in
                    guard let raw else { return }
                    Unmanaged<Worker>.fromOpaque(raw).takeRetainedValue().loop()
                }, context.toOpaque(), "swiftconv-\(worker.index)")
            guard status == 0 else {
                context.release()
                word.deallocate()
                refused = true
                break
            }
            slots.append(worker.word)
            count += 1
        }
        return min(count, wanted)
    }

    func start(_ job: UnsafePointer<Job>, _ workers: Int) {
        jobWord.pointee = job
        sc_atomic_store(waiting, 0)
        sc_atomic_store(pending, UInt32(workers))
        for word in slots.prefix(workers) where sc_atomic_exchange(word, Go.work) == Go.asleep {
            sc_wake(word, 0)
        }
    }

    func finish() {
        // The shares are of equal size, so the others should end soon; on a crowded machine they may have lost their processor.
        let deadline = sc_nanoseconds() &+ 2 * ThreadPool.spinNanoseconds
        repeat {
            for _ in 0..<64 {
                if sc_atomic_load(pending) == 0 { return }
                sc_spin_hint()
            }
        } while sc_nanoseconds() < deadline
        sc_atomic_store(waiting, 1)
        while true {
            let left = sc_atomic_load(pending)
            if left == 0 { return }
            sc_wait(pending, left)
        }
    }

    func runShare(_ index: Int) {
        // Written before `Go.work` was, valid until `pending` is counted down.
        guard let job = jobWord.pointee else { return }
        sc_thread_table_set(job.pointee.table)
        job.pointee.body(job.pointee.split[index], index)
        if sc_atomic_subtract(pending, 1) == 1, sc_atomic_load(waiting) != 0 { sc_wake(pending, 1) }
    }
}

private final class Worker: @unchecked Sendable {
    let pool: Pool
    let index: Int
    let word: UnsafeMutablePointer<UInt32>

    init(pool: Pool, index: Int, word: UnsafeMutablePointer<UInt32>) {
        self.pool = pool
        self.index = index
        self.word = word
    }

    /// Never returns: workers live as long as the process.
    func loop() {
        sc_fp_set(UInt64(SC_FP_KERNEL))
        while true {
            awaitWork()
            sc_atomic_store(word, Go.idle)
            pool.runShare(index)
        }
    }

    private func awaitWork() {
        let deadline = sc_nanoseconds() &+ ThreadPool.spinNanoseconds
        repeat {
            for _ in 0..<64 {
                if sc_atomic_load(word) == Go.work { return }
                sc_spin_hint()
            }
        } while sc_nanoseconds() < deadline
        // From here on the caller has to wake this thread. The exchange fails if work came in between.
        guard sc_atomic_compare_exchange(word, Go.idle, Go.asleep) != 0 else { return }
        while sc_atomic_load(word) == Go.asleep { sc_wait(word, Go.asleep) }
    }
}
