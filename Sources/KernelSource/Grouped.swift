import CKernelInterface

/// How many groups alternate.
private protocol Alternation {
    /// A channel of all of them, repeated over the vector.
    static func channel(_ p: UnsafeRawPointer) -> F32
    /// Stores the groups of a sum at distances of `step` bytes.
    static func store(_ sum: F32, _ y: UnsafeMutableRawPointer, _ step: Int)
}

private enum Pairs: Alternation {
    @inline(__always)
    static func channel(_ p: UnsafeRawPointer) -> F32 { unsafeBitCast(F64(repeating: p.loadUnaligned(as: Double.self)), to: F32.self) }

    @inline(__always)
    static func store(_ sum: F32, _ y: UnsafeMutableRawPointer, _ step: Int) {
        put(sum.evenHalf, y)
        put(sum.oddHalf, y + step)
    }
}

private enum Fours: Alternation {
    @inline(__always)
    static func channel(_ p: UnsafeRawPointer) -> F32 { repeated(p.loadUnaligned(as: SIMD4<Float>.self)) }

    @inline(__always)
    static func store(_ sum: F32, _ y: UnsafeMutableRawPointer, _ step: Int) {
        let (even, odd) = (sum.evenHalf, sum.oddHalf)
        put(even.evenHalf, y)
        put(odd.evenHalf, y + step)
        put(even.oddHalf, y + 2 &* step)
        put(odd.oddHalf, y + 3 &* step)
    }
}

/// Computes the sums of a strip of pixels for groups that share a vector (grouped_kernels.h): tiles of nearly equal height by one vector.
/// Operands: any alignment; y must not overlap a or b.
/// Tail: tiles are as high as pixels are left.
/// Numerics: each output is one chain of multiply-adds, steps in order, from the bias on; then the activation.
/// Registers: a sum for each pixel of the tile, a vector of b, the repeated channel.
/// Source: own. Alternating groups cost a permutation at the start and the end of a sum instead of one in each of its steps.
@inline(__always)
private func groupedStrip<A: Alternation>(_: A.Type, _ job: UnsafePointer<sc_grouped_job>) {
    let pixels = job.pointee.pixels
    if pixels == 0 { return }
    let most = smaller(12, 2 &* gemmMR)
    let tiles = (pixels &+ most &- 1) / most
    let height = (pixels &+ tiles &- 1) / tiles
    let taller = pixels &- (height &- 1) &* tiles
    let done = taller &* height
    groupedTiles(A.self, height, job, job.pointee.a!, job.pointee.y!, taller)
    groupedTiles(
        A.self, height &- 1, job, job.pointee.a! + done &* job.pointee.a_pixel, job.pointee.y! + done &* job.pointee.y_pixel,
        tiles &- taller)
}

@inline(__always)
private func groupedTiles<A: Alternation>(
    _: A.Type, _ height: Int, _ job: UnsafePointer<sc_grouped_job>, _ a: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ count: Int
) {
    switch height {
    case 1: tiles(InlineArray<1, F32>(repeating: .zero), A.self, job, a, y, count)
    case 2: tiles(InlineArray<2, F32>(repeating: .zero), A.self, job, a, y, count)
    case 3: tiles(InlineArray<3, F32>(repeating: .zero), A.self, job, a, y, count)
    case 4: tiles(InlineArray<4, F32>(repeating: .zero), A.self, job, a, y, count)
    case 5: tiles(InlineArray<5, F32>(repeating: .zero), A.self, job, a, y, count)
    case 6: tiles(InlineArray<6, F32>(repeating: .zero), A.self, job, a, y, count)
    case 7: tiles(InlineArray<7, F32>(repeating: .zero), A.self, job, a, y, count)
    case 8: tiles(InlineArray<8, F32>(repeating: .zero), A.self, job, a, y, count)
    case 9: tiles(InlineArray<9, F32>(repeating: .zero), A.self, job, a, y, count)
    case 10: tiles(InlineArray<10, F32>(repeating: .zero), A.self, job, a, y, count)
    case 11: tiles(InlineArray<11, F32>(repeating: .zero), A.self, job, a, y, count)
    case 12: tiles(InlineArray<12, F32>(repeating: .zero), A.self, job, a, y, count)
    default: break
    }
}

@inline(__always)
private func put<T: BitwiseCopyable>(_ part: T, _ y: UnsafeMutableRawPointer) { y.storeBytes(of: part, as: T.self) }

