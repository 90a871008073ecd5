/// Calls `body` with ranges that cover `0..<count` once, on at most `threads` threads, and returns when all are done.
///
/// `grain` is the least number of items worth a thread. `body` gets the index of its worker, below `threads`, to choose its scratch.
/// Results must not depend on how the range was cut.
@inline(__always)
package func parallelFor(
    _ count: Int, grain: Int = 1, threads: Int, _ body: (_ range: Range<Int>, _ worker: Int) -> Void
) {
    if count > 0 { body(0..<count, 0) }
}
