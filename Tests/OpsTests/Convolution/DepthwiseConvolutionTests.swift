import CKernelInterface
import Testing
import _TestSupport

@testable import Ops
@testable import Runtime
@testable import TensorCore

struct DepthwiseCase: Sendable, CustomStringConvertible {
    var n, h, w, c, multiplier, kh, kw: Int
    var strides = [1, 1]
    var dilations = [1, 1]
    var padding = Padding.same
    var description: String { "\(n)x\(h)x\(w)x\(c)*\(multiplier) \(kh)x\(kw) strides \(strides) dilations \(dilations) \(padding)" }
    func geometry() throws -> Geometry {
        try Geometry(op: "test", input: (h, w), window: (kh, kw), strides: strides, dilations: dilations, padding: padding)
    }
}

private let cases = [
    DepthwiseCase(n: 1, h: 5, w: 5, c: 1, multiplier: 1, kh: 3, kw: 3, padding: .valid),
    DepthwiseCase(n: 2, h: 14, w: 14, c: 33, multiplier: 1, kh: 3, kw: 3),
    DepthwiseCase(n: 3, h: 9, w: 11, c: 24, multiplier: 1, kh: 5, kw: 5, strides: [2, 2]),
    DepthwiseCase(n: 2, h: 12, w: 7, c: 7, multiplier: 3, kh: 3, kw: 2, strides: [1, 3]),
    DepthwiseCase(n: 1, h: 10, w: 16, c: 16, multiplier: 2, kh: 3, kw: 3, dilations: [2, 3], padding: .valid),
    DepthwiseCase(n: 1, h: 4, w: 4, c: 9, multiplier: 1, kh: 7, kw: 7),
    DepthwiseCase(n: 2, h: 6, w: 25, c: 5, multiplier: 1, kh: 1, kw: 8, padding: .explicit(top: 0, bottom: 2, left: 3, right: 1)),
    DepthwiseCase(n: 1, h: 8, w: 8, c: 8, multiplier: 1, kh: 1, kw: 1, strides: [3, 2]),
    DepthwiseCase(n: 2, h: 9, w: 9, c: 12, multiplier: 1, kh: 3, kw: 3, strides: [2, 2], dilations: [2, 2], padding: .valid),
    // narrower than the reach of the window, and than a tile
    DepthwiseCase(n: 1, h: 6, w: 1, c: 33, multiplier: 1, kh: 3, kw: 3, dilations: [2, 2]),
    DepthwiseCase(n: 1, h: 3, w: 3, c: 16, multiplier: 1, kh: 5, kw: 5),
    // whole tiles, borders and a rest, whole and overlapping vectors of channels
    DepthwiseCase(n: 1, h: 5, w: 37, c: 32, multiplier: 1, kh: 3, kw: 3),
    DepthwiseCase(n: 1, h: 7, w: 37, c: 17, multiplier: 1, kh: 5, kw: 5),
    DepthwiseCase(n: 1, h: 7, w: 41, c: 67, multiplier: 1, kh: 3, kw: 3, strides: [2, 2]),
    DepthwiseCase(n: 1, h: 8, w: 40, c: 9, multiplier: 1, kh: 3, kw: 3, strides: [3, 3], dilations: [2, 2]),
    DepthwiseCase(n: 1, h: 9, w: 43, c: 28, multiplier: 1, kh: 5, kw: 5, strides: [2, 2]),
    DepthwiseCase(n: 1, h: 4, w: 30, c: 40, multiplier: 1, kh: 2, kw: 3, strides: [2, 1], dilations: [2, 1]),
    // edges wider than the window, and a stride that steps over the far one
    DepthwiseCase(n: 1, h: 3, w: 26, c: 21, multiplier: 1, kh: 3, kw: 3, padding: .explicit(top: 4, bottom: 1, left: 5, right: 6)),
    DepthwiseCase(n: 1, h: 5, w: 12, c: 70, multiplier: 1, kh: 5, kw: 5, strides: [1, 2], padding: .valid),
]

private struct Data<T: BinaryFloatingPoint & BitwiseCopyable> {
    var x, filter, dy: [T]
    init(_ c: DepthwiseCase, _ g: Geometry) {
        var generator = TestGenerator(99)
        func numbers(_ count: Int) -> [T] { generator.values(count).map { T($0) } }
        x = numbers(c.n * c.h * c.w * c.c)
        filter = numbers(c.kh * c.kw * c.c * c.multiplier)
        dy = numbers(c.n * g.outputs * c.c * c.multiplier)
    }
}

