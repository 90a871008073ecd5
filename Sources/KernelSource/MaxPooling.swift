import CKernelInterface

// Pooling over NHWC images, vectors along the channels; the last vector of a pixel may be partial.

/// The taps of a window along one axis that lie in the image: from max(0, -start) to min(size, image - start).
@inline(__always)
func validTaps(_ start: Int, _ size: Int, _ image: Int) -> (Int, Int) { (max(0, -start), min(size, image - start)) }

/// The larger of both; NaN if either is. Of equal ones `a`.
@inline(__always)
func maximumKeepingNaN<V: SIMD>(_ a: V, _ b: V) -> V where V.Scalar: FloatingPoint {
    let larger = a.replacing(with: b, where: isLess(a, b))
    return larger.replacing(with: b, where: isNaN(b))
}

/// Computes one output row of max pooling. Cells outside of the image count as -∞: they are left out.
@inline(__always)
private func maxPoolRow<V: SIMD>(
    _: V.Type, _ window: UnsafePointer<sc_pool_window>, _ oy: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let g = window.pointee
    let x = x.assumingMemoryBound(to: V.Scalar.self)
    let y = y.assumingMemoryBound(to: V.Scalar.self)
    let top = oy * g.stride_h - g.pad_top
    let (tapTop, tapBottom) = validTaps(top, g.kh, g.h)
    let rowStride = g.w * g.c
    for ox in 0..<g.ow {
        let left = ox * g.stride_w - g.pad_left
        let (tapLeft, tapRight) = validTaps(left, g.kw, g.w)
        let first = x + ((top + tapTop) * g.w + left + tapLeft) * g.c
        let to = y + ox * g.c
        let (height, width) = (tapBottom - tapTop, tapRight - tapLeft)
        if height == 2 && width == 2 {
            forVectors(V.self, g.c) { c, n in
                let p = first + c
                let upper: V = maximumKeepingNaN(loadPart(p, n), loadPart(p + g.c, n))
                let lower: V = maximumKeepingNaN(loadPart(p + rowStride, n), loadPart(p + rowStride + g.c, n))
                storePart(n, maximumKeepingNaN(upper, lower), to + c)
            }
        } else {
            forVectors(V.self, g.c) { c in
                var best = FourVectors<V>(first + c)
                for ty in 0..<height {
                    var p = first + ty * rowStride + c
                    for _ in 0..<width {
                        best.join(p) { maximumKeepingNaN($0, $1) }
                        p += g.c
                    }
                }
                best.store(to + c) { $0 }
            } one: { c, n in
                var best: V = loadPart(first + c, n)
                for ty in 0..<height {
                    let row = first + ty * rowStride + c
                    for tx in 0..<width { best = maximumKeepingNaN(best, loadPart(row + tx * g.c, n)) }
                }
                storePart(n, best, to + c)
            }
        }
    }
}

/// Computes one output row of max pooling and where each maximum is: the first in scan order, the first NaN if there is one.
@inline(__always)
private func maxPoolArgmaxRow<T: BinaryFloatingPoint>(
    _: T.Type, _ window: UnsafePointer<sc_pool_window>, _ oy: Int, _ base: Int64, _ x: UnsafeRawPointer,
    _ y: UnsafeMutableRawPointer, _ argmax: UnsafeMutablePointer<Int64>
) {
    let g = window.pointee
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    let top = oy * g.stride_h - g.pad_top
    let (tapTop, tapBottom) = validTaps(top, g.kh, g.h)
    for ox in 0..<g.ow {
        let left = ox * g.stride_w - g.pad_left
        let (tapLeft, tapRight) = validTaps(left, g.kw, g.w)
        let (best, place) = (y + ox * g.c, argmax + ox * g.c)
        let start = ((top + tapTop) * g.w + left + tapLeft) * g.c
        for c in 0..<g.c {
            best[c] = x[start + c]
            place[c] = base &+ Int64(start &+ c)
        }
        for ty in tapTop..<tapBottom {
            for tx in tapLeft..<tapRight {
                let at = ((top + ty) * g.w + left + tx) * g.c
                for c in 0..<g.c {
                    let (old, new) = (best[c], x[at + c])
                    let better = new > old || (new != new && old == old)
                    best[c] = better ? new : old
                    place[c] = better ? base &+ Int64(at &+ c) : place[c]
                }
            }
        }
    }
}

