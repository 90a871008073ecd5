import CKernelInterface
import Testing

@testable import Ops
@testable import Runtime

struct WinogradCase: Sendable, CustomStringConvertible {
    var n, h, w, ic, oc, padTop, padBottom, padLeft, padRight: Int
    var dilation: (h: Int, w: Int)
    var oh: Int { h + padTop + padBottom - 2 * dilation.h }
    var ow: Int { w + padLeft + padRight - 2 * dilation.w }
    var description: String {
        "\(n)x\(h)x\(w)x\(ic)->\(oc) pad \(padTop),\(padBottom),\(padLeft),\(padRight) dilation \(dilation.h),\(dilation.w)"
    }

    init(_ n: Int, _ h: Int, _ w: Int, _ ic: Int, _ oc: Int, _ pads: (Int, Int, Int, Int), dilation: (Int, Int) = (1, 1)) {
        (self.n, self.h, self.w, self.ic, self.oc) = (n, h, w, ic, oc)
        (padTop, padBottom, padLeft, padRight) = pads
        self.dilation = (dilation.0, dilation.1)
    }

    /// Calls `body` with the indices of each term of the definition: x[…], filter[…], y[…].
    func forTerms(_ body: (_ x: Int, _ filter: Int, _ y: Int) -> Void) {
        for n in 0..<n {
            for oy in 0..<oh {
                for ox in 0..<ow {
                    for i in 0..<3 {
                        for j in 0..<3 {
                            let (a, b) = (oy + i * dilation.h - padTop, ox + j * dilation.w - padLeft)
                            guard a >= 0, a < h, b >= 0, b < w else { continue }
                            for q in 0..<ic {
                                let (x, filter) = (((n * h + a) * w + b) * ic + q, ((i * 3 + j) * ic + q) * oc)
                                for o in 0..<oc { body(x, filter + o, ((n * oh + oy) * ow + ox) * oc + o) }
                            }
                        }
                    }
                }
            }
        }
    }
}

private let cases = [
    WinogradCase(1, 3, 3, 1, 1, (0, 0, 0, 0)),
    WinogradCase(2, 26, 26, 32, 64, (0, 0, 0, 0)),
    WinogradCase(3, 24, 24, 64, 32, (2, 2, 2, 2)),
    WinogradCase(1, 7, 7, 17, 33, (1, 1, 1, 1)),
    WinogradCase(2, 5, 9, 67, 13, (0, 1, 2, 1)),
    WinogradCase(5, 1, 1, 8, 24, (1, 1, 1, 1)),
    WinogradCase(1, 13, 6, 40, 40, (2, 0, 0, 2)),
    WinogradCase(9, 14, 14, 31, 16, (1, 1, 1, 1)),
    WinogradCase(2, 11, 13, 19, 18, (2, 2, 2, 2), dilation: (2, 2)),
    WinogradCase(1, 9, 7, 8, 16, (3, 1, 0, 4), dilation: (3, 2)),
    WinogradCase(1, 12, 12, 5, 7, (4, 4, 4, 4), dilation: (4, 4)),
    WinogradCase(1, 7, 7, 130, 70, (1, 1, 1, 1)),
    WinogradCase(4, 22, 22, 24, 40, (1, 1, 1, 1)),
]

/// Whether all |value - exact| are within `bound` · 2^-24 · magnitude.
private func worstError(_ values: [Float], _ exact: [Double], _ magnitude: [Double]) -> Double {
    var worst = 0.0
    for i in values.indices {
        let error = abs(Double(values[i]) - exact[i]) / max(magnitude[i], 1e-6) / 0x1p-24
        if !(error <= worst) { worst = error }
    }
    return worst
}

private func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 33)) / Float(1 << 30) - 1
    }
}

private func tables() -> [sc_winograd_kernels] {
    Kernels.available.map(\.winograd)
}

private func convolve(
    _ c: WinogradCase, _ x: [Float], _ filter: [Float], _ bias: [Float]?, outputs: Int, fused: Bool = false, packs: Bool = true,
    threads: Int, _ table: sc_winograd_kernels
) -> [Float] {
    let winograd = WinogradConvolution(
        outputs: outputs, fused: fused, n: c.n, h: c.h, w: c.w, ic: c.ic, oc: c.oc, oh: c.oh, ow: c.ow, padTop: c.padTop,
        padLeft: c.padLeft,
        dilation: c.dilation, threads: threads, kernels: table)
    var y = [Float](repeating: .nan, count: c.n * c.oh * c.ow * c.oc)
    // NaN everywhere: what the convolution reads without having written it shows.
    var packed = [Float](repeating: .nan, count: winograd.packedBytes / 4)
    var scratch = [Float](repeating: .nan, count: winograd.workspaceBytes / 4)
    winograd.pack(filter, into: &packed)
    let run = { (bias: UnsafePointer<Float>?) in
        winograd.run(x: x, filter: filter, packed: packs ? packed : nil, bias: bias, slope: 0, ceiling: 6, y: &y, workspace: &scratch)
    }
    if let bias { bias.withUnsafeBufferPointer { run($0.baseAddress) } } else { run(nil) }
    return y
}

