import CKernelInterface

/// Computes z[i] = f(x[i · xStep], y[i · yStep]) for the function of that code; steps are 0 or 1; z may be an operand whose step is 1.
/// Integers wrap around.
func binary(
    _ function: Int, _ dtype: Int, _ count: Int, _ x: UnsafeRawPointer, _ xStep: Int, _ y: UnsafeRawPointer, _ yStep: Int,
    _ z: UnsafeMutableRawPointer
) {
    switch dtype {
    case 0: realBinary(Float.self, function, count, x, xStep, y, yStep, z)
    case 1: realBinary(Double.self, function, count, x, xStep, y, yStep, z)
    case 2: integerBinary(Int32.self, function, count, x, xStep, y, yStep, z)
    case 3: integerBinary(Int64.self, function, count, x, xStep, y, yStep, z)
    default: integerBinary(UInt8.self, function, count, x, xStep, y, yStep, z)
    }
}

/// The quotient rounded down; wraps where it does not fit. `y` is not 0.
@inline(__always)
private func floorDivide<T: FixedWidthInteger>(_ x: T, _ y: T) -> T {
    if T.isSigned, y == ~0 { return 0 &- x }
    let quotient = x / y
    return quotient &* y != x && (x < 0) != (y < 0) ? quotient &- 1 : quotient
}

/// x to the power of y; a negative y gives 0 except for bases 1 and -1.
@inline(__always)
private func integerPower<T: FixedWidthInteger>(_ x: T, _ y: T) -> T {
    if y < 0 { return x == 1 ? 1 : (T.isSigned && x == ~0 ? (y & 1 == 0 ? 1 : x) : 0) }
    var result: T = 1
    var base = x
    var exponent = y
    while exponent > 0 {
        if exponent & 1 == 1 { result = result &* base }
        base = base &* base
        exponent = exponent >> 1
    }
    return result
}

@inline(__always)
private func realBinary<T: Real>(
    _: T.Type, _ function: Int, _ n: Int, _ x: UnsafeRawPointer, _ xs: Int, _ y: UnsafeRawPointer, _ ys: Int, _ z: UnsafeMutableRawPointer
) {
    switch function {
    case SC_ADD: map(n, x, xs, y, ys, z) { (x: T, y: T) in x + y }
    case SC_SUBTRACT: map(n, x, xs, y, ys, z) { (x: T, y: T) in x - y }
    case SC_MULTIPLY: map(n, x, xs, y, ys, z) { (x: T, y: T) in x * y }
    case SC_DIVIDE: map(n, x, xs, y, ys, z) { (x: T, y: T) in x / y }
    case SC_MAXIMUM: map(n, x, xs, y, ys, z) { (x: T, y: T) in (x >= y) || (x != x) ? x : y }
    case SC_MINIMUM: map(n, x, xs, y, ys, z) { (x: T, y: T) in (x <= y) || (x != x) ? x : y }
    case SC_SQUARED_DIFFERENCE: map(n, x, xs, y, ys, z) { (x: T, y: T) in (x - y) * (x - y) }
    case SC_FLOOR_DIVIDE: map(n, x, xs, y, ys, z) { (x: T, y: T) in (x / y).rounded(.down) }
    case SC_MOD:
        map(n, x, xs, y, ys, z) { (x: T, y: T) in
            let r = T.fmod(x, y)
            return r != 0 && (r < 0) != (y < 0) ? r + y : r
        }
    case SC_POWER:
        if ys == 0, y.assumingMemoryBound(to: T.self)[0] == 2 {
            map(n, x, z) { (x: T) in x * x }
        } else {
            map(n, x, xs, y, ys, z) { (x: T, y: T) in T.pow(x, y) }
        }
    default: compare(T.self, function, n, x, xs, y, ys, z)
    }
}

