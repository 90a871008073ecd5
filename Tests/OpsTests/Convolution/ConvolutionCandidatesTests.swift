import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

/// Random configurations through every algorithm that accepts them, whichever would be chosen: against the definition in float64, in the unit
/// of docs/numerics.md (eps · Σ|a||b|), and the same bits on 1, 2 and 3 threads.
@Suite struct ConvolutionCandidatesTests {
    /// Strides, dilations and windows of any form, channels beside the widths of vectors, paddings larger than the window, images of few pixels.
    private static func random(_ seed: Int) -> ConvolutionCase {
        var r = TestGenerator(seed &+ 77_777)
        let groups = r.pick([2, 4, 8, 16])
        let kind = r.below(7)
        var (ic, oc) = (r.pick([1, 2, 3, 4, 5, 8, 16, 17, 33, 67]), r.pick([1, 2, 3, 7, 8, 16, 17, 24, 33, 67]))
        var group = 1
        if kind == 0 {
            group = r.pick([2, 3, 8, 16, 17, 33, 67])
            (ic, oc) = (group, group * r.pick([1, 1, 2, 3]))
        } else if kind == 1 {
            group = groups
            (ic, oc) = (groups * r.pick([1, 2, 3, 4, 8]), groups * r.pick([1, 2, 4, 5, 8]))
        }
        // A third are shapes that Winograd serves.
        let isPlain = kind > 2 && r.below(2) == 0
        let plain = r.pick([(3, 3), (3, 3), (3, 3), (5, 5), (1, 7), (7, 1), (1, 3), (3, 1), (1, 5), (5, 1)])
        let isPointwise = kind == 2
        let explicit = [r.below(4), r.below(3), r.below(5), r.below(2)]
        return ConvolutionCase(
            n: r.pick([1, 1, 2, 3]), ih: r.pick([1, 2, 3, 5, 7, 8, 11, 13]), iw: r.pick([1, 2, 4, 6, 7, 9, 12, 17]), ic: ic, oc: oc,
            kh: isPlain ? plain.0 : isPointwise ? 1 : r.pick([1, 2, 3, 4, 5, 7]),
            kw: isPlain ? plain.1 : isPointwise ? 1 : r.pick([1, 2, 3, 5, 6]),
            groups: group,
            strides: isPlain ? [1, 1] : [r.pick([1, 1, 2, 3]), r.pick([1, 1, 2, 5])],
            dilations: [r.pick([1, 1, 1, 2, 3]), r.pick([1, 1, 1, 2, 4])],
            padding: r.pick([.string("SAME"), .string("SAME"), .string("VALID"), .ints(explicit)]))
    }

    /// The largest error of each algorithm over the cases.
    private struct Worst {
        var errors: [String: Double] = [:]
        var counts: [String: Int] = [:]

        mutating func note(_ name: String, _ error: Double) {
            errors[name] = max(errors[name] ?? 0, error)
            counts[name, default: 0] += 1
        }
    }

    private static func bound(_ algorithm: String) -> Double {
        algorithm.hasPrefix("winograd") ? 64 : 16
    }

    private func run<T: BinaryFloatingPoint>(_ prepared: PreparedOp, _ inputs: [[Double]], outputs: Int, _: T.Type) throws -> [T] {
        let dtype: DataType = T.self == Float.self ? .float32 : .float64
        let tensors = inputs.map { TestTensor(dtype, [$0.count], $0) }
        return try prepared.run(on: tensors, to: [TensorSpec(dtype, [outputs])])[0].all(T.self)
    }

