import CKernelInterface

/// What all rows of a run have in common. It is passed by pointer: copies of it for each row would cost as much as a row of taps.
struct DepthwiseRun<V: SIMD> where V.Scalar: BinaryFloatingPoint {
    var image: UnsafePointer<sc_depthwise_image>
    var x: UnsafePointer<V.Scalar>
    var weights: UnsafePointer<V.Scalar>
    var y: UnsafeMutablePointer<V.Scalar>
    var bias: UnsafePointer<V.Scalar>?
    /// Negative values become 0 and values above the ceiling the ceiling.
    var rectifies: Bool
    /// Negative values are multiplied by `slope`.
    var leaks: Bool
    var slope: V.Scalar
    var ceiling: V.Scalar
    /// The vectors [firstVector, lastVector).
    var firstVector = 0
    var lastVector = 0
}

/// A row of outputs: where its windows begin in x, above of which rows may be missing, and the rows of taps that it sees.
struct DepthwiseRow<S> {
    var x: UnsafePointer<S>
    var y: UnsafeMutablePointer<S>
    var firstTap: Int
    var lastTap: Int
}

/// Computes one pixel of `NV` neighbouring vectors of channels, of which the last may reach back, from the taps of a rectangle.
///
/// Registers: a sum for each vector. Numerics: as `depthwiseForward`.
@inline(__always)
private func pixel<let NV: Int, V: SIMD>(
    _ zero: InlineArray<NV, V>, _ run: DepthwiseRun<V>, _ g: sc_depthwise_image, _ row: DepthwiseRow<V.Scalar>, _ ox: Int, _ vector: Int,
    _ part: Int, _ columns: (first: Int, last: Int)
) where V.Scalar: BinaryFloatingPoint {
    let (lanes, c) = (V.scalarCount, g.c)
    let channel = depthwiseChannel(vector, lanes, c)
    // Vectors follow each other but for the last, which ends with the channels.
    let last = depthwiseChannel(vector + NV - 1, lanes, c) - channel
    var sums = zero
    if let bias = run.bias {
        for q in 0..<NV { sums[unchecked: q] = loadPart(bias + channel + (q == NV - 1 ? last : q * lanes), part) }
    }
    let size = g.kh * g.kw * lanes
    let tap = g.dilation_w * c
    let tapRow = g.dilation_h * g.w * c
    var from = row.x + channel + row.firstTap * tapRow + columns.first * tap + ox * g.stride_w * c
    var weights = run.weights + vector * size + (row.firstTap * g.kw + columns.first) * lanes
    for _ in row.firstTap..<row.lastTap {
        var (p, w) = (from, weights)
        for _ in columns.first..<columns.last {
            for q in 0..<NV {
                sums[unchecked: q] = multiplyAdd(
                    sums[unchecked: q], loadPart(p + (q == NV - 1 ? last : q * lanes), part), load(w + q * size))
            }
            p += tap
            w += lanes
        }
        from += tapRow
        weights += g.kw * lanes
    }
    if run.rectifies {
        for q in 0..<NV { sums[unchecked: q] = rectified(sums[unchecked: q], V(repeating: run.ceiling)) }
    }
    for q in 0..<NV {
        let to = row.y + ox * g.y_pixel + channel + (q == NV - 1 ? last : q * lanes)
        storePart(part, sums[unchecked: q], to)
        if run.leaks { leakyRow(V.self, run.slope, UnsafeMutableRawPointer(to), part) }
    }
}

/// The outputs of a row up to `inner` and from `rest` on, one by one: those whose windows reach over the edges, and what no tile takes.
@inline(never)
private func pixels<V: SIMD>(
    _ run: UnsafePointer<DepthwiseRun<V>>, _ row: UnsafePointer<DepthwiseRow<V.Scalar>>, _ inner: Int, _ rest: Int
) where V.Scalar: BinaryFloatingPoint {
    // Copies: stores to y could change what pointers lead to.
    let (run, row) = (run.pointee, row.pointee)
    let g = run.image.pointee
    var ox = inner == 0 ? rest : 0
    while ox < g.ow {
        let columns = depthwiseTaps(
            ox * g.stride_w - g.pad_left, g.dilation_w, g.kw, g.w)
        if g.c < V.scalarCount {
            pixel(InlineArray<1, V>(repeating: .zero), run, g, row, ox, 0, g.c, columns)
        } else {
            let last = run.lastVector
            var vector = run.firstVector
            while vector + 4 <= last {
                pixel(InlineArray<4, V>(repeating: .zero), run, g, row, ox, vector, V.scalarCount, columns)
                vector += 4
            }
            if vector + 2 <= last {
                pixel(InlineArray<2, V>(repeating: .zero), run, g, row, ox, vector, V.scalarCount, columns)
                vector += 2
            }
            if vector < last { pixel(InlineArray<1, V>(repeating: .zero), run, g, row, ox, vector, V.scalarCount, columns) }
        }
        ox += 1
        if ox == inner { ox = rest }
    }
}

