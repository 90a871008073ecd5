import CKernelInterface

/// Before the kernels: the compiler inlines in the order of a file, and from behind them leaves tiles as calls.
func addDepthwiseBackwardFilter(_ k: inout sc_depthwise_kernels) {
    k.backward_filter_f32 = { depthwiseBackwardFilter(F32.self, $0!.pointee, $1!, $2!, $3, $4, $5, $6, $7!) }
    k.backward_filter_f64 = { depthwiseBackwardFilter(F64.self, $0!.pointee, $1!, $2!, $3, $4, $5, $6, $7!) }
}

/// Adds to the sums of all taps of one vector of channels what eight outputs give: `sums[tap] += Σ x[output, tap] · dy[output]`;
/// KW taps a row, at a stride of 1 or 2.
///
/// Operands: x at the first tap of the first output; columns outside of [low, high) are left out if `checked`.
/// Preconditions: a whole vector of channels, no dilation along the row.
/// Registers: the tile of dy, which all rows of taps share, the sums of a row, one column of x.
/// Numerics: a sum gets its terms in the order of the outputs.
@inline(__always)
private func rowwiseTile<V: SIMD, let KW: Int>(
    _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ stride: Int, _ dy: UnsafePointer<V.Scalar>,
    _ rows: (first: Int, last: Int), checked: Bool, _ low: Int, _ high: Int, _ sums: UnsafeMutablePointer<V.Scalar>,
    _ taps: InlineArray<KW, V>
) where V.Scalar: BinaryFloatingPoint {
    var gradients = DepthwiseTile<V>(repeating: .zero)
    var d = dy
    depthwiseEight { u in
        d = opaque(u == 0 ? d : d + g.c)
        gradients[unchecked: u] = load(d)
    }
    var row = x + rows.first * g.dilation_h * g.w * g.c
    var s = sums + rows.first * KW * V.scalarCount
    for _ in rows.first..<rows.last {
        var own = taps
        for k in 0..<KW { own[unchecked: k] = load(UnsafePointer(s) + k * V.scalarCount) }
        var p = row
        depthwiseColumns(7 * stride + KW) { j in
            p = opaque(j == 0 ? p : p + g.c)
            if checked && (j < low || j >= high) { return }
            let column: V = load(p)
            for k in 0..<KW {
                let d = j - k
                if d >= 0 && d % stride == 0 && d / stride < 8 {
                    own[unchecked: k] = pin(multiplyAdd(own[unchecked: k], column, gradients[unchecked: d / stride]))
                }
            }
        }
        for k in 0..<KW { store(own[unchecked: k], s + k * V.scalarCount) }
        row += g.dilation_h * g.w * g.c
        s += KW * V.scalarCount
    }
}

@inline(__always)
private func rowwise<V: SIMD, let KW: Int>(
    _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ stride: Int, _ dy: UnsafePointer<V.Scalar>, _ oy: Int,
    _ firstVector: Int, _ lastVector: Int, _ sums: UnsafeMutablePointer<V.Scalar>, _ taps: InlineArray<KW, V>
) where V.Scalar: BinaryFloatingPoint {
    let top = oy * g.stride_h - g.pad_top
    let rows = depthwiseTaps(top, g.dilation_h, g.kh, g.h)
    var ox = 0
    while ox < g.ow {
        let count = smaller(8, g.ow - ox)
        let left = ox * stride - g.pad_left
        let (low, high) = (-left, g.w - left)
        let whole = low <= 0 && high >= 7 * stride + KW
        let from = x + (top * g.w + left) * g.c
        let gradients = dy + (oy * g.ow + ox) * g.c
        for vector in firstVector..<lastVector {
            let channel = depthwiseChannel(vector, V.scalarCount, g.c)
            let (p, d) = (from + channel, gradients + channel)
            let own = sums + vector * g.kh * KW * V.scalarCount
            if count < 8 {
                tile(V.self, g, p, left, d, rows, checked: true, count, V.scalarCount, own)
            } else if whole {
                rowwiseTile(g, p, stride, d, rows, checked: false, 0, 0, own, taps)
            } else {
                rowwiseTile(g, p, stride, d, rows, checked: true, low, high, own, taps)
            }
        }
        ox += count
    }
}