    private func check<T: BinaryFloatingPoint>(_ c: ConvolutionCase, _ seed: Int, _ type: T.Type, _ worst: inout Worst) throws {
        let dtype: DataType = T.self == Float.self ? .float32 : .float64
        guard let s = c.shape(dtype) else { return }
        var r = TestGenerator(seed &+ 5)
        let (x, filter) = (r.values(s.inputShape.reduce(1, *)), r.values(s.filterShape.reduce(1, *)))
        let (dy, bias) = (r.values(s.outputShape.reduce(1, *)), r.values(s.oc))
        let activation = try #require(EpilogueActivation(r.pick(["linear", "relu", "relu6"]), alpha: 0))
        let exact = Definition(c, s, x, filter, dy, bias)
        let unit = rounding(dtype)
        let kinds: [(String, [[Double]], Sums, rows: Int, (Int) -> [AlgorithmCandidate])] = [
            (
                "forward", [x, filter, bias], exact.y.mapped { activation($0) }, s.n,
                { ConvolutionAlgorithms.forward(s, hasBias: true, activation, PrepareContext(threads: $0)) }
            ),
            (
                "backward input", [filter, dy], exact.dx, s.n,
                { ConvolutionAlgorithms.backwardInput(s, PrepareContext(threads: $0)) }
            ),
            (
                "backward filter", [x, dy], exact.dfilter, 1,
                { ConvolutionAlgorithms.backwardFilter(s, PrepareContext(threads: $0)) }
            ),
        ]
        for (kind, inputs, sums, rows, candidates) in kinds {
            let single = candidates(1)
            let more = [2, 3].map(candidates)
            for (i, candidate) in single.enumerated() {
                let algorithm = candidate.prepared.algorithm
                #expect(AlgorithmList.names.contains(algorithm))
                let one = try run(candidate.prepared, inputs, outputs: sums.values.count, type)
                let error = sums.error(one.map { Double($0) }, rows: rows) / unit
                worst.note("\(kind) \(algorithm)", error)
                #expect(error <= Self.bound(algorithm), "\(kind) [\(algorithm)] \(c), \(dtype), seed \(seed)")
                for others in more {
                    try #require(others.map(\.prepared.algorithm) == single.map(\.prepared.algorithm), "\(kind) \(c)")
                    let other = try run(others[i].prepared, inputs, outputs: sums.values.count, type)
                    let areSame = zip(one, other).allSatisfy { $0 == $1 && $0.sign == $1.sign }
                    #expect(areSame, "\(kind) [\(algorithm)] \(c), seed \(seed): other bits on more threads")
                }
            }
        }
    }

