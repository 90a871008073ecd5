import CKernelInterface

// Depthwise convolution and its gradients, vectorised over channels. A group of channels is one vector, of which `part` lanes count:
// all of them, a constant wherever speed matters, or those of the last channels.

/// The taps k in [first, last) of `count` for which `position + k * dilation` lies in [0, size).
@inline(__always)
private func validTaps(_ position: Int, _ dilation: Int, _ count: Int, _ size: Int) -> (first: Int, last: Int) {
    let first = position >= 0 ? 0 : (dilation - 1 - position) / dilation
    let last = position >= size ? 0 : min(count, (size - 1 - position) / dilation + 1)
    return (first, max(first, last))
}

/// The outputs o in [first, last) of `count` for which `o * stride + offset` lies in [0, size).
@inline(__always)
private func validOutputs(_ offset: Int, _ stride: Int, _ count: Int, _ size: Int) -> (first: Int, last: Int) {
    let first = offset >= 0 ? 0 : (stride - 1 - offset) / stride
    let last = offset >= size ? 0 : min(count, (size - 1 - offset) / stride + 1)
    return (min(first, count), max(min(first, count), last))
}

/// Computes U neighbouring outputs of one vector of channels.
/// Operands: x at the first tap of the first output; `step` elements between the inputs of neighbouring outputs.
/// Numerics: taps in order of kh, kw; one accumulator an output.
@inline(__always)
private func depthwiseTile<V: SIMD, let U: Int>(
    _ x: UnsafePointer<V.Scalar>, _ row: Int, _ tap: Int, _ step: Int, _ filter: UnsafePointer<V.Scalar>, _ c: Int, _ kw: Int,
    _ rows: (first: Int, last: Int), _ columns: (first: Int, last: Int), _ part: Int, _ zero: InlineArray<U, V>
) -> InlineArray<U, V> where V.Scalar: BinaryFloatingPoint {
    var sums = zero
    for i in rows.first..<rows.last {
        let p = x + i * row
        let f = filter + i * kw * c
        for j in columns.first..<columns.last {
            let weight: V = loadPart(f + j * c, part)
            let q = p + j * tap
            for u in 0..<U {
                sums[unchecked: u] = multiplyAdd(sums[unchecked: u], loadPart(q + u * step, part), weight)
            }
        }
    }
    return sums
}

@inline(__always)
private func finished<V: SIMD>(_ sum: V, _ bias: V, _ slope: V.Scalar, _ ceiling: V.Scalar) -> V where V.Scalar: BinaryFloatingPoint {
    let value = sum + bias
    let below = slope == 0 ? V.zero : value * V(repeating: slope)
    let rectified = value.replacing(with: below, where: isLess(value, V.zero))
    let top = V(repeating: ceiling)
    return rectified.replacing(with: top, where: isLess(top, rectified))
}

/// One vector of channels, starting at c, of the rows [first, last) of y.
@inline(__always)
private func depthwiseForward<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ filter: UnsafePointer<V.Scalar>, _ epilogue: sc_depthwise_epilogue,
    _ first: Int, _ last: Int, _ channel: Int, _ part: Int, _ y: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
    let bias: V
    if let b = epilogue.bias { bias = loadPart(b.assumingMemoryBound(to: V.Scalar.self) + channel, part) } else { bias = .zero }
    let slope = V.Scalar(epilogue.slope)
    let ceiling = V.Scalar(epilogue.ceiling)
    let row = g.dilation_h * g.w * g.c
    let tap = g.dilation_w * g.c
    let step = g.stride_w * g.c
    let weights = filter + channel
    // Outputs for which every column of taps is inside the image.
    let reach = (g.kw - 1) * g.dilation_w
    let whole = validOutputs(-g.pad_left, g.stride_w, g.ow, g.w - reach)
    for oy in first..<last {
        let top = oy * g.stride_h - g.pad_top
        let rows = validTaps(top, g.dilation_h, g.kh, g.h)
        let out = y + oy * g.ow * g.c + channel
        let origin = x + top * g.w * g.c - g.pad_left * g.c + channel
        var ox = 0
        while ox < g.ow {
            let p = origin + ox * step
            if ox >= whole.first && ox + 6 <= whole.last {
                let sums = depthwiseTile(
                    p, row, tap, step, weights, g.c, g.kw, rows, (0, g.kw), part, InlineArray<6, V>(repeating: .zero))
                for u in 0..<6 { storePart(part, finished(sums[unchecked: u], bias, slope, ceiling), out + (ox + u) * g.c) }
                ox += 6
            } else {
                let columns = validTaps(ox * g.stride_w - g.pad_left, g.dilation_w, g.kw, g.w)
                let sums = depthwiseTile(p, row, tap, step, weights, g.c, g.kw, rows, columns, part, InlineArray<1, V>(repeating: .zero))
                storePart(part, finished(sums[unchecked: 0], bias, slope, ceiling), out + ox * g.c)
                ox += 1
            }
        }
    }
}

