import CKernelInterface

// Depthwise windows of which a row's taps stay in registers: each column of x is loaded once a row and serves all of its outputs.

/// The form of a tile: outputs, vectors of channels, taps of a row, stride along it.
private struct Form<let T: Int, let NV: Int, let KW: Int, let S: Int> {}

/// Computes as many of the outputs [first, last) of a row as make whole tiles of `T` outputs of `NV` neighbouring vectors of channels;
/// returns the first that is left. No column lies outside.
///
/// Operands: the vectors [firstVector, lastVector) in groups of `NV`.
/// Registers: T · NV sums, NV · KW weights of a row, NV columns. Two vectors at a time are the two halves of a cache line: loads of the
/// same half of neighbouring pixels fall on the same bank of the first-level cache, and with many channels on few of its sets.
/// Numerics: as `depthwiseForward`.
@inline(never)
private func tiles<let T: Int, let NV: Int, let KW: Int, let S: Int, V: SIMD>(
    _: Form<T, NV, KW, S>, _ run: UnsafePointer<DepthwiseRun<V>>, _ row: UnsafePointer<DepthwiseRow<V.Scalar>>, _ first: Int,
    _ last: Int, _ firstVector: Int
) -> Int where V.Scalar: BinaryFloatingPoint {
    // Copies: stores to y could change what pointers lead to.
    let (run, row) = (run.pointee, row.pointee)
    let g = run.image.pointee
    let (lanes, c, yPixel) = (V.scalarCount, g.c, g.y_pixel)
    let size = g.kh * KW * lanes
    let tapRow = g.dilation_h * g.w * c
    let count = (last - first) / T
    let ceiling = V(repeating: run.ceiling)
    var vector = firstVector
    while vector + NV <= run.lastVector {
        let channel = depthwiseChannel(vector, lanes, c)
        let second = NV == 1 ? 0 : depthwiseChannel(vector + 1, lanes, c) - channel
        var zero = InlineArray<NV, V>(repeating: .zero)
        if let bias = run.bias { for q in 0..<NV { zero[unchecked: q] = load(bias + channel + q * second) } }
        let weights = run.weights + vector * size + row.firstTap * KW * lanes
        var x = row.x + row.firstTap * tapRow + first * S * c + channel
        var y = row.y + first * yPixel + channel
        for _ in 0..<count {
            var sums = InlineArray<T, InlineArray<NV, V>>(repeating: zero)
            var (from, w) = (x, weights)
            for _ in row.firstTap..<row.lastTap {
                addRow(Form<T, NV, KW, S>(), from, c, second, w, size, &sums)
                from += tapRow
                w += KW * lanes
            }
            if run.rectifies {
                for u in 0..<T {
                    for q in 0..<NV { sums[unchecked: u][unchecked: q] = rectified(sums[unchecked: u][unchecked: q], ceiling) }
                }
            }
            for u in 0..<T { for q in 0..<NV { store(sums[unchecked: u][unchecked: q], y + u * yPixel + q * second) } }
            if run.leaks {
                for u in 0..<T {
                    for q in 0..<NV { leakyRow(V.self, run.slope, UnsafeMutableRawPointer(y + u * yPixel + q * second), lanes) }
                }
            }
            x += T * S * c
            y += T * yPixel
        }
        vector += NV
    }
    return first + count * T
}

/// Adds what a row of taps gives to the sums of a tile.
@inline(__always)
private func addRow<let T: Int, let NV: Int, let KW: Int, let S: Int, V: SIMD>(
    _: Form<T, NV, KW, S>, _ x: UnsafePointer<V.Scalar>, _ c: Int, _ second: Int, _ weights: UnsafePointer<V.Scalar>, _ size: Int,
    _ sums: inout InlineArray<T, InlineArray<NV, V>>
) where V.Scalar: BinaryFloatingPoint {
    var w = InlineArray<KW, InlineArray<NV, V>>(repeating: InlineArray<NV, V>(repeating: .zero))
    for k in 0..<KW { for q in 0..<NV { w[unchecked: k][unchecked: q] = load(weights + q * size + k * V.scalarCount) } }
    var p = x
    depthwiseColumns((T - 1) * S + KW) { j in
        // One after the other: loads that the compiler takes ahead would need registers.
        p = opaque(j == 0 ? p : p + c)
        for q in 0..<NV {
            let column: V = load(p + q * second)
            for k in 0..<KW {
                let d = j - k
                if d >= 0 && d % S == 0 && d / S < T {
                    sums[unchecked: d / S][unchecked: q] = pin(
                        multiplyAdd(sums[unchecked: d / S][unchecked: q], column, w[unchecked: k][unchecked: q]))
                }
            }
        }
    }
}

/// Tiles of four outputs, two vectors each, and of what is left.
@inline(__always)
private func pairs<let KW: Int, let S: Int, V: SIMD>(
    _: Form<1, 1, KW, S>, _ run: UnsafePointer<DepthwiseRun<V>>, _ row: UnsafePointer<DepthwiseRow<V.Scalar>>, _ first: Int, _ last: Int
) -> Int where V.Scalar: BinaryFloatingPoint {
    let (low, high) = (run.pointee.firstVector, run.pointee.lastVector)
    if high - low >= 2 {
        let ox = tiles(Form<4, 2, KW, S>(), run, row, first, last, low)
        if ox < last { _ = tiles(Form<1, 2, KW, S>(), run, row, ox, last, low) }
    }
    if (high - low) % 2 == 1 { _ = eights(Form<1, 1, KW, S>(), run, row, first, last, high - 1) }
    return last
}

/// Tiles of eight outputs, one vector each, and of what is left.
@inline(__always)
private func eights<let KW: Int, let S: Int, V: SIMD>(
    _: Form<1, 1, KW, S>, _ run: UnsafePointer<DepthwiseRun<V>>, _ row: UnsafePointer<DepthwiseRow<V.Scalar>>, _ first: Int, _ last: Int,
    _ firstVector: Int
) -> Int where V.Scalar: BinaryFloatingPoint {
    var ox = tiles(Form<8, 1, KW, S>(), run, row, first, last, firstVector)
    if ox + 4 <= last { ox = tiles(Form<4, 1, KW, S>(), run, row, ox, last, firstVector) }
    if ox < last { _ = tiles(Form<1, 1, KW, S>(), run, row, ox, last, firstVector) }
    return last
}

/// The outputs [first, last) of a row, if its window is one of those that have tiles; returns the first that is left.
///
/// Preconditions: no column of these outputs lies outside, at least a vector of channels, no dilation along the row.
@inline(__always)
func depthwiseRow<V: SIMD>(
    _ run: UnsafePointer<DepthwiseRun<V>>, _ row: UnsafePointer<DepthwiseRow<V.Scalar>>, _ first: Int, _ last: Int
) -> Int where V.Scalar: BinaryFloatingPoint {
    if first == last { return last }
    let low = run.pointee.firstVector
    switch (run.pointee.image.pointee.kw, run.pointee.image.pointee.stride_w) {
    case (3, 1): return pairs(Form<1, 1, 3, 1>(), run, row, first, last)
    case (3, 2): return pairs(Form<1, 1, 3, 2>(), run, row, first, last)
    case (5, 1): return eights(Form<1, 1, 5, 1>(), run, row, first, last, low)
    case (5, 2): return eights(Form<1, 1, 5, 2>(), run, row, first, last, low)
    default: return first
    }
}
