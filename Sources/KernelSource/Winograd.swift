import CKernelInterface

// The multiplications of Winograd's algorithms, and this level's table of them.

/// Computes m = v u for MR rows and NV vectors of columns, all sums in registers, in the order of ic.
/// Operands: row p of v at `v + p * ldv`; u [ic][nr] without gaps. Registers: MR · NV sums, NV columns, one broadcast.
@inline(__always)
private func multiplyTile<let MR: Int, let NV: Int>(
    _ ic: Int, _ v: UnsafePointer<Float>, _ ldv: Int, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, _ ldm: Int,
    _ zero: InlineArray<MR, InlineArray<NV, F32>>
) {
    let lanes = F32.scalarCount
    var sums = zero
    var a = v
    var b = u
    for _ in 0..<ic {
        var columns = InlineArray<NV, F32>(repeating: .zero)
        for q in 0..<NV { columns[unchecked: q] = load(b + q * lanes) }
        for p in 0..<MR {
            let s = F32(repeating: a[p * ldv])
            for q in 0..<NV {
                sums[unchecked: p][unchecked: q] = multiplyAdd(sums[unchecked: p][unchecked: q], s, columns[unchecked: q])
            }
        }
        a += 1
        b += NV * lanes
    }
    for p in 0..<MR {
        for q in 0..<NV { store(sums[unchecked: p][unchecked: q], m + p * ldm + q * lanes) }
    }
}

private func winogradMultiply(
    _ rows: Int, _ ic: Int, _ v: UnsafePointer<Float>, _ ldv: Int, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, _ ldm: Int
) {
    var row = 0
    while row < rows {
        multiplyTile(
            ic, v + row * ldv, ldv, u, m + row * ldm, ldm,
            WinogradTile(repeating: WinogradColumns(repeating: .zero)))
        row += winogradMR
    }
}

/// Computes m (+)= v' u for MR columns of v and NV vectors of columns of u, summed over the tiles in their order.
/// Operands: tile t of v at `v + t * ldv`, its MR channels side by side; u [tiles][nr] without gaps.
@inline(__always)
private func accumulateTile<let MR: Int, let NV: Int>(
    _ tiles: Int, _ v: UnsafePointer<Float>, _ ldv: Int, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, _ ldm: Int,
    _ keep: Bool, _ zero: InlineArray<MR, InlineArray<NV, F32>>
) {
    let lanes = F32.scalarCount
    var sums = zero
    var a = v
    var b = u
    for _ in 0..<tiles {
        var columns = InlineArray<NV, F32>(repeating: .zero)
        for q in 0..<NV { columns[unchecked: q] = load(b + q * lanes) }
        for p in 0..<MR {
            let s = F32(repeating: a[p])
            for q in 0..<NV {
                sums[unchecked: p][unchecked: q] = multiplyAdd(sums[unchecked: p][unchecked: q], s, columns[unchecked: q])
            }
        }
        a += ldv
        b += NV * lanes
    }
    for p in 0..<MR {
        for q in 0..<NV {
            let o = m + p * ldm + q * lanes
            store(keep ? load(UnsafePointer(o)) + sums[unchecked: p][unchecked: q] : sums[unchecked: p][unchecked: q], o)
        }
    }
}

private func winogradAccumulate(
    _ tiles: Int, _ rows: Int, _ v: UnsafePointer<Float>, _ ldv: Int, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>,
    _ ldm: Int, _ keep: Bool
) {
    var row = 0
    while row < rows {
        accumulateTile(
            tiles, v + row, ldv, u, m + row * ldm, ldm, keep,
            WinogradTile(repeating: WinogradColumns(repeating: .zero)))
        row += winogradMR
    }
}

func makeWinogradKernels() -> sc_winograd_kernels {
    var k = sc_winograd_kernels()
    k.mr = winogradMR
    k.nr = winogradNV * F32.scalarCount
    k.multiply = { winogradMultiply($0, $1, $2!, $3, $4!, $5!, $6) }
    k.accumulate = { winogradAccumulate($0, $1, $2!, $3, $4!, $5!, $6, $7 != 0) }
    k.f4.filter = { winogradFilter(Winograd4x4.self, $0!, $1, $2, $3, $4, $5!) }
    k.f4.input = { winogradInput(Winograd4x4.self, $0!.pointee, $1!, $2, $3, $4!, $5, $6!) }
    k.f4.output = { winogradOutput(Winograd4x4.self, $0!.pointee, $1!, $2, $3, $4, $5!.pointee, $6!) }
    k.f2.filter = { winogradFilter(Winograd2x2.self, $0!, $1, $2, $3, $4, $5!) }
    k.f2.input = { winogradInput(Winograd2x2.self, $0!.pointee, $1!, $2, $3, $4!, $5, $6!) }
    k.f2.output = { winogradOutput(Winograd2x2.self, $0!.pointee, $1!, $2, $3, $4, $5!.pointee, $6!) }
    k.gradient = { winogradGradient($0!.pointee, $1!, $2, $3, $4!, $5, $6, $7!) }
    k.filter_gradient = { winogradFilterGradient($0, $1, $2, $3!, $4, $5!) }
    return k
}
