import CKernelInterface

// The columns of depthwise windows and the sums that they go to (DepthwiseBlock.swift).
// In float32 alone, and each column written out: loops and flags leave so many branches that the parts are no longer inlined, and their
// sums live in memory.

/// The sums of four neighbouring outputs.
struct DepthwiseSums {
    var (a, b, c, d): (F32, F32, F32, F32)

    @inline(__always) init(_ start: F32) { (a, b, c, d) = (start, start, start, start) }

    /// Stores the outputs, those below the floor and above the ceiling as these: a branch would take the sums out of the registers.
    @inline(__always)
    func store(_ floor: F32, _ ceiling: F32, _ y: UnsafeMutablePointer<Float>, _ pixel: Int) {
        storeVector(limited(a, floor, ceiling), y)
        storeVector(limited(b, floor, ceiling), y + pixel)
        storeVector(limited(c, floor, ceiling), y + 2 * pixel)
        storeVector(limited(d, floor, ceiling), y + 3 * pixel)
    }
}

/// `sum + column * tap`, before what follows.
@inline(__always)
private func add(_ sum: inout F32, _ column: F32, _ tap: F32) { sum = pin(multiplyAdd(sum, column, tap)) }

/// The column at `p`. One after the other: loads that the compiler takes ahead would need registers.
@inline(__always)
private func column(_ p: UnsafePointer<Float>) -> F32 { loadVector(opaque(p)) }

/// The columns of a window.
protocol DepthwiseWindow {
    static var columns: Int { get }
    /// Adds a row of x, whose columns are `c` apart, to the outputs of one row through the taps at `w`, or to those of two rows through the
    /// taps at `w` and at `v`: of the columns that the four outputs see those in [first, last).
    static func one(_ s: inout DepthwiseSums, _ x: UnsafePointer<Float>, _ c: Int, _ w: UnsafePointer<Float>, _ first: Int, _ last: Int)
    static func two(
        _ s: inout DepthwiseSums, _ t: inout DepthwiseSums, _ x: UnsafePointer<Float>, _ c: Int, _ w: UnsafePointer<Float>,
        _ v: UnsafePointer<Float>,
        _ first: Int, _ last: Int)
}

/// Six columns, twelve multiply-adds a row.
enum DepthwiseThree: DepthwiseWindow {
    @inline(__always) static var columns: Int { 3 }

    @inline(__always)
    static func one(_ s: inout DepthwiseSums, _ x: UnsafePointer<Float>, _ c: Int, _ w: UnsafePointer<Float>, _ first: Int, _ last: Int) {
        let lanes = F32.scalarCount
        let w0: F32 = loadVector(w)
        let w1: F32 = loadVector(w + lanes)
        let w2: F32 = loadVector(w + 2 * lanes)
        if first <= 0 && last > 0 {
            let x0 = column(x)
            add(&s.a, x0, w0)
        }
        if first <= 1 && last > 1 {
            let x0 = column(x + c)
            add(&s.a, x0, w1)
            add(&s.b, x0, w0)
        }
        if first <= 2 && last > 2 {
            let x0 = column(x + 2 * c)
            add(&s.a, x0, w2)
            add(&s.b, x0, w1)
            add(&s.c, x0, w0)
        }
        if first <= 3 && last > 3 {
            let x0 = column(x + 3 * c)
            add(&s.b, x0, w2)
            add(&s.c, x0, w1)
            add(&s.d, x0, w0)
        }
        if first <= 4 && last > 4 {
            let x0 = column(x + 4 * c)
            add(&s.c, x0, w2)
            add(&s.d, x0, w1)
        }
        if first <= 5 && last > 5 {
            let x0 = column(x + 5 * c)
            add(&s.d, x0, w2)
        }
    }

    @inline(__always)
    static func two(
        _ s: inout DepthwiseSums, _ t: inout DepthwiseSums, _ x: UnsafePointer<Float>, _ c: Int, _ w: UnsafePointer<Float>,
        _ v: UnsafePointer<Float>,
        _ first: Int, _ last: Int
    ) {
        let lanes = F32.scalarCount
        let w0: F32 = loadVector(w)
        let v0: F32 = loadVector(v)
        let w1: F32 = loadVector(w + lanes)
        let v1: F32 = loadVector(v + lanes)
        let w2: F32 = loadVector(w + 2 * lanes)
        let v2: F32 = loadVector(v + 2 * lanes)
        if first <= 0 && last > 0 {
            let x0 = column(x)
            add(&s.a, x0, w0)
            add(&t.a, x0, v0)
        }
        if first <= 1 && last > 1 {
            let x0 = column(x + c)
            add(&s.a, x0, w1)
            add(&s.b, x0, w0)
            add(&t.a, x0, v1)
            add(&t.b, x0, v0)
        }
        if first <= 2 && last > 2 {
            let x0 = column(x + 2 * c)
            add(&s.a, x0, w2)
            add(&s.b, x0, w1)
            add(&s.c, x0, w0)
            add(&t.a, x0, v2)
            add(&t.b, x0, v1)
            add(&t.c, x0, v0)
        }
        if first <= 3 && last > 3 {
            let x0 = column(x + 3 * c)
            add(&s.b, x0, w2)
            add(&s.c, x0, w1)
            add(&s.d, x0, w0)
            add(&t.b, x0, v2)
            add(&t.c, x0, v1)
            add(&t.d, x0, v0)
        }
        if first <= 4 && last > 4 {
            let x0 = column(x + 4 * c)
            add(&s.c, x0, w2)
            add(&s.d, x0, w1)
            add(&t.c, x0, v2)
            add(&t.d, x0, v1)
        }
        if first <= 5 && last > 5 {
            let x0 = column(x + 5 * c)
            add(&s.d, x0, w2)
            add(&t.d, x0, v2)
        }
    }
}

