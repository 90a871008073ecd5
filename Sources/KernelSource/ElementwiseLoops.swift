// Loops over elements that LLVM vectorises for this level. It does so behind a check that the result overlaps no operand, so results that
// take over an operand's memory go through a block on the stack.

/// Calls `body(start, n, result)` for consecutive blocks of `0..<count`; `result` is `z + start`, or scratch that is copied there after.
/// Temporary memory is on the stack up to 1024 bytes and an alignment of 16, else on the heap.
@inline(__always)
func inBlocks<R>(
    _ count: Int, _ z: UnsafeMutablePointer<R>, inPlace: Bool, _ body: (_ start: Int, _ n: Int, _ result: UnsafeMutablePointer<R>) -> Void
) {
    withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) { scratch in
        let scratch = scratch.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: R.self)
        let block = inPlace ? 1024 / MemoryLayout<R>.stride : count
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
    inBlocks(count, y.assumingMemoryBound(to: R.self), inPlace: UnsafeRawPointer(y) == UnsafeRawPointer(x)) { start, n, y in
        let x = x + start
        for i in 0..<n { y[i] = f(x[i]) }
    }
}

/// z[i] = f(x[i · xStep], y[i · yStep]) for steps of 0 or 1; z may be x or y.
@inline(__always)
func map<T, R>(
    _ count: Int, _ x: UnsafeRawPointer, _ xStep: Int, _ y: UnsafeRawPointer, _ yStep: Int, _ z: UnsafeMutableRawPointer, _ f: (T, T) -> R
) {
    let inPlace = UnsafeRawPointer(z) == x || UnsafeRawPointer(z) == y
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    inBlocks(count, z.assumingMemoryBound(to: R.self), inPlace: inPlace) { start, n, z in
        if xStep == 0 {
            let a = x[0]
            let y = y + start * yStep
            for i in 0..<n { z[i] = f(a, y[i]) }
        } else if yStep == 0 {
            let x = x + start
            let b = y[0]
            for i in 0..<n { z[i] = f(x[i], b) }
        } else {
            let x = x + start
            let y = y + start
            for i in 0..<n { z[i] = f(x[i], y[i]) }
        }
    }
}
