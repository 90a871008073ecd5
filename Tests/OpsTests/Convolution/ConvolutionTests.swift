import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

/// One ragged convolution with its plain answers in double precision.
struct ConvolutionCase: CustomStringConvertible {
    var n, ih, iw, ic, oc, kh, kw, groups: Int
    var strides, dilations: [Int]
    var padding: AttributeValue

    var attributes: Attributes { ["strides": .ints(strides), "dilations": .ints(dilations), "padding": padding] }
    var inputShape: [Int] { [n, ih, iw, ic] }
    var filterShape: [Int] { [kh, kw, ic / groups, oc] }
    var description: String {
        "x \(inputShape) filter \(filterShape) strides \(strides) dilations \(dilations) padding \(padding)"
    }

    static func random(_ seed: Int) -> ConvolutionCase {
        var r = TestGenerator(seed)
        let groups = r.pick([1, 1, 1, 2, 3])
        let depthwise = r.below(5) == 0
        let (a, b) = (r.pick([1, 2, 3, 4, 8, 9, 17, 32]), r.pick([1, 2, 5, 8, 16, 17, 24, 33]))
        let c = r.pick([1, 3, 8, 16, 21])
        let explicit = [r.below(3), r.below(4), r.below(2), r.below(3)]
        return ConvolutionCase(
            n: r.pick([1, 1, 2, 3]), ih: r.pick([1, 3, 6, 7, 10, 14]), iw: r.pick([1, 2, 5, 8, 9, 15]), ic: depthwise ? c : a * groups,
            oc: depthwise ? c * r.pick([1, 1, 2, 3]) : b * groups, kh: r.pick([1, 1, 2, 3, 3, 5]), kw: r.pick([1, 1, 2, 3, 3, 4]),
            groups: depthwise ? c : groups, strides: [r.pick([1, 1, 1, 2, 3]), r.pick([1, 1, 1, 2, 4])],
            dilations: [r.pick([1, 1, 1, 2, 3]), r.pick([1, 1, 1, 2])],
            padding: r.pick([.string("SAME"), .string("SAME"), .string("VALID"), .ints(explicit)]))
    }