private func filterGradient(
    _ c: WinogradCase, _ x: [Float], _ dy: [Float], threads: Int, _ table: sc_winograd_kernels
) -> [Float] {
    let gradient = WinogradFilterGradient(
        n: c.n, h: c.h, w: c.w, ic: c.ic, oc: c.oc, oh: c.oh, ow: c.ow, padTop: c.padTop, padLeft: c.padLeft, dilation: c.dilation,
        threads: threads, kernels: table)
    var dfilter = [Float](repeating: .nan, count: 9 * c.ic * c.oc)
    var scratch = [Float](repeating: .nan, count: gradient.workspaceBytes / 4)
    gradient.run(x: x, dy: dy, dfilter: &dfilter, workspace: &scratch)
    return dfilter
}

@Test("Winograd agrees with the definition on every level", arguments: cases)
func winogradAgainstDefinition(_ c: WinogradCase) {
    let x = numbers(c.n * c.h * c.w * c.ic, seed: 1)
    let filter = numbers(9 * c.ic * c.oc, seed: 2)
    let bias = numbers(c.oc, seed: 3)
    var sums = [Double](repeating: 0, count: c.n * c.oh * c.ow * c.oc)
    for i in sums.indices { sums[i] = Double(bias[i % c.oc]) }
    var magnitudes = sums.map(abs)
    c.forTerms { a, b, y in
        let term = Double(x[a]) * Double(filter[b])
        sums[y] += term
        magnitudes[y] += abs(term)
    }
    let exact = sums.map { min(max($0, 0), 6) }
    for table in tables() {
        for (outputs, bound) in [(4, 64.0), (2, 16.0)] {
            let worst = worstError(convolve(c, x, filter, bias, outputs: outputs, threads: 2, table), exact, magnitudes)
            #expect(worst < bound, "\(c), F(\(outputs)x\(outputs), 3x3), tile \(table.mr)x\(table.nr)")
            let bits = convolve(c, x, filter, bias, outputs: outputs, threads: 2, table).map(\.bitPattern)
            for packs in [true, false] {
                let fused = convolve(c, x, filter, bias, outputs: outputs, fused: true, packs: packs, threads: 2, table)
                #expect(bits == fused.map(\.bitPattern), "\(c), fused, packed \(packs)")
            }
        }
    }
}

@Test("Winograd's gradient of the filter agrees with the definition on every level", arguments: cases)
func winogradFilterGradientAgainstDefinition(_ c: WinogradCase) {
    let x = numbers(c.n * c.h * c.w * c.ic, seed: 6)
    let dy = numbers(c.n * c.oh * c.ow * c.oc, seed: 7)
    var exact = [Double](repeating: 0, count: 9 * c.ic * c.oc)
    var magnitudes = exact
    c.forTerms { a, filter, b in
        let term = Double(x[a]) * Double(dy[b])
        exact[filter] += term
        magnitudes[filter] += abs(term)
    }
    // A filter's element may have few terms of its own, while the products of its tile have all: compare with the largest of them.
    let largest = magnitudes.max() ?? 1
    for table in tables() {
        let worst = worstError(filterGradient(c, x, dy, threads: 2, table), exact, magnitudes.map { max($0, largest / 4) })
        #expect(worst < 64, "\(c), tile \(table.mr)x\(table.nr)")
    }
}

@Test("Winograd gives the same bits for 1, 2 and 3 threads", arguments: cases)
func winogradThreads(_ c: WinogradCase) {
    let x = numbers(c.n * c.h * c.w * c.ic, seed: 4)
    let filter = numbers(9 * c.ic * c.oc, seed: 5)
    let dy = numbers(c.n * c.oh * c.ow * c.oc, seed: 8)
    let table = Kernels.table.winograd
    func bits(_ threads: Int) -> [UInt32] {
        [(4, false), (2, false), (4, true), (2, true)].flatMap { outputs, fused in
            convolve(c, x, filter, nil, outputs: outputs, fused: fused, threads: threads, table).map(\.bitPattern)
        }
            + filterGradient(c, x, dy, threads: threads, table).map(\.bitPattern)
    }
    let one = bits(1)
    for threads in [2, 3] { #expect(one == bits(threads)) }
}
