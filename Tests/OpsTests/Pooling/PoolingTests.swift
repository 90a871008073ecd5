import TensorCore
import Testing
import _TestSupport

@testable import Ops

/// One pooling: shape, window, strides, padding.
struct PoolCase: Sendable, CustomTestStringConvertible {
    var shape: [Int]
    var ksize: [Int]
    var strides: [Int]
    var padding: AttributeValue
    var attributes: Attributes { ["ksize": .ints(ksize), "strides": .ints(strides), "padding": padding] }
    var testDescription: String { "\(shape) \(ksize) / \(strides) \(padding)" }

    /// Output size, and for each output pixel the rows and columns of its window that lie in the image.
    var windows: (oh: Int, ow: Int, cells: [[Int]]) {
        func axis(_ n: Int, _ k: Int, _ s: Int, _ pads: (Int, Int)?) -> [[Int]] {
            let out: Int
            let before: Int
            if case .string("SAME") = padding {
                out = (n + s - 1) / s
                before = max((out - 1) * s + k - n, 0) / 2
            } else {
                before = pads?.0 ?? 0
                out = (n + before + (pads?.1 ?? 0) - k + s) / s
            }
            return (0..<out).map { o in (0..<k).map { o * s - before + $0 }.filter { $0 >= 0 && $0 < n } }
        }
        var pads: ((Int, Int)?, (Int, Int)?) = (nil, nil)
        if case .ints(let p) = padding { pads = ((p[0], p[1]), (p[2], p[3])) }
        let rows = axis(shape[1], ksize[0], strides[0], pads.0)
        let columns = axis(shape[2], ksize[1], strides[1], pads.1)
        let cells = rows.flatMap { ys in columns.map { xs in ys.flatMap { y in xs.map { y * shape[2] + $0 } } } }
        return (rows.count, columns.count, cells)
    }

    /// For each output element, in order: its window's elements, in scan order.
    var elements: [[Int]] {
        let (pixels, channels) = (shape[1] * shape[2], shape[3])
        let cells = windows.cells
        return (0..<shape[0]).flatMap { n in
            cells.flatMap { window in (0..<channels).map { c in window.map { (n * pixels + $0) * channels + c } } }
        }
    }

    static let all: [PoolCase] = [
        PoolCase(shape: [2, 8, 8, 32], ksize: [2, 2], strides: [2, 2], padding: .string("VALID")),
        PoolCase(shape: [3, 7, 9, 5], ksize: [2, 2], strides: [2, 2], padding: .string("SAME")),
        PoolCase(shape: [3, 7, 9, 5], ksize: [2, 2], strides: [2, 2], padding: .string("VALID")),
        PoolCase(shape: [1, 9, 11, 19], ksize: [3, 3], strides: [2, 2], padding: .string("SAME")),
        PoolCase(shape: [1, 9, 11, 40], ksize: [3, 2], strides: [1, 2], padding: .string("VALID")),
        PoolCase(shape: [3, 12, 13, 49], ksize: [3, 3], strides: [2, 2], padding: .string("SAME")),
        PoolCase(shape: [5, 10, 9, 35], ksize: [3, 3], strides: [1, 2], padding: .ints([0, 1, 1, 2])),
        PoolCase(shape: [2, 6, 5, 3], ksize: [3, 3], strides: [1, 1], padding: .string("SAME")),
        PoolCase(shape: [2, 3, 2, 4], ksize: [5, 7], strides: [1, 1], padding: .string("SAME")),
        PoolCase(shape: [2, 11, 10, 6], ksize: [2, 3], strides: [5, 4], padding: .string("SAME")),
        PoolCase(shape: [2, 11, 10, 6], ksize: [2, 3], strides: [5, 4], padding: .string("VALID")),
        PoolCase(shape: [1, 5, 6, 9], ksize: [3, 3], strides: [2, 2], padding: .ints([1, 2, 2, 0])),
        PoolCase(shape: [1, 5, 6, 9], ksize: [2, 2], strides: [2, 2], padding: .ints([1, 0, 1, 1])),
        PoolCase(shape: [0, 4, 4, 3], ksize: [2, 2], strides: [2, 2], padding: .string("SAME")),
        PoolCase(shape: [2, 3, 4, 3], ksize: [4, 4], strides: [2, 2], padding: .string("VALID")),
        PoolCase(shape: [2, 4, 4, 0], ksize: [2, 2], strides: [2, 2], padding: .string("VALID")),
        PoolCase(shape: [1, 7, 6, 17], ksize: [7, 6], strides: [7, 6], padding: .string("VALID")),
        PoolCase(shape: [2, 5, 5, 8], ksize: [1, 1], strides: [2, 3], padding: .string("SAME")),
    ]
}