    /// Calls `body(output index, input index, filter index)` for every product of the definition.
    func forEachProduct(_ s: ConvolutionShape, _ body: (Int, Int, Int) -> Void) {
        for image in 0..<n {
            for oy in 0..<s.oh {
                for ox in 0..<s.ow {
                    for ky in 0..<kh {
                        for kx in 0..<kw {
                            let iy = oy * strides[0] - s.geometry.h.before + ky * dilations[0]
                            let ix = ox * strides[1] - s.geometry.w.before + kx * dilations[1]
                            guard (0..<ih).contains(iy), (0..<iw).contains(ix) else { continue }
                            for o in 0..<oc {
                                for c in 0..<ic / groups {
                                    body(
                                        ((image * s.oh + oy) * s.ow + ox) * oc + o,
                                        ((image * ih + iy) * iw + ix) * ic + o / (oc / groups) * (ic / groups) + c,
                                        ((ky * kw + kx) * (ic / groups) + c) * oc + o)
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    func shape(_ dtype: DataType) -> ConvolutionShape? {
        try? ConvolutionShape(
            op: "test", input: TensorSpec(dtype, inputShape), inputName: "x", filter: TensorSpec(dtype, filterShape), filterName: "filter",
            attributes)
    }
}

@Suite struct ConvolutionTests {
    /// Checks forward and both backwards of one case, with 1, 2 and 3 threads bit for bit.
    func check(_ c: ConvolutionCase, _ dtype: DataType, seed: Int) throws {
        guard let s = c.shape(dtype) else { return }
        var r = TestGenerator(seed &+ 1_000_003)
        let x = r.values(c.inputShape.reduce(1, *))
        let filter = r.values(c.filterShape.reduce(1, *))
        let bias = r.values(c.oc)
        let dy = r.values(s.outputShape.reduce(1, *))
        var y = dy.indices.map { bias[$0 % c.oc] }
        var dx = x.map { _ in 0.0 }
        var dfilter = filter.map { _ in 0.0 }
        c.forEachProduct(s) { o, i, f in
            y[o] += x[i] * filter[f]
            dx[i] += dy[o] * filter[f]
            dfilter[f] += x[i] * dy[o]
        }
        let (name, alpha) = r.pick([("linear", 0.0), ("relu", 0), ("relu6", 0), ("leaky_relu", 0.25)])
        let activation = try #require(EpilogueActivation(name, alpha: alpha))
        y = y.map { activation($0) }
        var fused = c.attributes
        fused["activation"] = .string(name)
        fused["alpha"] = .double(alpha)
        let unit = rounding(dtype)
        func tensor(_ shape: [Int], _ values: [Double]) -> TestTensor { TestTensor(dtype, shape, values) }
        let runs: [(String, [TestTensor], Attributes, [Double], Int)] = [
            ("conv2d", [tensor(c.inputShape, x), tensor(c.filterShape, filter), tensor([c.oc], bias)], fused, y, c.kh * c.kw * c.ic),
            (
                "conv2d_backward_input", [tensor(c.filterShape, filter), tensor(s.outputShape, dy)],
                c.attributes.with("input_shape", c.inputShape), dx, c.kh * c.kw * c.oc
            ),
            (
                "conv2d_backward_filter", [tensor(c.inputShape, x), tensor(s.outputShape, dy)],
                c.attributes.with("filter_shape", c.filterShape), dfilter, c.n * s.oh * s.ow
            ),
        ]
        for (op, inputs, attributes, expected, terms) in runs {
            let one = try runOp(op, inputs, attributes, threads: 1)
            let error = largestError(one.values, expected, scale: Double(terms).squareRoot() + 1)
            #expect(error < 64 * unit, "\(op) [\(one.algorithm)] \(c), seed \(seed)")
            for threads in [2, 3] {
                let more = try runOp(op, inputs, attributes, threads: threads, prepacked: threads == 3)
                #expect(one.values.map(\.bitPattern) == more.values.map(\.bitPattern), "\(op) [\(one.algorithm)] \(threads) threads, \(c)")
            }
        }
    }

    @Test func float32AgreesWithTheDefinition() throws {
        // as many as the check asks for, however few processors there are
        try ThreadSettings.with(threads: 3) {
            for seed in 0..<150 { try check(.random(seed), .float32, seed: seed) }
        }
    }

    @Test func float64AgreesWithTheDefinition() throws {
        try ThreadSettings.with(threads: 3) {
            for seed in 1000..<1050 { try check(.random(seed), .float64, seed: seed) }
        }
    }

    @Test func int32WrapsAround() throws {
        let big = Double(Int32.max)
        let y = try runOp("conv2d", [TestTensor(.int32, [1, 1, 2, 1], [big, 3]), TestTensor(.int32, [1, 1, 1, 1], [2])])
        #expect(y.values == [-2, 6])
    }

    @Test func emptyTensorsAreAnswered() throws {
        func ones(_ shape: [Int]) -> TestTensor { TestTensor(.float32, shape, [Double](repeating: 1, count: shape.reduce(1, *))) }
        let filter = ones([3, 3, 2, 4])
        #expect(try runOp("conv2d", [ones([0, 5, 5, 2]), filter]).shape == [0, 3, 3, 4])
        #expect(try runOp("conv2d", [ones([2, 2, 5, 2]), filter]).shape == [2, 0, 3, 4])
        let dfilter = try runOp(
            "conv2d_backward_filter", [ones([2, 2, 5, 2]), ones([2, 0, 3, 4])], ["filter_shape": .ints([3, 3, 2, 4])])
        #expect(dfilter.values == [Double](repeating: 0, count: 72))
        let dx = try runOp("conv2d_backward_input", [filter, ones([2, 0, 3, 4])], ["input_shape": .ints([2, 2, 5, 2])])
        #expect(dx.values == [Double](repeating: 0, count: 40))
        let none = try runOp("conv2d", [ones([1, 3, 3, 2]), ones([3, 3, 2, 0])])
        #expect(none.shape == [1, 1, 1, 0])
    }

    @Test func wrongArgumentsThrow() {
        func shouldThrow(_ filter: [Int], _ attributes: Attributes, _ text: String) {
            do {
                _ = try Conv2D().outputSpecs([TensorSpec(.float32, [1, 4, 4, 6]), TensorSpec(.float32, filter)], attributes)
                Issue.record("no error for filter \(filter), \(attributes)")
            } catch {
                #expect(error.message.contains(text), "\(error.message)")
            }
        }
        shouldThrow([3, 3, 4, 8], [:], "6 vs 4")
        shouldThrow([3, 3, 2, 8], [:], "8 vs 3")
        shouldThrow([3, 3, 6], [:], "rank 4")
        shouldThrow([9, 9, 6, 8], [:], "negative")
        shouldThrow([3, 3, 6, 8], ["strides": .ints([0, 1])], "strides")
        shouldThrow([3, 3, 6, 8], ["dilations": .ints([1, -1])], "dilations")
        shouldThrow([3, 3, 6, 8], ["padding": .string("same")], "same")
        shouldThrow([3, 3, 6, 8], ["activation": .string("tanh")], "tanh")
        shouldThrow([1, 1, 6, 1 << 30], ["padding": .ints([1 << 30, 1 << 30, 1 << 30, 1 << 30])], "memory")
    }
}

extension Attributes {
    func with(_ key: String, _ value: [Int]) -> Attributes {
        var copy = self
        copy[key] = .ints(value)
        return copy
    }

    func merged(_ others: Attributes) -> Attributes { Attributes(values.merging(others.values) { $1 }) }
}
