import CShims

/// Calls `body` with ranges that cover `0..<count` once, on at most `threads` threads, and returns when all are done.
///
/// `grain` is the least number of items worth a thread. `body` gets the index of its worker, below `threads`, to choose its scratch;
/// each index is used by one range. Results must not depend on how the range was cut. From a grain of 1024 on (elements rather than rows) all
/// cuts lie at multiples of 64, so that they fall between cache lines and whole vectors.
///
/// The caller works too. Within another `parallelFor`, or while another thread uses the workers, the caller does all of it alone.
/// Every share runs in one floating-point state (round to nearest, denormals flushed to zero), the caller's is restored afterwards.
package func parallelFor(
    _ count: Int, grain: Int = 1, threads: Int, _ body: (_ range: Range<Int>, _ worker: Int) -> Void
) {
    guard count > 0 else { return }
    let saved = sc_fp_enter()
    defer { sc_fp_leave(saved) }
    if threads > 1, count > grain {
        let parts = min(threads, ConcurrentRuns.share(of: ThreadCount.current), count / max(1, grain))
        if parts > 1, ThreadPool.run(Split(count: count, parts: parts, multiple: grain >= 1024 ? 64 : 1), body) { return }
    }
    body(0..<count, 0)
}

/// Runs `body` in the floating-point state of the kernels and restores the caller's. A door wraps a run in it, so that what an op does
/// outside `parallelFor` flushes denormals too.
@inline(__always)
package func withKernelFloatingPoint<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    let saved = sc_fp_enter()
    defer { sc_fp_leave(saved) }
    return try body()
}

/// A range cut into contiguous parts of nearly equal size.
struct Split {
    var count: Int
    /// At least 1.
    var parts: Int
    /// Cuts lie at multiples of this.
    var multiple: Int

    /// Where part `i` begins; `count` for `i == parts`.
    @inline(__always) func start(_ i: Int) -> Int {
        if i >= parts { return count }
        // count * i / parts without overflow
        let cut = count / parts * i + count % parts * i / parts
        return multiple == 1 ? cut : cut / multiple * multiple
    }

    @inline(__always) subscript(i: Int) -> Range<Int> {
        let from = start(i)
        return from..<max(from, start(i + 1))
    }
}