/// Adds dy times the filter to dx, for one vector of channels: each output's gradient goes back to the inputs it came from.
/// Numerics: an element of dx gets its terms in the order of (oy, kh, ox, kw).
@inline(__always)
private func depthwiseBackwardInput<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ filter: UnsafePointer<V.Scalar>, _ dy: UnsafePointer<V.Scalar>, _ channel: Int, _ part: Int,
    _ dx: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
    for pixel in 0..<g.h * g.w { storePart(part, V.zero, dx + pixel * g.c + channel) }
    for oy in 0..<g.oh {
        let top = oy * g.stride_h - g.pad_top
        let rows = validTaps(top, g.dilation_h, g.kh, g.h)
        for i in rows.first..<rows.last {
            let to = dx + (top + i * g.dilation_h) * g.w * g.c + channel
            let from = dy + oy * g.ow * g.c + channel
            let weights = filter + i * g.kw * g.c + channel
            for j in 0..<g.kw {
                let weight: V = loadPart(weights + j * g.c, part)
                let offset = j * g.dilation_w - g.pad_left
                let outputs = validOutputs(offset, g.stride_w, g.ow, g.w)
                for ox in outputs.first..<outputs.last {
                    let p = to + (ox * g.stride_w + offset) * g.c
                    storePart(part, multiplyAdd(loadPart(UnsafePointer(p), part), loadPart(from + ox * g.c, part), weight), p)
                }
            }
        }
    }
}

/// Adds x times dy over the rows [first, last) of dy to the sums of taps (i, j) … (i, j + T − 1), for one vector of channels.
@inline(__always)
private func depthwiseTaps<V: SIMD, let T: Int>(
    _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ dy: UnsafePointer<V.Scalar>, _ first: Int, _ last: Int, _ i: Int, _ j: Int,
    _ channel: Int, _ part: Int, _ sums: UnsafeMutablePointer<V.Scalar>, _ zero: InlineArray<T, V>
) where V.Scalar: BinaryFloatingPoint {
    var even = zero
    var odd = zero
    // The taps share the outputs for which all of them are inside; the few others are added tap by tap.
    var low = 0
    var high = g.ow
    for t in 0..<T {
        let outputs = validOutputs((j + t) * g.dilation_w - g.pad_left, g.stride_w, g.ow, g.w)
        low = max(low, outputs.first)
        high = min(high, outputs.last)
    }
    high = max(low, high)
    let step = g.stride_w * g.c
    let tap = g.dilation_w * g.c
    for oy in first..<last {
        let iy = oy * g.stride_h - g.pad_top + i * g.dilation_h
        if iy < 0 || iy >= g.h { continue }
        let p = x + (iy * g.w - g.pad_left + j * g.dilation_w) * g.c + channel
        let d = dy + oy * g.ow * g.c + channel
        for t in 0..<T {
            let outputs = validOutputs((j + t) * g.dilation_w - g.pad_left, g.stride_w, g.ow, g.w)
            for ox in outputs.first..<outputs.last where ox < low || ox >= high {
                even[unchecked: t] = multiplyAdd(
                    even[unchecked: t], loadPart(p + ox * step + t * tap, part), loadPart(d + ox * g.c, part))
            }
        }
        var ox = low
        while ox + 2 <= high {
            let a: V = loadPart(d + ox * g.c, part)
            let b: V = loadPart(d + (ox + 1) * g.c, part)
            let q = p + ox * step
            for t in 0..<T { even[unchecked: t] = multiplyAdd(even[unchecked: t], loadPart(q + t * tap, part), a) }
            for t in 0..<T { odd[unchecked: t] = multiplyAdd(odd[unchecked: t], loadPart(q + step + t * tap, part), b) }
            ox += 2
        }
        if ox < high {
            let a: V = loadPart(d + ox * g.c, part)
            for t in 0..<T { even[unchecked: t] = multiplyAdd(even[unchecked: t], loadPart(p + ox * step + t * tap, part), a) }
        }
    }
    for t in 0..<T {
        let s = sums + (i * g.kw + j + t) * g.c + channel
        storePart(part, loadPart(UnsafePointer(s), part) + (even[unchecked: t] + odd[unchecked: t]), s)
    }
}