/// y, dx and dfilter by the definition, in float64.
private func definition<T: BinaryFloatingPoint & BitwiseCopyable>(_ c: DepthwiseCase, _ g: Geometry, _ d: Data<T>) -> (
    y: [Double], dx: [Double], df: [Double]
) {
    let oc = c.c * c.multiplier
    var y = [Double](repeating: 0, count: d.dy.count)
    var dx = [Double](repeating: 0, count: d.x.count)
    var df = [Double](repeating: 0, count: d.filter.count)
    for n in 0..<c.n {
        for oy in 0..<g.h.output {
            for ox in 0..<g.w.output {
                for i in g.h.taps(oy) {
                    for j in g.w.taps(ox) {
                        for o in 0..<oc {
                            let iy = g.h.start(oy) + i * g.h.dilation
                            let ix = g.w.start(ox) + j * g.w.dilation
                            let xi = ((n * c.h + iy) * c.w + ix) * c.c + o / c.multiplier
                            let fi = (i * c.kw + j) * oc + o
                            let yi = ((n * g.h.output + oy) * g.w.output + ox) * oc + o
                            y[yi] += Double(d.x[xi]) * Double(d.filter[fi])
                            dx[xi] += Double(d.dy[yi]) * Double(d.filter[fi])
                            df[fi] += Double(d.x[xi]) * Double(d.dy[yi])
                        }
                    }
                }
            }
        }
    }
    return (y, dx, df)
}

private func run<T: BinaryFloatingPoint & BitwiseCopyable>(
    _ c: DepthwiseCase, _ g: Geometry, _ d: Data<T>, threads: Int, _ kernels: sc_depthwise_kernels
) -> (y: [T], dx: [T], df: [T]) {
    let depthwise = DepthwiseConvolution(
        images: c.n, channels: c.c, multiplier: c.multiplier, geometry: g, dtype: T.self == Float.self ? .float32 : .float64,
        threads: threads, kernels: kernels)
    let bytes = max(depthwise.forwardWorkspaceBytes, depthwise.backwardInputWorkspaceBytes, depthwise.backwardFilterWorkspaceBytes)
    let workspace = UnsafeMutableRawPointer.allocate(byteCount: bytes + 64, alignment: 64)
    workspace.initializeMemory(as: UInt8.self, repeating: 0xff, count: bytes)
    defer { workspace.deallocate() }
    var y = [T](repeating: .nan, count: d.dy.count)
    var dx = [T](repeating: .nan, count: d.x.count)
    var df = [T](repeating: .nan, count: d.filter.count)
    depthwise.forward(x: d.x, filter: d.filter, bias: nil, slope: 1, ceiling: .infinity, y: &y, workspace: workspace)
    depthwise.backwardInput(filter: d.filter, dy: d.dy, dx: &dx, workspace: workspace)
    depthwise.backwardFilter(x: d.x, dy: d.dy, dfilter: &df, workspace: workspace)
    return (y, dx, df)
}

private func levels() -> [sc_depthwise_kernels] { Kernels.available.map(\.depthwise) }

private func expectClose<T: BinaryFloatingPoint & BitwiseCopyable>(_ a: [T], _ b: [Double], _ tolerance: Double, _ what: String) {
    let worst = zip(a, b).map { abs(Double($0) - $1) / max(1, abs($1)) }.reduce(0) { !($1 <= $0) ? $1 : $0 }
    #expect(worst < tolerance, "\(what)")
}

@Test("Depthwise convolution agrees with the definition", arguments: cases)
func depthwiseAgainstDefinition(_ c: DepthwiseCase) throws {
    let g = try c.geometry()
    for kernels in levels() {
        let single = Data<Float>(c, g)
        let expected = definition(c, g, single)
        let found = run(c, g, single, threads: 2, kernels)
        expectClose(found.y, expected.y, 1e-5, "\(c) y")
        expectClose(found.dx, expected.dx, 1e-5, "\(c) dx")
        expectClose(found.df, expected.df, 1e-5, "\(c) dfilter")
        let double = Data<Double>(c, g)
        let exact = definition(c, g, double)
        let same = run(c, g, double, threads: 2, kernels)
        expectClose(same.y, exact.y, 1e-13, "\(c) y in float64")
        expectClose(same.dx, exact.dx, 1e-13, "\(c) dx in float64")
        expectClose(same.df, exact.df, 1e-13, "\(c) dfilter in float64")
    }
}

@Test("Depthwise convolution gives the same bits for 1, 2 and 3 threads", arguments: cases)
func depthwiseThreads(_ c: DepthwiseCase) throws {
    let g = try c.geometry()
    let data = Data<Float>(c, g)
    let one = run(c, g, data, threads: 1, Kernels.table.depthwise)
    try ThreadSettings.with(threads: 3) {
        for threads in [2, 3] {
            let more = run(c, g, data, threads: threads, Kernels.table.depthwise)
            #expect(one.y.map(\.bitPattern) == more.y.map(\.bitPattern))
            #expect(one.dx.map(\.bitPattern) == more.dx.map(\.bitPattern))
            #expect(one.df.map(\.bitPattern) == more.df.map(\.bitPattern))
        }
    }
}