private let types: [DataType] = [.float32, .float64]

/// Few distinct values, so that windows have several maxima, and some NaN and infinities.
private func image(_ dtype: DataType, _ shape: [Int], special: Bool) -> TestTensor {
    let coarse = TestTensor.random(shape, dtype, seed: 11, low: -3, high: 3).numbers.map { $0.rounded() }
    return TestTensor(
        dtype, shape,
        coarse.enumerated().map { i, v in
            guard special else { return v }
            return i % 29 == 3 ? .nan : i % 31 == 4 ? .infinity : i % 37 == 5 ? -.infinity : v
        })
}

@Test(arguments: types, PoolCase.all) func maxPoolAgainstDefinition(dtype: DataType, c: PoolCase) throws {
    for special in [false, true] {
        let x = image(dtype, c.shape, special: special)
        let (v, elements, windows) = (x.numbers, c.elements, c.windows)
        let best = elements.map { window -> Int in
            window.first { v[$0].isNaN } ?? window.dropFirst().reduce(window[0]) { v[$1] > v[$0] ? $1 : $0 }
        }
        let y = try applyOp("max_pool2d", [x], c.attributes)
        #expect(y[0].spec.shape == [c.shape[0], windows.oh, windows.ow, c.shape[3]])
        #expect(largestError(y[0].numbers, best.map { v[$0] }) == 0)

        let dy = TestTensor.random(y[0].spec.shape, dtype, seed: 12)
        var dx = [Double](repeating: 0, count: v.count)
        for (place, g) in zip(best, dy.numbers) { dx[place] += g }
        let backward = try applyOp("max_pool2d_backward", [x, y[0], dy], c.attributes)
        #expect(largestError(backward[0].numbers, dx) <= 4 * tolerance(dtype))

        let perImage = c.shape.dropFirst().reduce(1, *)
        for batch in [0, 1] {
            var attributes = c.attributes
            attributes["include_batch_in_index"] = .int(batch)
            let both = try applyOp("max_pool2d_with_argmax", [x], attributes)
            #expect(largestError(both[0].numbers, y[0].numbers) == 0)
            #expect(both[1].numbers == best.map { Double(batch == 1 ? $0 : $0 % max(1, perImage)) })
            attributes["input_shape"] = .ints(c.shape)
            let scattered = try applyOp("max_pool2d_argmax_backward", [both[1], dy], attributes)
            #expect(largestError(scattered[0].numbers, dx) <= 4 * tolerance(dtype))
            #expect(try applyOp("max_pool2d_argmax_backward", [both[1], dy], attributes, threads: 2) == scattered)
        }
        for threads in 2...3 {
            #expect(try applyOp("max_pool2d", [x], c.attributes, threads: threads) == y)
            #expect(try applyOp("max_pool2d_backward", [x, y[0], dy], c.attributes, threads: threads) == backward)
        }
    }
}

@Test(arguments: types, PoolCase.all) func avgPoolAgainstDefinition(dtype: DataType, c: PoolCase) throws {
    let x = TestTensor.random(c.shape, dtype, seed: 13)
    let (v, elements) = (x.numbers, c.elements)
    let y = try applyOp("avg_pool2d", [x], c.attributes)
    #expect(largestError(y[0].numbers, elements.map { $0.map { v[$0] }.reduce(0, +) / Double($0.count) }) <= tolerance(dtype))
    let dy = TestTensor.random(y[0].spec.shape, dtype, seed: 14)
    var dx = [Double](repeating: 0, count: v.count)
    for (window, g) in zip(elements, dy.numbers) { for i in window { dx[i] += g / Double(window.count) } }
    var attributes = c.attributes
    attributes["input_shape"] = .ints(c.shape)
    let backward = try applyOp("avg_pool2d_backward", [dy], attributes)
    #expect(largestError(backward[0].numbers, dx) <= 2 * tolerance(dtype))
    for threads in 2...3 {
        #expect(try applyOp("avg_pool2d", [x], c.attributes, threads: threads) == y)
        #expect(try applyOp("avg_pool2d_backward", [dy], attributes, threads: threads) == backward)
    }
}

private let upsampleCases: [([Int], [Int])] = [
    ([2, 3, 4, 5], [2, 2]), ([1, 1, 3, 9], [3, 2]), ([1, 5, 2, 1], [1, 4]), ([0, 2, 2, 3], [2, 2]), ([2, 4, 4, 16], [5, 3]),
]

