import CKernelInterface

/// Computes the sums of a strip of pixels (gemm_kernels.h, sc_strip_job): tiles of nearly equal height by one or two vectors.
/// Operands: any alignment; y must not overlap a or b.
/// Preconditions: job.columns ≤ 2 · lanes; b is readable for whole vectors.
/// Tail: columns beyond job.columns are computed on what b holds there and not stored; tiles are as high as pixels are left.
/// Numerics: each output is one chain of multiply-adds, steps in order, from the bias on; then the activation.
/// Registers: as gemmTiles, but the pixels' addresses come from every third one: base + {0, 1, 2} · a_pixel.
/// Source: own. For few channels the sums are short: what a table costs a tile, or a loop for each row of taps, would be a large part of
/// the time.
@inline(__always)
private func strip<V: SIMD>(_: V.Type, _ job: UnsafePointer<sc_strip_job>) where V.Scalar: BinaryFloatingPoint {
    if job.pointee.columns <= V.scalarCount {
        strip(columns: InlineArray<1, V>(repeating: V.zero), job)
    } else {
        strip(columns: InlineArray<2, V>(repeating: V.zero), job)
    }
}

@inline(__always)
private func strip<let NV: Int, V: SIMD>(columns: InlineArray<NV, V>, _ job: UnsafePointer<sc_strip_job>)
where V.Scalar: BinaryFloatingPoint {
    let pixels = job.pointee.pixels
    if pixels == 0 { return }
    // float64 is rarer: two heights, whole and one, keep the library small.
    let coarse = MemoryLayout<V.Scalar>.size == 8
    let most = coarse ? gemmMR : stripMR(NV)
    let tiles = (pixels &+ most &- 1) / most
    let even = (pixels &+ tiles &- 1) / tiles
    let height = coarse ? gemmMR : even
    let count = coarse ? pixels / gemmMR &+ pixels % gemmMR : tiles
    let taller = coarse ? pixels / gemmMR : pixels &- (even &- 1) &* tiles
    let done = taller &* height
    stripTiles(columns, height, job, job.pointee.a!, job.pointee.y!, taller)
    stripTiles(
        columns, coarse ? 1 : height &- 1, job, job.pointee.a! + done &* job.pointee.a_pixel, job.pointee.y! + done &* job.pointee.y_pixel,
        count &- taller)
}

/// The height of a tile of one or two vectors: tiles of one need more rows to hide the latency of a multiply-add.
@inline(__always)
private func stripMR(_ vectors: Int) -> Int { vectors == 1 ? smaller(12, 2 &* gemmMR) : gemmMR }

