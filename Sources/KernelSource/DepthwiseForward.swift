import CKernelInterface

/// What happens to a sum before it is stored.
private struct Epilogue<V: SIMD> where V.Scalar: BinaryFloatingPoint {
    /// Nothing.
    var plain: Bool
    /// Negative values become 0, −∞ too, which a product with 0 would turn into NaN.
    var cuts: Bool
    var slope: V
    var ceiling: V

    @inline(__always) func callAsFunction(_ value: V) -> V {
        let below = cuts ? V.zero : value * slope
        let rectified = value.replacing(with: below, where: isLess(value, V.zero))
        return rectified.replacing(with: ceiling, where: isLess(ceiling, rectified))
    }
}

/// Computes the outputs of a tile for one vector of channels, of which the first `count` are stored: KW taps a row, at a stride of 1 or 2.
///
/// Operands: x at the first tap of the first output; packed weights of the vector; columns outside of [low, high) are left out if `checked`.
/// Preconditions: a whole vector of channels, no dilation along the row.
/// Registers: eight sums, a row of weights, one column of x: each column is loaded once and serves all of its outputs. Loads are what
/// limits such tiles: those of neighbouring pixels often fall on the same bank of the first-level cache.
/// Numerics: an output gets its taps in the order of rows and columns, one accumulator that starts from the bias.
@inline(__always)
private func rowwiseTile<V: SIMD, let KW: Int>(
    _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ stride: Int, _ weights: UnsafePointer<V.Scalar>,
    _ rows: (first: Int, last: Int), _ bias: V, _ epilogue: Epilogue<V>, checked: Bool, _ low: Int, _ high: Int, _ count: Int,
    _ y: UnsafeMutablePointer<V.Scalar>, _ taps: InlineArray<KW, V>
) where V.Scalar: BinaryFloatingPoint {
    var sums = DepthwiseTile<V>(repeating: bias)
    var row = x + rows.first * g.dilation_h * g.w * g.c
    var from = weights + rows.first * KW * V.scalarCount
    for _ in rows.first..<rows.last {
        var w = taps
        for k in 0..<KW { w[unchecked: k] = load(from + k * V.scalarCount) }
        var p = row
        depthwiseColumns(7 * stride + KW) { j in
            p = opaque(j == 0 ? p : p + g.c)
            if checked && (j < low || j >= high) { return }
            let column: V = load(p)
            for k in 0..<KW {
                let d = j - k
                if d >= 0 && d % stride == 0 && d / stride < 8 {
                    sums[unchecked: d / stride] = pin(multiplyAdd(sums[unchecked: d / stride], column, w[unchecked: k]))
                }
            }
        }
        row += g.dilation_h * g.w * g.c
        from += KW * V.scalarCount
    }
    var to = UnsafePointer(y)
    depthwiseEight { u in
        if checked && u >= count { return }
        if u > 0 { to = opaque(to + g.y_pixel) }
        let value = sums[unchecked: u]
        store(epilogue.plain ? value : epilogue(value), UnsafeMutablePointer(mutating: to))
    }
}

@inline(__always)
private func rowwise<V: SIMD, let KW: Int>(
    _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ stride: Int, _ weights: UnsafePointer<V.Scalar>, _ oy: Int,
    _ firstVector: Int, _ lastVector: Int, _ bias: UnsafePointer<V.Scalar>?, _ epilogue: Epilogue<V>,
    _ y: UnsafeMutablePointer<V.Scalar>, _ taps: InlineArray<KW, V>
) where V.Scalar: BinaryFloatingPoint {
    let top = oy * g.stride_h - g.pad_top
    let rows = depthwiseTaps(top, g.dilation_h, g.kh, g.h)
    var ox = 0
    while ox < g.ow {
        let count = smaller(8, g.ow - ox)
        let left = ox * stride - g.pad_left
        let (low, high) = (-left, smaller(g.w - left, (count - 1) * stride + KW))
        let whole = low <= 0 && high == 7 * stride + KW
        let from = x + (top * g.w + left) * g.c
        let to = y + oy * g.y_row + ox * g.y_pixel
        for vector in firstVector..<lastVector {
            let channel = depthwiseChannel(vector, V.scalarCount, g.c)
            let start: V
            if let bias { start = load(bias + channel) } else { start = .zero }
            let w = weights + vector * g.kh * KW * V.scalarCount
            if whole {
                rowwiseTile(g, from + channel, stride, w, rows, start, epilogue, checked: false, 0, 0, 8, to + channel, taps)
            } else {
                rowwiseTile(g, from + channel, stride, w, rows, start, epilogue, checked: true, low, high, count, to + channel, taps)
            }
        }
        ox += count
    }
}

