import CKernelInterface

@inline(__always)
private func strided<T>(_: T.Type, _ count: Int, _ x: UnsafeRawPointer, _ xs: Int, _ y: UnsafeMutableRawPointer, _ ys: Int) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    if xs == 0, ys == 1 {
        let value = x[0]
        for i in 0..<count { y[i] = value }
    } else if xs == -1, ys == 1 {
        for i in 0..<count { y[i] = x[-i] }
    } else if xs == 2, ys == 1 {
        for i in 0..<count { y[i] = x[2 * i] }
    } else {
        var from = x
        var to = y
        for _ in 0..<count {
            to[0] = from[0]
            from += xs
            to += ys
        }
    }
}

/// Short runs by words of 4 bytes: a call of memcpy for each would cost more than the copy.
private func copyRows(_ rows: Int, _ bytes: Int, _ x: UnsafeRawPointer, _ xs: Int, _ y: UnsafeMutableRawPointer, _ ys: Int) {
    if bytes > 64 || bytes % 4 != 0 {
        for i in 0..<rows { (y + i * ys).copyMemory(from: x + i * xs, byteCount: bytes) }
        return
    }
    for i in 0..<rows {
        let from = x + i * xs
        let to = y + i * ys
        var j = 0
        while j + 16 <= bytes {
            to.storeBytes(of: from.loadUnaligned(fromByteOffset: j, as: SIMD4<UInt32>.self), toByteOffset: j, as: SIMD4<UInt32>.self)
            j += 16
        }
        while j < bytes {
            to.storeBytes(of: from.loadUnaligned(fromByteOffset: j, as: UInt32.self), toByteOffset: j, as: UInt32.self)
            j += 4
        }
    }
}

/// Blocks of 16 x 16: 16 rows of x and 16 rows of y, a cache line each for 4-byte elements, stay in the first-level cache.
@inline(__always)
private func transpose<T>(
    _: T.Type, _ rows: Int, _ columns: Int, _ x: UnsafeRawPointer, _ xs: Int, _ y: UnsafeMutableRawPointer, _ ys: Int
) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    var i = 0
    while i < rows {
        let height = min(16, rows - i)
        var j = 0
        while j < columns {
            let width = min(16, columns - j)
            if height == 16, width == 16 {
                transposeBlock(x + i * xs + j, xs, y + j * ys + i, ys)
            } else {
                for b in 0..<width {
                    let from = x + i * xs + j + b
                    let to = y + (j + b) * ys + i
                    for a in 0..<height { to[a] = from[a * xs] }
                }
            }
            j += 16
        }
        i += 16
    }
}

@inline(__always)
private func transposeBlock<T>(_ x: UnsafePointer<T>, _ xs: Int, _ y: UnsafeMutablePointer<T>, _ ys: Int) {
    if MemoryLayout<T>.size == 4 {
        let x = UnsafeRawPointer(x)
        let y = UnsafeMutableRawPointer(y)
        var i = 0
        while i < 16 {
            var j = 0
            while j < 16 {
                transpose4(x + (i * xs + j) * 4, xs * 4, y + (j * ys + i) * 4, ys * 4)
                j += 4
            }
            i += 4
        }
    } else {
        for b in 0..<16 {
            for a in 0..<16 { y[b * ys + a] = x[a * xs + b] }
        }
    }
}

/// A 4 x 4 block of 4-byte elements in registers; strides in bytes.
@inline(__always)
private func transpose4(_ x: UnsafeRawPointer, _ xs: Int, _ y: UnsafeMutableRawPointer, _ ys: Int) {
    let a = x.loadUnaligned(as: SIMD4<UInt32>.self)
    let b = (x + xs).loadUnaligned(as: SIMD4<UInt32>.self)
    let c = (x + 2 * xs).loadUnaligned(as: SIMD4<UInt32>.self)
    let d = (x + 3 * xs).loadUnaligned(as: SIMD4<UInt32>.self)
    y.storeBytes(of: SIMD4(a[0], b[0], c[0], d[0]), as: SIMD4<UInt32>.self)
    (y + ys).storeBytes(of: SIMD4(a[1], b[1], c[1], d[1]), as: SIMD4<UInt32>.self)
    (y + 2 * ys).storeBytes(of: SIMD4(a[2], b[2], c[2], d[2]), as: SIMD4<UInt32>.self)
    (y + 3 * ys).storeBytes(of: SIMD4(a[3], b[3], c[3], d[3]), as: SIMD4<UInt32>.self)
}

@inline(__always)
private func accumulate<T>(_: T.Type, _ count: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ add: (T, T) -> T) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    for i in 0..<count { y[i] = add(y[i], x[i]) }
}

/// Writes whole vectors past the caches; what lies before the first and after the last aligned one is copied.
private func stream(_ bytes: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
    let width = MemoryLayout<F32>.size
    let misaligned = Int(bitPattern: y) & (width - 1)
    let head = smaller(bytes, (width - misaligned) & (width - 1))
    if head > 0 { y.copyMemory(from: x, byteCount: head) }
    var i = head
    while i + width <= bytes {
        streamVector(loadRaw(x + i) as F32, (y + i).assumingMemoryBound(to: Float.self))
        i += width
    }
    if i < bytes { (y + i).copyMemory(from: x + i, byteCount: bytes - i) }
}

func makeMovementKernels() -> sc_movement_kernels {
    var k = sc_movement_kernels()
    k.strided = { size, count, x, xs, y, ys in
        switch size {
        case 1: strided(UInt8.self, count, x!, xs, y!, ys)
        case 4: strided(UInt32.self, count, x!, xs, y!, ys)
        default: strided(UInt64.self, count, x!, xs, y!, ys)
        }
    }
    k.rows = { copyRows($1, $2 * $0, $3!, $4 * $0, $5!, $6 * $0) }
    k.transpose = { size, rows, columns, x, xs, y, ys in
        switch size {
        case 1: transpose(UInt8.self, rows, columns, x!, xs, y!, ys)
        case 4: transpose(UInt32.self, rows, columns, x!, xs, y!, ys)
        default: transpose(UInt64.self, rows, columns, x!, xs, y!, ys)
        }
    }
    k.accumulate = { dtype, count, x, y in
        switch dtype {
        case 0: accumulate(Float.self, count, x!, y!) { $0 + $1 }
        case 1: accumulate(Double.self, count, x!, y!) { $0 + $1 }
        case 2: accumulate(Int32.self, count, x!, y!) { $0 &+ $1 }
        default: accumulate(Int64.self, count, x!, y!) { $0 &+ $1 }
        }
    }
    k.stream = { stream($0, $1!, $2!) }
    return k
}
