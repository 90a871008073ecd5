import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

/// Every op of the registry on tensors that are large enough to be shared out: the same bits on 1, 2 and 3 threads.
///
/// The suite sets the number of threads of the process to 3: `parallelFor` takes no more than that, whatever an op was prepared for.
@Suite struct ThreadBitsTests {
    private typealias Case = (op: String, inputs: [TestTensor], attributes: Attributes)

    private static func random(
        _ shape: [Int], _ seed: UInt64, _ range: ClosedRange<Double> = -2...2, _ dtype: DataType = .float32
    ) -> TestTensor {
        .random(shape, dtype, seed: seed, low: range.lowerBound, high: range.upperBound)
    }

    private static func whole(_ dtype: DataType, _ shape: [Int], below limit: Int) -> TestTensor {
        TestTensor(dtype, shape, (0..<shape.reduce(1, *)).map { Double(($0 * 7 + $0 / 11) % limit) })
    }

    private static let many = [3, 137, 163]  // 66,993: not a multiple of anything
    private static let image = [3, 37, 29, 19]

    private static func elementwise() -> [Case] {
        var cases: [Case] = []
        for (name, op) in Registry.all {
            let bounds: Attributes = name.hasPrefix("clip") ? ["min": .double(-0.5), "max": .double(0.75)] : [:]
            let x = random(many, 1)
            switch op {
            case let op as UnaryOp:
                cases.append((name, [op.domain == .boolean ? whole(.bool, many, below: 2) : x], bounds))
            case is UnaryBackwardOp: cases.append((name, [x, random(many, 2)], bounds))
            case is BinaryOp:
                let isLogical = name.hasPrefix("logical")
                let (a, b) = isLogical ? (whole(.bool, many, below: 2), whole(.bool, many, below: 2)) : (x, random(many, 2))
                let column = isLogical ? whole(.bool, [137, 1], below: 2) : random([137, 1], 3)
                cases += [(name, [a, b], [:]), (name, [a, column], [:])]
            case is ReduceOp:
                let ofBool = name == "reduce_any" || name == "reduce_all"
                let input = ofBool ? whole(.bool, many, below: 2) : x
                for axes in [[0], [1], [2], [0, 2], [0, 1, 2]] { cases.append((name, [input], ["axes": .ints(axes)])) }
            case is SoftmaxOp:
                cases.append((name, [random([1201, 67], 1)] + (name.hasSuffix("backward") ? [random([1201, 67], 2)] : []), [:]))
            case is ArgReduce: cases += (0...2).map { (name, [x], ["axis": .int($0)]) }
            default: break
            }
        }
        return cases
            + [
                ("bias_add", [random(image, 1), random([19], 2)], [:]),
                ("select", [whole(.bool, many, below: 2), random(many, 1), random(many, 2)], [:]),
                ("logsumexp", [random([1201, 67], 1)], [:]), ("cumsum", [random(many, 1)], ["axis": .int(1)]),
                ("softmax_cross_entropy", [random([1201, 67], 1), random([1201, 67], 2, 0...1)], [:]),
                ("sparse_softmax_cross_entropy", [random([1201, 67], 1), whole(.int64, [1201], below: 67)], [:]),
                ("sigmoid_cross_entropy", [random(many, 1), random(many, 2, 0...1)], [:]),
            ]
    }

    private static func movement() -> [Case] {
        let x = random(many, 1)
        let indices = whole(.int32, [401], below: 137)
        let spans: Attributes = ["begin": .ints([0, 3, 5]), "size": .ints([3, 60, 70]), "strides": .ints([1, 2, 2])]
        return [
            ("reshape", [x], ["shape": .ints([-1])]), ("identity", [x], [:]), ("stop_gradient", [x], [:]),
            ("transpose", [x], ["perm": .ints([2, 0, 1])]), ("transpose", [x], ["perm": .ints([0, 2, 1])]),
            ("concat", [x, random([3, 11, 163], 2)], ["axis": .int(1)]),
            ("pad", [x], ["paddings": .ints([0, 1, 2, 3, 4, 5])]), ("slice", [x], spans),
            ("slice_backward", [random([3, 60, 70], 1)], spans.with("input_shape", many)),
            ("broadcast_to", [random([137, 1], 1)], ["shape": .ints(many)]),
            ("tile", [random([3, 30, 40], 1)], ["multiples": .ints([2, 3, 5])]),
            ("cast", [x], ["dtype": .string("float64")]), ("gather", [x, indices], ["axis": .int(1)]),
            ("gather_backward", [indices, random([3, 401, 163], 1)], ["axis": .int(1), "input_shape": .ints(many)]),
            ("one_hot", [whole(.int32, [1201], below: 67)], ["depth": .int(67)]),
        ]
    }