    @Test func everyAlgorithmAgreesWithTheDefinition() throws {
        try ThreadSettings.with(threads: 3) {
            var worst = Worst()
            for seed in 0..<600 { try check(Self.random(seed), seed, Float.self, &worst) }
            // Each was tried, and often.
            let pointwise = OpenBLAS.isChosen ? "openblas" : "gemm"
            let direct = ["depthwise", "direct", "direct-few-channels", "direct-grouped", pointwise, "reference"]
            for kind in ["forward", "backward input", "backward filter"] {
                let others =
                    kind == "backward filter"
                    ? ["winograd-3x3"] : ["winograd-2x2", "winograd-4x4", "winograd-2x2-fused", "winograd-4x4-fused"]
                let lines =
                    kind == "backward filter" ? [] : ["1x2", "2x1", "1x4", "4x1"].flatMap { ["winograd-\($0)", "winograd-\($0)-fused"] }
                for name in lines { #expect(worst.counts["\(kind) \(name)", default: 0] > 3, "\(kind) \(name)") }
                for name in direct + others { #expect(worst.counts["\(kind) \(name)", default: 0] > 5, "\(kind) \(name)") }
            }
            for (name, error) in worst.errors { #expect(error > 0.3, "\(name): \(error) measures nothing") }
        }
    }

    @Test func everyAlgorithmOfFloat64AgreesWithTheDefinition() throws {
        try ThreadSettings.with(threads: 3) {
            var worst = Worst()
            for seed in 9000..<9060 { try check(Self.random(seed), seed, Double.self, &worst) }
            #expect(worst.counts.count > 12)
        }
    }

    /// No image, no pixel, no channel: nothing to compute, or sums of nothing, on every algorithm.
    @Test(arguments: [
        ([0, 5, 6, 3], [3, 3, 3, 8]), ([2, 1, 6, 3], [3, 3, 3, 8]), ([2, 6, 2, 16], [1, 3, 16, 8]), ([1, 5, 5, 8], [3, 3, 8, 0]),
        ([0, 5, 6, 8], [3, 3, 1, 8]), ([2, 1, 6, 8], [3, 3, 1, 16]), ([0, 4, 4, 8], [3, 3, 2, 8]), ([0, 4, 4, 8], [1, 1, 8, 8]),
    ])
    func emptyShapes(x: [Int], filter: [Int]) throws {
        // VALID with a window one larger than the image gives no pixel.
        var c = ConvolutionCase(
            n: x[0], ih: x[1], iw: x[2], ic: x[3], oc: filter[3], kh: filter[0], kw: filter[1], groups: x[3] / filter[2], strides: [1, 1],
            dilations: [1, 1], padding: .string("VALID"))
        if x[1] > 1, x[2] > 2 { c.padding = .string("SAME") }
        if c.ih < c.kh { c.ih = c.kh - 1 }
        if c.iw < c.kw { c.iw = c.kw - 1 }
        var worst = Worst()
        _ = try #require(c.shape(.float32))
        try check(c, 1, Float.self, &worst)
        #expect(worst.counts.count >= 3)
        #expect(worst.errors.values.allSatisfy { $0 == 0 })
    }
}

/// Sums of products and of their absolute values.
private struct Sums {
    var values: [Double]
    var magnitudes: [Double]

    init(_ count: Int) {
        values = [Double](repeating: 0, count: count)
        magnitudes = values
    }

    mutating func withPointers(_ body: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Void) {
        values.withUnsafeMutableBufferPointer { values in
            magnitudes.withUnsafeMutableBufferPointer { magnitudes in
                // Without elements there is no product either.
                if let values = values.baseAddress, let magnitudes = magnitudes.baseAddress { body(values, magnitudes) }
            }
        }
    }

    func mapped(_ f: (Double) -> Double) -> Sums {
        var copy = self
        copy.values = values.map(f)
        return copy
    }

    /// The largest error by the largest magnitude of its row; infinite for NaN.
    func error(_ found: [Double], rows: Int) -> Double {
        guard rows > 0, !values.isEmpty else { return 0 }
        let width = values.count / rows
        var worst = 0.0
        for row in 0..<rows {
            let largest = max(magnitudes[row * width..<(row + 1) * width].max() ?? 0, 1e-30)
            for i in row * width..<(row + 1) * width {
                let error = abs(found[i] - values[i]) / largest
                if !(error <= worst) { worst = error.isNaN ? .infinity : error }
            }
        }
        return worst
    }
}

/// A convolution and its gradients by the definition, in float64.
private struct Definition {
    var y, dx, dfilter: Sums

    init(_ c: ConvolutionCase, _ s: ConvolutionShape, _ x: [Double], _ filter: [Double], _ dy: [Double], _ bias: [Double]) {
        y = Sums(dy.count)
        dx = Sums(x.count)
        dfilter = Sums(filter.count)
        for i in dy.indices {
            y.values[i] = bias[i % s.oc]
            y.magnitudes[i] = abs(bias[i % s.oc])
        }
        // Pointers: what checks each index takes a minute for all cases.
        y.withPointers { y, yAbs in
            dx.withPointers { dx, dxAbs in
                dfilter.withPointers { df, dfAbs in
                    x.withUnsafeBufferPointer { x in
                        filter.withUnsafeBufferPointer { filter in
                            dy.withUnsafeBufferPointer { dy in
                                c.forEachProduct(s) { o, i, f in
                                    let (a, b, g) = (x[i], filter[f], dy[o])
                                    y[o] += a * b
                                    yAbs[o] += abs(a * b)
                                    dx[i] += g * b
                                    dxAbs[i] += abs(g * b)
                                    df[f] += a * g
                                    dfAbs[f] += abs(a * g)
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