/// Computes eight neighbouring outputs of a row for one vector of channels, for any window, dilation and stride; no column lies outside.
///
/// Registers: eight sums, one weight; each multiply-add reads its x from memory, so one load in nine is a weight's.
@inline(__always)
private func tile<V: SIMD>(
    _ run: DepthwiseRun<V>, _ g: sc_depthwise_image, _ row: DepthwiseRow<V.Scalar>, _ ox: Int, _ vector: Int, _ part: Int
) where V.Scalar: BinaryFloatingPoint {
    let c = g.c
    let channel = depthwiseChannel(vector, V.scalarCount, c)
    var sums = DepthwiseTile<V>(repeating: .zero)
    if let bias = run.bias { for u in 0..<8 { sums[unchecked: u] = loadPart(bias + channel, part) } }
    let step = g.stride_w * c
    let tapRow = g.dilation_h * g.w * c
    var from = row.x + channel + row.firstTap * tapRow + ox * step
    var w = run.weights + (vector * g.kh + row.firstTap) * g.kw * V.scalarCount
    for _ in row.firstTap..<row.lastTap {
        var p = from
        for _ in 0..<g.kw {
            let weight: V = load(w)
            // Without this the compiler keeps columns that two taps share in registers, and spills sums.
            p = opaque(p)
            for u in 0..<8 { sums[unchecked: u] = multiplyAdd(sums[unchecked: u], loadPart(p + u * step, part), weight) }
            p += g.dilation_w * c
            w += V.scalarCount
        }
        from += tapRow
    }
    if run.rectifies {
        for u in 0..<8 { sums[unchecked: u] = rectified(sums[unchecked: u], V(repeating: run.ceiling)) }
    }
    for u in 0..<8 {
        let to = row.y + channel + (ox + u) * g.y_pixel
        storePart(part, sums[unchecked: u], to)
        if run.leaks { leakyRow(V.self, run.slope, UnsafeMutableRawPointer(to), part) }
    }
}

/// As many of the outputs [first, last) of a row as make whole tiles; returns the first that is left.
@inline(never)
private func tiles<V: SIMD>(
    _ run: UnsafePointer<DepthwiseRun<V>>, _ row: UnsafePointer<DepthwiseRow<V.Scalar>>, _ first: Int, _ last: Int
) -> Int where V.Scalar: BinaryFloatingPoint {
    let (run, row) = (run.pointee, row.pointee)
    let g = run.image.pointee
    var ox = first
    while ox + 8 <= last {
        for vector in run.firstVector..<run.lastVector {
            if g.c >= V.scalarCount {
                tile(run, g, row, ox, vector, V.scalarCount)
            } else {
                tile(run, g, row, ox, vector, g.c)
            }
        }
        ox += 8
    }
    return ox
}

/// Calls `body` with pointers to a run and a row.
@inline(__always)
private func withUnsafePointers<V: SIMD>(
    _ run: DepthwiseRun<V>, _ row: DepthwiseRow<V.Scalar>,
    _ body: (UnsafePointer<DepthwiseRun<V>>, UnsafePointer<DepthwiseRow<V.Scalar>>) -> Void
) where V.Scalar: BinaryFloatingPoint {
    withUnsafePointer(to: run) { run in withUnsafePointer(to: row) { row in body(run, row) } }
}

/// Computes rows of y (depthwise_kernels.h): those outputs of a row whose windows lie inside of it in tiles, the others one by one.
///
/// Tail: the last vector of channels reaches back over the one before; with fewer channels than lanes it is partial.
/// Numerics: an output gets its taps in the order of rows and columns, one accumulator that starts from the bias; taps outside are left out.
@inline(__always)
func depthwiseForward<V: SIMD>(
    _: V.Type, _ image: UnsafePointer<sc_depthwise_image>, _ x: UnsafeRawPointer, _ packed: UnsafeRawPointer,
    _ options: sc_depthwise_epilogue, _ first: Int, _ last: Int, _ firstVector: Int, _ lastVector: Int, _ y: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    typealias S = V.Scalar
    var run = DepthwiseRun<V>(
        image: image, x: x.assumingMemoryBound(to: S.self), weights: packed.assumingMemoryBound(to: S.self),
        y: y.assumingMemoryBound(to: S.self), bias: options.bias?.assumingMemoryBound(to: S.self), rectifies: options.slope == 0,
        leaks: options.slope != 0 && options.slope != 1, slope: S(options.slope), ceiling: S(options.ceiling))
    let g = image.pointee
    // Outputs [inner, outer) see whole windows.
    let span = (g.kw - 1) * g.dilation_w + 1
    let inner = smaller(g.ow, (larger(0, g.pad_left) + g.stride_w - 1) / g.stride_w)
    let outer = g.w + g.pad_left < span ? inner : larger(inner, smaller(g.ow, (g.w + g.pad_left - span) / g.stride_w + 1))
    // Written out for float32 alone: each window costs seconds of compiling in every level.
    let tiled = V.self == F32.self && g.c >= V.scalarCount && g.dilation_w == 1
    for oy in first..<last {
        let top = oy * g.stride_h - g.pad_top
        let taps = depthwiseTaps(top, g.dilation_h, g.kh, g.h)
        let row = DepthwiseRow(
            x: run.x + (top * g.w - g.pad_left) * g.c, y: run.y + oy * g.y_row, firstTap: taps.first, lastTap: taps.last)
        depthwiseChunks(firstVector, lastVector, g.kh * g.kw * V.scalarCount * MemoryLayout<S>.stride) { low, high in
            (run.firstVector, run.lastVector) = (low, high)
            withUnsafePointers(run, row) { run, row in
                var ox = inner
                if V.self == F32.self && tiled { ox = depthwiseRow(run, row, ox, outer) }
                if ox + 8 <= outer { ox = tiles(run, row, ox, outer) }
                if inner > 0 || ox < g.ow { pixels(run, row, inner, ox) }
            }
        }
    }
}
