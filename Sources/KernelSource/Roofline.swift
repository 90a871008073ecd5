import CKernelInterface

/// Chains of multiply-adds in flight: two units of four to five cycles' latency need ten; as many as the registers of a GEMM tile hold.
private let chains = 12

/// Computes: see `multiply_add` in roofline_kernels.h. Registers: 12 sums, two constants.
private func multiplyAddRounds(_ rounds: Int, _ a: Float, _ b: Float) -> Float {
    let (va, vb) = (F32(repeating: a), F32(repeating: b))
    var sums = InlineArray<12, F32>(repeating: .zero)
    for q in 0..<chains { sums[unchecked: q] = F32(repeating: Float(q)) }
    for _ in 0..<rounds {
        for q in 0..<chains { sums[unchecked: q] = multiplyAdd(vb, sums[unchecked: q], va) }
    }
    var total = F32.zero
    for q in 0..<chains { total += sums[unchecked: q] }
    return total.sum()
}

/// Computes: the sum of x, eight vectors at a time. Preconditions: `count` is a multiple of 64.
private func readAll(_ count: Int, _ x: UnsafePointer<Float>) -> Float {
    let lanes = F32.scalarCount
    var sums = InlineArray<4, F32>(repeating: .zero)
    var i = 0
    while i < count {
        for q in 0..<4 { sums[unchecked: q] += load(x + i + q * lanes) }
        i += 4 * lanes
    }
    var total = F32.zero
    for q in 0..<4 { total += sums[unchecked: q] }
    return total.sum()
}

/// Computes: y = x, four vectors at a time. Preconditions: `count` is a multiple of 64, no overlap.
private func copyAll(_ count: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>) {
    let lanes = F32.scalarCount
    var i = 0
    while i < count {
        var v = InlineArray<4, F32>(repeating: .zero)
        for q in 0..<4 { v[unchecked: q] = load(x + i + q * lanes) }
        for q in 0..<4 { store(v[unchecked: q], y + i + q * lanes) }
        i += 4 * lanes
    }
}

func makeRooflineKernels() -> sc_roofline_kernels {
    var k = sc_roofline_kernels()
    k.flops = 2 * chains * F32.scalarCount
    k.multiply_add = { multiplyAddRounds($0, $1, $2) }
    k.read = { readAll($0, $1!) }
    k.copy = { copyAll($0, $1!, $2!) }
    return k
}
