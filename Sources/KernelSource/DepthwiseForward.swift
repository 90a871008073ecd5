import CKernelInterface

/// Before the kernels: the compiler inlines in the order of a file, and from behind them leaves tiles as calls.
func addDepthwiseForward(_ k: inout sc_depthwise_kernels) {
    k.forward_f32 = { depthwiseForward(F32.self, $0!, $1!, $2!, $3!.pointee, $4, $5, $6, $7, $8!) }
    k.forward_f64 = { depthwiseForward(F64.self, $0!, $1!, $2!, $3!.pointee, $4, $5, $6, $7, $8!) }
}

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

/// The form of a tile: outputs and vectors of channels.
private struct Form<let T: Int, let NV: Int> {}

/// Computes `count` tiles of `T` neighbouring outputs of a row from `first` on, for the vectors from `firstVector` up to `lastVector`
/// in groups of `NV`; no column lies outside.
///
/// Operands: whole vectors of channels, of which only the last of all may reach back, in a group of its own.
/// Registers: T · NV sums, NV weights; each multiply-add reads its x from memory. Two vectors at a time are the two halves of a cache
/// line: loads of the same half of neighbouring pixels fall on the same bank of the first-level cache, and with many channels on few
/// of its sets. Common windows have blocks of their own (DepthwiseBlock.swift).
/// Numerics: as `depthwiseForward`.
@inline(never)
private func tiles<let T: Int, let NV: Int, V: SIMD>(
    _: Form<T, NV>, _ run: UnsafePointer<DepthwiseRun<V>>, _ row: UnsafePointer<DepthwiseRow<V.Scalar>>, _ first: Int, _ count: Int,
    _ firstVector: Int, _ lastVector: Int
) where V.Scalar: BinaryFloatingPoint {
    // Copies: stores to y could change what pointers lead to.
    let (run, row) = (run.pointee, row.pointee)
    let g = run.image.pointee
    let (lanes, c, yPixel, kw) = (V.scalarCount, g.c, g.y_pixel, g.kw)
    let size = g.kh * kw * lanes
    let (step, tap, tapRow) = (g.stride_w * c, g.dilation_w * c, g.dilation_h * g.w * c)
    let ceiling = V(repeating: run.ceiling)
    var vector = firstVector
    while vector < lastVector {
        let channel = depthwiseChannel(vector, lanes, c)
        var start = InlineArray<NV, V>(repeating: .zero)
        if let bias = run.bias { for q in 0..<NV { start[unchecked: q] = load(bias + channel + q * lanes) } }
        let weights = run.weights + vector * size + row.firstTap * kw * lanes
        var x = row.x + row.firstTap * tapRow + first * step + channel
        var y = row.y + first * yPixel + channel
        for _ in 0..<count {
            var sums = InlineArray<T, InlineArray<NV, V>>(repeating: start)
            var (from, w) = (x, weights)
            for _ in row.firstTap..<row.lastTap {
                var p = from
                for _ in 0..<kw {
                    var weight = start
                    for q in 0..<NV { weight[unchecked: q] = load(w + q * size) }
                    // The halves of a line in turn, which are on different banks.
                    for u in 0..<T {
                        for q in 0..<NV {
                            sums[unchecked: u][unchecked: q] = pin(
                                multiplyAdd(sums[unchecked: u][unchecked: q], load(p + u * step + q * lanes), weight[unchecked: q]))
                        }
                    }
                    p += tap
                    w += lanes
                }
                from += tapRow
            }
            if run.rectifies {
                for u in 0..<T {
                    for q in 0..<NV { sums[unchecked: u][unchecked: q] = rectified(sums[unchecked: u][unchecked: q], ceiling) }
                }
            }
            for u in 0..<T { for q in 0..<NV { store(sums[unchecked: u][unchecked: q], y + u * yPixel + q * lanes) } }
            if run.leaks {
                for u in 0..<T { leakyRow(V.self, run.slope, UnsafeMutableRawPointer(y + u * yPixel), NV * lanes) }
            }
            x += T * step
            y += T * yPixel
        }
        vector += NV
    }
}

