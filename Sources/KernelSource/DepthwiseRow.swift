import CKernelInterface

// Depthwise windows of which a row's taps stay in registers: each column of x is loaded once a row and serves all of its outputs.
// In float32 alone and not generic: what is generic has so many branches before it is specialised that it is not inlined any more.

/// The form of a tile: outputs, vectors of channels, taps of a row; the stride along it is 1.
private struct Form<let T: Int, let NV: Int, let KW: Int> {}

/// Computes as many of the outputs [first, last) of a row as make whole tiles of `T` outputs, for the vectors from `firstVector` up to
/// `lastVector` in groups of `NV`; returns the first output that is left. No column lies outside.
///
/// Operands: whole vectors of channels; in groups of two none reaches back.
/// Registers: T · NV sums, NV · KW weights of a row, one column. Two vectors at a time are the two halves of a cache line: loads of the
/// same half of neighbouring pixels fall on the same bank of the first-level cache, and with many channels on few of its sets.
/// Numerics: as `depthwiseForward`.
@inline(never)
private func tiles<let T: Int, let NV: Int, let KW: Int>(
    _: Form<T, NV, KW>, _ run: UnsafePointer<DepthwiseRun<F32>>, _ row: UnsafePointer<DepthwiseRow<Float>>, _ first: Int, _ last: Int,
    _ firstVector: Int, _ lastVector: Int
) -> Int {
    // Copies: stores to y could change what pointers lead to.
    let (run, row) = (run.pointee, row.pointee)
    let g = run.image.pointee
    let (lanes, c, yPixel) = (F32.scalarCount, g.c, g.y_pixel)
    let size = g.kh * KW * lanes
    let tapRow = g.dilation_h * g.w * c
    let count = (last - first) / T
    let ceiling = F32(repeating: run.ceiling)
    var vector = firstVector
    while vector < lastVector {
        let channel = depthwiseChannel(vector, lanes, c)
        var start = InlineArray<NV, F32>(repeating: .zero)
        if let bias = run.bias { for q in 0..<NV { start[unchecked: q] = loadVector(bias + channel + q * lanes) } }
        let weights = run.weights + vector * size + row.firstTap * KW * lanes
        var x = row.x + row.firstTap * tapRow + first * c + channel
        var y = row.y + first * yPixel + channel
        for _ in 0..<count {
            var sums = InlineArray<T, InlineArray<NV, F32>>(repeating: start)
            var (from, w) = (x, weights)
            for _ in row.firstTap..<row.lastTap {
                var taps = InlineArray<KW, InlineArray<NV, F32>>(repeating: start)
                for k in 0..<KW { for q in 0..<NV { taps[unchecked: k][unchecked: q] = loadVector(w + q * size + k * lanes) } }
                var p = from
                if T == 4 && KW == 3 {
                    slideThree(&sums, taps, p, c)
                } else {
                    depthwiseColumns(T - 1 + KW) { j in
                        // One after the other: loads that the compiler takes ahead would need registers.
                        p = opaque(p)
                        for q in 0..<NV {
                            let column: F32 = loadVector(p + q * lanes)
                            for k in 0..<KW {
                                // in one comparison: beyond a number of branches functions are no longer inlined
                                let u = j - k
                                if UInt(bitPattern: u) < UInt(T) {
                                    sums[unchecked: u][unchecked: q] = pin(
                                        multiplyAdd(sums[unchecked: u][unchecked: q], column, taps[unchecked: k][unchecked: q]))
                                }
                            }
                        }
                        p += c
                    }
                }
                from += tapRow
                w += KW * lanes
            }
            if run.rectifies {
                for u in 0..<T {
                    for q in 0..<NV { sums[unchecked: u][unchecked: q] = rectified(sums[unchecked: u][unchecked: q], ceiling) }
                }
            }
            for u in 0..<T { for q in 0..<NV { storeVector(sums[unchecked: u][unchecked: q], y + u * yPixel + q * lanes) } }
            if run.leaks {
                for u in 0..<T { leakyRow(F32.self, run.slope, UnsafeMutableRawPointer(y + u * yPixel), NV * lanes) }
            }
            x += T * c
            y += T * yPixel
        }
        vector += NV
    }
    return first + count * T
}

/// Adds a column to output `u`, which sees it through tap `k`.
@inline(__always)
private func add<let T: Int, let NV: Int, let KW: Int>(
    _ sums: inout InlineArray<T, InlineArray<NV, F32>>, _ u: Int, _ taps: InlineArray<KW, InlineArray<NV, F32>>, _ k: Int,
    _ column: InlineArray<NV, F32>
) {
    for q in 0..<NV {
        sums[unchecked: u][unchecked: q] = pin(
            multiplyAdd(sums[unchecked: u][unchecked: q], column[unchecked: q], taps[unchecked: k][unchecked: q]))
    }
}

/// The column at `p`, which moves on to the next one.
@inline(__always)
private func next<let NV: Int>(_ p: inout UnsafePointer<Float>, _ c: Int) -> InlineArray<NV, F32> {
    // One after the other: loads that the compiler takes ahead would need registers.
    p = opaque(p)
    var column = InlineArray<NV, F32>(repeating: .zero)
    for q in 0..<NV { column[unchecked: q] = loadVector(p + q * F32.scalarCount) }
    p += c
    return column
}

/// Four outputs, three taps.
@inline(__always)
private func slideThree<let T: Int, let NV: Int, let KW: Int>(
    _ sums: inout InlineArray<T, InlineArray<NV, F32>>, _ taps: InlineArray<KW, InlineArray<NV, F32>>, _ x: UnsafePointer<Float>, _ c: Int
) {
    var p = x
    var column: InlineArray<NV, F32> = next(&p, c)
    add(&sums, 0, taps, 0, column)
    column = next(&p, c)
    add(&sums, 0, taps, 1, column)
    add(&sums, 1, taps, 0, column)
    column = next(&p, c)
    add(&sums, 0, taps, 2, column)
    add(&sums, 1, taps, 1, column)
    add(&sums, 2, taps, 0, column)
    column = next(&p, c)
    add(&sums, 1, taps, 2, column)
    add(&sums, 2, taps, 1, column)
    add(&sums, 3, taps, 0, column)
    column = next(&p, c)
    add(&sums, 2, taps, 2, column)
    add(&sums, 3, taps, 1, column)
    column = next(&p, c)
    add(&sums, 3, taps, 2, column)
}

/// The outputs [first, last) of a row for the vectors from `firstVector` up to `lastVector`, in `pairs` or one by one, if its window is
/// one of those that have tiles; returns the first that is left.
///
/// Preconditions: no column of these outputs lies outside, no dilation along the row.
func depthwiseRow(
    _ run: UnsafePointer<DepthwiseRun<F32>>, _ row: UnsafePointer<DepthwiseRow<Float>>, _ first: Int, _ last: Int, _ firstVector: Int,
    _ lastVector: Int, pairs: Bool
) -> Int {
    if run.pointee.image.pointee.stride_w != 1 { return first }
    switch run.pointee.image.pointee.kw {
    case 3 where pairs: return tiles(Form<4, 2, 3>(), run, row, first, last, firstVector, lastVector)
    case 5: return tiles(Form<8, 1, 5>(), run, row, first, last, firstVector, lastVector)
    default: return first
    }
}
