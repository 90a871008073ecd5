import CKernelInterface

/// Computes y[i] = max(x[i], 0), NaN kept.
/// Operands: x, y of `count` elements, any alignment; y may be x.
/// Tail: scalar. Numerics: exact.
@inline(__always)
func relu<V: SIMD>(_: V.Type, _ count: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer)
where V.Scalar: BinaryFloatingPoint {
    let x = x.assumingMemoryBound(to: V.Scalar.self)
    let y = y.assumingMemoryBound(to: V.Scalar.self)
    var i = 0
    while i + V.scalarCount <= count {
        let v = load(x + i, as: V.self)
        store(v.replacing(with: V.zero, where: v .< V.zero), y + i)
        i += V.scalarCount
    }
    while i < count {
        y[i] = x[i] < 0 ? 0 : x[i]
        i += 1
    }
}

/// Computes dx[i] = y[i] > 0 ? dy[i] : 0 (0 also where y is NaN).
/// Operands: dy, y, dx of `count` elements, any alignment; dx may be dy or y.
@inline(__always)
func reluBackward<V: SIMD>(_: V.Type, _ count: Int, _ dy: UnsafeRawPointer, _ y: UnsafeRawPointer, _ dx: UnsafeMutableRawPointer)
where V.Scalar: BinaryFloatingPoint {
    let dy = dy.assumingMemoryBound(to: V.Scalar.self)
    let y = y.assumingMemoryBound(to: V.Scalar.self)
    let dx = dx.assumingMemoryBound(to: V.Scalar.self)
    var i = 0
    while i + V.scalarCount <= count {
        store(V.zero.replacing(with: load(dy + i, as: V.self), where: load(y + i, as: V.self) .> V.zero), dx + i)
        i += V.scalarCount
    }
    while i < count {
        dx[i] = y[i] > 0 ? dy[i] : 0
        i += 1
    }
}

func makeElementwiseKernels() -> sc_elementwise_kernels {
    var k = sc_elementwise_kernels()
    k.relu_f32 = { relu(F32.self, $0, $1!, $2!) }
    k.relu_f64 = { relu(F64.self, $0, $1!, $2!) }
    k.relu_backward_f32 = { reluBackward(F32.self, $0, $1!, $2!, $3!) }
    k.relu_backward_f64 = { reluBackward(F64.self, $0, $1!, $2!, $3!) }
    return k
}
