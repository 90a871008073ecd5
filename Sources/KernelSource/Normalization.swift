import CKernelInterface

// Batch normalization over the columns of a matrix. Statistics are float64 whatever the elements are: the square of a float32 is
// exact in float64, so one pass over x is enough.
// Numerics: a column is summed four rows at a time, in the order of the rows; how rows are cut into calls is the caller's.

/// Adds up `terms(row, column)` for both sums, four rows at a time so that the sums' memory is touched once for four loads.
/// The terms pin what they load: the compiler otherwise takes single lanes of the four rows together. `ask` prefetches a line: four rows
/// side by side are streams that the hardware does not foresee.
@inline(__always)
private func sumColumns(
    _ columns: UnsafePointer<sc_columns>, _ first: UnsafeMutablePointer<Double>, _ second: UnsafeMutablePointer<Double>,
    _ ask: (_ at: Int) -> Void, _ vectorTerms: (_ at: Int, _ column: Int, _ sums: inout (F64, F64)) -> Void,
    _ scalarTerms: (_ at: Int, _ column: Int, _ sums: inout (Double, Double)) -> Void
) {
    let (rows, width, stride) = (columns.pointee.rows, columns.pointee.width, columns.pointee.stride)
    for c in 0..<width {
        first[c] = 0
        second[c] = 0
    }
    let whole = width / F64.scalarCount * F64.scalarCount
    var row = 0
    while row < rows {
        let block = rows - row >= 4 ? 4 : 1
        let start = row * stride
        var c = 0
        while c < whole {
            if c % 16 == 0 { for ahead in 8..<12 { ask(start + ahead * stride + c) } }
            var sums = (load(first + c, as: F64.self), load(second + c, as: F64.self))
            vectorTerms(start + c, c, &sums)
            if block == 4 {
                vectorTerms(start + stride + c, c, &sums)
                vectorTerms(start + 2 * stride + c, c, &sums)
                vectorTerms(start + 3 * stride + c, c, &sums)
            }
            store(sums.0, first + c)
            store(sums.1, second + c)
            c += F64.scalarCount
        }
        while c < width {
            var sums = (first[c], second[c])
            for r in 0..<block { scalarTerms(start + r * stride + c, c, &sums) }
            (first[c], second[c]) = sums
            c += 1
        }
        row += block
    }
}

/// Computes the sums of (x - shift) and (x - shift)² of each column.
@inline(__always)
private func moments<T: BinaryFloatingPoint>(
    _ wide: (UnsafePointer<T>) -> F64, _ columns: UnsafePointer<sc_columns>, _ x: UnsafeRawPointer,
    _ shift: UnsafePointer<Double>, _ sum: UnsafeMutablePointer<Double>, _ square: UnsafeMutablePointer<Double>
) {
    let x = x.assumingMemoryBound(to: T.self)
    sumColumns(columns, sum, square) {
        sc_prefetch(x + $0)
    } _: { at, c, sums in
        let d = pin(wide(x + at) - load(shift + c, as: F64.self))
        sums.0 += d
        sums.1 = multiplyAdd(sums.1, d, d)
    } _: { at, c, sums in
        let d = Double(x[at]) - shift[c]
        sums.0 += d
        sums.1 += d * d
    }
}

/// Computes the sums of dy and dy · (x - mean) of each column.
@inline(__always)
private func momentsBackward<T: BinaryFloatingPoint>(
    _ wide: (UnsafePointer<T>) -> F64, _ columns: UnsafePointer<sc_columns>, _ x: UnsafeRawPointer, _ dy: UnsafeRawPointer,
    _ mean: UnsafePointer<Double>, _ sum: UnsafeMutablePointer<Double>, _ dot: UnsafeMutablePointer<Double>
) {
    let x = x.assumingMemoryBound(to: T.self)
    let dy = dy.assumingMemoryBound(to: T.self)
    sumColumns(columns, sum, dot) {
        sc_prefetch(x + $0)
        sc_prefetch(dy + $0)
    } _: { at, c, sums in
        let g = pin(wide(dy + at))
        sums.0 += g
        sums.1 = multiplyAdd(sums.1, g, pin(wide(x + at) - load(mean + c, as: F64.self)))
    } _: { at, c, sums in
        let g = Double(dy[at])
        sums.0 += g
        sums.1 += g * (Double(x[at]) - mean[c])
    }
}