    private static func pooling() -> [Case] {
        let window: Attributes = ["ksize": .ints([3, 2]), "strides": .ints([2, 2]), "padding": .string("SAME")]
        let (x, small) = (random(image, 1), [3, 19, 15, 19])
        let places = whole(.int64, small, below: 37 * 29 * 19)
        return [
            ("max_pool2d", [x], window), ("avg_pool2d", [x], window), ("max_pool2d_with_argmax", [x], window),
            ("avg_pool2d_backward", [random(small, 2)], window.with("input_shape", image)),
            ("max_pool2d_argmax_backward", [places, random(small, 2)], ["input_shape": .ints(image)]),
            ("upsample2d", [x], ["size": .ints([2, 2]), "interpolation": .string("bilinear")]),
            ("upsample2d", [x], ["size": .ints([2, 3])]),
            ("upsample2d_backward", [random([3, 38, 30, 19], 1)], ["size": .ints([2, 2]), "interpolation": .string("bilinear")]),
        ]
    }

    private static func normalization() -> [Case] {
        let (x, dy) = (random(image, 1), random(image, 2))
        let vectors = (0..<4).map { random([19], UInt64(3 + $0), 0.2...2) }
        let (gamma, beta, mean, variance) = (vectors[0], vectors[1], vectors[2], vectors[3])
        return [
            ("batch_norm_training", [x, gamma, beta], [:]), ("batch_norm_training", [x, gamma, beta], ["activation": .string("relu")]),
            ("batch_norm_training_backward", [x, gamma, mean, variance, dy], [:]),
            ("batch_norm_training_backward", [x, gamma, mean, variance, dy, beta], ["activation": .string("relu6")]),
            ("batch_norm_inference", [x, gamma, beta, mean, variance], [:]),
            ("batch_norm_inference_backward", [x, gamma, mean, variance, dy], [:]),
        ]
    }

    private static func updates() -> [Case] {
        let state = TestTensor(.int64, [2], [5, 7])
        let shape: Attributes = ["shape": .ints(many)]
        var integers = shape
        integers["low"] = .int(-9)
        integers["high"] = .int(1000)
        let t = (0..<5).map { random(many, UInt64($0), 0.1...2) }
        let rate = random([], 1, 0.1...0.2)
        return [
            ("sgd_update", [t[0], t[1], rate], [:]), ("momentum_update", [t[0], t[1], t[2], rate], ["momentum": .double(0.9)]),
            ("adam_update", [t[0], t[1], t[2], t[3], rate, TestTensor(.int64, [], [3])], [:]),
            ("rmsprop_update", [t[0], t[1], t[2], t[3], t[4], rate], ["momentum": .double(0.5), "centered": .int(1)]),
            ("random_uniform", [state], shape), ("random_normal", [state], shape), ("random_integers", [state], integers),
            ("dropout", [t[0], state], ["rate": .double(0.3)]),
            ("dropout_backward", [t[0], whole(.uint8, many, below: 2)], ["rate": .double(0.3)]),
        ]
    }

    private static func products() -> [Case] {
        var cases: [Case] = []
        for (a, b, turnA, turnB) in [
            ([131, 70], [70, 97], 0, 0), ([70, 131], [70, 97], 1, 0), ([131, 70], [97, 70], 0, 1), ([2, 300], [300, 129], 0, 0),
            ([3, 300], [129, 300], 0, 1), ([1, 2048], [2048, 129], 0, 0), ([5, 33, 40], [5, 40, 21], 0, 0),
        ] {
            for dtype in [DataType.float32, .float64] {
                cases.append(
                    (
                        "matmul", [random(a, 1, -1...1, dtype), random(b, 2, -1...1, dtype)],
                        ["transpose_a": .int(turnA), "transpose_b": .int(turnB)]
                    ))
            }
        }
        return cases
    }

