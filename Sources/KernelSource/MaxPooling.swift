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
    let height = tapBottom - tapTop
    for ox in 0..<g.ow {
        let left = ox * g.stride_w - g.pad_left
        let (tapLeft, tapRight) = validTaps(left, g.kw, g.w)
        let first = x + ((top + tapTop) * g.w + left + tapLeft) * g.c
        let to = y + ox * g.c
        let width = tapRight - tapLeft
        var done = 0
        if height == 2 && width == 2 {
            done = maximumOf2x2(V.self, first, g.c, rowStride, to)
        } else if height == 3 && width == 3 {
            done = maximumOf3x3(V.self, first, g.c, rowStride, to)
        }
        while done < g.c {
            let lanes = smaller(V.scalarCount, g.c - done)
            maximumOfWindow(V.self, lanes, first + done, g.c, rowStride, height, width, to + done)
            done += lanes
        }
    }
}

/// The maximum of a window of any size, for the first lanes of a vector.
@inline(__always)
private func maximumOfWindow<V: SIMD>(
    _: V.Type, _ lanes: Int, _ x: UnsafePointer<V.Scalar>, _ pixel: Int, _ row: Int, _ height: Int, _ width: Int,
    _ y: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
    var best: V = loadPart(x, lanes)
    for ty in 0..<height {
        var p = x + ty * row
        for _ in 0..<width {
            best = maximumKeepingNaN(best, loadPart(p, lanes))
            p += pixel
        }
    }
    storePart(lanes, best, y)
}

/// The maxima of the whole vectors of 2×2 pixels; returns how many channels these are.
@inline(__always)
private func maximumOf2x2<V: SIMD>(
    _: V.Type, _ x: UnsafePointer<V.Scalar>, _ pixel: Int, _ row: Int, _ y: UnsafeMutablePointer<V.Scalar>
) -> Int where V.Scalar: BinaryFloatingPoint {
    let none = V(repeating: .nan)
    var c = 0
    while c &+ V.scalarCount <= pixel {
        let (upper, lower) = (x + c, x + (row &+ c))
        let (a, b): (V, V) = (load(upper), load(upper + pixel))
        let (e, f): (V, V) = (load(lower), load(lower + pixel))
        let best = larger(larger(a, b), larger(e, f))
        store(best.replacing(with: none, where: isNaN(a) .| isNaN(b) .| (isNaN(e) .| isNaN(f))), y + c)
        c &+= V.scalarCount
    }
    return c
}