/// The part of dy that an activation behind the normalization lets through: where 0 < (x - mean) · scale + offset < ceiling, computed as
/// `normalize` does.
@inline(__always)
private func letThrough<V: SIMD>(_ dy: V, _ x: V, _ mean: V, _ scale: V, _ offset: V, _ ceiling: V) -> V
where V.Scalar: BinaryFloatingPoint {
    let z = multiplyAdd(offset, x - mean, scale)
    return V.zero.replacing(with: dy, where: isLess(V.zero, z) .& isLess(z, ceiling))
}

/// Computes the sums of dy and dy · (x - mean) of each column, of what the activation lets through. `N` is a vector of as many elements
/// as one of float64 has.
@inline(__always)
private func momentsActivated<N: SIMD>(
    _: N.Type, _ widen: (N) -> F64, _ columns: UnsafePointer<sc_columns>, _ x: UnsafeRawPointer, _ dy: UnsafeRawPointer,
    _ mean: UnsafeRawPointer, _ activation: UnsafePointer<sc_normalize_activation>, _ sum: UnsafeMutablePointer<Double>,
    _ dot: UnsafeMutablePointer<Double>
) where N.Scalar: BinaryFloatingPoint {
    typealias T = N.Scalar
    let x = x.assumingMemoryBound(to: T.self)
    let dy = dy.assumingMemoryBound(to: T.self)
    let mean = mean.assumingMemoryBound(to: T.self)
    let scale = activation.pointee.scale!.assumingMemoryBound(to: T.self)
    let offset = activation.pointee.offset!.assumingMemoryBound(to: T.self)
    let ceiling = T(activation.pointee.ceiling)
    sumColumns(columns, sum, dot) {
        sc_prefetch(x + $0)
        sc_prefetch(dy + $0)
    } _: { at, c, sums in
        let (v, m): (N, N) = (load(x + at), load(mean + c))
        let g = pin(widen(letThrough(load(dy + at), v, m, load(scale + c), load(offset + c), N(repeating: ceiling))))
        sums.0 += g
        sums.1 = multiplyAdd(sums.1, g, pin(widen(v) - widen(m)))
    } _: { at, c, sums in
        let z = multiplyAdd(offset[c], x[at] - mean[c], scale[c])
        let g = z > 0 && z < ceiling ? Double(dy[at]) : 0
        sums.0 += g
        sums.1 += g * (Double(x[at]) - Double(mean[c]))
    }
}

/// Computes y = (x - mean) · scale + offset, then the activation (normalization_kernels.h). The difference comes first: x · scale would cancel where |mean| is large.
@inline(__always)
private func normalize<V: SIMD>(
    _: V.Type, _ columns: UnsafePointer<sc_columns>, _ x: UnsafeRawPointer, _ mean: UnsafeRawPointer, _ scale: UnsafeRawPointer,
    _ offset: UnsafeRawPointer, _ ceiling: Double, _ y: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let x = x.assumingMemoryBound(to: V.Scalar.self)
    let mean = mean.assumingMemoryBound(to: V.Scalar.self)
    let scale = scale.assumingMemoryBound(to: V.Scalar.self)
    let offset = offset.assumingMemoryBound(to: V.Scalar.self)
    let y = y.assumingMemoryBound(to: V.Scalar.self)
    let stride = columns.pointee.stride
    for row in 0..<columns.pointee.rows {
        let (from, to) = (x + row * stride, y + row * stride)
        if ceiling < 0 {
            forVectors(V.self, columns.pointee.width) { c, n in
                let centered: V = (loadPart(from + c, n) as V) - loadPart(mean + c, n)
                storePart(n, multiplyAdd(loadPart(offset + c, n), centered, loadPart(scale + c, n)), to + c)
            }
        } else {
            let ceiling = V(repeating: V.Scalar(ceiling))
            forVectors(V.self, columns.pointee.width) { c, n in
                let centered: V = (loadPart(from + c, n) as V) - loadPart(mean + c, n)
                storePart(n, rectified(multiplyAdd(loadPart(offset + c, n), centered, loadPart(scale + c, n)), ceiling), to + c)
            }
        }
    }
}