/// Gives each dy to the first cell of its window that holds the maximum y (the first NaN where y is NaN).
/// With `accumulate` adds to dx, else writes the window's cells: then no two windows may share one.
@inline(__always)
private func maxPoolBackward<V: SIMD>(
    _: V.Type, accumulate: Bool, _ window: UnsafePointer<sc_pool_window>, _ oyFrom: Int, _ oyTo: Int, _ cFrom: Int, _ cTo: Int,
    _ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _ dy: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let g = window.pointee
    let x = x.assumingMemoryBound(to: V.Scalar.self)
    let y = y.assumingMemoryBound(to: V.Scalar.self)
    let dy = dy.assumingMemoryBound(to: V.Scalar.self)
    let dx = dx.assumingMemoryBound(to: V.Scalar.self)
    let rowStride = g.w * g.c
    let none = isNaN(V.zero)
    for oy in oyFrom..<oyTo {
        let top = oy * g.stride_h - g.pad_top
        let (tapTop, tapBottom) = validTaps(top, g.kh, g.h)
        for ox in 0..<g.ow {
            let left = ox * g.stride_w - g.pad_left
            let (tapLeft, tapRight) = validTaps(left, g.kw, g.w)
            let out = (oy * g.ow + ox) * g.c + cFrom
            let first = ((top + tapTop) * g.w + left + tapLeft) * g.c + cFrom
            let (height, width) = (tapBottom - tapTop, tapRight - tapLeft)
            if !accumulate && height == 2 && width == 2 {
                forVectors(V.self, cTo - cFrom) { c, n in
                    let (at, below) = (first + c, first + rowStride + c)
                    let best: V = loadPart(y + out + c, n)
                    let gradient: V = loadPart(dy + out + c, n)
                    let v0: V = loadPart(x + at, n)
                    let v1: V = loadPart(x + at + g.c, n)
                    let v2: V = loadPart(x + below, n)
                    let v3: V = loadPart(x + below + g.c, n)
                    let m0 = isEqual(v0, best) .| isNaN(v0)
                    let m1 = isEqual(v1, best) .| isNaN(v1)
                    let m2 = isEqual(v2, best) .| isNaN(v2)
                    let m3 = isEqual(v3, best) .| isNaN(v3)
                    let upper = m0 .| m1
                    storePart(n, V.zero.replacing(with: gradient, where: m0), dx + at)
                    storePart(n, V.zero.replacing(with: gradient, where: m1).replacing(with: V.zero, where: m0), dx + at + g.c)
                    storePart(n, V.zero.replacing(with: gradient, where: m2).replacing(with: V.zero, where: upper), dx + below)
                    storePart(
                        n, V.zero.replacing(with: gradient, where: m3).replacing(with: V.zero, where: upper .| m2), dx + below + g.c)
                }
            } else {
                forVectors(V.self, cTo - cFrom) { c, n in
                    let best: V = loadPart(y + out + c, n)
                    let gradient: V = loadPart(dy + out + c, n)
                    var taken = none
                    for ty in 0..<height {
                        for tx in 0..<width {
                            let at = first + ty * rowStride + tx * g.c + c
                            let v: V = loadPart(x + at, n)
                            let match = isEqual(v, best) .| isNaN(v)
                            let part = V.zero.replacing(with: gradient, where: match).replacing(with: V.zero, where: taken)
                            taken = taken .| match
                            storePart(n, accumulate ? (loadPart(dx + at, n) as V) + part : part, dx + at)
                        }
                    }
                }
            }
        }
    }
}

func addMaxPoolingKernels(_ k: inout sc_pooling_kernels) {
    k.max_f32 = { maxPoolRow(F32.self, $0!, $1, $2!, $3!) }
    k.max_f64 = { maxPoolRow(F64.self, $0!, $1, $2!, $3!) }
    k.argmax_f32 = { maxPoolArgmaxRow(Float.self, $0!, $1, $2, $3!, $4!, $5!) }
    k.argmax_f64 = { maxPoolArgmaxRow(Double.self, $0!, $1, $2, $3!, $4!, $5!) }
    k.max_backward_accumulate_f32 = { maxPoolBackward(F32.self, accumulate: true, $0!, $1, $2, $3, $4, $5!, $6!, $7!, $8!) }
    k.max_backward_accumulate_f64 = { maxPoolBackward(F64.self, accumulate: true, $0!, $1, $2, $3, $4, $5!, $6!, $7!, $8!) }
    k.max_backward_assign_f32 = { maxPoolBackward(F32.self, accumulate: false, $0!, $1, $2, $3, $4, $5!, $6!, $7!, $8!) }
    k.max_backward_assign_f64 = { maxPoolBackward(F64.self, accumulate: false, $0!, $1, $2, $3, $4, $5!, $6!, $7!, $8!) }
}
