import CKernelInterface

/// Computes one output row of average pooling: the mean of the cells that lie in the image.
@inline(__always)
private func avgPoolRow<V: SIMD>(
    _: V.Type, _ window: UnsafePointer<sc_pool_window>, _ oy: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let g = window.pointee
    let x = x.assumingMemoryBound(to: V.Scalar.self)
    let y = y.assumingMemoryBound(to: V.Scalar.self)
    let top = oy * g.stride_h - g.pad_top
    let (tapTop, tapBottom) = validTaps(top, g.kh, g.h)
    for ox in 0..<g.ow {
        let left = ox * g.stride_w - g.pad_left
        let (tapLeft, tapRight) = validTaps(left, g.kw, g.w)
        let divisor = V(repeating: V.Scalar((tapBottom - tapTop) * (tapRight - tapLeft)))
        // The first tap starts the sum.
        let first = x + ((top + tapTop) * g.w + left + tapLeft) * g.c
        let (height, width) = (tapBottom - tapTop, tapRight - tapLeft)
        let to = y + ox * g.c
        forVectors(V.self, g.c) { c in
            var sum = FourVectors<V>(first + c)
            for ty in 0..<height {
                let row = first + ty * g.w * g.c + c
                for tx in (ty == 0 ? 1 : 0)..<width { sum.join(row + tx * g.c) { $0 + $1 } }
            }
            sum.store(to + c) { $0 / divisor }
        } one: { c, n in
            var sum: V = loadPart(first + c, n)
            for ty in 0..<height {
                let row = first + ty * g.w * g.c + c
                for tx in (ty == 0 ? 1 : 0)..<width { sum += loadPart(row + tx * g.c, n) as V }
            }
            storePart(n, sum / divisor, to + c)
        }
    }
}

/// The outputs whose windows may hold input `i`: those with o · stride - pad <= i < o · stride - pad + size.
@inline(__always)
private func covering(_ i: Int, _ pad: Int, _ size: Int, _ stride: Int, _ outputs: Int) -> (Int, Int) {
    let end = i + pad
    let from = end < size ? 0 : (end - size) / stride + 1
    return (from, min(outputs, end / stride + 1))
}

/// Computes row `iy` of dx: the sum of dy / (cells of the window) over the windows that hold the pixel, in the order of the windows.
@inline(__always)
private func avgPoolBackwardRow<V: SIMD>(
    _: V.Type, _ window: UnsafePointer<sc_pool_window>, _ iy: Int, _ dy: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let g = window.pointee
    let dy = dy.assumingMemoryBound(to: V.Scalar.self)
    let dx = dx.assumingMemoryBound(to: V.Scalar.self)
    let (oyFrom, oyTo) = covering(iy, g.pad_top, g.kh, g.stride_h, g.oh)
    for ix in 0..<g.w {
        let to = dx + ix * g.c
        forVectors(V.self, g.c) { c, n in storePart(n, V.zero, to + c) }
        let (oxFrom, oxTo) = covering(ix, g.pad_left, g.kw, g.stride_w, g.ow)
        var oy = oyFrom
        while oy < oyTo {
            let (tapTop, tapBottom) = validTaps(oy * g.stride_h - g.pad_top, g.kh, g.h)
            var ox = oxFrom
            while ox < oxTo {
                let (tapLeft, tapRight) = validTaps(ox * g.stride_w - g.pad_left, g.kw, g.w)
                let share = V(repeating: 1 / V.Scalar((tapBottom - tapTop) * (tapRight - tapLeft)))
                let from = dy + (oy * g.ow + ox) * g.c
                forVectors(V.self, g.c) { c, n in
                    storePart(n, multiplyAdd(loadPart(to + c, n), loadPart(from + c, n), share), to + c)
                }
                ox += 1
            }
            oy += 1
        }
    }
}

/// Computes one row of bilinear interpolation, in TensorFlow's order: across the upper row, across the lower row, then down.
@inline(__always)
private func bilinearRow<V: SIMD>(
    _: V.Type, _ width: Int, _ channels: Int, _ left: UnsafePointer<Int32>, _ right: UnsafePointer<Int32>,
    _ across: UnsafePointer<Double>, _ down: Double, _ top: UnsafeRawPointer, _ bottom: UnsafeRawPointer,
    _ y: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let top = top.assumingMemoryBound(to: V.Scalar.self)
    let bottom = bottom.assumingMemoryBound(to: V.Scalar.self)
    let y = y.assumingMemoryBound(to: V.Scalar.self)
    let downV = V(repeating: V.Scalar(down))
    for ox in 0..<width {
        let acrossV = V(repeating: V.Scalar(across[ox]))
        let (l, r) = (Int(left[ox]) * channels, Int(right[ox]) * channels)
        forVectors(V.self, channels) { c, n in
            let topLeft: V = loadPart(top + l + c, n)
            let bottomLeft: V = loadPart(bottom + l + c, n)
            let upper = multiplyAdd(topLeft, loadPart(top + r + c, n) - topLeft, acrossV)
            let lower = multiplyAdd(bottomLeft, loadPart(bottom + r + c, n) - bottomLeft, acrossV)
            storePart(n, multiplyAdd(upper, lower - upper, downV), y + ox * channels + c)
        }
    }
}

func makePoolingKernels() -> sc_pooling_kernels {
    var k = sc_pooling_kernels()
    addMaxPoolingKernels(&k)
    k.avg_f32 = { avgPoolRow(F32.self, $0!, $1, $2!, $3!) }
    k.avg_f64 = { avgPoolRow(F64.self, $0!, $1, $2!, $3!) }
    k.avg_backward_f32 = { avgPoolBackwardRow(F32.self, $0!, $1, $2!, $3!) }
    k.avg_backward_f64 = { avgPoolBackwardRow(F64.self, $0!, $1, $2!, $3!) }
    k.bilinear_f32 = { bilinearRow(F32.self, $0, $1, $2!, $3!, $4!, $5, $6!, $7!, $8!) }
    k.bilinear_f64 = { bilinearRow(F64.self, $0, $1, $2!, $3!, $4!, $5, $6!, $7!, $8!) }
    return k
}
