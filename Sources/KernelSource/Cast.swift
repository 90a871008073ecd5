/// Computes y[i] = x[i] in another type. Floating to integer truncates toward zero and saturates (uint8 takes the low byte of that as
/// int64); NaN gives 0; to bool is `x != 0`.
func cast(_ from: Int, _ to: Int, _ count: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
    switch from {
    case 0: castReal(Float.self, to, count, x, y)
    case 1: castReal(Double.self, to, count, x, y)
    case 2: castInteger(Int32.self, to, count, x, y)
    case 3: castInteger(Int64.self, to, count, x, y)
    default: castInteger(UInt8.self, to, count, x, y)
    }
}

/// Of a float32 made wider, which is exact. Not generic: the standard library's generic conversion to an integer is not inlined, and its
/// specialisation is a weak symbol that the levels would share.
@inline(__always)
private func truncate(_ x: Double) -> Int64 {
    if x >= 0x1p63 { return .max }
    return x >= -0x1p63 ? Int64(x) : (x == x ? .min : 0)
}

@inline(__always)
private func truncate32(_ x: Double) -> Int32 {
    if x >= 0x1p31 { return .max }
    return x >= -0x1p31 ? Int32(x) : (x == x ? .min : 0)
}

@inline(__always)
private func castReal<T: BinaryFloatingPoint>(_: T.Type, _ to: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
    switch to {
    case 0: convert(n, x, y) { (x: T) in Float(x) }
    case 1: convert(n, x, y) { (x: T) in Double(x) }
    case 2: convert(n, x, y) { (x: T) in truncate32(Double(x)) }
    case 3: convert(n, x, y) { (x: T) in truncate(Double(x)) }
    case 4: convert(n, x, y) { (x: T) in UInt8(truncatingIfNeeded: truncate(Double(x))) }
    default: convert(n, x, y) { (x: T) -> UInt8 in x != 0 ? 1 : 0 }
    }
}

@inline(__always)
private func castInteger<T: FixedWidthInteger>(_: T.Type, _ to: Int, _ n: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
    switch to {
    case 0: convert(n, x, y) { (x: T) in Float(x) }
    case 1: convert(n, x, y) { (x: T) in Double(x) }
    case 2: convert(n, x, y) { (x: T) in Int32(truncatingIfNeeded: x) }
    case 3: convert(n, x, y) { (x: T) in Int64(truncatingIfNeeded: x) }
    case 4: convert(n, x, y) { (x: T) in UInt8(truncatingIfNeeded: x) }
    default: convert(n, x, y) { (x: T) -> UInt8 in x != 0 ? 1 : 0 }
    }
}

/// y[i] = f(x[i]) where y does not overlap x, for operands of different sizes.
@inline(__always)
private func convert<T, R>(_ count: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer, _ f: (T) -> R) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: R.self)
    for i in 0..<count { y[i] = f(x[i]) }
}
