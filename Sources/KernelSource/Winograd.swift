import CKernelInterface

// The multiplications of Winograd's algorithms, and this level's table of them.

/// One of the two multiplications, for tiles of MR rows.
private protocol WinogradProduct {
    static func tile<let MR: Int>(
        _ depth: Int, _ v: UnsafePointer<Float>, _ ldv: Int, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, _ ldm: Int,
        _ keep: Bool, _ zero: InlineArray<MR, WinogradColumns>)
    /// Elements of v from one row of m to the next.
    static func row(_ ldv: Int) -> Int
}

/// Computes m = v u for MR rows and winogradNV vectors of columns, all sums in registers, in the order of ic, from what m holds on if `keep`.
/// Operands: row p of v at `v + p * ldv`; u [ic][nr] without gaps. Registers: MR · winogradNV sums, as many columns, one broadcast.
private enum Multiplication: WinogradProduct {
    @inline(__always)
    static func tile<let MR: Int>(
        _ depth: Int, _ v: UnsafePointer<Float>, _ ldv: Int, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, _ ldm: Int,
        _ keep: Bool, _ zero: InlineArray<MR, WinogradColumns>
    ) {
        let lanes = F32.scalarCount
        var sums = zero
        if keep {
            for p in 0..<MR {
                for q in 0..<winogradNV { sums[unchecked: p][unchecked: q] = load(UnsafePointer(m + p * ldm + q * lanes)) }
            }
        }
        var a = v
        var b = u
        for _ in 0..<depth {
            var columns = WinogradColumns(repeating: .zero)
            for q in 0..<winogradNV { columns[unchecked: q] = load(b + q * lanes) }
            for p in 0..<MR {
                let s = F32(repeating: a[p * ldv])
                for q in 0..<winogradNV {
                    sums[unchecked: p][unchecked: q] = multiplyAdd(sums[unchecked: p][unchecked: q], s, columns[unchecked: q])
                }
            }
            a += 1
            b += winogradNV * lanes
        }
        for p in 0..<MR {
            for q in 0..<winogradNV { store(sums[unchecked: p][unchecked: q], m + p * ldm + q * lanes) }
        }
    }

    @inline(__always) static func row(_ ldv: Int) -> Int { ldv }
}

/// Computes m (+)= v' u for MR columns of v and winogradNV vectors of columns of u, summed over the tiles in their order.
/// Operands: tile t of v at `v + t * ldv`, its MR channels side by side; u [tiles][nr] without gaps.
private enum Accumulation: WinogradProduct {
    @inline(__always)
    static func tile<let MR: Int>(
        _ depth: Int, _ v: UnsafePointer<Float>, _ ldv: Int, _ u: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, _ ldm: Int,
        _ keep: Bool, _ zero: InlineArray<MR, WinogradColumns>
    ) {
        let lanes = F32.scalarCount
        var sums = zero
        var a = v
        var b = u
        for _ in 0..<depth {
            var columns = WinogradColumns(repeating: .zero)
            for q in 0..<winogradNV { columns[unchecked: q] = load(b + q * lanes) }
            for p in 0..<MR {
                let s = F32(repeating: a[p])
                for q in 0..<winogradNV {
                    sums[unchecked: p][unchecked: q] = multiplyAdd(sums[unchecked: p][unchecked: q], s, columns[unchecked: q])
                }
            }
            a += ldv
            b += winogradNV * lanes
        }
        for p in 0..<MR {
            for q in 0..<winogradNV {
                let o = m + p * ldm + q * lanes
                store(keep ? load(UnsafePointer(o)) + sums[unchecked: p][unchecked: q] : sums[unchecked: p][unchecked: q], o)
            }
        }
    }

    @inline(__always) static func row(_ ldv: Int) -> Int { 1 }
}

/// All rows of m, in tiles of nearly equal height.
@inline(__always)
private func product<P: WinogradProduct>(
    _: P.Type, _ rows: Int, _ depth: Int, _ v: UnsafePointer<Float>, _ ldv: Int, _ u: UnsafePointer<Float>,
    _ m: UnsafeMutablePointer<Float>, _ ldm: Int, _ keep: Bool
) {
    var row = 0
    var tiles = (rows + winogradMR - 1) / winogradMR
    while tiles > 0 {
        let height = (rows - row + tiles - 1) / tiles
        let a = v + row * P.row(ldv)
        let to = m + row * ldm
        switch height {
        case 1: P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<1, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 2: P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<2, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 3: P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<3, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 4: P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<4, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 5: P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<5, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 6: P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<6, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 7 where winogradMR >= 7:
            P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<7, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 8 where winogradMR >= 8:
            P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<8, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 9 where winogradMR >= 9:
            P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<9, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 10 where winogradMR >= 10:
            P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<10, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 11 where winogradMR >= 11:
            P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<11, WinogradColumns>(repeating: .init(repeating: .zero)))
        case 12 where winogradMR >= 12:
            P.tile(depth, a, ldv, u, to, ldm, keep, InlineArray<12, WinogradColumns>(repeating: .init(repeating: .zero)))
        default: break
        }
        row += height
        tiles -= 1
    }
}

