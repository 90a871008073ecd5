import CKernelInterface

// Depthwise convolution, vectorised over channels, in tiles of neighbouring outputs of a row. What its files share.

/// Outputs of a tile: enough independent sums to hide the latency of a multiply-add.
typealias DepthwiseTile<V: SIMD> = InlineArray<8, V>

// `min` and `max` of integers, which long functions call instead of inlining: a weak symbol that all levels would share.
@inline(__always) func smaller(_ a: Int, _ b: Int) -> Int { a < b ? a : b }
@inline(__always) func larger(_ a: Int, _ b: Int) -> Int { a > b ? a : b }

/// The taps k in [first, last) of `count` for which `position + k * dilation` lies in [0, size).
@inline(__always)
func depthwiseTaps(_ position: Int, _ dilation: Int, _ count: Int, _ size: Int) -> (first: Int, last: Int) {
    // a division costs as much as a row of taps
    if dilation == 1 {
        let first = larger(0, -position)
        return (first, larger(first, smaller(count, size - position)))
    }
    let first = position >= 0 ? 0 : (dilation - 1 - position) / dilation
    let last = position >= size ? 0 : smaller(count, (size - 1 - position) / dilation + 1)
    return (first, larger(first, last))
}

/// The first channel of a vector.
@inline(__always)
func depthwiseChannel(_ vector: Int, _ lanes: Int, _ c: Int) -> Int { larger(0, smaller(vector * lanes, c - lanes)) }

/// Runs `body` on runs of vectors whose taps take at most a quarter of the first-level cache, so that these stay there while a row is walked.
@inline(__always)
func depthwiseChunks(_ first: Int, _ last: Int, _ vectorBytes: Int, _ body: (Int, Int) -> Void) {
    let step = larger(1, smaller(16, 8192 / larger(1, vectorBytes)))
    var v = first
    while v < last {
        let end = smaller(last, v + step)
        body(v, end)
        v = end
    }
}

// Loops written out: LLVM leaves loops with branches inside as loops, and their registers then live in memory.

/// Calls `body` with 0 … 7.
@inline(__always)
func depthwiseEight(_ body: (Int) -> Void) {
    body(0)
    body(1)
    body(2)
    body(3)
    body(4)
    body(5)
    body(6)
    body(7)
}

/// Calls `body` with each of the `count` columns that a tile's outputs see: at most 20.
@inline(__always)
func depthwiseColumns(_ count: Int, _ body: (Int) -> Void) {
    if count > 0 { body(0) }
    if count > 1 { body(1) }
    if count > 2 { body(2) }
    if count > 3 { body(3) }
    if count > 4 { body(4) }
    if count > 5 { body(5) }
    if count > 6 { body(6) }
    if count > 7 { body(7) }
    if count > 8 { body(8) }
    if count > 9 { body(9) }
    if count > 10 { body(10) }
    if count > 11 { body(11) }
    if count > 12 { body(12) }
    if count > 13 { body(13) }
    if count > 14 { body(14) }
    if count > 15 { body(15) }
    if count > 16 { body(16) }
    if count > 17 { body(17) }
    if count > 18 { body(18) }
    if count > 19 { body(19) }
}

/// packed[vector][tap][lane] of one tap.
@inline(__always)
private func pack<V: SIMD>(_: V.Type, _ c: Int, _ taps: Int, _ tap: Int, _ values: UnsafeRawPointer, _ packed: UnsafeMutableRawPointer)
where V.Scalar: BinaryFloatingPoint {
    let from = values.assumingMemoryBound(to: V.Scalar.self)
    let to = packed.assumingMemoryBound(to: V.Scalar.self)
    for vector in 0..<(c + V.scalarCount - 1) / V.scalarCount {
        let value: V = loadPart(from + depthwiseChannel(vector, V.scalarCount, c), smaller(c, V.scalarCount))
        store(value, to + (vector * taps + tap) * V.scalarCount)
    }
}

/// The values of one tap. Channels that two vectors cover were summed twice, to the same bits.
@inline(__always)
private func unpack<V: SIMD>(_: V.Type, _ c: Int, _ taps: Int, _ tap: Int, _ packed: UnsafeRawPointer, _ values: UnsafeMutableRawPointer)
where V.Scalar: BinaryFloatingPoint {
    let from = packed.assumingMemoryBound(to: V.Scalar.self)
    let to = values.assumingMemoryBound(to: V.Scalar.self)
    for vector in 0..<(c + V.scalarCount - 1) / V.scalarCount {
        let value: V = load(from + (vector * taps + tap) * V.scalarCount)
        storePart(smaller(c, V.scalarCount), value, to + depthwiseChannel(vector, V.scalarCount, c))
    }
}

func makeDepthwiseKernels() -> sc_depthwise_kernels {
    var k = sc_depthwise_kernels()
    k.lanes_f32 = F32.scalarCount
    k.lanes_f64 = F64.scalarCount
    k.pack_f32 = { pack(F32.self, $0, $1, $2, $3!, $4!) }
    k.pack_f64 = { pack(F64.self, $0, $1, $2, $3!, $4!) }
    k.unpack_f32 = { unpack(F32.self, $0, $1, $2, $3!, $4!) }
    k.unpack_f64 = { unpack(F64.self, $0, $1, $2, $3!, $4!) }
    addDepthwiseForward(&k)
    addDepthwiseBackwardFilter(&k)
    return k
}