/// `count` tiles of `height` outputs for the vectors from `low` up to `high`, in groups of `NV`.
@inline(__always)
private func tiles<let NV: Int, V: SIMD>(
    _: Form<1, NV>, height: Int, _ run: UnsafePointer<DepthwiseRun<V>>, _ row: UnsafePointer<DepthwiseRow<V.Scalar>>, _ first: Int,
    _ count: Int, _ low: Int, _ high: Int
) where V.Scalar: BinaryFloatingPoint {
    if count == 0 { return }
    switch height {
    case 1: tiles(Form<1, NV>(), run, row, first, count, low, high)
    case 2: tiles(Form<2, NV>(), run, row, first, count, low, high)
    case 3: tiles(Form<3, NV>(), run, row, first, count, low, high)
    case 4: tiles(Form<4, NV>(), run, row, first, count, low, high)
    case 5: tiles(Form<5, NV>(), run, row, first, count, low, high)
    default: tiles(Form<6, NV>(), run, row, first, count, low, high)
    }
}

/// The outputs [first, last) of a row for the vectors from `low` up to `high`, in groups of `NV` and tiles of nearly equal height.
@inline(__always)
private func inside<let NV: Int, V: SIMD>(
    _ form: Form<1, NV>, _ run: UnsafePointer<DepthwiseRun<V>>, _ row: UnsafePointer<DepthwiseRow<V.Scalar>>, _ first: Int, _ last: Int,
    _ low: Int, _ high: Int
) where V.Scalar: BinaryFloatingPoint {
    if low == high { return }
    let outputs = last - first
    if outputs == 0 { return }
    // float64 is rarer: two heights keep the library small.
    let coarse = MemoryLayout<V.Scalar>.size == 8
    let count = (outputs + 5) / 6
    let height = coarse ? 6 : (outputs + count - 1) / count
    let taller = coarse ? outputs / 6 : outputs - (height - 1) * count
    tiles(form, height: height, run, row, first, taller, low, high)
    tiles(
        form, height: coarse ? 1 : height - 1, run, row, first + taller * height, coarse ? outputs - 6 * taller : count - taller, low, high)
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
private func depthwiseForward<V: SIMD>(
    _: V.Type, _ image: UnsafePointer<sc_depthwise_image>, _ x: UnsafeRawPointer, _ packed: UnsafeRawPointer,
    _ options: sc_depthwise_epilogue, _ first: Int, _ last: Int, _ firstVector: Int, _ lastVector: Int, _ y: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    typealias S = V.Scalar
    var run = DepthwiseRun<V>(
        image: image, x: x.assumingMemoryBound(to: S.self), weights: packed.assumingMemoryBound(to: S.self),
        y: y.assumingMemoryBound(to: S.self), bias: options.bias?.assumingMemoryBound(to: S.self), rectifies: options.slope == 0,
        leaks: options.slope != 0 && options.slope != 1, slope: S(options.slope), ceiling: S(options.ceiling))
    let g = image.pointee
    if V.self == F32.self {
        // decided by the compiler
        let isDone = withUnsafePointer(to: run) {
            depthwiseBlocks(UnsafeRawPointer($0).assumingMemoryBound(to: DepthwiseRun<F32>.self), first, last, firstVector, lastVector)
        }
        if isDone { return }
    }
    // Outputs [inner, outer) see whole windows.
    let span = (g.kw - 1) * g.dilation_w + 1
    let inner = smaller(g.ow, (larger(0, g.pad_left) + g.stride_w - 1) / g.stride_w)
    let outer = g.w + g.pad_left < span ? inner : larger(inner, smaller(g.ow, (g.w + g.pad_left - span) / g.stride_w + 1))
    let tiled = g.c >= V.scalarCount && inner < outer
    for oy in first..<last {
        let top = oy * g.stride_h - g.pad_top
        let taps = depthwiseTaps(top, g.dilation_h, g.kh, g.h)
        let row = DepthwiseRow(
            x: run.x + (top * g.w - g.pad_left) * g.c, y: run.y + oy * g.y_row, firstTap: taps.first, lastTap: taps.last)
        depthwiseChunks(firstVector, lastVector, g.kh * g.kw * V.scalarCount * MemoryLayout<S>.stride) { low, high in
            (run.firstVector, run.lastVector) = (low, high)
            withUnsafePointers(run, row) { run, row in
                if tiled {
                    // Where the last vector of all reaches back it stays alone.
                    let paired = low + (smaller(high, g.c / V.scalarCount) - low) / 2 * 2
                    inside(Form<1, 2>(), run, row, inner, outer, low, paired)
                    inside(Form<1, 1>(), run, row, inner, outer, paired, high)
                }
                let rest = tiled ? outer : inner
                if inner > 0 || rest < g.ow { pixels(run, row, inner, rest) }
            }
        }
    }
}
