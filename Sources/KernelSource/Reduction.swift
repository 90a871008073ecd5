import CKernelInterface

// Float addition is not associative, so the order is written out: lanes, pairs, rows. It depends on the shape alone.

@inline(__always) private func largest<T: Comparable>(_ a: T, _ b: T) -> T { (a > b) || (a != a) ? a : b }
@inline(__always) private func smallest<T: Comparable>(_ a: T, _ b: T) -> T { (a < b) || (a != a) ? a : b }

/// y[j] = x[0][j] ∘ x[1][j] ∘ …; four rows at a time, so that y is read and written once for four loads.
@inline(__always)
private func columns<T>(
    _: T.Type, _ rows: Int, _ n: Int, _ stride: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ f: (T, T) -> T
) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    UnsafeMutableRawPointer(y).copyMemory(from: x, byteCount: n * MemoryLayout<T>.stride)
    var i = 1
    while i + 4 <= rows {
        let a = x + i * stride
        let b = a + stride
        let c = b + stride
        let d = c + stride
        for j in 0..<n { y[j] = f(y[j], f(f(a[j], b[j]), f(c[j], d[j]))) }
        i += 4
    }
    while i < rows {
        let a = x + i * stride
        for j in 0..<n { y[j] = f(y[j], a[j]) }
        i += 1
    }
}

/// `columns` of NV neighbouring vectors, of the last of which `part` lanes count; the same order.
@inline(__always)
private func narrow<let NV: Int, V: SIMD>(
    _ zero: InlineArray<NV, V>, _ rows: Int, _ stride: Int, _ x: UnsafePointer<V.Scalar>, _ y: UnsafeMutablePointer<V.Scalar>, _ part: Int,
    _ f: (V, V) -> V
) where V.Scalar: BinaryFloatingPoint {
    let lanes = V.scalarCount
    var sums = zero
    for q in 0..<NV { sums[unchecked: q] = loadPart(x + q * lanes, part) }
    var a = x + stride
    var i = 1
    while i + 4 <= rows {
        for q in 0..<NV {
            let p = a + q * lanes
            for row in 8..<12 { sc_prefetch(p + row * stride) }
            let (upper, lower) = (
                f(loadPart(p, part), loadPart(p + stride, part)), f(loadPart(p + 2 * stride, part), loadPart(p + 3 * stride, part))
            )
            sums[unchecked: q] = f(sums[unchecked: q], f(upper, lower))
        }
        a += 4 * stride
        i += 4
    }
    while i < rows {
        for q in 0..<NV { sums[unchecked: q] = f(sums[unchecked: q], loadPart(a + q * lanes, part)) }
        a += stride
        i += 1
    }
    for q in 0..<NV { storePart(part, sums[unchecked: q], y + q * lanes) }
}

/// `columns` of vectors; the rows that come next are asked for early, since four short streams are more than the hardware foresees.
@inline(__always)
private func columns<V: SIMD>(
    _: V.Type, _ rows: Int, _ n: Int, _ stride: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ f: (V, V) -> V,
    _ scalar: (V.Scalar, V.Scalar) -> V.Scalar
) where V.Scalar: BinaryFloatingPoint {
    if n < V.scalarCount { return columns(V.Scalar.self, rows, n, stride, x, y, scalar) }
    let x = x.assumingMemoryBound(to: V.Scalar.self)
    let y = y.assumingMemoryBound(to: V.Scalar.self)
    if n <= 16 * V.scalarCount {
        // Short rows: the results of a few vectors stay in registers over all rows.
        var j = 0
        while j + 8 * V.scalarCount <= n {
            narrow(InlineArray<8, V>(repeating: .zero), rows, stride, x + j, y + j, V.scalarCount, f)
            j += 8 * V.scalarCount
        }
        if j + 4 * V.scalarCount <= n {
            narrow(InlineArray<4, V>(repeating: .zero), rows, stride, x + j, y + j, V.scalarCount, f)
            j += 4 * V.scalarCount
        }
        forVectors(V.self, n - j) { i, part in narrow(InlineArray<1, V>(repeating: .zero), rows, stride, x + j + i, y + j + i, part, f) }
        return
    }
    UnsafeMutableRawPointer(y).copyMemory(from: x, byteCount: n * MemoryLayout<V.Scalar>.stride)
    let line = 64 / MemoryLayout<V>.size
    var i = 1
    while i + 4 <= rows {
        let a = x + i * stride
        let b = a + stride
        let c = b + stride
        let d = c + stride
        let ahead = 8 * stride
        var j = 0
        while j + line * V.scalarCount <= n {
            sc_prefetch(a + ahead + j)
            sc_prefetch(b + ahead + j)
            sc_prefetch(c + ahead + j)
            sc_prefetch(d + ahead + j)
            for k in 0..<line {
                let at = j + k * V.scalarCount
                store(f(load(y + at), f(f(load(a + at), load(b + at)), f(load(c + at), load(d + at)))), y + at)
            }
            j += line * V.scalarCount
        }
        while j < n {
            y[j] = scalar(y[j], scalar(scalar(a[j], b[j]), scalar(c[j], d[j])))
            j += 1
        }
        i += 4
    }
    while i < rows {
        let a = x + i * stride
        forVectors(V.self, n) { j, lanes in
            if lanes == V.scalarCount {
                store(f(load(y + j), load(a + j)), y + j)
            } else {
                for j in j..<n { y[j] = scalar(y[j], a[j]) }
            }
        }
        i += 1
    }
}

