import CKernelInterface

// Whole tiles of Winograd's algorithms, vectorised over channels: patches in, products' operands out, and back.

/// A tile's one-dimensional transform along its columns, then along its rows.
/// Operands: `from` has `count` × `count` vectors, rows `row` and columns `column` elements apart; `half` room for points × count vectors.
@inline(__always)
private func bothWays(
    _ count: Int, _ results: Int, _ from: UnsafePointer<Float>, _ row: Int, _ column: Int, _ half: UnsafeMutablePointer<Float>,
    _ to: UnsafeMutablePointer<Float>, _ toRow: Int, _ toColumn: Int,
    _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
) {
    let lanes = F32.scalarCount
    for j in 0..<count { transform(from + j * column, row, half + j * lanes, count * lanes) }
    for i in 0..<results { transform(UnsafePointer(half) + i * count * lanes, lanes, to + i * toRow, toColumn) }
}

/// Copies the pixels from (top, left), `step` apart, of a side of `side`, `part` channels each, to `patch`; zeros outside the image.
@inline(__always)
private func gatherPatch(
    _ x: UnsafePointer<Float>, _ h: Int, _ w: Int, _ c: Int, _ top: Int, _ left: Int, _ stepH: Int, _ stepW: Int, _ side: Int, _ part: Int,
    _ patch: UnsafeMutablePointer<Float>
) {
    let lanes = F32.scalarCount
    for i in 0..<side {
        let y = top + i * stepH
        for j in 0..<side {
            let z = left + j * stepW
            let q = patch + (side * i + j) * lanes
            if y >= 0 && y < h && z >= 0 && z < w {
                store(loadPart(x + (y * w + z) * c, part) as F32, q)
            } else {
                store(F32.zero, q)
            }
        }
    }
}

/// Computes: see `input` in winograd_kernels.h; v = B'dB.
/// Preconditions: `v` has room for whole vectors of channels in each plane; `patch` holds 2 · points² vectors.
/// Tail: channels beyond the last whole vector, and tiles that touch the padding, go through a zero-filled patch.
@inline(__always)
func winogradInput<T: WinogradTransform>(
    _: T.Type, _ image: sc_winograd_image, _ x: UnsafePointer<Float>, _ top: Int, _ left: Int, _ v: UnsafeMutablePointer<Float>,
    _ plane: Int, _ patch: UnsafeMutablePointer<Float>
) {
    let lanes = F32.scalarCount
    let points = T.points
    let reach = points - 1
    let inside = top >= 0 && left >= 0 && top + reach * image.step_h < image.h && left + reach * image.step_w < image.w
    let half = patch + points * points * lanes
    var c = 0
    if inside {
        let origin = x + (top * image.w + left) * image.c
        let (row, column) = (image.step_h * image.w * image.c, image.step_w * image.c)
        while c + lanes <= image.c {
            bothWays(points, points, origin + c, row, column, half, v + c, points * plane, plane, T.input)
            c += lanes
        }
    }
    while c < image.c {
        gatherPatch(
            x + c, image.h, image.w, image.c, top, left, image.step_h, image.step_w, points, min(lanes, image.c - c), patch)
        bothWays(points, points, UnsafePointer(patch), points * lanes, lanes, half, v + c, points * plane, plane, T.input)
        c += lanes
    }
}

/// Computes: see `filter` in winograd_kernels.h; u = GgG'.
@inline(__always)
func winogradFilter<T: WinogradTransform>(
    _: T.Type, _ filter: UnsafePointer<Float>, _ tap: Int, _ row: Int, _ ic: Int, _ columns: Int, _ u: UnsafeMutablePointer<Float>,
    _ plane: Int
) {
    let lanes = F32.scalarCount
    let (taps, points) = (T.taps, T.points)
    let nr = winogradNV * lanes
    // Room for 5 · 5 taps and 5 · 6 vectors, the largest transform's.
    var scratch = InlineArray<5, InlineArray<11, F32>>(repeating: InlineArray<11, F32>(repeating: F32.zero))
    withUnsafeMutablePointer(to: &scratch) { scratch in
        let half = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Float.self)
        let partial = half + taps * points * lanes
        for i in 0..<ic {
            for q in 0..<winogradNV {
                let part = max(0, min(lanes, columns - q * lanes))
                let p = filter + i * row + q * lanes
                let o = u + i * nr + q * lanes
                if part == lanes {
                    for j in 0..<taps { T.filter(p + j * tap, taps * tap, half + j * lanes, taps * lanes) }
                } else {
                    for k in 0..<taps * taps { store(loadPart(p + k * tap, part) as F32, partial + k * lanes) }
                    for j in 0..<taps { T.filter(UnsafePointer(partial) + j * lanes, taps * lanes, half + j * lanes, taps * lanes) }
                }
                for k in 0..<points { T.filter(UnsafePointer(half) + taps * k * lanes, lanes, o + points * k * plane, plane) }
            }
        }
    }
}

@inline(__always)
func winogradFinished(_ v: F32, _ bias: F32, _ epilogue: sc_winograd_epilogue) -> F32 {
    let sum = v + bias
    let below = epilogue.slope == 0 ? F32.zero : sum * F32(repeating: epilogue.slope)
    let rectified = sum.replacing(with: below, where: sum .< F32.zero)
    let ceiling = F32(repeating: epilogue.ceiling)
    return rectified.replacing(with: ceiling, where: rectified .> ceiling)
}

