import CKernelInterface

// The multiplications of F(4x4, 3x3) and its three transforms, vectorised over channels.
// Matrices (Lavin and Gray 2015, points 0, 1, -1, 2, -2, infinity):
//   B' = [4 0 -5 0 1 0 | 0 -4 -4 1 1 0 | 0 4 -4 -1 1 0 | 0 -2 -1 2 1 0 | 0 2 -1 -2 1 0 | 0 4 0 -5 0 1]
//   G  = [1/4 0 0 | -1/6 -1/6 -1/6 | -1/6 1/6 -1/6 | 1/24 1/12 1/6 | 1/24 -1/12 1/6 | 0 0 1]
//   A' = [1 1 1 1 1 0 | 0 1 -1 2 -2 0 | 0 1 1 4 4 0 | 0 1 -1 8 -8 1]

@inline(__always)
private func scaled(_ acc: F32, _ v: F32, _ s: Float) -> F32 { multiplyAdd(acc, v, F32(repeating: s)) }

/// One column of B'd.
@inline(__always)
private func inputColumn(_ d0: F32, _ d1: F32, _ d2: F32, _ d3: F32, _ d4: F32, _ d5: F32) -> (F32, F32, F32, F32, F32, F32) {
    let even = scaled(d4, d2, -4)
    let odd = scaled(d3, d1, -4)
    let near = d4 - d2
    let far = d3 - d1
    return (
        scaled(scaled(d4, d2, -5), d0, 4), even + odd, even - odd, scaled(near, far, 2), scaled(near, far, -2),
        scaled(scaled(d5, d3, -5), d1, 4)
    )
}

/// One column of A'm.
@inline(__always)
private func outputColumn(_ m0: F32, _ m1: F32, _ m2: F32, _ m3: F32, _ m4: F32, _ m5: F32) -> (F32, F32, F32, F32) {
    let s = m1 + m2
    let d = m1 - m2
    let t = m3 + m4
    let u = m3 - m4
    return (m0 + s + t, scaled(d, u, 2), scaled(s, t, 4), scaled(d + m5, u, 8))
}

/// One column of Gg.
@inline(__always)
private func filterColumn(_ g0: F32, _ g1: F32, _ g2: F32) -> (F32, F32, F32, F32, F32, F32) {
    let s = (g0 + g2) * F32(repeating: -1.0 / 6)
    let d = g1 * F32(repeating: -1.0 / 6)
    let t = scaled(g0 * F32(repeating: 1.0 / 24), g2, 1.0 / 6)
    let u = g1 * F32(repeating: 1.0 / 12)
    return (g0 * F32(repeating: 0.25), s + d, s - d, t + u, t - u, g2)
}

/// Computes v = B'dB for the vector of channels at `x`, whose pixels are `pixel` and whose rows are `row` elements apart.
/// Operands: 36 results `plane` elements apart. Registers: a column at a time, the half-done patch in `half` (36 vectors, L1).
@inline(__always)
private func transformPatch(
    _ x: UnsafePointer<Float>, _ row: Int, _ pixel: Int, _ v: UnsafeMutablePointer<Float>, _ plane: Int, _ half: UnsafeMutablePointer<Float>
) {
    let lanes = F32.scalarCount
    for j in 0..<6 {
        let p = x + j * pixel
        let r = inputColumn(
            load(p), load(p + row), load(p + 2 * row), load(p + 3 * row), load(p + 4 * row), load(p + 5 * row))
        let o = half + j * lanes
        store(r.0, o)
        store(r.1, o + 6 * lanes)
        store(r.2, o + 12 * lanes)
        store(r.3, o + 18 * lanes)
        store(r.4, o + 24 * lanes)
        store(r.5, o + 30 * lanes)
    }
    for i in 0..<6 {
        let p = UnsafePointer(half) + 6 * i * lanes
        let r = inputColumn(
            load(p), load(p + lanes), load(p + 2 * lanes), load(p + 3 * lanes), load(p + 4 * lanes), load(p + 5 * lanes))
        let o = v + 6 * i * plane
        store(r.0, o)
        store(r.1, o + plane)
        store(r.2, o + 2 * plane)
        store(r.3, o + 3 * plane)
        store(r.4, o + 4 * plane)
        store(r.5, o + 5 * plane)
    }
}