/// The reduction of a contiguous row: 32 lanes over the row, joined pairwise, then the tail one by one.
@inline(__always)
private func row<T>(_: T.Type, _ count: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ zero: T, _ f: (T, T) -> T) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    var i = 1
    var result = x[0]
    if count >= 32 {
        // Literals: the initialiser that repeats an element may not be inlined, and would be a weak symbol that the CPU levels share.
        let none: InlineArray<8, T> = [zero, zero, zero, zero, zero, zero, zero, zero]
        var lanes: InlineArray<4, InlineArray<8, T>> = [none, none, none, none]
        for q in 0..<4 { for j in 0..<8 { lanes[unchecked: q][unchecked: j] = x[8 * q + j] } }
        i = 32
        while i + 32 <= count {
            for q in 0..<4 {
                for j in 0..<8 { lanes[unchecked: q][unchecked: j] = f(lanes[unchecked: q][unchecked: j], x[i + 8 * q + j]) }
            }
            i += 32
        }
        for q in 0..<2 {
            for j in 0..<8 {
                lanes[unchecked: q][unchecked: j] = f(lanes[unchecked: q][unchecked: j], lanes[unchecked: q + 2][unchecked: j])
            }
        }
        var eight = lanes[unchecked: 0]
        for j in 0..<8 { eight[unchecked: j] = f(eight[unchecked: j], lanes[unchecked: 1][unchecked: j]) }
        for j in 0..<4 { eight[unchecked: j] = f(eight[unchecked: j], eight[unchecked: j + 4]) }
        result = f(f(eight[unchecked: 0], eight[unchecked: 2]), f(eight[unchecked: 1], eight[unchecked: 3]))
    }
    while i < count {
        result = f(result, x[i])
        i += 1
    }
    y[0] = result
}

@inline(__always)
private func reduceReal<V: SIMD>(
    _: V.Type, _ function: Int, _ rows: Int, _ n: Int, _ stride: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer
) where V.Scalar: BinaryFloatingPoint {
    switch function {
    case SC_REDUCE_SUM:
        columns(V.self, rows, n, stride, x, y) {
            $0 + $1
        } _: {
            $0 + $1
        }
    case SC_REDUCE_MAX:
        columns(V.self, rows, n, stride, x, y) {
            maximumKeepingNaN($0, $1)
        } _: {
            largest($0, $1)
        }
    case SC_REDUCE_MIN:
        columns(V.self, rows, n, stride, x, y) {
            -maximumKeepingNaN(-$0, -$1)
        } _: {
            smallest($0, $1)
        }
    default:
        columns(V.self, rows, n, stride, x, y) {
            $0 * $1
        } _: {
            $0 * $1
        }
    }
}

@inline(__always)
private func reduceInteger<T: FixedWidthInteger>(
    _: T.Type, _ function: Int, _ rows: Int, _ n: Int, _ stride: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer
) {
    switch function {
    case SC_REDUCE_SUM: columns(T.self, rows, n, stride, x, y) { $0 &+ $1 }
    case SC_REDUCE_MAX: columns(T.self, rows, n, stride, x, y) { largest($0, $1) }
    case SC_REDUCE_MIN: columns(T.self, rows, n, stride, x, y) { smallest($0, $1) }
    default: columns(T.self, rows, n, stride, x, y) { $0 &* $1 }
    }
}

@inline(__always)
private func rowReal<T: BinaryFloatingPoint>(_: T.Type, _ function: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
    switch function {
    case SC_REDUCE_SUM: row(T.self, n, x, y, 0) { $0 + $1 }
    case SC_REDUCE_MAX: row(T.self, n, x, y, 0) { largest($0, $1) }
    case SC_REDUCE_MIN: row(T.self, n, x, y, 0) { smallest($0, $1) }
    default: row(T.self, n, x, y, 0) { $0 * $1 }
    }
}

