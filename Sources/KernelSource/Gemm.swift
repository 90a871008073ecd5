import CKernelInterface

/// Computes the tiles of a job (gemm_kernels.h), MR rows by NV vectors, of which the third and fourth are a second panel's.
/// Operands: any alignment; y must not overlap a or b.
/// Preconditions: job.columns ≤ NV · lanes, and equal to it for two panels.
/// Tail: columns beyond job.columns are computed on what b holds there (zeros in packed panels) and not stored.
/// Numerics: each output is one chain of multiply-adds, segments in order, steps in order, from y plus the bias on; then the activation.
/// Registers: MR · NV accumulators, NV vectors of b, one broadcast; MR pointers, b and two counters.
/// Source: K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", 2008; M. Dukhan, "The indirect
/// convolution algorithm", arXiv:1907.02129, 2019.
@inline(__always)
func gemmTiles<let MR: Int, let NV: Int, V: SIMD>(_ zero: InlineArray<MR, InlineArray<NV, V>>, _ job: UnsafePointer<sc_gemm_job>)
where V.Scalar: BinaryFloatingPoint {
    let size = MemoryLayout<V.Scalar>.stride
    let lanes = V.scalarCount
    // how many lanes of a row's last vector are stored
    let rest = job.pointee.columns - (NV - 1) * lanes
    let aStep = job.pointee.a_step * size
    let bStep = job.pointee.b_step * size
    let kind = job.pointee.finish == 0 ? 0 : job.pointee.activation
    let bBase = UnsafeRawPointer(job.pointee.b!)
    let second = job.pointee.second
    // A line of the next panel at each step, or pair of steps: so many tiles as these have lines of b ask for all of it,
    // as many again for the second of two panels.
    var ahead = UnsafeRawPointer(job.pointee.next ?? job.pointee.b!)
    var aheadStep = job.pointee.next == nil ? 0 : 64
    let pairsSteps = gemmPairsSteps && NV <= 2
    let lastAhead = (pairsSteps ? 4 : 2) * V.scalarCount * size / 64
    for t in 0..<job.pointee.tile_count {
        let tile = job.pointee.tiles + t * job.pointee.tile_words
        if t == lastAhead {
            if NV > 2 && aheadStep > 0 { ahead = job.pointee.next.unsafelyUnwrapped + second } else { aheadStep = 0 }
        }
        if t == 2 * lastAhead { aheadStep = 0 }
        if job.pointee.accumulate == 0 && job.pointee.streams == 0 {
            // Where the results go is brought in while they are computed: a store would wait for it.
            for p in 0..<MR {
                sc_prefetch(row(tile, p, job))
                if NV * lanes * size > 64 { sc_prefetch(row(tile, p, job) + 64) }
                if NV > 2 {
                    sc_prefetch(row(tile, p, job) + 128)
                    sc_prefetch(row(tile, p, job) + 192)
                }
            }
        }
        var acc = zero
        // from a register: the argument lies in memory
        for p in 0..<MR { for q in 0..<NV { acc[unchecked: p][unchecked: q] = V.zero } }
        if job.pointee.accumulate != 0 {
            for p in 0..<MR { acc[unchecked: p] = rowStart(zero[unchecked: 0], UnsafeRawPointer(row(tile, p, job)), rest) }
            if let bias = job.pointee.bias {
                let start = rowStart(zero[unchecked: 0], bias, rest)
                for p in 0..<MR { for q in 0..<NV { acc[unchecked: p][unchecked: q] += start[unchecked: q] } }
            }
        } else if let bias = job.pointee.bias {
            // Where the sum starts: then it costs nothing.
            let start = rowStart(zero[unchecked: 0], bias, rest)
            for p in 0..<MR { acc[unchecked: p] = start }
        }
        var segment = tile + 1 + job.pointee.table_rows
        for _ in 0..<tile[0] {
            var b = bBase + segment[0]
            let depth = segment[1]
            var a = InlineArray<MR, UnsafeRawPointer>(repeating: bBase)
            for p in 0..<MR { a[unchecked: p] = UnsafeRawPointer(bitPattern: segment[2 + p]).unsafelyUnwrapped }
            var offset = 0
            var left = depth
            if job.pointee.a_packed != 0 && job.pointee.rows == MR {
                var from = a[unchecked: 0]
                for _ in 0..<depth {
                    var column = zero[unchecked: 0]
                    for q in 0..<NV { column[unchecked: q] = loadRaw(b + (q & 1) * lanes * size + (q >> 1) * second) }
                    for p in 0..<MR {
                        let one = V(repeating: (from + p * size).load(as: V.Scalar.self))
                        for q in 0..<NV {
                            acc[unchecked: p][unchecked: q] = multiplyAdd(acc[unchecked: p][unchecked: q], one, column[unchecked: q])
                        }
                    }
                    from += aStep
                    b += bStep
                }
                left = 0
            } else if pairsSteps && aStep == size && bStep == NV * lanes * size {
                // In pairs each pointer that found no register is fetched once for two steps.
                while left >= 2 {
                    var first = zero[unchecked: 0]
                    var second = zero[unchecked: 0]
                    for q in 0..<NV {
                        first[unchecked: q] = loadRaw(b + q * lanes * size)
                        second[unchecked: q] = loadRaw(b + (NV + q) * lanes * size)
                    }
                    for p in 0..<MR {
                        let from = a[unchecked: p] + offset
                        let one = V(repeating: from.load(as: V.Scalar.self))
                        for q in 0..<NV {
                            acc[unchecked: p][unchecked: q] = multiplyAdd(acc[unchecked: p][unchecked: q], one, first[unchecked: q])
                        }
                        let two = V(repeating: (from + size).load(as: V.Scalar.self))
                        for q in 0..<NV {
                            acc[unchecked: p][unchecked: q] = multiplyAdd(acc[unchecked: p][unchecked: q], two, second[unchecked: q])
                        }
                    }
                    if gemmPrefetches {
                        sc_prefetch_l2(ahead)
                        ahead += aheadStep
                    }
                    offset += 2 * size
                    b += 2 * NV * lanes * size
                    left -= 2
                }
            }
            while left > 0 {
                left -= 1
                var column = zero[unchecked: 0]
                for q in 0..<NV { column[unchecked: q] = loadRaw(b + (q & 1) * lanes * size + (q >> 1) * second) }
                for p in 0..<MR {
                    let one = V(repeating: (a[unchecked: p] + offset).load(as: V.Scalar.self))
                    for q in 0..<NV {
                        acc[unchecked: p][unchecked: q] = multiplyAdd(acc[unchecked: p][unchecked: q], one, column[unchecked: q])
                    }
                }
                if gemmPrefetches {
                    sc_prefetch_l2(ahead)
                    ahead += aheadStep
                }
                offset += aStep
                b += bStep
            }
            segment += job.pointee.table_rows + 2
        }
        if kind == 1 {
            for p in 0..<MR { for q in 0..<NV { acc[unchecked: p][unchecked: q] = larger(acc[unchecked: p][unchecked: q], V.zero) } }
        } else if kind == 2 {
            let ceiling = V(repeating: 6)
            for p in 0..<MR {
                for q in 0..<NV { acc[unchecked: p][unchecked: q] = rectified(acc[unchecked: p][unchecked: q], ceiling) }
            }
        }
        if job.pointee.streams != 0 {
            for p in 0..<MR { streamRow(acc[unchecked: p], row(tile, p, job)) }
        } else if rest == lanes {
            for p in 0..<MR { storeRow(acc[unchecked: p], row(tile, p, job), lanes) }
        } else {
            for p in 0..<MR { storeRow(acc[unchecked: p], row(tile, p, job), rest) }
        }
        if kind == 3 { activate(V.self, MR, tile, job) }
    }
}

