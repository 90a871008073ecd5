import CKernelInterface

// `SIMD.squareRoot()` compiles to one scalar instruction for each lane; these to one for the vector.

@inline(__always) func vectorSquareRoot(_ x: SIMD4<Float>) -> SIMD4<Float> { sc_sqrt_float4(x) }
@inline(__always) func vectorSquareRoot(_ x: SIMD8<Float>) -> SIMD8<Float> { sc_sqrt_float8(x) }
@inline(__always) func vectorSquareRoot(_ x: SIMD16<Float>) -> SIMD16<Float> { sc_sqrt_float16(x) }
@inline(__always) func vectorSquareRoot(_ x: SIMD2<Double>) -> SIMD2<Double> { sc_sqrt_double2(x) }
@inline(__always) func vectorSquareRoot(_ x: SIMD4<Double>) -> SIMD4<Double> { sc_sqrt_double4(x) }
@inline(__always) func vectorSquareRoot(_ x: SIMD8<Double>) -> SIMD8<Double> { sc_sqrt_double8(x) }

/// √x of this level's vectors, for generic kernels.
@inline(__always)
func vectorSquareRoot<V: SIMD>(_ x: V) -> V where V.Scalar: FloatingPoint {
    if V.self == F32.self { return unsafeBitCast(vectorSquareRoot(unsafeBitCast(x, to: F32.self)), to: V.self) }
    if V.self == F64.self { return unsafeBitCast(vectorSquareRoot(unsafeBitCast(x, to: F64.self)), to: V.self) }
    return x.squareRoot()
}

@inline(__always) func pin(_ x: SIMD4<Float>) -> SIMD4<Float> { sc_pin_float4(x) }
@inline(__always) func pin(_ x: SIMD8<Float>) -> SIMD8<Float> { sc_pin_float8(x) }
@inline(__always) func pin(_ x: SIMD16<Float>) -> SIMD16<Float> { sc_pin_float16(x) }
@inline(__always) func pin(_ x: SIMD2<Double>) -> SIMD2<Double> { sc_pin_double2(x) }
@inline(__always) func pin(_ x: SIMD4<Double>) -> SIMD4<Double> { sc_pin_double4(x) }
@inline(__always) func pin(_ x: SIMD8<Double>) -> SIMD8<Double> { sc_pin_double8(x) }

/// `x` between the two limits; NaN stays (simd_math.h).
@inline(__always) func limited(_ x: SIMD4<Float>, _ floor: SIMD4<Float>, _ ceiling: SIMD4<Float>) -> SIMD4<Float> {
    sc_limit_float4(x, floor, ceiling)
}
@inline(__always) func limited(_ x: SIMD8<Float>, _ floor: SIMD8<Float>, _ ceiling: SIMD8<Float>) -> SIMD8<Float> {
    sc_limit_float8(x, floor, ceiling)
}
@inline(__always) func limited(_ x: SIMD16<Float>, _ floor: SIMD16<Float>, _ ceiling: SIMD16<Float>) -> SIMD16<Float> {
    sc_limit_float16(x, floor, ceiling)
}

