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

/// A vector past the caches, to an address that is aligned for it; of float64 an ordinary store.
@inline(__always)
func streamRaw<V: SIMD>(_ v: V, _ p: UnsafeMutableRawPointer) {
    if V.self == F32.self { return streamVector(unsafeBitCast(v, to: F32.self), p.assumingMemoryBound(to: Float.self)) }
    storeRaw(v, p)
}

/// Reads the first `part` lanes; the others are 0. With a constant part of all lanes this is `load`.
@inline(__always)
func loadPart<V: SIMD>(_ p: UnsafePointer<V.Scalar>, _ part: Int) -> V where V.Scalar: BinaryFloatingPoint {
    if part == V.scalarCount { return load(p) }
    if V.self == F32.self {
        return unsafeBitCast(loadLanes(UnsafeRawPointer(p).assumingMemoryBound(to: Float.self), part) as F32, to: V.self)
    }
    if V.self == F64.self {
        return unsafeBitCast(loadLanes(UnsafeRawPointer(p).assumingMemoryBound(to: Double.self), part) as F64, to: V.self)
    }
    var v = V.zero
    for lane in 0..<part { v[lane] = p[lane] }
    return v
}

/// Writes the first `part` lanes.
@inline(__always)
func storePart<V: SIMD>(_ part: Int, _ v: V, _ p: UnsafeMutablePointer<V.Scalar>) {
    if part == V.scalarCount {
        store(v, p)
    } else if V.self == F32.self {
        storeLanes(part, unsafeBitCast(v, to: F32.self), UnsafeMutableRawPointer(p).assumingMemoryBound(to: Float.self))
    } else if V.self == F64.self {
        storeLanes(part, unsafeBitCast(v, to: F64.self), UnsafeMutableRawPointer(p).assumingMemoryBound(to: Double.self))
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

/// The same four vectors at a time where there are so many, for bodies whose loops cost more than their arithmetic.
@inline(__always)
func forVectors<V: SIMD>(
    _: V.Type, _ count: Int, four: (_ offset: Int) -> Void, one: (_ offset: Int, _ lanes: Int) -> Void
) {
    var i = 0
    while i &+ 4 &* V.scalarCount <= count {
        four(i)
        i &+= 4 &* V.scalarCount
    }
    forVectors(V.self, count &- i) { offset, lanes in one(i &+ offset, lanes) }
}

/// Four neighbouring vectors.
struct FourVectors<V: SIMD> where V.Scalar: BinaryFloatingPoint {
    var (a, b, c, d): (V, V, V, V)

    @inline(__always) init(_ p: UnsafePointer<V.Scalar>) {
        let n = V.scalarCount
        (a, b, c, d) = (load(p), load(p + n), load(p + 2 * n), load(p + 3 * n))
    }

    /// Each of them joined with its counterpart at `p`.
    @inline(__always) mutating func join(_ p: UnsafePointer<V.Scalar>, _ f: (V, V) -> V) {
        let n = V.scalarCount
        (a, b, c, d) = (f(a, load(p)), f(b, load(p + n)), f(c, load(p + 2 * n)), f(d, load(p + 3 * n)))
    }

    @inline(__always) func store(_ p: UnsafeMutablePointer<V.Scalar>, _ f: (V) -> V) {
        let n = V.scalarCount
        storeVectors(f(a), f(b), p)
        storeVectors(f(c), f(d), p + 2 * n)
    }

    @inline(__always) private func storeVectors(_ x: V, _ y: V, _ p: UnsafeMutablePointer<V.Scalar>) {
        storeRaw(x, UnsafeMutableRawPointer(p))
        storeRaw(y, UnsafeMutableRawPointer(p + V.scalarCount))
    }
}
