/// Computes copy_runs (gemm_kernels.h): short runs of bytes from one distance to another.
/// Operands: any alignment; no overlap.
/// Preconditions: `bytes` is a multiple of 4.
/// Tail: the last vector of a run overlaps the one before it, so that nothing beyond the run is read or written.
/// Numerics: bits are copied.
/// Source: own.
@inline(__always)
func copyRuns(
    _ from: UnsafeRawPointer, _ fromStep: Int, _ to: UnsafeMutableRawPointer, _ toStep: Int, _ bytes: Int, _ count: Int
) {
    if bytes >= 32 {
        let last = bytes &- 32
        var (from, to) = (from, to)
        for _ in 0..<count {
            var i = 0
            while i < last {
                (to + i).storeBytes(of: (from + i).loadUnaligned(as: SIMD8<Float>.self), as: SIMD8<Float>.self)
                i &+= 32
            }
            (to + last).storeBytes(of: (from + last).loadUnaligned(as: SIMD8<Float>.self), as: SIMD8<Float>.self)
            from += fromStep
            to += toStep
        }
    } else if bytes > 16 {
        copyEnds(SIMD4<Float>.self, from, fromStep, to, toStep, bytes &- 16, count)
    } else if bytes == 16 {
        copyWhole(SIMD4<Float>.self, from, fromStep, to, toStep, count)
    } else if bytes > 8 {
        copyEnds(SIMD2<Float>.self, from, fromStep, to, toStep, bytes &- 8, count)
    } else if bytes == 8 {
        copyWhole(SIMD2<Float>.self, from, fromStep, to, toStep, count)
    } else if bytes == 4 {
        copyWhole(Float.self, from, fromStep, to, toStep, count)
    }
}

@inline(__always)
private func copyWhole<W: BitwiseCopyable>(
    _: W.Type, _ from: UnsafeRawPointer, _ fromStep: Int, _ to: UnsafeMutableRawPointer, _ toStep: Int, _ count: Int
) {
    var (from, to) = (from, to)
    for _ in 0..<count {
        to.storeBytes(of: from.loadUnaligned(as: W.self), as: W.self)
        from += fromStep
        to += toStep
    }
}

/// The first and the last W of each run, which meet or overlap.
@inline(__always)
private func copyEnds<W: BitwiseCopyable>(
    _: W.Type, _ from: UnsafeRawPointer, _ fromStep: Int, _ to: UnsafeMutableRawPointer, _ toStep: Int, _ last: Int, _ count: Int
) {
    var (from, to) = (from, to)
    for _ in 0..<count {
        let (head, tail) = (from.loadUnaligned(as: W.self), (from + last).loadUnaligned(as: W.self))
        to.storeBytes(of: head, as: W.self)
        (to + last).storeBytes(of: tail, as: W.self)
        from += fromStep
        to += toStep
    }
}