/// Computes: see `output` in winograd_kernels.h; y = A'mA, then the epilogue.
/// Tail: outputs outside the image and lanes beyond the last channel are not stored.
@inline(__always)
func winogradOutput<T: WinogradTransform>(
    _: T.Type, _ image: sc_winograd_image, _ m: UnsafePointer<Float>, _ plane: Int, _ top: Int, _ left: Int,
    _ epilogue: sc_winograd_epilogue, _ y: UnsafeMutablePointer<Float>
) {
    let lanes = F32.scalarCount
    let (outputs, points) = (T.outputs, T.points)
    let rows = min(outputs, (image.oh - top + image.out_step_h - 1) / image.out_step_h)
    let columns = min(outputs, (image.ow - left + image.out_step_w - 1) / image.out_step_w)
    guard rows > 0 && columns > 0 else { return }
    let origin = y + (top * image.ow + left) * image.oc
    let (row, column) = (image.out_step_h * image.ow * image.oc, image.out_step_w * image.oc)
    // Room for 4 · (6 + 1) vectors, the largest transform's. Temporary memory of so many of the widest ones would come from the heap.
    var scratch = InlineArray<4, InlineArray<7, F32>>(repeating: InlineArray<7, F32>(repeating: F32.zero))
    withUnsafeMutablePointer(to: &scratch) { scratch in
        let half = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Float.self)
        let line = half + outputs * points * lanes
        var c = 0
        while c < image.oc {
            let part = min(lanes, image.oc - c)
            for j in 0..<points { T.output(m + j * plane + c, points * plane, half + j * lanes, points * lanes) }
            var bias = F32.zero
            if let b = epilogue.bias { bias = loadPart(b + c, part) }
            for i in 0..<rows {
                T.output(UnsafePointer(half) + i * points * lanes, lanes, line, lanes)
                let o = origin + i * row + c
                if part == lanes && columns == outputs {
                    for j in 0..<outputs { store(winogradFinished(load(UnsafePointer(line) + j * lanes), bias, epilogue), o + j * column) }
                } else {
                    for j in 0..<columns {
                        storePart(part, winogradFinished(load(UnsafePointer(line) + j * lanes), bias, epilogue), o + j * column)
                    }
                }
            }
            c += lanes
        }
    }
}

/// Computes: see `output` of the gradient in winograd_kernels.h; u = GgG' of a 4×4 tile of dy, zeros outside the image.
@inline(__always)
func winogradGradient<T: WinogradGradientTransform>(
    _: T.Type, _ image: sc_winograd_image, _ dy: UnsafePointer<Float>, _ top: Int, _ left: Int, _ u: UnsafeMutablePointer<Float>,
    _ plane: Int, _ panel: Int, _ patch: UnsafeMutablePointer<Float>
) {
    let lanes = F32.scalarCount
    let nr = winogradNV * lanes
    let points = T.points
    let (stepH, stepW) = (image.out_step_h, image.out_step_w)
    let inside = top + 3 * stepH < image.oh && left + 3 * stepW < image.ow
    let half = patch + 36 * lanes
    let (row, column) = (stepH * image.ow * image.oc, stepW * image.oc)
    var c = 0
    while c < image.oc {
        let to = u + c / nr * panel + c % nr
        if inside && c + lanes <= image.oc {
            let origin = dy + (top * image.ow + left) * image.oc + c
            bothWays(4, points, origin, row, column, half, to, points * plane, plane, T.gradient)
        } else {
            gatherPatch(dy + c, image.oh, image.ow, image.oc, top, left, stepH, stepW, 4, min(lanes, image.oc - c), patch)
            bothWays(4, points, UnsafePointer(patch), 4 * lanes, lanes, half, to, points * plane, plane, T.gradient)
        }
        c += lanes
    }
}

/// Computes: see `filter` of the gradient in winograd_kernels.h; dfilter = A'mA.
@inline(__always)
func winogradFilterGradient<T: WinogradGradientTransform>(
    _: T.Type, _ tapH: Int, _ tapW: Int, _ tapsH: Int, _ tapsW: Int, _ columns: Int, _ m: UnsafePointer<Float>, _ plane: Int,
    _ dfilter: UnsafeMutablePointer<Float>
) {
    let lanes = F32.scalarCount
    let points = T.points
    // Room for 3 · (6 + 1) vectors, the largest transform's.
    var scratch = InlineArray<3, InlineArray<7, F32>>(repeating: InlineArray<7, F32>(repeating: F32.zero))
    withUnsafeMutablePointer(to: &scratch) { scratch in
        let half = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Float.self)
        let line = half + T.taps * points * lanes
        var c = 0
        while c < columns {
            let part = min(lanes, columns - c)
            for j in 0..<points { T.filterGradient(m + j * plane + c, points * plane, half + j * lanes, points * lanes) }
            for i in 0..<tapsH {
                T.filterGradient(UnsafePointer(half) + points * i * lanes, lanes, line, lanes)
                for j in 0..<tapsW { storePart(part, load(UnsafePointer(line) + j * lanes) as F32, dfilter + i * tapH + j * tapW + c) }
            }
            c += lanes
        }
    }
}
