import CKernelInterface

// Lines of Winograd's F(m, r), for filters of one row or one column: what WinogradTiles.swift does, along one axis.

/// Computes: see `input` in winograd_kernels.h; v = B'd.
/// Tail: channels beyond the last whole vector, and lines that touch the padding, go through a zero-filled patch.
@inline(__always)
func winogradLineInput<T: WinogradTransform>(
    _: T.Type, _ image: sc_winograd_image, _ x: UnsafePointer<Float>, _ top: Int, _ left: Int, _ v: UnsafeMutablePointer<Float>,
    _ plane: Int, _ patch: UnsafeMutablePointer<Float>
) {
    let (lanes, points) = (F32.scalarCount, T.points)
    let isColumn = image.is_column != 0
    let step = isColumn ? image.step_h : image.step_w
    let (bottom, right) = (isColumn ? top + (points - 1) * step : top, isColumn ? left : left + (points - 1) * step)
    let inside = top >= 0 && left >= 0 && bottom < image.h && right < image.w
    let pixel = (isColumn ? image.w : 1) * step * image.c
    var c = 0
    if inside {
        let origin = x + (top * image.w + left) * image.c
        while c + lanes <= image.c {
            T.input(origin + c, pixel, v + c, plane)
            c += lanes
        }
    }
    while c < image.c {
        for j in 0..<points {
            let (y, z) = isColumn ? (top + j * step, left) : (top, left + j * step)
            let to = patch + j * lanes
            if y >= 0 && y < image.h && z >= 0 && z < image.w {
                store(loadPart(x + (y * image.w + z) * image.c + c, min(lanes, image.c - c)) as F32, to)
            } else {
                store(F32.zero, to)
            }
        }
        T.input(UnsafePointer(patch), lanes, v + c, plane)
        c += lanes
    }
}

/// Computes: see `filter` in winograd_kernels.h; u = Gg.
@inline(__always)
func winogradLineFilter<T: WinogradTransform>(
    _: T.Type, _ filter: UnsafePointer<Float>, _ tap: Int, _ row: Int, _ ic: Int, _ columns: Int, _ u: UnsafeMutablePointer<Float>,
    _ plane: Int
) {
    let (lanes, taps) = (F32.scalarCount, T.taps)
    let nr = winogradNV * lanes
    // Room for 7 taps, the largest transform's.
    var scratch = InlineArray<7, F32>(repeating: F32.zero)
    withUnsafeMutablePointer(to: &scratch) { scratch in
        let partial = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Float.self)
        for i in 0..<ic {
            for q in 0..<winogradNV {
                let part = max(0, min(lanes, columns - q * lanes))
                let p = filter + i * row + q * lanes
                let o = u + i * nr + q * lanes
                if part == lanes {
                    T.filter(p, tap, o, plane)
                } else {
                    for k in 0..<taps { store(loadPart(p + k * tap, part) as F32, partial + k * lanes) }
                    T.filter(UnsafePointer(partial), lanes, o, plane)
                }
            }
        }
    }
}

/// Computes: see `output` in winograd_kernels.h; y = A'm, then the epilogue.
/// Tail: outputs outside the image and lanes beyond the last channel are not stored.
@inline(__always)
func winogradLineOutput<T: WinogradTransform>(
    _: T.Type, _ image: sc_winograd_image, _ m: UnsafePointer<Float>, _ plane: Int, _ top: Int, _ left: Int,
    _ epilogue: sc_winograd_epilogue, _ y: UnsafeMutablePointer<Float>
) {
    let lanes = F32.scalarCount
    let isColumn = image.is_column != 0
    let step = isColumn ? image.out_step_h : image.out_step_w
    guard top < image.oh && left < image.ow else { return }
    let count = min(T.outputs, ((isColumn ? image.oh - top : image.ow - left) + step - 1) / step)
    let origin = y + (top * image.ow + left) * image.oc
    let pixel = (isColumn ? image.ow : 1) * step * image.oc
    // Room for 4 vectors, the largest transform's.
    var scratch = InlineArray<4, F32>(repeating: F32.zero)
    withUnsafeMutablePointer(to: &scratch) { scratch in
        let line = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Float.self)
        var c = 0
        while c < image.oc {
            let part = min(lanes, image.oc - c)
            var bias = F32.zero
            if let b = epilogue.bias { bias = loadPart(b + c, part) }
            T.output(m + c, plane, line, lanes)
            for j in 0..<count {
                storePart(part, winogradFinished(load(UnsafePointer(line) + j * lanes), bias, epilogue), origin + j * pixel + c)
            }
            c += lanes
        }
    }
}