/// The same for any window, dilation and stride, and for fewer channels than lanes, whose column `left` is that of the first tap.
///
/// Registers: eight sums, one weight; each multiply-add reads its x from memory, so one load in nine is a weight's.
/// Numerics: an output gets its taps in the order of rows and columns, one accumulator that starts from the bias.
@inline(__always)
private func tile<V: SIMD>(
    _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ left: Int, _ weights: UnsafePointer<V.Scalar>,
    _ rows: (first: Int, last: Int), _ bias: V, _ epilogue: Epilogue<V>, checked: Bool, _ count: Int, _ part: Int,
    _ y: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
    var sums = DepthwiseTile<V>(repeating: bias)
    let step = g.stride_w * g.c
    let tap = g.dilation_w * g.c
    var row = x + rows.first * g.dilation_h * g.w * g.c
    var w = weights + rows.first * g.kw * V.scalarCount
    for _ in rows.first..<rows.last {
        var p = row
        for j in 0..<g.kw {
            let weight: V = load(w)
            // Without this the compiler keeps columns that two taps share in registers, and spills sums.
            p = opaque(p)
            let first = left + j * g.dilation_w
            let limit = checked ? larger(0, smaller(g.w, first + (count - 1) * g.stride_w + 1)) : 0
            if !checked || (first >= 0 && first + 7 * g.stride_w < limit) {
                for u in 0..<8 { sums[unchecked: u] = multiplyAdd(sums[unchecked: u], loadPart(p + u * step, part), weight) }
            } else {
                depthwiseEight { u in
                    if UInt(bitPattern: first + u * g.stride_w) < UInt(bitPattern: limit) {
                        sums[unchecked: u] = multiplyAdd(sums[unchecked: u], loadPart(p + u * step, part), weight)
                    }
                }
            }
            p += tap
            w += V.scalarCount
        }
        row += g.dilation_h * g.w * g.c
    }
    depthwiseEight { u in
        if checked && u >= count { return }
        let value = sums[unchecked: u]
        storePart(part, epilogue.plain ? value : epilogue(value), y + u * g.y_pixel)
    }
}

@inline(__always)
private func row<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ weights: UnsafePointer<V.Scalar>, _ oy: Int, _ firstVector: Int,
    _ lastVector: Int, _ part: Int, _ bias: UnsafePointer<V.Scalar>?, _ epilogue: Epilogue<V>, _ y: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
    let top = oy * g.stride_h - g.pad_top
    let rows = depthwiseTaps(top, g.dilation_h, g.kh, g.h)
    var ox = 0
    while ox < g.ow {
        let count = smaller(8, g.ow - ox)
        let left = ox * g.stride_w - g.pad_left
        let whole = count == 8 && left >= 0 && left + 7 * g.stride_w + (g.kw - 1) * g.dilation_w < g.w
        let from = x + (top * g.w + left) * g.c
        let to = y + oy * g.y_row + ox * g.y_pixel
        for vector in firstVector..<lastVector {
            let channel = depthwiseChannel(vector, V.scalarCount, g.c)
            let start: V
            if let bias { start = loadPart(bias + channel, part) } else { start = .zero }
            let w = weights + vector * g.kh * g.kw * V.scalarCount
            if whole {
                tile(g, from + channel, left, w, rows, start, epilogue, checked: false, 8, part, to + channel)
            } else {
                tile(g, from + channel, left, w, rows, start, epilogue, checked: true, count, part, to + channel)
            }
        }
        ox += count
    }
}

/// Computes rows of y (depthwise_kernels.h).
/// Tail: the last vector of channels reaches back over the one before; with fewer channels than lanes it is partial.
@inline(__always)
func depthwiseForward<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ x: UnsafeRawPointer, _ packed: UnsafeRawPointer, _ options: sc_depthwise_epilogue,
    _ first: Int, _ last: Int, _ firstVector: Int, _ lastVector: Int, _ y: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    typealias S = V.Scalar
    let (x, w, y) = (x.assumingMemoryBound(to: S.self), packed.assumingMemoryBound(to: S.self), y.assumingMemoryBound(to: S.self))
    let bias = options.bias?.assumingMemoryBound(to: S.self)
    let epilogue = Epilogue<V>(
        plain: options.slope == 1 && options.ceiling == .infinity, cuts: options.slope == 0, slope: V(repeating: S(options.slope)),
        ceiling: V(repeating: S(options.ceiling)))
    for oy in first..<last {
        depthwiseChunks(firstVector, lastVector, g.kh * g.kw * V.scalarCount * MemoryLayout<S>.stride) { low, high in
            // Written out for float32 alone: each window costs seconds of compiling in every level.
            let tiled = V.self == F32.self && g.c >= V.scalarCount && g.dilation_w == 1
            if V.self == F32.self && tiled && g.stride_w == 1 && g.kw == 3 {
                rowwise(g, x, 1, w, oy, low, high, bias, epilogue, y, InlineArray<3, V>(repeating: .zero))
            } else if V.self == F32.self && tiled && g.stride_w == 2 && g.kw == 3 {
                rowwise(g, x, 2, w, oy, low, high, bias, epilogue, y, InlineArray<3, V>(repeating: .zero))
            } else if V.self == F32.self && tiled && g.stride_w == 1 && g.kw == 5 {
                rowwise(g, x, 1, w, oy, low, high, bias, epilogue, y, InlineArray<5, V>(repeating: .zero))
            } else if g.c >= V.scalarCount {
                row(V.self, g, x, w, oy, low, high, V.scalarCount, bias, epilogue, y)
            } else {
                row(V.self, g, x, w, oy, low, high, g.c, bias, epilogue, y)
            }
        }
    }
}