@inline(never)
private func tiles<let MR: Int, A: Alternation>(
    _ zero: InlineArray<MR, F32>, _: A.Type, _ job: UnsafePointer<sc_grouped_job>, _ a: UnsafeRawPointer, _ y: UnsafeMutableRawPointer,
    _ count: Int
) {
    let size = MemoryLayout<F32>.size
    let (aPixel, yPixel, yGroup) = (job.pointee.a_pixel, job.pointee.y_pixel, job.pointee.y_group)
    let steps = job.pointee.steps!
    let depth = job.pointee.depth
    let kind = job.pointee.activation
    var (a, y) = (a, y)
    for _ in 0..<count {
        // outputs lie apart: the hardware does not foresee them
        for p in 0..<MR { sc_prefetch(y + (MR + p) * yPixel) }
        var acc = zero
        if job.pointee.accumulate != 0 {
            for p in 0..<MR { acc[unchecked: p] = loadRaw(y + p * yPixel) }
        } else if let bias = job.pointee.bias {
            let start: F32 = loadRaw(bias)
            for p in 0..<MR { acc[unchecked: p] = start }
        }
        var b = job.pointee.b!
        let end = b + depth * size
        var step = steps
        while b < end {
            let third = everyThird(a + step.pointee, aPixel)
            step += 1
            let column: F32 = loadRaw(b)
            for p in 0..<MR {
                let left = A.channel(third[unchecked: p / 3] + p % 3 * aPixel)
                acc[unchecked: p] = multiplyAdd(acc[unchecked: p], left, column)
            }
            b += size
        }
        if kind != 0 {
            let ceiling = F32(repeating: kind == 2 ? 6 : .infinity)
            for p in 0..<MR { acc[unchecked: p] = rectified(acc[unchecked: p], ceiling) }
        }
        if yGroup == 0 {
            for p in 0..<MR { storeRaw(acc[unchecked: p], y + p * yPixel) }
        } else {
            for p in 0..<MR { A.store(acc[unchecked: p], y + p * yPixel, yGroup) }
        }
        a += MR * aPixel
        y += MR * yPixel
    }
}

/// Computes interleave (grouped_kernels.h).
/// Tail: channels beyond a multiple of four one by one.
@inline(__always)
private func interleave(_ pair: Bool, _ job: sc_interleave_job) {
    let groups = pair ? 2 : 4
    let (channels, group) = (job.channels, job.from_group)
    var pixel = job.from!.assumingMemoryBound(to: Float.self)
    var target = job.to!.assumingMemoryBound(to: Float.self)
    for _ in 0..<job.pixels {
        var (from, to) = (pixel, target)
        for _ in 0..<job.sets {
            var c = 0
            while c &+ 4 <= channels {
                let (first, second): (SIMD4<Float>, SIMD4<Float>) = (four(from + c), four(from + c + group))
                if pair {
                    put(alternating(first, second), UnsafeMutableRawPointer(to + c &* 2))
                } else {
                    let (third, fourth): (SIMD4<Float>, SIMD4<Float>) = (four(from + c + 2 &* group), four(from + c + 3 &* group))
                    let (even, odd) = (alternating(first, third), alternating(second, fourth))
                    var all = SIMD16<Float>(repeating: 0)
                    all.evenHalf = even
                    all.oddHalf = odd
                    put(all, UnsafeMutableRawPointer(to + c &* 4))
                }
                c &+= 4
            }
            while c < channels {
                for g in 0..<groups { to[c &* groups &+ g] = from[c &+ g &* group] }
                c &+= 1
            }
            from += job.from_set
            to += job.to_set
        }
        pixel += job.from_pixel
        target += channels &* groups
    }
}

@inline(__always)
private func four(_ p: UnsafePointer<Float>) -> SIMD4<Float> { UnsafeRawPointer(p).loadUnaligned(as: SIMD4<Float>.self) }

@inline(__always)
private func alternating(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD8<Float> {
    var v = SIMD8<Float>(repeating: 0)
    v.evenHalf = a
    v.oddHalf = b
    return v
}

func makeGroupedKernels() -> sc_grouped_kernels {
    var k = sc_grouped_kernels()
    k.lanes = F32.scalarCount
    k.strip = { $0 == 2 ? groupedStrip(Pairs.self, $1!) : groupedStrip(Fours.self, $1!) }
    k.interleave = { job in
        if job!.pointee.groups == 2 { interleave(true, job!.pointee) } else { interleave(false, job!.pointee) }
    }
    return k
}