/// Computes dx = dy · a + ((x - mean) · b + offset), with what the activation, if any, lets through of dy.
@inline(__always)
private func normalizeBackward<V: SIMD>(
    _: V.Type, _ columns: UnsafePointer<sc_columns>, _ x: UnsafeRawPointer, _ dy: UnsafeRawPointer, _ mean: UnsafeRawPointer,
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ offset: UnsafeRawPointer, _ activation: UnsafePointer<sc_normalize_activation>?,
    _ dx: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    let x = x.assumingMemoryBound(to: V.Scalar.self)
    let dy = dy.assumingMemoryBound(to: V.Scalar.self)
    let mean = mean.assumingMemoryBound(to: V.Scalar.self)
    let a = a.assumingMemoryBound(to: V.Scalar.self)
    let b = b.assumingMemoryBound(to: V.Scalar.self)
    let offset = offset.assumingMemoryBound(to: V.Scalar.self)
    let dx = dx.assumingMemoryBound(to: V.Scalar.self)
    let stride = columns.pointee.stride
    for row in 0..<columns.pointee.rows {
        let (from, gradient, to) = (x + row * stride, dy + row * stride, dx + row * stride)
        if let activation {
            let scale = activation.pointee.scale!.assumingMemoryBound(to: V.Scalar.self)
            let shift = activation.pointee.offset!.assumingMemoryBound(to: V.Scalar.self)
            let ceiling = V(repeating: V.Scalar(activation.pointee.ceiling))
            forVectors(V.self, columns.pointee.width) { c, n in
                let (v, m): (V, V) = (loadPart(from + c, n), loadPart(mean + c, n))
                let kept = letThrough(loadPart(gradient + c, n), v, m, loadPart(scale + c, n), loadPart(shift + c, n), ceiling)
                let rest: V = multiplyAdd(loadPart(offset + c, n), v - m, loadPart(b + c, n))
                storePart(n, multiplyAdd(rest, kept, loadPart(a + c, n)), to + c)
            }
        } else {
            forVectors(V.self, columns.pointee.width) { c, n in
                let centered: V = (loadPart(from + c, n) as V) - loadPart(mean + c, n)
                let rest: V = multiplyAdd(loadPart(offset + c, n), centered, loadPart(b + c, n))
                storePart(n, multiplyAdd(rest, loadPart(gradient + c, n), loadPart(a + c, n)), to + c)
            }
        }
    }
}

func makeNormalizationKernels() -> sc_normalization_kernels {
    var k = sc_normalization_kernels()
    k.moments_f32 = { moments({ (p: UnsafePointer<Float>) in loadWide(p) as F64 }, $0!, $1!, $2!, $3!, $4!) }
    k.moments_f64 = { moments({ (p: UnsafePointer<Double>) in loadWide(p) as F64 }, $0!, $1!, $2!, $3!, $4!) }
    k.moments_backward_f32 = { momentsBackward({ (p: UnsafePointer<Float>) in loadWide(p) as F64 }, $0!, $1!, $2!, $3!, $4!, $5!) }
    k.moments_backward_f64 = { momentsBackward({ (p: UnsafePointer<Double>) in loadWide(p) as F64 }, $0!, $1!, $2!, $3!, $4!, $5!) }
    k.moments_activated_f32 = { momentsActivated(HalfF32.self, { widen($0) }, $0!, $1!, $2!, $3!, $4!, $5!, $6!) }
    k.moments_activated_f64 = { momentsActivated(F64.self, { $0 }, $0!, $1!, $2!, $3!, $4!, $5!, $6!) }
    k.normalize_f32 = { normalize(F32.self, $0!, $1!, $2!, $3!, $4!, $5, $6!) }
    k.normalize_f64 = { normalize(F64.self, $0!, $1!, $2!, $3!, $4!, $5, $6!) }
    k.normalize_backward_f32 = { normalizeBackward(F32.self, $0!, $1!, $2!, $3!, $4!, $5!, $6!, $7, $8!) }
    k.normalize_backward_f64 = { normalizeBackward(F64.self, $0!, $1!, $2!, $3!, $4!, $5!, $6!, $7, $8!) }
    return k
}