/// Computes: see `input` in winograd_kernels.h.
/// Preconditions: `v` has room for whole vectors of channels in each plane; `patch` holds 72 vectors.
/// Tail: channels beyond the last whole vector, and tiles that touch the padding, go through a zero-filled patch.
private func winogradInput(
    _ image: sc_winograd_image, _ x: UnsafePointer<Float>, _ row: Int, _ column: Int, _ v: UnsafeMutablePointer<Float>, _ plane: Int,
    _ patch: UnsafeMutablePointer<Float>
) {
    let lanes = F32.scalarCount
    let top = 4 * row - image.pad_top
    let left = 4 * column - image.pad_left
    let inside = top >= 0 && left >= 0 && top + 6 <= image.h && left + 6 <= image.w
    let half = patch + 36 * lanes
    var c = 0
    if inside {
        let origin = x + (top * image.w + left) * image.c
        while c + lanes <= image.c {
            transformPatch(origin + c, image.w * image.c, image.c, v + c, plane, half)
            c += lanes
        }
    }
    while c < image.c {
        let part = min(lanes, image.c - c)
        for i in 0..<6 {
            for j in 0..<6 {
                let y = top + i
                let z = left + j
                let q = patch + (6 * i + j) * lanes
                if y >= 0 && y < image.h && z >= 0 && z < image.w {
                    let p = x + (y * image.w + z) * image.c + c
                    store(loadPart(p, part) as F32, q)
                } else {
                    store(F32.zero, q)
                }
            }
        }
        transformPatch(patch, 6 * lanes, lanes, v + c, plane, half)
        c += lanes
    }
}

/// Computes: see `filter` in winograd_kernels.h; u = GgG'.
private func winogradFilter(
    _ filter: UnsafePointer<Float>, _ ic: Int, _ oc: Int, _ first: Int, _ last: Int, _ u: UnsafeMutablePointer<Float>
) {
    let lanes = F32.scalarCount
    let nr = winogradNV * lanes
    let plane = ic * nr + 16
    let tap = ic * oc
    withUnsafeTemporaryAllocation(of: F32.self, capacity: 18) { half in
        let half = half.baseAddress!
        for block in first..<last {
            for i in 0..<ic {
                for q in 0..<winogradNV {
                    let channel = block * nr + q * lanes
                    let part = max(0, min(lanes, oc - channel))
                    let p = filter + i * oc + channel
                    let o = u + 36 * block * plane + i * nr + q * lanes
                    for j in 0..<3 {
                        let g = p + j * tap
                        let g0 = loadPart(g, part) as F32
                        let g1 = loadPart(g + 3 * tap, part) as F32
                        let g2 = loadPart(g + 6 * tap, part) as F32
                        let r = filterColumn(g0, g1, g2)
                        half[j] = r.0
                        half[3 + j] = r.1
                        half[6 + j] = r.2
                        half[9 + j] = r.3
                        half[12 + j] = r.4
                        half[15 + j] = r.5
                    }
                    for k in 0..<6 {
                        let r = filterColumn(half[3 * k], half[3 * k + 1], half[3 * k + 2])
                        let e = o + 6 * k * plane
                        store(r.0, e)
                        store(r.1, e + plane)
                        store(r.2, e + 2 * plane)
                        store(r.3, e + 3 * plane)
                        store(r.4, e + 4 * plane)
                        store(r.5, e + 5 * plane)
                    }
                }
            }
        }
    }
}

/// Computes m = v u for MR rows and NV vectors of columns, all sums in registers, in the order of ic.
@inline(__always)
private func multiplyTile<let MR: Int, let NV: Int>(
    _ ic: Int, _ v: UnsafePointer<Float>, _ ldv: Int, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, _ ldm: Int,
    _ zero: InlineArray<MR, InlineArray<NV, F32>>
) {
    let lanes = F32.scalarCount
    var sums = zero
    var a = v
    var b = u
    for _ in 0..<ic {
        var columns = InlineArray<NV, F32>(repeating: .zero)
        for q in 0..<NV { columns[unchecked: q] = load(b + q * lanes) }
        for p in 0..<MR {
            let s = F32(repeating: a[p * ldv])
            for q in 0..<NV {
                sums[unchecked: p][unchecked: q] = multiplyAdd(sums[unchecked: p][unchecked: q], s, columns[unchecked: q])
            }
        }
        a += 1
        b += NV * lanes
    }
    for p in 0..<MR {
        for q in 0..<NV { store(sums[unchecked: p][unchecked: q], m + p * ldm + q * lanes) }
    }
}

