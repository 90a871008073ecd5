import CKernelInterface

// Loads, stores and loops over vectors, for kernels that are written once for every width.
// This folder is compiled once for each CPU level: raw pointers, SIMD, InlineArray and integers only. Array, Dictionary, String
// and existentials would emit weak symbols that the linker shares between levels (docs/architecture.md, "weak symbols").

@inline(__always)
func load<V: SIMD>(_ p: UnsafePointer<V.Scalar>, as _: V.Type = V.self) -> V { loadRaw(UnsafeRawPointer(p)) }

/// A vector from any address.
@inline(__always)
func loadRaw<V: SIMD>(_ p: UnsafeRawPointer, as _: V.Type = V.self) -> V {
    // decided by the compiler: V is known where the kernel is instantiated
    if V.self == F32.self { return unsafeBitCast(loadVector(p.assumingMemoryBound(to: Float.self)) as F32, to: V.self) }
    if V.self == F64.self { return unsafeBitCast(loadVector(p.assumingMemoryBound(to: Double.self)) as F64, to: V.self) }
    return p.loadUnaligned(as: V.self)
}

/// `p`, of which the compiler knows nothing more (simd_math.h).
@inline(__always)
func opaque<T>(_ p: UnsafePointer<T>) -> UnsafePointer<T> { sc_opaque(p).assumingMemoryBound(to: T.self) }

@inline(__always)
func store<V: SIMD>(_ v: V, _ p: UnsafeMutablePointer<V.Scalar>) { storeRaw(v, UnsafeMutableRawPointer(p)) }

/// A vector to any address.
@inline(__always)
func storeRaw<V: SIMD>(_ v: V, _ p: UnsafeMutableRawPointer) {
    if V.self == F32.self { return storeVector(unsafeBitCast(v, to: F32.self), p.assumingMemoryBound(to: Float.self)) }
    if V.self == F64.self { return storeVector(unsafeBitCast(v, to: F64.self), p.assumingMemoryBound(to: Double.self)) }
    p.storeBytes(of: v, as: V.self)
}

/// Reads the first `part` lanes; the others are 0. With a constant part of all lanes this is `load`.
@inline(__always)
func loadPart<V: SIMD>(_ p: UnsafePointer<V.Scalar>, _ part: Int) -> V where V.Scalar: BinaryFloatingPoint {
    if part == V.scalarCount { return load(p) }
    var v = V.zero
    for lane in 0..<part { v[lane] = p[lane] }
    return v
}

/// Writes the first `part` lanes.
@inline(__always)
func storePart<V: SIMD>(_ part: Int, _ v: V, _ p: UnsafeMutablePointer<V.Scalar>) {
    if part == V.scalarCount {
        store(v, p)
    } else {
        for lane in 0..<part { p[lane] = v[lane] }
    }
}

/// Calls `body` with the offset of each vector of `count` elements and the number of its lanes that are elements: all but for the last.
@inline(__always)
func forVectors<V: SIMD>(_: V.Type, _ count: Int, _ body: (_ offset: Int, _ lanes: Int) -> Void) {
    var i = 0
    while i &+ V.scalarCount <= count {
        body(i, V.scalarCount)
        i &+= V.scalarCount
    }
    if i < count { body(i, count &- i) }
}
