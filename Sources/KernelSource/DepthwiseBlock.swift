import CKernelInterface

// Depthwise windows at a stride of 1, for two rows of outputs at a time: each column of x is loaded once for both of them. Images of many
// channels do not stay in the first-level cache from one row to the next (their pixels fall on few of its sets), and their rows then
// come from the second one kh times; in blocks of two rows (kh + 1) / 2 times.

/// A block: where its windows begin in x, its weights, the rows and columns of those that it sees that lie in the image, its outputs.
private struct Block {
    var x: UnsafePointer<Float>
    var weights: UnsafePointer<Float>
    var start: F32
    var rows: (first: Int, last: Int)
    var columns: (first: Int, last: Int)
    var y: UnsafeMutablePointer<Float>
}

/// Between which the outputs lie.
@inline(__always)
private func limits(_ run: UnsafePointer<DepthwiseRun<F32>>) -> (floor: F32, ceiling: F32) {
    let rectifies = run.pointee.rectifies
    return (F32(repeating: rectifies ? 0 : -.infinity), F32(repeating: rectifies ? run.pointee.ceiling : .infinity))
}

/// Computes a block of which some columns lie outside of the image.
@inline(never)
private func edge<W: DepthwiseWindow>(_: W.Type, _ run: UnsafePointer<DepthwiseRun<F32>>, _ block: UnsafePointer<Block>) {
    let (g, block) = (run.pointee.image.pointee, block.pointee)
    let (c, row, line) = (g.c, g.w * g.c, W.columns * F32.scalarCount)
    let (left, right) = block.columns
    var (upper, lower) = (DepthwiseSums(block.start), DepthwiseSums(block.start))
    if block.rows.first == 0 && block.rows.last > 0 { W.one(&upper, block.x, c, block.weights, left, right) }
    var (i, w) = (larger(block.rows.first, 1), block.weights + larger(block.rows.first, 1) * line)
    while i < smaller(block.rows.last, g.kh) {
        W.two(&upper, &lower, block.x + i * row, c, w, w - line, left, right)
        i += 1
        w += line
    }
    if block.rows.first <= g.kh && block.rows.last > g.kh {
        W.one(&lower, block.x + g.kh * row, c, block.weights + (g.kh - 1) * line, left, right)
    }
    let (floor, ceiling) = limits(run)
    upper.store(floor, ceiling, block.y, g.y_pixel)
    lower.store(floor, ceiling, block.y + g.y_row, g.y_pixel)
}

@inline(never)
private func leak(_ run: UnsafePointer<DepthwiseRun<F32>>, _ y: UnsafeMutablePointer<Float>) {
    let g = run.pointee.image.pointee
    for u in 0..<4 {
        leakyRow(F32.self, run.pointee.slope, UnsafeMutableRawPointer(y + u * g.y_pixel), F32.scalarCount)
        leakyRow(F32.self, run.pointee.slope, UnsafeMutableRawPointer(y + g.y_row + u * g.y_pixel), F32.scalarCount)
    }
}

/// Two whole rows of outputs from `oy` on, for the vectors from `low` up to `high`. The last block of a row reaches back over the one
/// before, and gives its outputs the same bits once more.
///
/// Preconditions: more than one row of taps, strides and dilations of 1, at least four outputs in a row and a whole vector of channels.
/// Registers: 8 sums, two rows of weights (from memory where registers are fewer), one column.
/// Numerics: as `depthwiseForward`.
@inline(never)
private func pair<W: DepthwiseWindow>(_: W.Type, _ run: UnsafePointer<DepthwiseRun<F32>>, _ oy: Int, _ low: Int, _ high: Int) {
    let g = run.pointee.image.pointee
    // Copies: stores to y could change what pointers lead to.
    let leaks = run.pointee.leaks
    let (floor, ceiling) = limits(run)
    let (lanes, c, row, line) = (F32.scalarCount, g.c, g.w * g.c, W.columns * F32.scalarCount)
    let top = oy - g.pad_top
    // The rows of x that lie in the image, of the kh + 1 that both rows of outputs see. Row i meets tap i of the upper, i - 1 of the lower.
    let rows = depthwiseTaps(top, 1, g.kh + 1, g.h)
    let corner = run.pointee.x + (top * g.w - g.pad_left) * c
    let (packed, bias, y) = (run.pointee.weights, run.pointee.bias, run.pointee.y + oy * g.y_row)
    let (first, last) = (larger(rows.first, 1), smaller(rows.last, g.kh))
    let (meetsFirst, meetsLast) = (rows.first == 0 && rows.last > 0, rows.first <= g.kh && rows.last > g.kh)
    var vector = low
    while vector < high {
        let channel = depthwiseChannel(vector, lanes, c)
        var start = F32.zero
        if let bias { start = loadVector(bias + channel) }
        let weights = packed + vector * g.kh * line
        var ox = 0
        while ox < g.ow {
            let at = smaller(ox, g.ow - 4)
            let x = corner + at * c + channel
            let to = y + at * g.y_pixel + channel
            let columns = depthwiseTaps(at - g.pad_left, 1, W.columns + 3, g.w)
            let all = W.columns + 3
            if columns.first == 0 && columns.last == all {
                var (upper, lower) = (DepthwiseSums(start), DepthwiseSums(start))
                if meetsFirst { W.one(&upper, x, c, weights, 0, all) }
                var (i, p, w) = (first, x + first * row, weights + first * line)
                while i < last {
                    W.two(&upper, &lower, p, c, w, w - line, 0, all)
                    i += 1
                    p += row
                    w += line
                }
                if meetsLast { W.one(&lower, x + g.kh * row, c, weights + (g.kh - 1) * line, 0, all) }
                upper.store(floor, ceiling, to, g.y_pixel)
                lower.store(floor, ceiling, to + g.y_row, g.y_pixel)
            } else {
                let block = Block(x: x, weights: weights, start: start, rows: rows, columns: columns, y: to)
                withUnsafePointer(to: block) { edge(W.self, run, $0) }
            }
            if leaks { leak(run, to) }
            ox += 4
        }
        vector += 1
    }
}

/// All rows [first, last) of y, if the window is one of those that have blocks; tells whether it is.
func depthwiseBlocks(
    _ run: UnsafePointer<DepthwiseRun<F32>>, _ first: Int, _ last: Int, _ firstVector: Int, _ lastVector: Int
) -> Bool {
    let g = run.pointee.image.pointee
    guard
        (g.kw == 3 || g.kw == 5) && g.kh > 1 && g.stride_h == 1 && g.stride_w == 1 && g.dilation_h == 1 && g.dilation_w == 1
            && g.ow >= 4 && last - first >= 2 && g.c >= F32.scalarCount
    else { return false }
    // As many vectors as keep the rows of x that a pair sees within half of the first-level cache.
    let step = larger(2, smaller(16, (24 << 10) / ((g.kh + 1) * g.w * F32.scalarCount * 4)))
    var low = firstVector
    while low < lastVector {
        let high = smaller(lastVector, low + step)
        var oy = first
        while oy < last {
            // the last pair of an odd number of rows reaches back
            let at = smaller(oy, last - 2)
            if g.kw == 3 { pair(DepthwiseThree.self, run, at, low, high) } else { pair(DepthwiseFive.self, run, at, low, high) }
            oy += 2
        }
        low = high
    }
    return true
}