func makeWinogradKernels() -> sc_winograd_kernels {
    var k = sc_winograd_kernels()
    k.mr = winogradMR
    k.nr = winogradNV * F32.scalarCount
    k.multiply = { product(Multiplication.self, $0, $1, $2!, $3, $4!, $5!, $6, $7 != 0) }
    k.accumulate = { product(Accumulation.self, $1, $0, $2!, $3, $4!, $5!, $6, $7 != 0) }
    k.f4.filter = { winogradFilter(Winograd4x4.self, $0!, $1, $2, $3, $4, $5!, $6) }
    k.f4.input = { winogradInput(Winograd4x4.self, $0!.pointee, $1!, $2, $3, $4!, $5, $6!) }
    k.f4.output = { winogradOutput(Winograd4x4.self, $0!.pointee, $1!, $2, $3, $4, $5!.pointee, $6!) }
    k.f2.filter = { winogradFilter(Winograd2x2.self, $0!, $1, $2, $3, $4, $5!, $6) }
    k.f2.input = { winogradInput(Winograd2x2.self, $0!.pointee, $1!, $2, $3, $4!, $5, $6!) }
    k.f2.output = { winogradOutput(Winograd2x2.self, $0!.pointee, $1!, $2, $3, $4, $5!.pointee, $6!) }
    k.f2_5.filter = { winogradFilter(Winograd2From5.self, $0!, $1, $2, $3, $4, $5!, $6) }
    k.f2_5.input = k.f4.input
    k.f2_5.output = { winogradOutput(Winograd2From5.self, $0!.pointee, $1!, $2, $3, $4, $5!.pointee, $6!) }
    k.line_4_3.filter = { winogradLineFilter(Winograd4x4.self, $0!, $1, $2, $3, $4, $5!, $6) }
    k.line_4_3.input = { winogradLineInput(Winograd4x4.self, $0!.pointee, $1!, $2, $3, $4!, $5, $6!) }
    k.line_4_3.output = { winogradLineOutput(Winograd4x4.self, $0!.pointee, $1!, $2, $3, $4, $5!.pointee, $6!) }
    k.line_2_5.filter = { winogradLineFilter(Winograd2From5.self, $0!, $1, $2, $3, $4, $5!, $6) }
    k.line_2_5.input = k.line_4_3.input
    k.line_2_5.output = { winogradLineOutput(Winograd2From5.self, $0!.pointee, $1!, $2, $3, $4, $5!.pointee, $6!) }
    k.line_2_7.filter = { winogradLineFilter(Winograd2From7.self, $0!, $1, $2, $3, $4, $5!, $6) }
    k.line_2_7.input = { winogradLineInput(Winograd2From7.self, $0!.pointee, $1!, $2, $3, $4!, $5, $6!) }
    k.line_2_7.output = { winogradLineOutput(Winograd2From7.self, $0!.pointee, $1!, $2, $3, $4, $5!.pointee, $6!) }
    k.f4_2.filter = { winogradFilter(Winograd4From2.self, $0!, $1, $2, $3, $4, $5!, $6) }
    k.f4_2.input = { winogradInput(Winograd4From2.self, $0!.pointee, $1!, $2, $3, $4!, $5, $6!) }
    k.f4_2.output = { winogradOutput(Winograd4From2.self, $0!.pointee, $1!, $2, $3, $4, $5!.pointee, $6!) }
    k.gradient_3.output = { winogradGradient(Winograd4x4.self, $0!.pointee, $1!, $2, $3, $4!, $5, $6, $7!) }
    k.gradient_3.filter = { winogradFilterGradient(Winograd4x4.self, $0, $1, $2, $3, $4, $5!, $6, $7!) }
    k.gradient_2.output = { winogradGradient(Winograd4From2.self, $0!.pointee, $1!, $2, $3, $4!, $5, $6, $7!) }
    k.gradient_2.filter = { winogradFilterGradient(Winograd4From2.self, $0, $1, $2, $3, $4, $5!, $6, $7!) }
    return k
}