/// The maxima of the whole vectors of 3×3 pixels; returns how many channels these are.
@inline(__always)
private func maximumOf3x3<V: SIMD>(
    _: V.Type, _ x: UnsafePointer<V.Scalar>, _ pixel: Int, _ row: Int, _ y: UnsafeMutablePointer<V.Scalar>
) -> Int where V.Scalar: BinaryFloatingPoint {
    let none = V(repeating: .nan)
    var c = 0
    while c &+ V.scalarCount <= pixel {
        let (p, q, r) = (x + c, x + (row &+ c), x + (2 &* row &+ c))
        let (p0, p1, p2): (V, V, V) = (load(p), load(p + pixel), load(p + 2 &* pixel))
        let (q0, q1, q2): (V, V, V) = (load(q), load(q + pixel), load(q + 2 &* pixel))
        let (r0, r1, r2): (V, V, V) = (load(r), load(r + pixel), load(r + 2 &* pixel))
        let best = larger(larger(larger(p0, p1), larger(q0, q1)), larger(larger(r0, r1), larger(larger(p2, q2), r2)))
        let first = isNaN(p0) .| isNaN(p1) .| (isNaN(q0) .| isNaN(q1))
        let last = isNaN(r0) .| isNaN(r1) .| (isNaN(p2) .| isNaN(q2)) .| isNaN(r2)
        store(best.replacing(with: none, where: first .| last), y + c)
        c &+= V.scalarCount
    }
    return c
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
    let row = g.w * g.c
    let whole = (cTo - cFrom) / V.scalarCount * V.scalarCount
    for oy in oyFrom..<oyTo {
        let top = oy * g.stride_h - g.pad_top
        let (tapTop, tapBottom) = validTaps(top, g.kh, g.h)
        let height = tapBottom - tapTop
        var ox = 0
        while ox < g.ow {
            let left = ox * g.stride_w - g.pad_left
            let (tapLeft, tapRight) = validTaps(left, g.kw, g.w)
            let width = tapRight - tapLeft
            let out = (oy * g.ow + ox) * g.c + cFrom
            let at = ((top + tapTop) * g.w + left + tapLeft) * g.c + cFrom
            var windows = 1
            var c = 0
            if accumulate && height == 3 && width == 3 && g.stride_w == 2 {
                // few at a time, so that their pixels stay in the first-level cache from one vector of channels to the next
                windows = smaller(smaller(g.ow - ox, (g.w - 3 - left) / 2 + 1), g.c < 16 ? 32 : 4 + 256 / g.c)
                while c < whole {
                    addToFirstOf3x3(V.self, windows, x + at + c, y + out + c, dy + out + c, dx + at + c, g.c, row)
                    c &+= V.scalarCount
                }
            } else if !accumulate && height == 2 && width == 2 {
                while c < whole {
                    writeToFirstOf2x2(V.self, x + at + c, y + out + c, dy + out + c, dx + at + c, g.c, row)
                    c &+= V.scalarCount
                }
            }
            while c < cTo - cFrom {
                let lanes = smaller(V.scalarCount, cTo - cFrom - c)
                for next in 0..<windows {
                    let (first, result) = (at + next * g.stride_w * g.c + c, out + next * g.c + c)
                    giveToFirst(V.self, accumulate, lanes, x + first, y + result, dy + result, dx + first, g.c, row, height, width)
                }
                c &+= lanes
            }
            ox += windows
        }
    }
}

/// A window of any size, with or without NaN, for the first lanes of a vector.
@inline(never)
private func giveToFirst<V: SIMD>(
    _: V.Type, _ accumulate: Bool, _ lanes: Int, _ x: UnsafePointer<V.Scalar>, _ y: UnsafePointer<V.Scalar>,
    _ dy: UnsafePointer<V.Scalar>, _ dx: UnsafeMutablePointer<V.Scalar>, _ pixel: Int, _ row: Int, _ height: Int, _ width: Int
) where V.Scalar: BinaryFloatingPoint {
    let best: V = loadPart(y, lanes)
    var gradient: V = loadPart(dy, lanes)
    for ty in 0..<height {
        for tx in 0..<width {
            let at = ty * row + tx * pixel
            let v: V = loadPart(x + at, lanes)
            let match = isEqual(v, best) .| isNaN(v)
            let part = V.zero.replacing(with: gradient, where: match)
            storePart(lanes, accumulate ? (loadPart(dx + at, lanes) as V) + part : part, dx + at)
            gradient.replace(with: V.zero, where: match)
        }
    }
}

/// Adds each gradient to the first of 3×3 cells that holds the maximum, for one vector of channels of windows two pixels apart: the column
/// that a window shares with the next one stays in registers.
@inline(__always)
private func addToFirstOf3x3<V: SIMD>(
    _: V.Type, _ windows: Int, _ x: UnsafePointer<V.Scalar>, _ y: UnsafePointer<V.Scalar>, _ dy: UnsafePointer<V.Scalar>,
    _ dx: UnsafeMutablePointer<V.Scalar>, _ pixel: Int, _ row: Int
) where V.Scalar: BinaryFloatingPoint {
    var (x, y, dy, dx) = (x, y, dy, dx)
    var (v0, v1, v2): (V, V, V) = (load(x), load(x + row), load(x + 2 &* row))
    var (s0, s1, s2): (V, V, V) = (loadSum(dx), loadSum(dx + row), loadSum(dx + 2 &* row))
    for _ in 0..<windows {
        // the rows that the next row of windows sees for the first time
        for next in 3..<5 {
            sc_prefetch_l2(x + next &* row)
            sc_prefetch_l2(x + (next &* row &+ pixel))
        }
        let best: V = load(y)
        if anyNaN(best) {
            storeColumn(s0, s1, s2, dx, row)
            giveToFirst(V.self, true, V.scalarCount, x, y, dy, dx, pixel, row, 3, 3)
            let last = 2 &* pixel
            (v0, v1, v2) = (load(x + last), load(x + (last &+ row)), load(x + (last &+ 2 &* row)))
            (s0, s1, s2) = (loadSum(dx + last), loadSum(dx + (last &+ row)), loadSum(dx + (last &+ 2 &* row)))
        } else {
            var rest: V = load(dy)
            addToFirstOfThree(best, &rest, &v0, &s0, x, dx, pixel)
            addToFirstOfThree(best, &rest, &v1, &s1, x + row, dx + row, pixel)
            addToFirstOfThree(best, &rest, &v2, &s2, x + 2 &* row, dx + 2 &* row, pixel)
        }
        x += 2 &* pixel
        dx += 2 &* pixel
        y += pixel
        dy += pixel
    }
    storeColumn(s0, s1, s2, dx, row)
}