@inline(__always) private func largerLanes(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> { sc_larger_float4(a, b) }
@inline(__always) private func largerLanes(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> { sc_larger_float8(a, b) }
@inline(__always) private func largerLanes(_ a: SIMD16<Float>, _ b: SIMD16<Float>) -> SIMD16<Float> { sc_larger_float16(a, b) }
@inline(__always) private func largerLanes(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> SIMD2<Double> { sc_larger_double2(a, b) }
@inline(__always) private func largerLanes(_ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Double> { sc_larger_double4(a, b) }
@inline(__always) private func largerLanes(_ a: SIMD8<Double>, _ b: SIMD8<Double>) -> SIMD8<Double> { sc_larger_double8(a, b) }

@inline(__always)
private func whereEqualLanes(_ x: SIMD4<Float>, _ y: SIMD4<Float>, _ a: SIMD4<Float>, _ b: SIMD4<Float>) -> SIMD4<Float> {
    sc_where_equal_float4(x, y, a, b)
}
@inline(__always)
private func whereEqualLanes(_ x: SIMD8<Float>, _ y: SIMD8<Float>, _ a: SIMD8<Float>, _ b: SIMD8<Float>) -> SIMD8<Float> {
    sc_where_equal_float8(x, y, a, b)
}
@inline(__always)
private func whereEqualLanes(_ x: SIMD16<Float>, _ y: SIMD16<Float>, _ a: SIMD16<Float>, _ b: SIMD16<Float>) -> SIMD16<Float> {
    sc_where_equal_float16(x, y, a, b)
}
@inline(__always)
private func whereEqualLanes(_ x: SIMD2<Double>, _ y: SIMD2<Double>, _ a: SIMD2<Double>, _ b: SIMD2<Double>) -> SIMD2<Double> {
    sc_where_equal_double2(x, y, a, b)
}
@inline(__always)
private func whereEqualLanes(_ x: SIMD4<Double>, _ y: SIMD4<Double>, _ a: SIMD4<Double>, _ b: SIMD4<Double>) -> SIMD4<Double> {
    sc_where_equal_double4(x, y, a, b)
}
@inline(__always)
private func whereEqualLanes(_ x: SIMD8<Double>, _ y: SIMD8<Double>, _ a: SIMD8<Double>, _ b: SIMD8<Double>) -> SIMD8<Double> {
    sc_where_equal_double8(x, y, a, b)
}

/// `a` where x == y, else `b`. Of a fraction of the code of masks, which in long bodies keeps the compiler from inlining.
@inline(__always)
func whereEqual<V: SIMD>(_ x: V, _ y: V, _ a: V, _ b: V) -> V where V.Scalar: FloatingPoint {
    if V.self == F32.self {
        return unsafeBitCast(
            whereEqualLanes(
                unsafeBitCast(x, to: F32.self), unsafeBitCast(y, to: F32.self), unsafeBitCast(a, to: F32.self),
                unsafeBitCast(b, to: F32.self)), to: V.self)
    }
    if V.self == F64.self {
        return unsafeBitCast(
            whereEqualLanes(
                unsafeBitCast(x, to: F64.self), unsafeBitCast(y, to: F64.self), unsafeBitCast(a, to: F64.self),
                unsafeBitCast(b, to: F64.self)), to: V.self)
    }
    return b.replacing(with: a, where: isEqual(x, y))
}

/// The larger of both, `a` where they are equal or one is NaN: one instruction.
@inline(__always)
func larger<V: SIMD>(_ a: V, _ b: V) -> V where V.Scalar: FloatingPoint {
    if V.self == F32.self { return unsafeBitCast(largerLanes(unsafeBitCast(a, to: F32.self), unsafeBitCast(b, to: F32.self)), to: V.self) }
    if V.self == F64.self { return unsafeBitCast(largerLanes(unsafeBitCast(a, to: F64.self), unsafeBitCast(b, to: F64.self)), to: V.self) }
    return a.replacing(with: b, where: isLess(a, b))
}

@inline(__always) private func anyNaNLane(_ x: SIMD4<Float>) -> Bool { sc_any_nan_float4(x) }
@inline(__always) private func anyNaNLane(_ x: SIMD8<Float>) -> Bool { sc_any_nan_float8(x) }
@inline(__always) private func anyNaNLane(_ x: SIMD16<Float>) -> Bool { sc_any_nan_float16(x) }
@inline(__always) private func anyNaNLane(_ x: SIMD2<Double>) -> Bool { sc_any_nan_double2(x) }
@inline(__always) private func anyNaNLane(_ x: SIMD4<Double>) -> Bool { sc_any_nan_double4(x) }
@inline(__always) private func anyNaNLane(_ x: SIMD8<Double>) -> Bool { sc_any_nan_double8(x) }

/// Whether any lane is NaN.
@inline(__always)
func anyNaN<V: SIMD>(_ x: V) -> Bool where V.Scalar: FloatingPoint {
    if V.self == F32.self { return anyNaNLane(unsafeBitCast(x, to: F32.self)) }
    if V.self == F64.self { return anyNaNLane(unsafeBitCast(x, to: F64.self)) }
    return x != x
}

/// `x`, computed before any later `pin` or `opaque` (simd_math.h).
@inline(__always)
func pin<V: SIMD>(_ x: V) -> V where V.Scalar: FloatingPoint {
    if V.self == F32.self { return unsafeBitCast(pin(unsafeBitCast(x, to: F32.self)), to: V.self) }
    if V.self == F64.self { return unsafeBitCast(pin(unsafeBitCast(x, to: F64.self)), to: V.self) }
    return x
}

/// A vector of float64 from memory of either type, for sums in float64.
@inline(__always) func loadWide(_ p: UnsafePointer<Float>) -> SIMD2<Double> { sc_widen_float2(load(p)) }
@inline(__always) func loadWide(_ p: UnsafePointer<Float>) -> SIMD4<Double> { sc_widen_float4(load(p)) }
@inline(__always) func loadWide(_ p: UnsafePointer<Float>) -> SIMD8<Double> { sc_widen_float8(load(p)) }
@inline(__always) func loadWide(_ p: UnsafePointer<Double>) -> F64 { load(p) }

@inline(__always) func widen(_ v: SIMD2<Float>) -> SIMD2<Double> { sc_widen_float2(v) }
@inline(__always) func widen(_ v: SIMD4<Float>) -> SIMD4<Double> { sc_widen_float4(v) }
@inline(__always) func widen(_ v: SIMD8<Float>) -> SIMD8<Double> { sc_widen_float8(v) }

// Of any level, by the type that is asked for.
@inline(__always) func loadVector(_ p: UnsafePointer<Float>) -> SIMD4<Float> { sc_load_float4(p) }
@inline(__always) func loadVector(_ p: UnsafePointer<Float>) -> SIMD8<Float> { sc_load_float8(p) }
@inline(__always) func loadVector(_ p: UnsafePointer<Float>) -> SIMD16<Float> { sc_load_float16(p) }
@inline(__always) func loadVector(_ p: UnsafePointer<Double>) -> SIMD2<Double> { sc_load_double2(p) }
@inline(__always) func loadVector(_ p: UnsafePointer<Double>) -> SIMD4<Double> { sc_load_double4(p) }
@inline(__always) func loadVector(_ p: UnsafePointer<Double>) -> SIMD8<Double> { sc_load_double8(p) }
@inline(__always) func storeVector(_ v: SIMD4<Float>, _ p: UnsafeMutablePointer<Float>) { sc_store_float4(v, p) }
@inline(__always) func storeVector(_ v: SIMD8<Float>, _ p: UnsafeMutablePointer<Float>) { sc_store_float8(v, p) }
@inline(__always) func storeVector(_ v: SIMD16<Float>, _ p: UnsafeMutablePointer<Float>) { sc_store_float16(v, p) }
@inline(__always) func storeVector(_ v: SIMD2<Double>, _ p: UnsafeMutablePointer<Double>) { sc_store_double2(v, p) }
@inline(__always) func storeVector(_ v: SIMD4<Double>, _ p: UnsafeMutablePointer<Double>) { sc_store_double4(v, p) }
@inline(__always) func storeVector(_ v: SIMD8<Double>, _ p: UnsafeMutablePointer<Double>) { sc_store_double8(v, p) }

// Past the caches, to memory that is aligned for the vector.
@inline(__always) func streamVector(_ v: SIMD4<Float>, _ p: UnsafeMutablePointer<Float>) { sc_stream_float4(v, p) }
@inline(__always) func streamVector(_ v: SIMD8<Float>, _ p: UnsafeMutablePointer<Float>) { sc_stream_float8(v, p) }
@inline(__always) func streamVector(_ v: SIMD16<Float>, _ p: UnsafeMutablePointer<Float>) { sc_stream_float16(v, p) }

// The first lanes, fewer than all (simd_math.h), of the vectors that some level has.
@inline(__always) func loadLanes(_ p: UnsafePointer<Float>, _ n: Int) -> SIMD4<Float> { sc_load_part_float4(p, n) }
@inline(__always) func loadLanes(_ p: UnsafePointer<Double>, _ n: Int) -> SIMD2<Double> { sc_load_part_double2(p, n) }
@inline(__always) func storeLanes(_ n: Int, _ v: SIMD4<Float>, _ p: UnsafeMutablePointer<Float>) { sc_store_part_float4(v, p, n) }
@inline(__always) func storeLanes(_ n: Int, _ v: SIMD2<Double>, _ p: UnsafeMutablePointer<Double>) { sc_store_part_double2(v, p, n) }
