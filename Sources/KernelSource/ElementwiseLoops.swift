// Loops over elements that LLVM vectorises for this level. It does so behind a check that the result overlaps no operand, so results that
// take over an operand's memory go through a block on the stack.

/// How many bytes of scratch a loop over blocks has.
private let blockBytes = 1024

/// Calls `body(start, n, result)` for consecutive blocks of `0..<count`, none longer than `limit`; `result` is `z + start`, or scratch that
/// is copied there after. Temporary memory is on the stack up to 1024 bytes and an alignment of 16, else on the heap.
@inline(__always)
func inBlocks<R>(
    _ count: Int, _ z: UnsafeMutablePointer<R>, inPlace: Bool, limit: Int,
    _ body: (_ start: Int, _ n: Int, _ result: UnsafeMutablePointer<R>) -> Void
) {
    withUnsafeTemporaryAllocation(byteCount: blockBytes, alignment: 16) { scratch in
        let scratch = scratch.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: R.self)
        let block = inPlace ? min(limit, blockBytes / MemoryLayout<R>.stride) : limit
        var start = 0
        while start < count {
            let n = min(block, count - start)
            body(start, n, inPlace ? scratch : z + start)
            if inPlace { UnsafeMutableRawPointer(z + start).copyMemory(from: scratch, byteCount: n * MemoryLayout<R>.stride) }
            start += n
        }
    }
}

/// y[i] = f(x[i]); y may be x.
@inline(__always)
func map<T, R>(_ count: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ f: (T) -> R) {
    let x = x.assumingMemoryBound(to: T.self)
    inBlocks(count, y.assumingMemoryBound(to: R.self), inPlace: UnsafeRawPointer(y) == UnsafeRawPointer(x), limit: count) { start, n, y in
        let x = x + start
        for i in 0..<n { y[i] = f(x[i]) }
    }
}

/// z[i] = f(x[i · xStep], y[i · yStep]) for steps of 0 or 1, of which one is 1; z may be an operand whose step is 1.
/// A lone number is laid out in a block first, so that one loop serves all steps: with one loop for each, this was a fifth of all code.
@inline(__always)
func map<T, R>(
    _ count: Int, _ x: UnsafeRawPointer, _ xStep: Int, _ y: UnsafeRawPointer, _ yStep: Int, _ z: UnsafeMutableRawPointer, _ f: (T, T) -> R
) {
    let inPlace = UnsafeRawPointer(z) == x || UnsafeRawPointer(z) == y
    let z = z.assumingMemoryBound(to: R.self)
    let width = blockBytes / MemoryLayout<T>.stride
    withUnsafeTemporaryAllocation(byteCount: blockBytes, alignment: 16) { block in
        let lone = block.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: T.self)
        var (x, y) = (x.assumingMemoryBound(to: T.self), y.assumingMemoryBound(to: T.self))
        let repeats = xStep == 0 || yStep == 0
        if repeats {
            let value = (xStep == 0 ? x : y)[0]
            for i in 0..<min(count, width) { lone[i] = value }
            if xStep == 0 { x = UnsafePointer(lone) } else { y = UnsafePointer(lone) }
        }
        inBlocks(count, z, inPlace: inPlace, limit: repeats ? width : count) { start, n, z in
            let a = x + start * xStep
            let b = y + start * yStep
            for i in 0..<n { z[i] = f(a[i], b[i]) }
        }
    }
}
