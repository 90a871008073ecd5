import CKernelInterface

/// Computes the tiles of a job (gemm_kernels.h), MR rows by NV vectors; the table has room for gemmMR rows.
/// Operands: any alignment; y must not overlap a or b.
/// Preconditions: job.columns ≤ NV · lanes.
/// Tail: columns beyond job.columns are computed on what b holds there (zeros in packed panels) and not stored.
/// Numerics: each output is one chain of multiply-adds, segments in order, steps in order, from the bias on; then the activation.
/// Registers: MR · NV accumulators, NV vectors of b, one broadcast; MR pointers, b and two counters.
/// Source: K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", 2008; M. Dukhan, "The indirect
/// convolution algorithm", arXiv:1907.02129, 2019.
@inline(__always)
func gemmTiles<let MR: Int, let NV: Int, V: SIMD>(_ zero: InlineArray<MR, InlineArray<NV, V>>, _ job: UnsafePointer<sc_gemm_job>)
where V.Scalar: BinaryFloatingPoint {
    let size = MemoryLayout<V.Scalar>.stride
    let lanes = V.scalarCount
    let full = job.pointee.columns == NV * lanes
    let aStep = job.pointee.a_step * size
    let bStep = job.pointee.b_step * size
    let kind = job.pointee.finish == 0 ? 0 : job.pointee.activation
    let bBase = UnsafeRawPointer(job.pointee.b!)
    for t in 0..<job.pointee.tile_count {
        let tile = job.pointee.tiles + t * job.pointee.tile_words
        var acc = zero
        if job.pointee.accumulate != 0 {
            if full {
                for p in 0..<MR {
                    let y = row(tile, p, job)
                    for q in 0..<NV { acc[unchecked: p][unchecked: q] = loadRaw(y + q * V.scalarCount * size) }
                }
            } else {
                let sums = loadPart(zero, tile, job)
                for p in 0..<MR { for q in 0..<NV { acc[unchecked: p][unchecked: q] = sums[unchecked: p][unchecked: q] } }
            }
        }
        // The bias is where the sum starts: then it costs nothing.
        if full, job.pointee.accumulate == 0, let bias = job.pointee.bias {
            for p in 0..<MR {
                for q in 0..<NV { acc[unchecked: p][unchecked: q] = loadRaw(bias + q * lanes * size) }
            }
        }
        var segment = tile + 1 + gemmMR
        for _ in 0..<tile[0] {
            var b = bBase + segment[0]
            let depth = segment[1]
            var a = InlineArray<MR, UnsafeRawPointer>(repeating: bBase)
            for p in 0..<MR { a[unchecked: p] = UnsafeRawPointer(bitPattern: segment[2 + p]).unsafelyUnwrapped }
            var offset = 0
            for _ in 0..<depth {
                var column = zero[unchecked: 0]
                for q in 0..<NV { column[unchecked: q] = loadRaw(b + q * lanes * size) }
                for p in 0..<MR {
                    let left = V(repeating: (a[unchecked: p] + offset).load(as: V.Scalar.self))
                    for q in 0..<NV {
                        acc[unchecked: p][unchecked: q] = multiplyAdd(acc[unchecked: p][unchecked: q], left, column[unchecked: q])
                    }
                }
                offset += aStep
                b += bStep
            }
            segment += gemmMR + 2
        }
        if full {
            for p in 0..<MR {
                let y = row(tile, p, job)
                for q in 0..<NV { storeRaw(acc[unchecked: p][unchecked: q], y + q * lanes * size) }
            }
            // On the stored sums: a longer epilogue would push the accumulators out of the registers.
            if kind != 0 { activate(V.self, MR, NV, kind, tile, job) }
        } else {
            // A copy, or the accumulators, whose address is taken there, would live in memory during the loop above.
            var sums = zero
            for p in 0..<MR { for q in 0..<NV { sums[unchecked: p][unchecked: q] = acc[unchecked: p][unchecked: q] } }
            finishTile(sums, tile, job)
        }
    }
}

@inline(__always)
private func row(_ tile: UnsafePointer<Int>, _ p: Int, _ job: UnsafePointer<sc_gemm_job>) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: tile[1 + p] + job.pointee.y_offset).unsafelyUnwrapped
}

/// The sums that y holds in its first job.columns columns.
@inline(never)
private func loadPart<let MR: Int, let NV: Int, V: SIMD>(
    _ zero: InlineArray<MR, InlineArray<NV, V>>, _ tile: UnsafePointer<Int>, _ job: UnsafePointer<sc_gemm_job>
) -> InlineArray<MR, InlineArray<NV, V>> where V.Scalar: BinaryFloatingPoint {
    var sums = zero
    withUnsafeMutablePointer(to: &sums) { sums in
        let sums = UnsafeMutableRawPointer(sums).assumingMemoryBound(to: V.Scalar.self)
        for p in 0..<MR {
            let y = UnsafePointer(row(tile, p, job).assumingMemoryBound(to: V.Scalar.self))
            for j in 0..<job.pointee.columns { sums[p * NV * V.scalarCount + j] = y[j] }
        }
    }
    return sums
}

