import CKernelInterface

/// Computes few_rows (gemm_kernels.h): products whose time is that of reading b, so b is read where it lies, once, in order of memory.
/// Operands: any alignment; c must not overlap a or b.
/// Preconditions: `columns` so few that four rows of b and one of c stay in the first-level cache when there are several rows.
/// Tail: columns beyond whole vectors one by one.
/// Numerics: each output is one chain of multiply-adds in the order of k, from what c holds on.
/// Registers: four broadcasts a row, a sum a row; rows go in pairs, so that a vector of b serves two of them.
/// Source: own.
@inline(__always)
private func fewRows<V: SIMD>(
    _: V.Type, _ a: UnsafeRawPointer, _ aRow: Int, _ rows: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ depth: Int, _ columns: Int,
    _ c: UnsafeMutableRawPointer, _ cRow: Int
) where V.Scalar: BinaryFloatingPoint {
    let a = a.assumingMemoryBound(to: V.Scalar.self)
    let b = b.assumingMemoryBound(to: V.Scalar.self)
    let c = c.assumingMemoryBound(to: V.Scalar.self)
    var k = 0
    while k &+ 4 <= depth {
        let b0 = b + k &* bRow
        let (b1, b2, b3) = (b0 + bRow, b0 + 2 &* bRow, b0 + 3 &* bRow)
        var first = 0
        while first &+ 2 <= rows {
            fewRowsPair(V.self, a + first &* aRow + k, aRow, b0, bRow, columns, c + first &* cRow, cRow)
            first &+= 2
        }
        for i in first..<rows {
            let left = a + i &* aRow + k
            let (a0, a1, a2, a3) = (V(repeating: left[0]), V(repeating: left[1]), V(repeating: left[2]), V(repeating: left[3]))
            let to = c + i &* cRow
            var j = 0
            while j &+ V.scalarCount <= columns {
                // The next lines of b: several short streams are more than the hardware foresees.
                sc_prefetch(b0 + 4 &* bRow + j)
                sc_prefetch(b1 + 4 &* bRow + j)
                sc_prefetch(b2 + 4 &* bRow + j)
                sc_prefetch(b3 + 4 &* bRow + j)
                var sum: V = load(UnsafePointer(to + j))
                sum = multiplyAdd(sum, a0, load(b0 + j))
                sum = multiplyAdd(sum, a1, load(b1 + j))
                sum = multiplyAdd(sum, a2, load(b2 + j))
                sum = multiplyAdd(sum, a3, load(b3 + j))
                store(sum, to + j)
                j &+= V.scalarCount
            }
            while j < columns {
                var sum = multiplyAdd(to[j], left[0], b0[j])
                sum = multiplyAdd(sum, left[1], b1[j])
                sum = multiplyAdd(sum, left[2], b2[j])
                to[j] = multiplyAdd(sum, left[3], b3[j])
                j &+= 1
            }
        }
        k &+= 4
    }
    while k < depth {
        let b0 = b + k &* bRow
        for i in 0..<rows {
            let left = a[i &* aRow + k]
            let to = c + i &* cRow
            forVectors(V.self, columns) { j, lanes in
                storePart(lanes, multiplyAdd(loadPart(UnsafePointer(to + j), lanes), V(repeating: left), loadPart(b0 + j, lanes)), to + j)
            }
        }
        k &+= 1
    }
}

/// Four steps of the sums of two rows.
@inline(__always)
private func fewRowsPair<V: SIMD>(
    _: V.Type, _ left: UnsafePointer<V.Scalar>, _ aRow: Int, _ b0: UnsafePointer<V.Scalar>, _ bRow: Int, _ columns: Int,
    _ to: UnsafeMutablePointer<V.Scalar>, _ cRow: Int
) where V.Scalar: BinaryFloatingPoint {
    let (b1, b2, b3) = (b0 + bRow, b0 + 2 &* bRow, b0 + 3 &* bRow)
    let (right, below) = (left + aRow, to + cRow)
    let (a0, a1, a2, a3) = (V(repeating: left[0]), V(repeating: left[1]), V(repeating: left[2]), V(repeating: left[3]))
    let (d0, d1, d2, d3) = (V(repeating: right[0]), V(repeating: right[1]), V(repeating: right[2]), V(repeating: right[3]))
    var j = 0
    while j &+ V.scalarCount <= columns {
        var sum: V = load(UnsafePointer(to + j))
        var other: V = load(UnsafePointer(below + j))
        let (x0, x1): (V, V) = (load(b0 + j), load(b1 + j))
        sum = multiplyAdd(multiplyAdd(sum, a0, x0), a1, x1)
        other = multiplyAdd(multiplyAdd(other, d0, x0), d1, x1)
        let (x2, x3): (V, V) = (load(b2 + j), load(b3 + j))
        sum = multiplyAdd(multiplyAdd(sum, a2, x2), a3, x3)
        other = multiplyAdd(multiplyAdd(other, d2, x2), d3, x3)
        store(sum, to + j)
        store(other, below + j)
        j &+= V.scalarCount
    }
    while j < columns {
        let sum = multiplyAdd(multiplyAdd(to[j], left[0], b0[j]), left[1], b1[j])
        to[j] = multiplyAdd(multiplyAdd(sum, left[2], b2[j]), left[3], b3[j])
        let other = multiplyAdd(multiplyAdd(below[j], right[0], b0[j]), right[1], b1[j])
        below[j] = multiplyAdd(multiplyAdd(other, right[2], b2[j]), right[3], b3[j])
        j &+= 1
    }
}