private func winogradMultiply(
    _ rows: Int, _ ic: Int, _ v: UnsafePointer<Float>, _ ldv: Int, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, _ ldm: Int
) {
    var row = 0
    while row < rows {
        multiplyTile(
            ic, v + row * ldv, ldv, u, m + row * ldm, ldm,
            WinogradTile(repeating: WinogradColumns(repeating: .zero)))
        row += winogradMR
    }
}

@inline(__always)
private func finished(_ v: F32, _ bias: F32, _ epilogue: sc_winograd_epilogue) -> F32 {
    let sum = v + bias
    let below = epilogue.slope == 0 ? F32.zero : sum * F32(repeating: epilogue.slope)
    let rectified = sum.replacing(with: below, where: sum .< F32.zero)
    let ceiling = F32(repeating: epilogue.ceiling)
    return rectified.replacing(with: ceiling, where: rectified .> ceiling)
}

/// Computes: see `output` in winograd_kernels.h; y = A'mA, then the epilogue.
/// Tail: outputs outside the image and lanes beyond `last` are not stored.
private func winogradOutput(
    _ image: sc_winograd_image, _ m: UnsafePointer<Float>, _ plane: Int, _ row: Int, _ column: Int, _ first: Int, _ last: Int,
    _ epilogue: sc_winograd_epilogue, _ y: UnsafeMutablePointer<Float>
) {
    let lanes = F32.scalarCount
    let rows = min(4, image.oh - 4 * row)
    let columns = min(4, image.ow - 4 * column)
    let origin = y + (4 * row * image.ow + 4 * column) * image.oc
    withUnsafeTemporaryAllocation(of: F32.self, capacity: 24) { half in
        let half = half.baseAddress!
        var c = first
        while c < last {
            let part = min(lanes, last - c)
            for j in 0..<6 {
                let p = m + j * plane + (c - first)
                let step = 6 * plane
                let r = outputColumn(
                    load(p), load(p + step), load(p + 2 * step), load(p + 3 * step), load(p + 4 * step), load(p + 5 * step))
                half[j] = r.0
                half[6 + j] = r.1
                half[12 + j] = r.2
                half[18 + j] = r.3
            }
            var bias = F32.zero
            if let b = epilogue.bias { bias = loadPart(b + c, part) }
            for i in 0..<rows {
                let q = half + 6 * i
                let r = outputColumn(q[0], q[1], q[2], q[3], q[4], q[5])
                let o = origin + i * image.ow * image.oc + c
                if part == lanes && columns == 4 {
                    store(finished(r.0, bias, epilogue), o)
                    store(finished(r.1, bias, epilogue), o + image.oc)
                    store(finished(r.2, bias, epilogue), o + 2 * image.oc)
                    store(finished(r.3, bias, epilogue), o + 3 * image.oc)
                } else {
                    for j in 0..<columns {
                        let v = finished(j == 0 ? r.0 : j == 1 ? r.1 : j == 2 ? r.2 : r.3, bias, epilogue)
                        let p = o + j * image.oc
                        storePart(part, v, p)
                    }
                }
            }
            c += lanes
        }
    }
}

func makeWinogradKernels() -> sc_winograd_kernels {
    var k = sc_winograd_kernels()
    k.mr = winogradMR
    k.nr = winogradNV * F32.scalarCount
    k.filter = { winogradFilter($0!, $1, $2, $3, $4, $5!) }
    k.input = { winogradInput($0!.pointee, $1!, $2, $3, $4!, $5, $6!) }
    k.multiply = { winogradMultiply($0, $1, $2!, $3, $4!, $5!, $6) }
    k.output = { winogradOutput($0!.pointee, $1!, $2, $3, $4, $5, $6, $7!.pointee, $8!) }
    return k
}