/// A row's sums to begin with, from memory of which the last vector has `rest` elements.
@inline(__always)
func rowStart<let NV: Int, V: SIMD>(_ zero: InlineArray<NV, V>, _ from: UnsafeRawPointer, _ rest: Int) -> InlineArray<NV, V>
where V.Scalar: BinaryFloatingPoint {
    let from = from.assumingMemoryBound(to: V.Scalar.self)
    var start = zero
    for q in 0..<NV - 1 { start[unchecked: q] = load(from + q * V.scalarCount) }
    start[unchecked: NV - 1] = loadPart(from + (NV - 1) * V.scalarCount, rest)
    return start
}

/// Stores a row, of its last vector `rest` lanes.
@inline(__always)
func storeRow<let NV: Int, V: SIMD>(_ sums: InlineArray<NV, V>, _ y: UnsafeMutableRawPointer, _ rest: Int)
where V.Scalar: BinaryFloatingPoint {
    let y = y.assumingMemoryBound(to: V.Scalar.self)
    for q in 0..<NV - 1 { store(sums[unchecked: q], y + q * V.scalarCount) }
    storePart(rest, sums[unchecked: NV - 1], y + (NV - 1) * V.scalarCount)
}

/// Writes a row of whole vectors past the caches.
@inline(__always)
private func streamRow<let NV: Int, V: SIMD>(_ sums: InlineArray<NV, V>, _ y: UnsafeMutableRawPointer) {
    for q in 0..<NV { streamRaw(sums[unchecked: q], y + q * MemoryLayout<V>.size) }
}

/// 0 for negative v, at most `ceiling`; NaN stays.
@inline(__always)
func rectified<V: SIMD>(_ v: V, _ ceiling: V) -> V where V.Scalar: BinaryFloatingPoint {
    let positive = v.replacing(with: V.zero, where: isLess(v, V.zero))
    return positive.replacing(with: ceiling, where: isLess(ceiling, positive))
}