/// Computes few_rows_transposed (gemm_kernels.h): dot products along rows of b.
/// Operands, preconditions: as fewRows.
/// Tail: what is left of k beyond whole vectors one by one.
/// Numerics: a sum for each lane, in the order of k; the lanes are added in order, then the tail, then what c holds.
/// Registers: four sums of four columns, one vector of a.
/// Source: own.
@inline(__always)
private func fewRowsTransposed<V: SIMD>(
    _: V.Type, _ a: UnsafeRawPointer, _ aRow: Int, _ rows: Int, _ b: UnsafeRawPointer, _ bRow: Int, _ depth: Int, _ columns: Int,
    _ c: UnsafeMutableRawPointer, _ cRow: Int
) where V.Scalar: BinaryFloatingPoint {
    let a = a.assumingMemoryBound(to: V.Scalar.self)
    let b = b.assumingMemoryBound(to: V.Scalar.self)
    let c = c.assumingMemoryBound(to: V.Scalar.self)
    let whole = depth / V.scalarCount &* V.scalarCount
    var j = 0
    while j < columns {
        let count = min(4, columns &- j)
        let b0 = b + j &* bRow
        // Columns beyond the end repeat the last one.
        let b1 = b0 + min(1, count &- 1) &* bRow
        let b2 = b0 + min(2, count &- 1) &* bRow
        let b3 = b0 + min(3, count &- 1) &* bRow
        for i in 0..<rows {
            let left = a + i &* aRow
            var (s0, s1, s2, s3) = (V.zero, V.zero, V.zero, V.zero)
            var k = 0
            while k < whole {
                let x: V = load(left + k)
                s0 = multiplyAdd(s0, x, load(b0 + k))
                s1 = multiplyAdd(s1, x, load(b1 + k))
                s2 = multiplyAdd(s2, x, load(b2 + k))
                s3 = multiplyAdd(s3, x, load(b3 + k))
                k &+= V.scalarCount
            }
            let to = c + i &* cRow + j
            to[0] += finish(s0, left, b0, whole, depth)
            if count > 1 { to[1] += finish(s1, left, b1, whole, depth) }
            if count > 2 { to[2] += finish(s2, left, b2, whole, depth) }
            if count > 3 { to[3] += finish(s3, left, b3, whole, depth) }
        }
        j &+= 4
    }
}

@inline(__always)
private func finish<V: SIMD>(
    _ sums: V, _ a: UnsafePointer<V.Scalar>, _ b: UnsafePointer<V.Scalar>, _ from: Int, _ depth: Int
) -> V.Scalar where V.Scalar: BinaryFloatingPoint {
    var sum = sums[0]
    for lane in 1..<V.scalarCount { sum += sums[lane] }
    for k in from..<depth { sum = multiplyAdd(sum, a[k], b[k]) }
    return sum
}

func addFewRowsKernels(_ k: inout sc_gemm_kernels) {
    k.f32.few_rows = { fewRows(F32.self, $0!, $1, $2, $3!, $4, $5, $6, $7!, $8) }
    k.f32.few_rows_transposed = { fewRowsTransposed(F32.self, $0!, $1, $2, $3!, $4, $5, $6, $7!, $8) }
    k.f64.few_rows = { fewRows(F64.self, $0!, $1, $2, $3!, $4, $5, $6, $7!, $8) }
    k.f64.few_rows_transposed = { fewRowsTransposed(F64.self, $0!, $1, $2, $3!, $4, $5, $6, $7!, $8) }
}