@inline(never)
private func stripTiles<let NV: Int, V: SIMD>(
    _ columns: InlineArray<NV, V>, _ height: Int, _ job: UnsafePointer<sc_strip_job>, _ a: UnsafeRawPointer,
    _ y: UnsafeMutableRawPointer, _ count: Int
) where V.Scalar: BinaryFloatingPoint {
    if MemoryLayout<V.Scalar>.size == 8 {
        if height == 1 {
            stripTiles(InlineArray<1, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
        } else {
            stripWhole(columns, job, a, y, count)
        }
        return
    }
    switch height {
    case 1: stripTiles(InlineArray<1, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 2: stripTiles(InlineArray<2, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 3: stripTiles(InlineArray<3, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 4: stripTiles(InlineArray<4, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 5: stripTiles(InlineArray<5, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 6: stripTiles(InlineArray<6, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 7 where stripMR(NV) >= 7: stripTiles(InlineArray<7, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 8 where stripMR(NV) >= 8: stripTiles(InlineArray<8, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 9 where stripMR(NV) >= 9: stripTiles(InlineArray<9, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 10 where stripMR(NV) >= 10: stripTiles(InlineArray<10, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 11 where stripMR(NV) >= 11: stripTiles(InlineArray<11, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    case 12 where stripMR(NV) >= 12: stripTiles(InlineArray<12, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    default: break
    }
}

/// Tiles of gemmMR rows.
@inline(__always)
private func stripWhole<let NV: Int, V: SIMD>(
    _ columns: InlineArray<NV, V>, _ job: UnsafePointer<sc_strip_job>, _ a: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ count: Int
) where V.Scalar: BinaryFloatingPoint {
    if gemmMR == 12 {
        stripTiles(InlineArray<12, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    } else if gemmMR == 8 {
        stripTiles(InlineArray<8, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    } else {
        stripTiles(InlineArray<6, InlineArray<NV, V>>(repeating: columns), job, a, y, count)
    }
}

@inline(__always)
private func stripTiles<let MR: Int, let NV: Int, V: SIMD>(
    _ zero: InlineArray<MR, InlineArray<NV, V>>, _ job: UnsafePointer<sc_strip_job>, _ a: UnsafeRawPointer,
    _ y: UnsafeMutableRawPointer, _ count: Int
) where V.Scalar: BinaryFloatingPoint {
    let size = MemoryLayout<V.Scalar>.stride
    let lanes = V.scalarCount
    let rest = job.pointee.columns - (NV - 1) * lanes
    let (aPixel, yPixel) = (job.pointee.a_pixel, job.pointee.y_pixel)
    let bStep = 2 * lanes * size
    let steps = job.pointee.steps!
    let depth = job.pointee.depth
    let kind = job.pointee.activation
    var (a, y) = (a, y)
    for _ in 0..<count {
        var acc = zero
        // from a register: the argument lies in memory
        for p in 0..<MR { for q in 0..<NV { acc[unchecked: p][unchecked: q] = V.zero } }
        if let bias = job.pointee.bias {
            let start = rowStart(zero[unchecked: 0], bias, rest)
            for p in 0..<MR { acc[unchecked: p] = start }
        }
        var b = job.pointee.b!
        let end = b + depth * bStep
        var step = steps
        while b < end {
            let third = everyThird(a + step.pointee, aPixel)
            step += 1
            var column = zero[unchecked: 0]
            for q in 0..<NV { column[unchecked: q] = loadRaw(b + q * lanes * size) }
            for p in 0..<MR {
                let left = V(repeating: (third[unchecked: p / 3] + p % 3 * aPixel).load(as: V.Scalar.self))
                for q in 0..<NV {
                    acc[unchecked: p][unchecked: q] = multiplyAdd(acc[unchecked: p][unchecked: q], left, column[unchecked: q])
                }
            }
            b += bStep
        }
        if kind == 1 {
            for p in 0..<MR { for q in 0..<NV { acc[unchecked: p][unchecked: q] = larger(acc[unchecked: p][unchecked: q], V.zero) } }
        } else if kind == 2 {
            let ceiling = V(repeating: 6)
            for p in 0..<MR {
                for q in 0..<NV { acc[unchecked: p][unchecked: q] = rectified(acc[unchecked: p][unchecked: q], ceiling) }
            }
        }
        if rest == lanes {
            for p in 0..<MR { storeRow(acc[unchecked: p], y + p * yPixel, lanes) }
        } else {
            for p in 0..<MR { storeRow(acc[unchecked: p], y + p * yPixel, rest) }
        }
        if kind == 3 {
            for p in 0..<MR { leakyRow(V.self, V.Scalar(job.pointee.alpha), y + p * yPixel, job.pointee.columns) }
        }
        a += MR * aPixel
        y += MR * yPixel
    }
}

/// The addresses of every third pixel of a tile: those between are at base + {1, 2} · pixel, which needs no register.
@inline(__always)
func everyThird(_ first: UnsafeRawPointer, _ pixel: Int) -> InlineArray<4, UnsafeRawPointer> {
    var third = InlineArray<4, UnsafeRawPointer>(repeating: first)
    third[unchecked: 1] = first + 3 * pixel
    third[unchecked: 2] = first + 6 * pixel
    third[unchecked: 3] = first + 9 * pixel
    return third
}

/// Computes add_runs (gemm_kernels.h): runs of sums added into places that may overlap from run to run.
/// Operands: any alignment; `from` and `to` do not overlap.
/// Tail: by half vectors down to one element, so that nothing beyond a run is touched.
/// Numerics: one addition an element, runs in order.
/// Source: own.
@inline(__always)
private func addRuns<V: SIMD, Four: SIMD, Two: SIMD>(
    _: V.Type, _: Four.Type, _: Two.Type, _ from: UnsafeRawPointer, _ fromStep: Int, _ to: UnsafeMutableRawPointer, _ toStep: Int,
    _ length: Int, _ count: Int
) where V.Scalar: BinaryFloatingPoint & SIMDScalar, Four.Scalar == V.Scalar, Two.Scalar == V.Scalar {
    var from = from.assumingMemoryBound(to: V.Scalar.self)
    var to = to.assumingMemoryBound(to: V.Scalar.self)
    for _ in 0..<count {
        var i = 0
        while i &+ V.scalarCount <= length {
            store(load(UnsafePointer(to + i), as: V.self) + load(from + i, as: V.self), to + i)
            i &+= V.scalarCount
        }
        while i &+ 4 <= length {
            store(load(UnsafePointer(to + i), as: Four.self) + load(from + i, as: Four.self), to + i)
            i &+= 4
        }
        if i &+ 2 <= length {
            store(load(UnsafePointer(to + i), as: Two.self) + load(from + i, as: Two.self), to + i)
            i &+= 2
        }
        if i < length { to[i] += from[i] }
        from += fromStep
        to += toStep
    }
}

func addStripKernels(_ k: inout sc_gemm_kernels) {
    k.f32.strip = { strip(F32.self, $0!) }
    k.f64.strip = { strip(F64.self, $0!) }
    k.f32.add_runs = { addRuns(F32.self, SIMD4<Float>.self, SIMD2<Float>.self, $0!, $1, $2!, $3, $4, $5) }
    k.f64.add_runs = { addRuns(F64.self, SIMD4<Double>.self, SIMD2<Double>.self, $0!, $1, $2!, $3, $4, $5) }
}