@inline(__always)
private func depthwiseBackwardFilter<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ x: UnsafePointer<V.Scalar>, _ dy: UnsafePointer<V.Scalar>, _ first: Int, _ last: Int,
    _ channel: Int, _ part: Int, _ sums: UnsafeMutablePointer<V.Scalar>
) where V.Scalar: BinaryFloatingPoint {
    for i in 0..<g.kh {
        var j = 0
        while j + 5 <= g.kw {
            depthwiseTaps(g, x, dy, first, last, i, j, channel, part, sums, InlineArray<5, V>(repeating: .zero))
            j += 5
        }
        while j + 3 <= g.kw {
            depthwiseTaps(g, x, dy, first, last, i, j, channel, part, sums, InlineArray<3, V>(repeating: .zero))
            j += 3
        }
        while j < g.kw {
            depthwiseTaps(g, x, dy, first, last, i, j, channel, part, sums, InlineArray<1, V>(repeating: .zero))
            j += 1
        }
    }
}

/// Runs `body` on each vector of channels in [first, last): its first channel and how many of its lanes count.
@inline(__always)
private func eachVector(_ first: Int, _ last: Int, _ lanes: Int, _ body: (Int, Int) -> Void) {
    var c = first
    while c + lanes <= last {
        body(c, lanes)
        c += lanes
    }
    if c < last { body(c, last - c) }
}

@inline(__always)
private func forwardRows<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ x: UnsafeRawPointer, _ filter: UnsafeRawPointer, _ epilogue: sc_depthwise_epilogue,
    _ first: Int, _ last: Int, _ y: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    typealias S = V.Scalar
    let (x, filter, y) = (x.assumingMemoryBound(to: S.self), filter.assumingMemoryBound(to: S.self), y.assumingMemoryBound(to: S.self))
    // Row by row, so that the rows of x that neighbouring outputs share stay in the first-level cache.
    for oy in first..<last {
        eachVector(0, g.c, V.scalarCount) { c, part in
            depthwiseForward(V.self, g, x, filter, epilogue, oy, oy + 1, c, part, y)
        }
    }
}

@inline(__always)
private func backwardInputChannels<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ filter: UnsafeRawPointer, _ dy: UnsafeRawPointer, _ first: Int, _ last: Int,
    _ dx: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    typealias S = V.Scalar
    let (filter, dy, dx) = (filter.assumingMemoryBound(to: S.self), dy.assumingMemoryBound(to: S.self), dx.assumingMemoryBound(to: S.self))
    eachVector(first, last, V.scalarCount) { c, part in depthwiseBackwardInput(V.self, g, filter, dy, c, part, dx) }
}

@inline(__always)
private func backwardFilterRows<V: SIMD>(
    _: V.Type, _ g: sc_depthwise_image, _ x: UnsafeRawPointer, _ dy: UnsafeRawPointer, _ first: Int, _ last: Int,
    _ firstChannel: Int, _ lastChannel: Int, _ sums: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    typealias S = V.Scalar
    let (x, dy, sums) = (x.assumingMemoryBound(to: S.self), dy.assumingMemoryBound(to: S.self), sums.assumingMemoryBound(to: S.self))
    eachVector(firstChannel, lastChannel, V.scalarCount) { c, part in
        depthwiseBackwardFilter(V.self, g, x, dy, first, last, c, part, sums)
    }
}

func makeDepthwiseKernels() -> sc_depthwise_kernels {
    var k = sc_depthwise_kernels()
    k.forward_f32 = { forwardRows(F32.self, $0!.pointee, $1!, $2!, $3!.pointee, $4, $5, $6!) }
    k.forward_f64 = { forwardRows(F64.self, $0!.pointee, $1!, $2!, $3!.pointee, $4, $5, $6!) }
    k.backward_input_f32 = { backwardInputChannels(F32.self, $0!.pointee, $1!, $2!, $3, $4, $5!) }
    k.backward_input_f64 = { backwardInputChannels(F64.self, $0!.pointee, $1!, $2!, $3, $4, $5!) }
    k.backward_filter_f32 = { backwardFilterRows(F32.self, $0!.pointee, $1!, $2!, $3, $4, $5, $6, $7!) }
    k.backward_filter_f64 = { backwardFilterRows(F64.self, $0!.pointee, $1!, $2!, $3, $4, $5, $6, $7!) }
    return k
}