@Test(arguments: types, upsampleCases) func upsampleAgainstDefinition(dtype: DataType, c: ([Int], [Int])) throws {
    let (shape, size) = c
    let x = TestTensor.random(shape, dtype, seed: 15)
    let v = x.numbers
    let (h, w, channels) = (shape[1], shape[2], shape[3])
    /// Inputs and weights of output `o` along an axis, half-pixel centres.
    func weights(_ o: Int, _ factor: Int, _ n: Int, _ bilinear: Bool) -> [(Int, Double)] {
        guard bilinear else { return [(o / factor, 1)] }
        let place = max(0, min(Double(n - 1), (Double(o) + 0.5) / Double(factor) - 0.5))
        let low = Int(place)
        return [(low, 1 - (place - Double(low))), (min(n - 1, low + 1), place - Double(low))]
    }
    for mode in ["nearest", "bilinear"] {
        let attributes: Attributes = ["size": .ints(size), "interpolation": .string(mode)]
        let y = try applyOp("upsample2d", [x], attributes)
        let dy = TestTensor.random(y[0].spec.shape, dtype, seed: 16)
        let g = dy.numbers
        var (want, dx) = ([Double](repeating: 0, count: g.count), [Double](repeating: 0, count: v.count))
        for i in g.indices {
            let (channel, ox) = (i % channels, i / channels % (w * size[1]))
            let (oy, n) = (i / channels / (w * size[1]) % (h * size[0]), i / channels / (w * size[1]) / (h * size[0]))
            for (iy, a) in weights(oy, size[0], h, mode == "bilinear") {
                for (ix, b) in weights(ox, size[1], w, mode == "bilinear") {
                    let from = ((n * h + iy) * w + ix) * channels + channel
                    want[i] += a * b * v[from]
                    dx[from] += a * b * g[i]
                }
            }
        }
        #expect(largestError(y[0].numbers, want) <= tolerance(dtype))
        let backward = try applyOp("upsample2d_backward", [dy], attributes)
        #expect(largestError(backward[0].numbers, dx) <= 4 * tolerance(dtype))
        #expect(try applyOp("upsample2d", [x], attributes, threads: 2) == y)
        #expect(try applyOp("upsample2d_backward", [dy], attributes, threads: 3) == backward)
    }
}

@Test func poolingRefuses() {
    let x = TestTensor.random([1, 4, 4, 2], .float32, seed: 1)
    func attributes(_ ksize: [Int], _ strides: [Int], _ padding: AttributeValue) -> Attributes {
        ["ksize": .ints(ksize), "strides": .ints(strides), "padding": padding]
    }
    for bad in [
        attributes([0, 2], [2, 2], .string("SAME")), attributes([2], [2, 2], .string("SAME")),
        attributes([2, 2], [0, 2], .string("SAME")), attributes([2, 2], [2, 2], .string("same")),
        attributes([2, 2], [2, 2], .ints([2, 0, 0, 0])), attributes([9, 9], [1, 1], .string("VALID")),
        attributes([2, 2], [2, 2], .ints([1, 1])),
    ] {
        #expect(throws: ConvError.self) { try applyOp("max_pool2d", [x], bad) }
        #expect(throws: ConvError.self) { try applyOp("avg_pool2d", [x], bad) }
    }
    let good = attributes([2, 2], [2, 2], .string("SAME"))
    #expect(throws: ConvError.self) { try applyOp("max_pool2d", [TestTensor(.int32, [1, 1, 1, 1], [1])], good) }
    #expect(throws: ConvError.self) { try applyOp("max_pool2d", [TestTensor(.float32, [1], [1])], good) }
    #expect(throws: ConvError.self) { try applyOp("max_pool2d_backward", [x, x, x], good) }
    let dy = TestTensor.random([1, 2, 2, 2], .float32, seed: 1)
    let outside = TestTensor(.int64, [1, 2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 32])
    do throws(ConvError) {
        _ = try applyOp("max_pool2d_argmax_backward", [outside, dy], ["input_shape": .ints([1, 4, 4, 2])])
        Issue.record("a place outside of the image was accepted")
    } catch { #expect(error.kind == .invalidArgument && error.message.contains("32")) }
    #expect(throws: ConvError.self) { try applyOp("upsample2d", [x], ["size": .ints([0, 2])]) }
    #expect(throws: ConvError.self) { try applyOp("upsample2d", [x], ["size": .ints([2, 2]), "interpolation": .string("cubic")]) }
    #expect(throws: ConvError.self) { try applyOp("upsample2d_backward", [x], ["size": .ints([3, 2])]) }
}