/// The order is of no consequence to integers, which wrap around: LLVM chooses it.
@inline(__always)
private func rowInteger<T: FixedWidthInteger>(_: T.Type, _ function: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
    let x = x.assumingMemoryBound(to: T.self)
    var result = x[0]
    switch function {
    case SC_REDUCE_SUM: for i in 1..<n { result = result &+ x[i] }
    case SC_REDUCE_MAX: for i in 1..<n { result = max(result, x[i]) }
    case SC_REDUCE_MIN: for i in 1..<n { result = min(result, x[i]) }
    default: for i in 1..<n { result = result &* x[i] }
    }
    y.assumingMemoryBound(to: T.self)[0] = result
}

/// Column sums in float64, 64 columns at a time, rounded once after the scaling.
@inline(__always)
private func columnsWide<T: BinaryFloatingPoint>(
    _: T.Type, _ rows: Int, _ n: Int, _ stride: Int, _ x: UnsafeRawPointer, _ scale: Double, _ y: UnsafeMutableRawPointer
) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    var sums = InlineArray<64, Double>(repeating: 0)
    var start = 0
    while start < n {
        let width = min(64, n - start)
        for j in 0..<width { sums[unchecked: j] = 0 }
        for i in 0..<rows {
            let a = x + i * stride + start
            for j in 0..<width { sums[unchecked: j] += Double(a[j]) }
        }
        for j in 0..<width { y[start + j] = T(sums[unchecked: j] * scale) }
        start += 64
    }
}

@inline(__always)
private func arg<T: Comparable>(
    _: T.Type, _ sign: Int, _ rows: Int, _ n: Int, _ x: UnsafeRawPointer, _ index: UnsafeMutablePointer<Int64>
) {
    let x = x.assumingMemoryBound(to: T.self)
    for j in 0..<n {
        var best = x[j]
        var at = 0
        var i = 1
        while i < rows {
            let v = x[i * n + j]
            if (sign > 0 ? v > best : v < best) || (v != v && best == best) {
                best = v
                at = i
            }
            i += 1
        }
        index[j] = Int64(at)
    }
}

@inline(__always)
private func cumsum<T>(_: T.Type, _ rows: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ add: (T, T) -> T) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    for j in 0..<n { y[j] = x[j] }
    var i = n
    while i < rows * n {
        y[i] = add(y[i - n], x[i])
        i += 1
    }
}

func makeReductionKernels() -> sc_reduction_kernels {
    var k = sc_reduction_kernels()
    k.columns = { function, dtype, rows, n, stride, x, y in
        switch dtype {
        case 0: reduceReal(F32.self, function, rows, n, stride, x!, y!)
        case 1: reduceReal(F64.self, function, rows, n, stride, x!, y!)
        case 2: reduceInteger(Int32.self, function, rows, n, stride, x!, y!)
        case 3: reduceInteger(Int64.self, function, rows, n, stride, x!, y!)
        default: reduceInteger(UInt8.self, function, rows, n, stride, x!, y!)
        }
    }
    k.row = { function, dtype, n, x, y in
        switch dtype {
        case 0: rowReal(Float.self, function, n, x!, y!)
        case 1: rowReal(Double.self, function, n, x!, y!)
        case 2: rowInteger(Int32.self, function, n, x!, y!)
        case 3: rowInteger(Int64.self, function, n, x!, y!)
        default: rowInteger(UInt8.self, function, n, x!, y!)
        }
    }
    k.columns_wide = { dtype, rows, n, stride, x, scale, y in
        if dtype == 0 {
            columnsWide(Float.self, rows, n, stride, x!, scale, y!)
        } else {
            columnsWide(Double.self, rows, n, stride, x!, scale, y!)
        }
    }
    k.arg = { dtype, sign, rows, n, x, index in
        switch dtype {
        case 0: arg(Float.self, sign, rows, n, x!, index!)
        case 1: arg(Double.self, sign, rows, n, x!, index!)
        case 2: arg(Int32.self, sign, rows, n, x!, index!)
        case 3: arg(Int64.self, sign, rows, n, x!, index!)
        default: arg(UInt8.self, sign, rows, n, x!, index!)
        }
    }
    k.cumsum = { dtype, rows, n, x, y in
        switch dtype {
        case 0: cumsum(Float.self, rows, n, x!, y!) { $0 + $1 }
        case 1: cumsum(Double.self, rows, n, x!, y!) { $0 + $1 }
        case 2: cumsum(Int32.self, rows, n, x!, y!) { $0 &+ $1 }
        case 3: cumsum(Int64.self, rows, n, x!, y!) { $0 &+ $1 }
        default: cumsum(UInt8.self, rows, n, x!, y!) { $0 &+ $1 }
        }
    }
    addSoftmaxKernels(&k)
    return k
}
