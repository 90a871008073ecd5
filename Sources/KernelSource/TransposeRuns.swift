/// Computes transpose_runs (gemm_kernels.h): rows become columns, for panels of operands that lie the other way round.
/// Operands: any alignment; no overlap.
/// Tail: rows by four, two and one; what is left of `depth` by fours goes element by element.
/// Numerics: bits are copied.
/// Registers: four vectors of four.
/// Source: own; a transpose of 4 by 4 is two interleavings.
@inline(__always)
func transposeRuns<T: BitwiseCopyable>(
    _: T.Type, _ from: UnsafeRawPointer, _ fromStep: Int, _ rows: Int, _ to: UnsafeMutableRawPointer, _ toStep: Int, _ depth: Int
) {
    let size = MemoryLayout<T>.stride
    let (fromStep, toStep) = (fromStep &* size, toStep &* size)
    var p = 0
    while p &+ 4 <= rows {
        let source = from + p &* fromStep
        let target = to + p &* size
        var k = 0
        if size == 4 {
            while k &+ 4 <= depth {
                let r = source + k &* 4
                let r0 = r.loadUnaligned(as: SIMD4<UInt32>.self)
                let r1 = (r + fromStep).loadUnaligned(as: SIMD4<UInt32>.self)
                let r2 = (r + 2 &* fromStep).loadUnaligned(as: SIMD4<UInt32>.self)
                let r3 = (r + 3 &* fromStep).loadUnaligned(as: SIMD4<UInt32>.self)
                let low = unsafeBitCast(interleave(r0, r1), to: SIMD4<UInt64>.self)
                let high = unsafeBitCast(interleave(r2, r3), to: SIMD4<UInt64>.self)
                let t = target + k &* toStep
                t.storeBytes(of: SIMD2(low[0], high[0]), as: SIMD2<UInt64>.self)
                (t + toStep).storeBytes(of: SIMD2(low[1], high[1]), as: SIMD2<UInt64>.self)
                (t + 2 &* toStep).storeBytes(of: SIMD2(low[2], high[2]), as: SIMD2<UInt64>.self)
                (t + 3 &* toStep).storeBytes(of: SIMD2(low[3], high[3]), as: SIMD2<UInt64>.self)
                k &+= 4
            }
        }
        while k < depth {
            for q in 0..<4 {
                (target + k &* toStep + q &* size).storeBytes(
                    of: (source + q &* fromStep + k &* size).loadUnaligned(as: T.self), as: T.self)
            }
            k &+= 1
        }
        p &+= 4
    }
    if size == 4, p &+ 2 <= rows {
        let source = from + p &* fromStep
        let target = to + p &* 4
        var k = 0
        while k &+ 4 <= depth {
            let r = source + k &* 4
            let pair = unsafeBitCast(
                interleave(r.loadUnaligned(as: SIMD4<UInt32>.self), (r + fromStep).loadUnaligned(as: SIMD4<UInt32>.self)),
                to: SIMD4<UInt64>.self)
            let t = target + k &* toStep
            for i in 0..<4 { (t + i &* toStep).storeBytes(of: pair[i], as: UInt64.self) }
            k &+= 4
        }
        while k < depth {
            let t = target + k &* toStep
            t.storeBytes(of: (source + k &* 4).loadUnaligned(as: UInt32.self), as: UInt32.self)
            (t + 4).storeBytes(of: (source + fromStep + k &* 4).loadUnaligned(as: UInt32.self), as: UInt32.self)
            k &+= 1
        }
        p &+= 2
    }
    while p < rows {
        for k in 0..<depth {
            (to + k &* toStep + p &* size).storeBytes(of: (from + p &* fromStep + k &* size).loadUnaligned(as: T.self), as: T.self)
        }
        p &+= 1
    }
}

/// a[0], b[0], a[1], b[1] …
@inline(__always)
private func interleave(_ a: SIMD4<UInt32>, _ b: SIMD4<UInt32>) -> SIMD8<UInt32> {
    SIMD8(a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3])
}