@inline(__always)
private func loadSum<V: SIMD>(_ p: UnsafeMutablePointer<V.Scalar>) -> V where V.Scalar: BinaryFloatingPoint { load(UnsafePointer(p)) }

@inline(__always)
private func storeColumn<V: SIMD>(_ s0: V, _ s1: V, _ s2: V, _ dx: UnsafeMutablePointer<V.Scalar>, _ row: Int)
where V.Scalar: BinaryFloatingPoint {
    store(s0, dx)
    store(s1, dx + row)
    store(s2, dx + 2 &* row)
}

/// A row of a window: `value` and `sum` are those of its first pixel, afterwards those of its last one, whose sum is not stored yet. What is
/// left of the gradient is `rest`.
@inline(__always)
private func addToFirstOfThree<V: SIMD>(
    _ best: V, _ rest: inout V, _ value: inout V, _ sum: inout V, _ x: UnsafePointer<V.Scalar>, _ dx: UnsafeMutablePointer<V.Scalar>,
    _ pixel: Int
) where V.Scalar: BinaryFloatingPoint {
    store(whereEqual(value, best, sum + rest, sum), dx)
    rest = whereEqual(value, best, V.zero, rest)
    let (middle, second): (V, V) = (load(x + pixel), loadSum(dx + pixel))
    store(whereEqual(middle, best, second + rest, second), dx + pixel)
    rest = whereEqual(middle, best, V.zero, rest)
    let third: V = loadSum(dx + 2 &* pixel)
    value = load(x + 2 &* pixel)
    sum = whereEqual(value, best, third + rest, third)
    rest = whereEqual(value, best, V.zero, rest)
}

/// Writes the gradient to the first of 2×2 cells that holds the maximum, and zeros to the others.
@inline(__always)
private func writeToFirstOf2x2<V: SIMD>(
    _: V.Type, _ x: UnsafePointer<V.Scalar>, _ y: UnsafePointer<V.Scalar>, _ dy: UnsafePointer<V.Scalar>,
    _ dx: UnsafeMutablePointer<V.Scalar>, _ pixel: Int, _ row: Int
) where V.Scalar: BinaryFloatingPoint {
    let best: V = load(y)
    if anyNaN(best) { return giveToFirst(V.self, false, V.scalarCount, x, y, dy, dx, pixel, row, 2, 2) }
    let gradient: V = load(dy)
    let (a, b, below): (V, V, V) = (load(x), load(x + pixel), load(x + row))
    store(whereEqual(a, best, gradient, V.zero), dx)
    var rest = whereEqual(a, best, V.zero, gradient)
    store(whereEqual(b, best, rest, V.zero), dx + pixel)
    rest = whereEqual(b, best, V.zero, rest)
    store(whereEqual(below, best, rest, V.zero), dx + row)
    rest = whereEqual(below, best, V.zero, rest)
    store(whereEqual(load(x + (row &+ pixel)), best, rest, V.zero), dx + (row &+ pixel))
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
