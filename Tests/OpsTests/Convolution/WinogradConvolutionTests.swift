import CKernelInterface
import TensorCore
import Testing
import _TestSupport

@testable import Ops
@testable import Runtime

struct WinogradCase: Sendable, CustomStringConvertible {
    var n, h, w, ic, oc, padTop, padBottom, padLeft, padRight: Int
    var dilation: (h: Int, w: Int)
    var window: (h: Int, w: Int)
    var stride: (h: Int, w: Int)
    var oh: Int { (h + padTop + padBottom - (window.h - 1) * dilation.h - 1) / stride.h + 1 }
    var ow: Int { (w + padLeft + padRight - (window.w - 1) * dilation.w - 1) / stride.w + 1 }
    var taps: Int { window.h * window.w }
    /// As for many channels: the tests' bounds hold for few ones too.
    var forms: [WinogradForm] { WinogradForm.serving(shape.phaseWindow, channels: 64) }
    var description: String {
        "\(window.h)x\(window.w) on \(n)x\(h)x\(w)x\(ic)->\(oc) pad \(padTop),\(padBottom),\(padLeft),\(padRight) "
            + "dilation \(dilation.h),\(dilation.w) stride \(stride.h),\(stride.w)"
    }
    var shape: ConvolutionShape {
        do {
            return try ConvolutionShape(
                op: "conv2d", input: TensorSpec(.float32, [n, h, w, ic]), inputName: "x",
                filter: TensorSpec(.float32, [window.h, window.w, ic, oc]), filterName: "filter",
                Attributes([
                    "strides": .ints([stride.h, stride.w]), "dilations": .ints([dilation.h, dilation.w]),
                    "padding": .ints([padTop, padBottom, padLeft, padRight]),
                ]))
        } catch {
            preconditionFailure("\(self): \(error)")
        }
    }

    init(
        _ n: Int, _ h: Int, _ w: Int, _ ic: Int, _ oc: Int, _ pads: (Int, Int, Int, Int), dilation: (Int, Int) = (1, 1),
        window: (Int, Int) = (3, 3), stride: (Int, Int) = (1, 1)
    ) {
        (self.n, self.h, self.w, self.ic, self.oc) = (n, h, w, ic, oc)
        (padTop, padBottom, padLeft, padRight) = pads
        self.dilation = (dilation.0, dilation.1)
        self.window = (window.0, window.1)
        self.stride = (stride.0, stride.1)
    }