@inline(__always)
private func integerBinary<T: FixedWidthInteger>(
    _: T.Type, _ function: Int, _ n: Int, _ x: UnsafeRawPointer, _ xs: Int, _ y: UnsafeRawPointer, _ ys: Int, _ z: UnsafeMutableRawPointer
) {
    switch function {
    case SC_ADD: map(n, x, xs, y, ys, z) { (x: T, y: T) in x &+ y }
    case SC_SUBTRACT: map(n, x, xs, y, ys, z) { (x: T, y: T) in x &- y }
    case SC_MULTIPLY: map(n, x, xs, y, ys, z) { (x: T, y: T) in x &* y }
    case SC_MAXIMUM: map(n, x, xs, y, ys, z) { (x: T, y: T) in x >= y ? x : y }
    case SC_MINIMUM: map(n, x, xs, y, ys, z) { (x: T, y: T) in x <= y ? x : y }
    case SC_SQUARED_DIFFERENCE: map(n, x, xs, y, ys, z) { (x: T, y: T) in (x &- y) &* (x &- y) }
    case SC_FLOOR_DIVIDE: map(n, x, xs, y, ys, z) { (x: T, y: T) in floorDivide(x, y) }
    case SC_MOD: map(n, x, xs, y, ys, z) { (x: T, y: T) in x &- floorDivide(x, y) &* y }
    case SC_POWER: map(n, x, xs, y, ys, z) { (x: T, y: T) in integerPower(x, y) }
    case SC_LOGICAL_AND: map(n, x, xs, y, ys, z) { (x: T, y: T) in x & y }
    case SC_LOGICAL_OR: map(n, x, xs, y, ys, z) { (x: T, y: T) in x | y }
    case SC_LOGICAL_XOR: map(n, x, xs, y, ys, z) { (x: T, y: T) in x ^ y }
    default: compare(T.self, function, n, x, xs, y, ys, z)
    }
}

@inline(__always)
private func compare<T: Comparable>(
    _: T.Type, _ function: Int, _ n: Int, _ x: UnsafeRawPointer, _ xs: Int, _ y: UnsafeRawPointer, _ ys: Int, _ z: UnsafeMutableRawPointer
) {
    switch function {
    case SC_EQUAL: map(n, x, xs, y, ys, z) { (x: T, y: T) -> UInt8 in x == y ? 1 : 0 }
    case SC_NOT_EQUAL: map(n, x, xs, y, ys, z) { (x: T, y: T) -> UInt8 in x != y ? 1 : 0 }
    case SC_LESS: map(n, x, xs, y, ys, z) { (x: T, y: T) -> UInt8 in x < y ? 1 : 0 }
    case SC_LESS_EQUAL: map(n, x, xs, y, ys, z) { (x: T, y: T) -> UInt8 in x <= y ? 1 : 0 }
    case SC_GREATER: map(n, x, xs, y, ys, z) { (x: T, y: T) -> UInt8 in x > y ? 1 : 0 }
    default: map(n, x, xs, y, ys, z) { (x: T, y: T) -> UInt8 in x >= y ? 1 : 0 }
    }
}

/// Computes z[i] = condition[i · cStep] ? x[i · xStep] : y[i · yStep]; steps are 0 or 1; z overlaps no operand.
@inline(__always)
func select<T>(
    _: T.Type, _ count: Int, _ condition: UnsafePointer<UInt8>, _ cStep: Int, _ x: UnsafeRawPointer, _ xStep: Int, _ y: UnsafeRawPointer,
    _ yStep: Int, _ z: UnsafeMutableRawPointer
) {
    let x = x.assumingMemoryBound(to: T.self)
    let y = y.assumingMemoryBound(to: T.self)
    let z = z.assumingMemoryBound(to: T.self)
    if cStep == 1, xStep == 1, yStep == 1 {
        for i in 0..<count { z[i] = condition[i] != 0 ? x[i] : y[i] }
    } else {
        for i in 0..<count { z[i] = condition[i * cStep] != 0 ? x[i * xStep] : y[i * yStep] }
    }
}
