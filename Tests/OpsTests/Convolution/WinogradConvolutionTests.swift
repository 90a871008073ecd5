import CKernelInterface
import KernelsBaseline
import KernelsV3
import Testing

@testable import Ops
@testable import Runtime

struct WinogradCase: Sendable, CustomStringConvertible {
    var n, h, w, ic, oc, padTop, padBottom, padLeft, padRight: Int
    var oh: Int { h + padTop + padBottom - 2 }
    var ow: Int { w + padLeft + padRight - 2 }
    var description: String { "\(n)x\(h)x\(w)x\(ic)->\(oc) pad \(padTop),\(padBottom),\(padLeft),\(padRight)" }

    init(_ n: Int, _ h: Int, _ w: Int, _ ic: Int, _ oc: Int, _ pads: (Int, Int, Int, Int)) {
        (self.n, self.h, self.w, self.ic, self.oc) = (n, h, w, ic, oc)
        (padTop, padBottom, padLeft, padRight) = pads
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
]

private func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 33)) / Float(1 << 30) - 1
    }
}

private func tables() -> [sc_winograd_kernels] {
    var found = [KernelsBaseline.makeKernelTable().winograd]
    if sc_level_at_least_v3() { found.append(KernelsV3.makeKernelTable().winograd) }
    return found
}

private func sc_level_at_least_v3() -> Bool { Kernels.table.level.map { String(cString: $0) } != "baseline" }

private func convolve(_ c: WinogradCase, _ x: [Float], _ filter: [Float], _ bias: [Float]?, threads: Int, _ table: sc_winograd_kernels)
    -> [Float]
{
    let winograd = WinogradConvolution(
        n: c.n, h: c.h, w: c.w, ic: c.ic, oc: c.oc, oh: c.oh, ow: c.ow, padTop: c.padTop, padLeft: c.padLeft, threads: threads,
        kernels: table)
    var y = [Float](repeating: .nan, count: c.n * c.oh * c.ow * c.oc)
    // NaN everywhere: what the convolution reads without having written it shows.
    var packed = [Float](repeating: .nan, count: winograd.packedBytes / 4)
    var scratch = [Float](repeating: .nan, count: winograd.workspaceBytes / 4)
    winograd.pack(filter, into: &packed)
    let run = { (bias: UnsafePointer<Float>?) in
        winograd.run(x: x, packed: packed, bias: bias, slope: 0, ceiling: 6, y: &y, workspace: &scratch)
    }
    if let bias { bias.withUnsafeBufferPointer { run($0.baseAddress) } } else { run(nil) }
    return y
}

@Test("Winograd agrees with the definition on every level", arguments: cases)
func winogradAgainstDefinition(_ c: WinogradCase) {
    let x = numbers(c.n * c.h * c.w * c.ic, seed: 1)
    let filter = numbers(9 * c.ic * c.oc, seed: 2)
    let bias = numbers(c.oc, seed: 3)
    for table in tables() {
        let y = convolve(c, x, filter, bias, threads: 2, table)
        var index = 0
        var worst = 0.0
        for n in 0..<c.n {
            for oy in 0..<c.oh {
                for ox in 0..<c.ow {
                    for o in 0..<c.oc {
                        var sum = Double(bias[o])
                        var magnitude = abs(sum)
                        for i in 0..<3 {
                            for j in 0..<3 {
                                let (a, b) = (oy + i - c.padTop, ox + j - c.padLeft)
                                guard a >= 0, a < c.h, b >= 0, b < c.w else { continue }
                                for q in 0..<c.ic {
                                    let term =
                                        Double(x[((n * c.h + a) * c.w + b) * c.ic + q])
                                        * Double(filter[((i * 3 + j) * c.ic + q) * c.oc + o])
                                    sum += term
                                    magnitude += abs(term)
                                }
                            }
                        }
                        let error = abs(Double(y[index]) - min(max(sum, 0), 6)) / max(magnitude, 1e-6)
                        if !(error <= worst) { worst = error }
                        index += 1
                    }
                }
            }
        }
        #expect(worst < 64 * 0x1p-24, "\(c), tile \(table.mr)x\(table.nr)")
    }
}

@Test("Winograd gives the same bits for 1, 2 and 3 threads", arguments: cases)
func winogradThreads(_ c: WinogradCase) {
    let x = numbers(c.n * c.h * c.w * c.ic, seed: 4)
    let filter = numbers(9 * c.ic * c.oc, seed: 5)
    let one = convolve(c, x, filter, nil, threads: 1, Kernels.table.winograd)
    for threads in [2, 3] {
        #expect(one.map(\.bitPattern) == convolve(c, x, filter, nil, threads: threads, Kernels.table.winograd).map(\.bitPattern))
    }
}