    /// The forward convolution and its two gradients, of shapes for each algorithm.
    private static func convolutions() -> [Case] {
        var cases: [Case] = []
        func add(
            _ x: [Int], _ filter: [Int], _ padding: String, strides: [Int] = [1, 1], dilations: [Int] = [1, 1], _ dtype: DataType = .float32
        ) {
            let how: Attributes = ["padding": .string(padding), "strides": .ints(strides), "dilations": .ints(dilations)]
            let specs = [TensorSpec(dtype, x), TensorSpec(dtype, filter)]
            guard let y = try? Conv2D().outputSpecs(specs, how).first else { preconditionFailure("a case that is no convolution") }
            let (image, weights, dy) = (random(x, 1, -1...1, dtype), random(filter, 2, -1...1, dtype), random(y.shape, 3, -1...1, dtype))
            cases += [
                ("conv2d", [image, weights], how), ("conv2d_backward_input", [weights, dy], how.with("input_shape", x)),
                ("conv2d_backward_filter", [image, dy], how.with("filter_shape", filter)),
            ]
        }
        for dtype in [DataType.float32, .float64] {
            let filters = [random([3, 3, 1, 24], 2, -1...1, dtype), random([1, 1, 24, 40], 3, -1...1, dtype)]
            cases.append(("separable_conv2d", [random([3, 30, 28, 24], 1, -1...1, dtype)] + filters, ["padding": .string("SAME")]))
            add([2, 30, 28, 33], [3, 3, 33, 40], "SAME", dtype)
            add([2, 28, 28, 32], [3, 3, 32, 67], "SAME", dilations: [2, 2], dtype)
            add([2, 29, 31, 17], [5, 5, 17, 24], "SAME", strides: [2, 2], dtype)
            add([3, 24, 24, 48], [1, 1, 48, 70], "VALID", dtype)
            add([2, 40, 40, 1], [3, 3, 1, 32], "VALID", dtype)
            add([2, 64, 61, 3], [7, 7, 3, 64], "SAME", strides: [2, 2], dtype)
            add([2, 41, 33, 67], [3, 3, 1, 67], "SAME", dtype)
            add([2, 20, 33, 24], [5, 5, 1, 48], "SAME", strides: [2, 2], dtype)
            add([2, 19, 17, 64], [3, 3, 2, 64], "SAME", dtype)
            add([2, 19, 17, 64], [3, 3, 8, 96], "VALID", strides: [2, 1], dtype)
            add([1, 7, 7, 130], [3, 3, 130, 96], "SAME", dtype)
        }
        return cases
    }

    private static let families: [String: @Sendable () -> [(String, [TestTensor], Attributes)]] = [
        "elementwise": { elementwise() }, "movement": { movement() }, "pooling": { pooling() }, "normalization": { normalization() },
        "updates": { updates() }, "products": { products() }, "convolutions": { convolutions() },
    ]

    @Test(arguments: families.keys.sorted()) func bitsDoNotDependOnTheNumberOfThreads(family: String) throws {
        let make = try #require(Self.families[family])
        let cases = make()
        try ThreadSettings.with(threads: 3) {
            for (op, inputs, attributes) in cases {
                let one = try applyOp(op, inputs, attributes, threads: 1)
                for threads in [2, 3] {
                    let more = try applyOp(op, inputs, attributes, threads: threads)
                    #expect(one.map(\.bytes) == more.map(\.bytes), "\(op) \(inputs.map(\.spec)) \(attributes), \(threads) threads")
                }
            }
        }
    }

    /// The gradient of max pooling needs what the pooling gave.
    @Test func theGradientOfMaxPoolingToo() throws {
        let window: Attributes = ["ksize": .ints([3, 2]), "strides": .ints([2, 2]), "padding": .string("SAME")]
        let x = Self.random(Self.image, 1)
        try ThreadSettings.with(threads: 3) {
            let y = try applyOp("max_pool2d", [x], window)[0]
            let dy = Self.random(y.spec.shape, 2)
            let one = try applyOp("max_pool2d_backward", [x, y, dy], window, threads: 1)
            for threads in [2, 3] { #expect(try applyOp("max_pool2d_backward", [x, y, dy], window, threads: threads) == one) }
        }
    }

    @Test func noOpIsForgotten() {
        let tried = Set(Self.families.values.flatMap { $0().map(\.0) })
        #expect(Set(Registry.all.keys).subtracting(tried) == ["max_pool2d_backward"])
    }
}
