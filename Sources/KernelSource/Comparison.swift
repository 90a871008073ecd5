// Comparisons of vectors. The standard library's operators `.<`, `.==` … on a generic vector go lane by lane, even after specialisation
// (100 cycles instead of one); those of a concrete type are one instruction. So a generic kernel compares through these.

@inline(__always)
private func compare<V: SIMD>(
    _ a: V, _ b: V, _ narrow: (F32, F32) -> SIMDMask<F32.MaskStorage>, _ half: (HalfF32, HalfF32) -> SIMDMask<HalfF32.MaskStorage>,
    _ wide: (F64, F64) -> SIMDMask<F64.MaskStorage>, _ other: (V, V) -> SIMDMask<V.MaskStorage>
) -> SIMDMask<V.MaskStorage> {
    typealias Mask = SIMDMask<V.MaskStorage>
    // decided by the compiler: V is known where the kernel is instantiated
    if V.self == F32.self { return unsafeBitCast(narrow(unsafeBitCast(a, to: F32.self), unsafeBitCast(b, to: F32.self)), to: Mask.self) }
    if V.self == F64.self { return unsafeBitCast(wide(unsafeBitCast(a, to: F64.self), unsafeBitCast(b, to: F64.self)), to: Mask.self) }
    if V.self == HalfF32.self {
        return unsafeBitCast(half(unsafeBitCast(a, to: HalfF32.self), unsafeBitCast(b, to: HalfF32.self)), to: Mask.self)
    }
    return other(a, b)
}

@inline(__always)
func isLess<V: SIMD>(_ a: V, _ b: V) -> SIMDMask<V.MaskStorage> where V.Scalar: FloatingPoint {
    compare(a, b, { $0 .< $1 }, { $0 .< $1 }, { $0 .< $1 }, { $0 .< $1 })
}

@inline(__always)
func isEqual<V: SIMD>(_ a: V, _ b: V) -> SIMDMask<V.MaskStorage> where V.Scalar: FloatingPoint {
    compare(a, b, { $0 .== $1 }, { $0 .== $1 }, { $0 .== $1 }, { $0 .== $1 })
}

@inline(__always)
func isNaN<V: SIMD>(_ a: V) -> SIMDMask<V.MaskStorage> where V.Scalar: FloatingPoint {
    compare(a, a, { $0 .!= $1 }, { $0 .!= $1 }, { $0 .!= $1 }, { $0 .!= $1 })
}
