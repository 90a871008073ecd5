import CKernelInterface
import Testing
import _TestSupport

@testable import Ops
@testable import Runtime

struct WinogradCase: Sendable, CustomStringConvertible {
    var n, h, w, ic, oc, padTop, padBottom, padLeft, padRight: Int
    var dilation: (h: Int, w: Int)
    var window: (h: Int, w: Int)
    var oh: Int { h + padTop + padBottom - (window.h - 1) * dilation.h }
    var ow: Int { w + padLeft + padRight - (window.w - 1) * dilation.w }
    var taps: Int { window.h * window.w }
    /// As for many channels: the tests' bounds hold for few ones too.
    var forms: [WinogradForm] { WinogradForm.serving(window, channels: 64) }
    var description: String {
        "\(window.h)x\(window.w) on \(n)x\(h)x\(w)x\(ic)->\(oc) pad \(padTop),\(padBottom),\(padLeft),\(padRight) dilation \(dilation.h),\(dilation.w)"
    }

    init(
        _ n: Int, _ h: Int, _ w: Int, _ ic: Int, _ oc: Int, _ pads: (Int, Int, Int, Int), dilation: (Int, Int) = (1, 1),
        window: (Int, Int) = (3, 3)
    ) {
        (self.n, self.h, self.w, self.ic, self.oc) = (n, h, w, ic, oc)
        (padTop, padBottom, padLeft, padRight) = pads
        self.dilation = (dilation.0, dilation.1)
        self.window = (window.0, window.1)
    }

    /// Calls `body` with the indices of each term of the definition: x[…], filter[…], y[…].
    func forTerms(_ body: (_ x: Int, _ filter: Int, _ y: Int) -> Void) {
        for n in 0..<n {
            for oy in 0..<oh {
                for ox in 0..<ow {
                    for i in 0..<window.h {
                        for j in 0..<window.w {
                            let (a, b) = (oy + i * dilation.h - padTop, ox + j * dilation.w - padLeft)
                            guard a >= 0, a < h, b >= 0, b < w else { continue }
                            for q in 0..<ic {
                                let (x, filter) = (((n * h + a) * w + b) * ic + q, ((i * window.w + j) * ic + q) * oc)
                                for o in 0..<oc { body(x, filter + o, ((n * oh + oy) * ow + ox) * oc + o) }
                            }
                        }
                    }
                }
            }
        }
    }
}

private let otherWindows = [
    WinogradCase(2, 27, 27, 24, 40, (2, 2, 2, 2), window: (5, 5)),
    WinogradCase(1, 6, 9, 33, 17, (0, 4, 1, 2), window: (5, 5)),
    WinogradCase(1, 17, 13, 5, 8, (4, 4, 4, 4), dilation: (2, 3), window: (5, 5)),
    WinogradCase(2, 17, 17, 48, 33, (0, 0, 3, 3), window: (1, 7)),
    WinogradCase(2, 17, 17, 33, 48, (3, 3, 0, 0), window: (7, 1)),
    WinogradCase(1, 5, 16, 8, 17, (1, 0, 5, 2), dilation: (1, 2), window: (1, 7)),
    WinogradCase(1, 16, 5, 17, 8, (5, 2, 0, 1), dilation: (2, 1), window: (7, 1)),
    WinogradCase(3, 9, 10, 16, 35, (0, 0, 1, 1), window: (1, 3)),
    WinogradCase(3, 10, 9, 35, 16, (2, 0, 1, 0), dilation: (3, 2), window: (3, 1)),
    WinogradCase(1, 8, 11, 19, 16, (0, 0, 2, 2), window: (1, 5)),
    WinogradCase(1, 11, 8, 16, 19, (4, 0, 0, 0), window: (5, 1)),
]

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
    var generator = TestGenerator(seed)
    return generator.values(count).map { Float($0) }
}

private func tables() -> [sc_winograd_kernels] {
    Kernels.available.map(\.winograd)
}

private func convolve(
    _ c: WinogradCase, _ x: [Float], _ filter: [Float], _ bias: [Float]?, _ form: WinogradForm, fused: Bool = false, packs: Bool = true,
    threads: Int, _ table: sc_winograd_kernels
) -> [Float] {
    let winograd = WinogradConvolution(
        form, fused: fused, n: c.n, h: c.h, w: c.w, ic: c.ic, oc: c.oc, oh: c.oh, ow: c.ow, padTop: c.padTop,
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

@Test("Winograd agrees with the definition on every level", arguments: cases + otherWindows)
func winogradAgainstDefinition(_ c: WinogradCase) {
    let x = numbers(c.n * c.h * c.w * c.ic, seed: 1)
    let filter = numbers(c.taps * c.ic * c.oc, seed: 2)
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
        for form in c.forms {
            let bound = form.outputs == (2, 2) && form.taps == 9 ? 16.0 : 64
            let worst = worstError(convolve(c, x, filter, bias, form, threads: 2, table), exact, magnitudes)
            #expect(worst < bound, "\(c), \(form.name), tile \(table.mr)x\(table.nr)")
            let bits = convolve(c, x, filter, bias, form, threads: 2, table).map(\.bitPattern)
            for packs in [true, false] {
                let fused = convolve(c, x, filter, bias, form, fused: true, packs: packs, threads: 2, table)
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

@Test("Winograd gives the same bits for 1, 2 and 3 threads", arguments: cases + otherWindows)
func winogradThreads(_ c: WinogradCase) throws {
    let x = numbers(c.n * c.h * c.w * c.ic, seed: 4)
    let filter = numbers(c.taps * c.ic * c.oc, seed: 5)
    let dy = numbers(c.n * c.oh * c.ow * c.oc, seed: 8)
    let table = Kernels.table.winograd
    func bits(_ threads: Int) -> [UInt32] {
        let forward = c.forms.flatMap { form in
            [false, true].flatMap { convolve(c, x, filter, nil, form, fused: $0, threads: threads, table).map(\.bitPattern) }
        }
        return forward + (c.window == (3, 3) ? filterGradient(c, x, dy, threads: threads, table).map(\.bitPattern) : [])
    }
    let one = bits(1)
    try ThreadSettings.with(threads: 3) {
        for threads in [2, 3] { #expect(one == bits(threads)) }
    }
}