/// The same for any window, dilation and stride, for `count` outputs, and for fewer channels than lanes.
///
/// Registers: the tile of dy, which all taps share, two sums of a tap; each multiply-add reads its x from memory.
/// Numerics: a tap adds the even and the odd outputs of a tile on their own, then both to its sum.
@inline(__always)
private func tile<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ left: Int, _ dy: UnsafePointer<V.Scalar>,
    _ rows: (first: Int, last: Int),
    checked: Bool, _ count: Int, _ part: Int, _ sums: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
    var gradients = DepthwiseTile<V>(repeating: .zero)
    depthwiseEight { u in
        if !checked || u < count { gradients[unchecked: u] = loadPart(dy + u * g.c, part) }
    }
    let step = g.stride_w * g.c
    let tap = g.dilation_w * g.c
    var row = x + rows.first * g.dilation_h * g.w * g.c
    var s = sums + rows.first * g.kw * V.scalarCount
    for _ in rows.first..<rows.last {
        var p = row
        for j in 0..<g.kw {
            p = opaque(p)
            var even: V = load(UnsafePointer(s))
            var odd = V.zero
            let first = left + j * g.dilation_w
            let limit = checked ? larger(0, smaller(g.w, first + (count - 1) * g.stride_w + 1)) : 0
            if !checked || (first >= 0 && first + 7 * g.stride_w < limit) {
                for u in 0..<4 {
                    even = multiplyAdd(even, loadPart(p + 2 * u * step, part), gradients[unchecked: 2 * u])
                    odd = multiplyAdd(odd, loadPart(p + (2 * u + 1) * step, part), gradients[unchecked: 2 * u + 1])
                }
            } else {
                depthwiseEight { u in
                    if UInt(bitPattern: first + u * g.stride_w) < UInt(bitPattern: limit) {
                        let column: V = loadPart(p + u * step, part)
                        if u % 2 == 0 {
                            even = multiplyAdd(even, column, gradients[unchecked: u])
                        } else {
                            odd = multiplyAdd(odd, column, gradients[unchecked: u])
                        }
                    }
                }
            }
            store(even + odd, s)
            p += tap
            s += V.scalarCount
        }
        row += g.dilation_h * g.w * g.c
    }
}

@inline(__always)
private func row<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ dy: UnsafePointer<V.Scalar>, _ oy: Int, _ firstVector: Int,
    _ lastVector: Int, _ part: Int, _ sums: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
    let top = oy * g.stride_h - g.pad_top
    let rows = depthwiseTaps(top, g.dilation_h, g.kh, g.h)
    var ox = 0
    while ox < g.ow {
        let count = smaller(8, g.ow - ox)
        let left = ox * g.stride_w - g.pad_left
        let whole = count == 8 && left >= 0 && left + 7 * g.stride_w + (g.kw - 1) * g.dilation_w < g.w
        let from = x + (top * g.w + left) * g.c
        let gradients = dy + (oy * g.ow + ox) * g.c
        for vector in firstVector..<lastVector {
            let channel = depthwiseChannel(vector, V.scalarCount, g.c)
            let own = sums + vector * g.kh * g.kw * V.scalarCount
            if whole {
                tile(V.self, g, from + channel, left, gradients + channel, rows, checked: false, 8, part, own)
            } else {
                tile(V.self, g, from + channel, left, gradients + channel, rows, checked: true, count, part, own)
            }
        }
        ox += count
    }
}

/// Adds x times dy over rows of dy to the sums of the taps (depthwise_kernels.h).
@inline(__always)
private func depthwiseBackwardFilter<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ x: UnsafeRawPointer, _ dy: UnsafeRawPointer, _ first: Int, _ last: Int,
    _ firstVector: Int, _ lastVector: Int, _ sums: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    typealias S = V.Scalar
    let (x, dy, sums) = (x.assumingMemoryBound(to: S.self), dy.assumingMemoryBound(to: S.self), sums.assumingMemoryBound(to: S.self))
    for oy in first..<last {
        depthwiseChunks(firstVector, lastVector, g.kh * g.kw * V.scalarCount * MemoryLayout<S>.stride) { low, high in
            // As in DepthwiseForward.swift: only where it pays for its compiling.
            let tiled = V.self == F32.self && g.c >= V.scalarCount && g.dilation_w == 1 && g.stride_w == 1
            if V.self == F32.self && tiled && g.kw == 3 {
                rowwise(g, x, 1, dy, oy, low, high, sums, InlineArray<3, V>(repeating: .zero))
            } else if V.self == F32.self && tiled && g.kw == 5 {
                rowwise(g, x, 1, dy, oy, low, high, sums, InlineArray<5, V>(repeating: .zero))
            } else if g.c >= V.scalarCount {
                row(V.self, g, x, dy, oy, low, high, V.scalarCount, sums)
            } else {
                row(V.self, g, x, dy, oy, low, high, g.c, sums)
            }
        }
    }
}