/// Eight columns, twenty multiply-adds a row.
enum DepthwiseFive: DepthwiseWindow {
    @inline(__always) static var columns: Int { 5 }

    @inline(__always)
    static func one(_ s: inout DepthwiseSums, _ x: UnsafePointer<Float>, _ c: Int, _ w: UnsafePointer<Float>, _ first: Int, _ last: Int) {
        let lanes = F32.scalarCount
        let w0: F32 = loadVector(w)
        let w1: F32 = loadVector(w + lanes)
        let w2: F32 = loadVector(w + 2 * lanes)
        let w3: F32 = loadVector(w + 3 * lanes)
        let w4: F32 = loadVector(w + 4 * lanes)
        if first <= 0 && last > 0 {
            let x0 = column(x)
            add(&s.a, x0, w0)
        }
        if first <= 1 && last > 1 {
            let x0 = column(x + c)
            add(&s.a, x0, w1)
            add(&s.b, x0, w0)
        }
        if first <= 2 && last > 2 {
            let x0 = column(x + 2 * c)
            add(&s.a, x0, w2)
            add(&s.b, x0, w1)
            add(&s.c, x0, w0)
        }
        if first <= 3 && last > 3 {
            let x0 = column(x + 3 * c)
            add(&s.a, x0, w3)
            add(&s.b, x0, w2)
            add(&s.c, x0, w1)
            add(&s.d, x0, w0)
        }
        if first <= 4 && last > 4 {
            let x0 = column(x + 4 * c)
            add(&s.a, x0, w4)
            add(&s.b, x0, w3)
            add(&s.c, x0, w2)
            add(&s.d, x0, w1)
        }
        if first <= 5 && last > 5 {
            let x0 = column(x + 5 * c)
            add(&s.b, x0, w4)
            add(&s.c, x0, w3)
            add(&s.d, x0, w2)
        }
        if first <= 6 && last > 6 {
            let x0 = column(x + 6 * c)
            add(&s.c, x0, w4)
            add(&s.d, x0, w3)
        }
        if first <= 7 && last > 7 {
            let x0 = column(x + 7 * c)
            add(&s.d, x0, w4)
        }
    }

    @inline(__always)
    static func two(
        _ s: inout DepthwiseSums, _ t: inout DepthwiseSums, _ x: UnsafePointer<Float>, _ c: Int, _ w: UnsafePointer<Float>,
        _ v: UnsafePointer<Float>,
        _ first: Int, _ last: Int
    ) {
        let lanes = F32.scalarCount
        let w0: F32 = loadVector(w)
        let v0: F32 = loadVector(v)
        let w1: F32 = loadVector(w + lanes)
        let v1: F32 = loadVector(v + lanes)
        let w2: F32 = loadVector(w + 2 * lanes)
        let v2: F32 = loadVector(v + 2 * lanes)
        let w3: F32 = loadVector(w + 3 * lanes)
        let v3: F32 = loadVector(v + 3 * lanes)
        let w4: F32 = loadVector(w + 4 * lanes)
        let v4: F32 = loadVector(v + 4 * lanes)
        if first <= 0 && last > 0 {
            let x0 = column(x)
            add(&s.a, x0, w0)
            add(&t.a, x0, v0)
        }
        if first <= 1 && last > 1 {
            let x0 = column(x + c)
            add(&s.a, x0, w1)
            add(&s.b, x0, w0)
            add(&t.a, x0, v1)
            add(&t.b, x0, v0)
        }
        if first <= 2 && last > 2 {
            let x0 = column(x + 2 * c)
            add(&s.a, x0, w2)
            add(&s.b, x0, w1)
            add(&s.c, x0, w0)
            add(&t.a, x0, v2)
            add(&t.b, x0, v1)
            add(&t.c, x0, v0)
        }
        if first <= 3 && last > 3 {
            let x0 = column(x + 3 * c)
            add(&s.a, x0, w3)
            add(&s.b, x0, w2)
            add(&s.c, x0, w1)
            add(&s.d, x0, w0)
            add(&t.a, x0, v3)
            add(&t.b, x0, v2)
            add(&t.c, x0, v1)
            add(&t.d, x0, v0)
        }
        if first <= 4 && last > 4 {
            let x0 = column(x + 4 * c)
            add(&s.a, x0, w4)
            add(&s.b, x0, w3)
            add(&s.c, x0, w2)
            add(&s.d, x0, w1)
            add(&t.a, x0, v4)
            add(&t.b, x0, v3)
            add(&t.c, x0, v2)
            add(&t.d, x0, v1)
        }
        if first <= 5 && last > 5 {
            let x0 = column(x + 5 * c)
            add(&s.b, x0, w4)
            add(&s.c, x0, w3)
            add(&s.d, x0, w2)
            add(&t.b, x0, v4)
            add(&t.c, x0, v3)
            add(&t.d, x0, v2)
        }
        if first <= 6 && last > 6 {
            let x0 = column(x + 6 * c)
            add(&s.c, x0, w4)
            add(&s.d, x0, w3)
            add(&t.c, x0, v4)
            add(&t.d, x0, v3)
        }
        if first <= 7 && last > 7 {
            let x0 = column(x + 7 * c)
            add(&s.d, x0, w4)
            add(&t.d, x0, v4)
        }
    }
}