@inline(__always)
private func row(_ tile: UnsafePointer<Int>, _ p: Int, _ job: UnsafePointer<sc_gemm_job>) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: tile[1 + p] + job.pointee.y_offset).unsafelyUnwrapped
}

/// Leaky relu of a tile, in y: with the slope in a register too, the accumulators would not fit.
@inline(__always)
private func activate<V: SIMD>(_: V.Type, _ mr: Int, _ tile: UnsafePointer<Int>, _ job: UnsafePointer<sc_gemm_job>)
where V.Scalar: BinaryFloatingPoint {
    for p in 0..<mr {
        // Rows beyond the end repeat the last one, whose activation must be applied once.
        if p > 0 && tile[1 + p] == tile[p] { return }
        leakyRow(V.self, V.Scalar(job.pointee.alpha), row(tile, p, job), job.pointee.columns)
    }
}

/// Negative elements of a row times `slope`.
@inline(__always)
func leakyRow<V: SIMD>(_: V.Type, _ slope: V.Scalar, _ y: UnsafeMutableRawPointer, _ columns: Int)
where V.Scalar: BinaryFloatingPoint {
    let y = y.assumingMemoryBound(to: V.Scalar.self)
    forVectors(V.self, columns) { j, part in
        var v: V = loadPart(y + j, part)
        v.replace(with: v * V(repeating: slope), where: isLess(v, V.zero))
        storePart(part, v, y + j)
    }
}

/// Computes a packed panel (gemm_kernels.h): `depth` rows of whole vectors, missing columns 0.
@inline(__always)
private func packPanel<V: SIMD>(
    _: V.Type, _ nr: Int, _ source: UnsafeRawPointer, _ depth: Int, _ columns: Int, _ kStride: Int, _ nStride: Int,
    _ panel: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint & BitwiseCopyable {
    let source = source.assumingMemoryBound(to: V.Scalar.self)
    let panel = panel.assumingMemoryBound(to: V.Scalar.self)
    if nStride == 1 && columns == nr {
        for k in 0..<depth {
            var j = 0
            while j < nr {
                store(load(source + k * kStride + j, as: V.self), panel + k * nr + j)
                j += V.scalarCount
            }
        }
        return
    }
    if columns < nr {
        for i in 0..<depth * nr { panel[i] = 0 }
    }
    if nStride == 1 {
        let size = MemoryLayout<V.Scalar>.stride
        copyRuns(source, kStride * size, panel, nr * size, columns * size, depth)
    } else if kStride == 1 {
        transposeRuns(V.Scalar.self, source, nStride, columns, panel, nr, depth)
    } else {
        // Short runs of k keep the lines of the panel that are being written in the first-level cache.
        var k0 = 0
        while k0 < depth {
            let k1 = min(depth, k0 + 16)
            for j in 0..<columns { for k in k0..<k1 { panel[k * nr + j] = source[k * kStride + j * nStride] } }
            k0 = k1
        }
    }
}

func makeGemmKernels() -> sc_gemm_kernels {
    var k = sc_gemm_kernels()
    k.mr = gemmMR
    k.nr_f32 = 2 * F32.scalarCount
    k.nr_f64 = 2 * F64.scalarCount
    k.pair_mr = gemmPairMR
    k.f32.tiles = { job in
        if job!.pointee.columns > 2 * F32.scalarCount {
            gemmPairTiles(job!)
        } else if job!.pointee.columns <= F32.scalarCount {
            gemmTiles(columns: InlineArray<1, F32>(repeating: F32.zero), job!)
        } else {
            gemmTiles(columns: InlineArray<2, F32>(repeating: F32.zero), job!)
        }
    }
    k.f64.tiles = { job in
        if job!.pointee.columns <= F64.scalarCount {
            gemmTiles(columns: InlineArray<1, F64>(repeating: F64.zero), job!)
        } else {
            gemmTiles(columns: InlineArray<2, F64>(repeating: F64.zero), job!)
        }
    }
    k.f32.pack = { packPanel(F32.self, 2 * F32.scalarCount, $0!, $1, $2, $3, $4, $5!) }
    k.f64.pack = { packPanel(F64.self, 2 * F64.scalarCount, $0!, $1, $2, $3, $4, $5!) }
    k.f32.transpose_runs = { transposeRuns(Float.self, $0!, $1, $2, $3!, $4, $5) }
    addFewRowsKernels(&k)
    addStripKernels(&k)
    k.f64.transpose_runs = { transposeRuns(Double.self, $0!, $1, $2, $3!, $4, $5) }
    k.copy_runs = { copyRuns($0!, $1, $2!, $3, $4, $5) }
    return k
}