/// The activation of a tile of whole vectors, in y.
@inline(__always)
private func activate<V: SIMD>(_: V.Type, _ mr: Int, _ nv: Int, _ kind: Int, _ tile: UnsafePointer<Int>, _ job: UnsafePointer<sc_gemm_job>)
where V.Scalar: BinaryFloatingPoint {
    let slope = V(repeating: V.Scalar(job.pointee.alpha))
    let ceiling = V(repeating: kind == 2 ? 6 : V.Scalar.infinity)
    for p in 0..<mr {
        // Rows beyond the end repeat the last one, whose activation must be applied once.
        if p > 0 && tile[1 + p] == tile[p] { return }
        let y = row(tile, p, job).assumingMemoryBound(to: V.Scalar.self)
        for q in 0..<nv {
            var v = load(y + q * V.scalarCount, as: V.self)
            v.replace(with: kind == 3 ? v * slope : V.zero, where: isLess(v, V.zero))
            v.replace(with: ceiling, where: isLess(ceiling, v))
            store(v, y + q * V.scalarCount)
        }
    }
}

/// Bias, activation (its number as in gemm_kernels.h) and store of the first columns of a row, one by one.
@inline(__always)
func finishRow<T: BinaryFloatingPoint>(
    _ sum: UnsafePointer<T>, _ bias: UnsafePointer<T>?, _ columns: Int, _ kind: Int, _ slope: T, _ y: UnsafeMutablePointer<T>
) {
    for j in 0..<columns {
        var v = sum[j]
        if let bias { v += bias[j] }
        if kind != 0 && v < 0 { v = kind == 3 ? v * slope : 0 }
        if kind == 2 && v > 6 { v = 6 }
        y[j] = v
    }
}

/// Bias (where the sum starts here), epilogue and store of the first job.columns columns, one by one.
@inline(never)
private func finishTile<let MR: Int, let NV: Int, V: SIMD>(
    _ acc: InlineArray<MR, InlineArray<NV, V>>, _ tile: UnsafePointer<Int>, _ job: UnsafePointer<sc_gemm_job>
) where V.Scalar: BinaryFloatingPoint {
    withUnsafePointer(to: acc) { sums in
        let sums = UnsafeRawPointer(sums).assumingMemoryBound(to: V.Scalar.self)
        let bias = job.pointee.accumulate == 0 ? job.pointee.bias?.assumingMemoryBound(to: V.Scalar.self) : nil
        let kind = job.pointee.finish != 0 ? job.pointee.activation : 0
        let slope = V.Scalar(job.pointee.alpha)
        for p in 0..<MR {
            let y = row(tile, p, job).assumingMemoryBound(to: V.Scalar.self)
            let sum = sums + p * NV * V.scalarCount
            finishRow(sum, bias, job.pointee.columns, kind, slope, y)
        }
    }
}

/// Computes a packed panel (gemm_kernels.h): `depth` rows of whole vectors, missing columns 0.
@inline(__always)
func packPanel<V: SIMD>(
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
    k.f32.tiles = { job in
        if job!.pointee.columns <= F32.scalarCount {
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
    k.f32.few_rows = { fewRows(F32.self, $0!, $1, $2, $3!, $4, $5, $6, $7!, $8) }
    k.f32.few_rows_transposed = { fewRowsTransposed(F32.self, $0!, $1, $2, $3!, $4, $5, $6, $7!, $8) }
    k.f32.strip = { strip(F32.self, $0!) }
    k.f64.transpose_runs = { transposeRuns(Double.self, $0!, $1, $2, $3!, $4, $5) }
    k.f64.few_rows = { fewRows(F64.self, $0!, $1, $2, $3!, $4, $5, $6, $7!, $8) }
    k.f64.few_rows_transposed = { fewRowsTransposed(F64.self, $0!, $1, $2, $3!, $4, $5, $6, $7!, $8) }
    k.f64.strip = { strip(F64.self, $0!) }
    k.f32.add_runs = { addRuns(F32.self, SIMD4<Float>.self, SIMD2<Float>.self, $0!, $1, $2!, $3, $4, $5) }
    k.f64.add_runs = { addRuns(F64.self, SIMD4<Double>.self, SIMD2<Double>.self, $0!, $1, $2!, $3, $4, $5) }
    k.copy_runs = { copyRuns($0!, $1, $2!, $3, $4, $5) }
    return k
}