    /// Calls `body` with the indices of each term of the definition: x[…], filter[…], y[…].
    func forTerms(_ body: (_ x: Int, _ filter: Int, _ y: Int) -> Void) {
        for n in 0..<n {
            for oy in 0..<oh {
                for ox in 0..<ow {
                    for i in 0..<window.h {
                        for j in 0..<window.w {
                            let (a, b) = (oy * stride.h + i * dilation.h - padTop, ox * stride.w + j * dilation.w - padLeft)
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

private let stridedCases = [
    WinogradCase(2, 16, 16, 24, 40, (0, 1, 0, 1), stride: (2, 2)),
    WinogradCase(1, 15, 19, 33, 17, (1, 1, 1, 1), stride: (2, 2)),
    WinogradCase(3, 9, 10, 7, 35, (0, 0, 2, 1), stride: (2, 1)),
    WinogradCase(2, 11, 8, 19, 5, (1, 0, 0, 1), stride: (1, 2)),
    WinogradCase(1, 7, 7, 130, 70, (1, 1, 1, 1), stride: (2, 2)),
    WinogradCase(9, 30, 30, 16, 24, (0, 1, 0, 1), stride: (2, 2)),
    WinogradCase(2, 16, 17, 40, 24, (1, 1, 1, 1), window: (4, 4), stride: (2, 2)),
    WinogradCase(1, 13, 14, 17, 33, (3, 2, 0, 3), window: (4, 4), stride: (2, 2)),
    WinogradCase(2, 23, 21, 20, 18, (2, 2, 2, 2), window: (5, 5), stride: (2, 2)),
    WinogradCase(1, 12, 17, 8, 35, (2, 3, 0, 4), window: (6, 5), stride: (2, 2)),
    WinogradCase(1, 18, 15, 12, 20, (1, 2, 2, 0), window: (4, 5), stride: (3, 3)),
    WinogradCase(1, 2, 2, 9, 9, (1, 1, 1, 1), stride: (2, 2)),
    WinogradCase(2, 10, 9, 21, 19, (0, 1, 1, 0), window: (2, 2)),
    WinogradCase(1, 13, 12, 8, 40, (2, 0, 1, 1), dilation: (2, 3), window: (2, 2)),
    WinogradCase(2, 9, 17, 24, 17, (0, 0, 1, 2), window: (1, 6), stride: (1, 2)),
    WinogradCase(1, 20, 5, 17, 24, (4, 1, 0, 0), window: (5, 1), stride: (2, 1)),
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
    let winograd = WinogradConvolution.forward(c.shape, form, fused: fused, threads: threads, kernels: table)
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
) throws -> [Float] {
    let gradient = try #require(WinogradFilterGradient(c.shape, threads: threads, kernels: table))
    var dfilter = [Float](repeating: .nan, count: c.taps * c.ic * c.oc)
    var scratch = [Float](repeating: .nan, count: gradient.workspaceBytes / 4)
    gradient.run(x: x, dy: dy, dfilter: &dfilter, workspace: &scratch)
    return dfilter
}

/// - Parameter scratch: whether the filters are put in order in the convolution's scratch, not a little at a time.
private func inputGradient(
    _ c: WinogradCase, _ filter: [Float], _ dy: [Float], _ form: WinogradForm, fused: Bool = false, packs: Bool = true,
    scratch: Bool = true,
    threads: Int, _ table: sc_winograd_kernels
) -> [Float] {
    var dx = [Float](repeating: .nan, count: c.n * c.h * c.w * c.ic)
    for part in WinogradConvolution.backwardInput(c.shape, form, fused: fused, threads: threads, kernels: table) {
        var packed = [Float](repeating: .nan, count: part.packedBytes / 4)
        var room = [Float](repeating: .nan, count: part.workspaceBytes / 4)
        room.withUnsafeMutableBufferPointer { part.pack(filter, into: &packed, workspace: scratch ? $0.baseAddress : nil) }
        part.run(x: dy, filter: filter, packed: packs ? packed : nil, bias: nil, slope: 1, ceiling: .infinity, y: &dx, workspace: &room)
    }
    return dx
}

@Test("Winograd agrees with the definition on every level", arguments: cases + otherWindows + stridedCases)
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

@Test("Winograd's gradient of the input agrees with the definition on every level", arguments: cases + otherWindows + stridedCases)
func winogradInputGradientAgainstDefinition(_ c: WinogradCase) {
    let filter = numbers(c.taps * c.ic * c.oc, seed: 9)
    let dy = numbers(c.n * c.oh * c.ow * c.oc, seed: 10)
    var exact = [Double](repeating: 0, count: c.n * c.h * c.w * c.ic)
    var magnitudes = exact
    c.forTerms { x, k, y in
        let term = Double(filter[k]) * Double(dy[y])
        exact[x] += term
        magnitudes[x] += abs(term)
    }
    // An element at the border may have few terms, or none, while the products of its tile have all: compare with the largest of them.
    let largest = magnitudes.max() ?? 1
    let units = magnitudes.map { max($0, largest / 4) }
    for table in tables() {
        for form in c.forms {
            let dx = inputGradient(c, filter, dy, form, threads: 2, table)
            #expect(worstError(dx, exact, units) < 64, "\(c), \(form.name), tile \(table.mr)x\(table.nr)")
            let bits = dx.map(\.bitPattern)
            #expect(bits == inputGradient(c, filter, dy, form, scratch: false, threads: 2, table).map(\.bitPattern), "\(c), no scratch")
            for packs in [true, false] {
                let fused = inputGradient(c, filter, dy, form, fused: true, packs: packs, threads: 2, table)
                #expect(bits == fused.map(\.bitPattern), "\(c), fused, packed \(packs)")
            }
        }
    }
}

private let withFilterGradient = (cases + stridedCases).filter { $0.shape.phaseWindow == (3, 3) || $0.shape.phaseWindow == (2, 2) }

@Test("Winograd's gradient of the filter agrees with the definition on every level", arguments: withFilterGradient)
func winogradFilterGradientAgainstDefinition(_ c: WinogradCase) throws {
    let x = numbers(c.n * c.h * c.w * c.ic, seed: 6)
    let dy = numbers(c.n * c.oh * c.ow * c.oc, seed: 7)
    var exact = [Double](repeating: 0, count: c.taps * c.ic * c.oc)
    var magnitudes = exact
    c.forTerms { a, filter, b in
        let term = Double(x[a]) * Double(dy[b])
        exact[filter] += term
        magnitudes[filter] += abs(term)
    }
    // A filter's element may have few terms of its own, while the products of its tile have all: compare with the largest of them.
    let largest = magnitudes.max() ?? 1
    for table in tables() {
        let worst = worstError(try filterGradient(c, x, dy, threads: 2, table), exact, magnitudes.map { max($0, largest / 4) })
        #expect(worst < 64, "\(c), tile \(table.mr)x\(table.nr)")
    }
}

@Test("Winograd gives the same bits for 1, 2 and 3 threads", arguments: cases + otherWindows + stridedCases)
func winogradThreads(_ c: WinogradCase) throws {
    let x = numbers(c.n * c.h * c.w * c.ic, seed: 4)
    let filter = numbers(c.taps * c.ic * c.oc, seed: 5)
    let dy = numbers(c.n * c.oh * c.ow * c.oc, seed: 8)
    let table = Kernels.table.winograd
    func bits(_ threads: Int) throws -> [UInt32] {
        let both = c.forms.flatMap { form in
            [false, true].flatMap { fused in
                convolve(c, x, filter, nil, form, fused: fused, threads: threads, table)
                    + inputGradient(c, filter, dy, form, fused: fused, threads: threads, table)
            }
        }
        let hasGradient = [2, 3].contains(c.shape.phaseWindow.h) && c.shape.phaseWindow.h == c.shape.phaseWindow.w
        return (both + (hasGradient ? try filterGradient(c, x, dy, threads: threads, table) : [])).map(\.bitPattern)
    }
    let one = try bits(1)
    try ThreadSettings.with(threads: 3) {
        for threads in [2, 3] {
            let several = try bits(threads)
            #expect(one == several)
        }
    }
}
