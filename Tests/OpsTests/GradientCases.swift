import TensorCore
import _TestSupport

/// An op with inputs at which it is smooth: kinks and ties are further away than difference quotients reach.
struct GradientCase: Sendable, CustomStringConvertible {
    var op: String
    var inputs: [TestTensor]
    var attributes: Attributes = [:]
    var description: String { "\(op) \(inputs.map(\.spec.description)) \(attributes.values)" }
}

private func x(_ shape: [Int] = [3, 5], _ low: Double = -2, _ high: Double = 2, seed: UInt64 = 1) -> TestTensor {
    .random(shape, seed: seed, low: low, high: high)
}

extension GradientCase {
    static let unary: [GradientCase] =
        [
            "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "sigmoid", "tanh", "softplus", "softsign", "mish", "hard_sigmoid",
            "hard_silu",
            "exp",
            "expm1", "square", "abs", "negative", "erf", "sin", "cos",
        ].map { GradientCase(op: $0, inputs: [x()]) }
        + ["log", "log1p", "sqrt", "rsqrt", "reciprocal"].map { GradientCase(op: $0, inputs: [x([4, 4], 0.3, 3)]) }
        + [
            GradientCase(op: "relu6", inputs: [x([40], -3, 9)]),
            GradientCase(op: "gelu", inputs: [x()], attributes: ["approximate": .int(1)]),
            GradientCase(op: "clip", inputs: [x()], attributes: ["min": .double(-1), "max": .double(0.5)]),
            GradientCase(op: "hard_silu", inputs: [x([40], -5, 5)]),
        ]

    static let binary: [GradientCase] = [
        ([3, 4], [3, 4]), ([3, 4], [4]), ([4], [3, 4]), ([3, 4], []), ([2, 3, 1], [3, 4]), ([3, 1], [1, 4]),
    ].flatMap { (a: [Int], b: [Int]) -> [GradientCase] in
        let both = [x(a, 0.4, 2), x(b, 0.5, 2.2, seed: 9)]
        return ["add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "squared_difference", "mod"].map {
            GradientCase(op: $0, inputs: both)
        }
    }

    static let reductions: [GradientCase] =
        [[], [0], [1], [2], [0, 2], [1, 2]].flatMap { (axes: [Int]) -> [GradientCase] in
            ["reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod"].flatMap { op in
                [0, 1].map { GradientCase(op: op, inputs: [x([2, 3, 4])], attributes: ["axes": .ints(axes), "keepdims": .int($0)]) }
            }
        } + ["softmax", "log_softmax", "logsumexp"].map { GradientCase(op: $0, inputs: [x()]) } + [
            GradientCase(op: "cumsum", inputs: [x()], attributes: ["axis": .int(0)]),
            GradientCase(op: "cumsum", inputs: [x()], attributes: ["axis": .int(1)]),
            GradientCase(
                op: "reduce_prod", inputs: [TestTensor([4, 3], [1, 2, 0, 0, 3, 0, 2, 1, 1.5, 4, 1, 1])], attributes: ["axes": .ints([0])]),
        ]

    static let movement: [GradientCase] = [
        GradientCase(op: "reshape", inputs: [x()], attributes: ["shape": .ints([5, -1])]),
        GradientCase(op: "transpose", inputs: [x([2, 3, 4])], attributes: ["perm": .ints([2, 0, 1])]),
        GradientCase(op: "concat", inputs: [x([2, 3]), x([2, 1], seed: 3), x([2, 2], seed: 4)], attributes: ["axis": .int(-1)]),
        GradientCase(op: "pad", inputs: [x()], attributes: ["paddings": .ints([1, 2, 0, 3]), "value": .double(1)]),
        GradientCase(op: "pad", inputs: [x()], attributes: ["paddings": .ints([1, 2, 0, 3]), "mode": .string("reflect")]),
        GradientCase(op: "pad", inputs: [x()], attributes: ["paddings": .ints([3, 2, 4, 5]), "mode": .string("symmetric")]),
        GradientCase(
            op: "slice", inputs: [x()], attributes: ["begin": .ints([2, 0]), "size": .ints([2, 3]), "strides": .ints([-2, 2])]),
        GradientCase(
            op: "slice_backward", inputs: [x([2, 3])],
            attributes: ["input_shape": .ints([3, 5]), "begin": .ints([2, 0]), "size": .ints([2, 3]), "strides": .ints([-2, 2])]),
        GradientCase(op: "broadcast_to", inputs: [x([3, 1])], attributes: ["shape": .ints([2, 3, 4])]),
        GradientCase(op: "tile", inputs: [x([2, 3])], attributes: ["multiples": .ints([3, 2])]),
        GradientCase(op: "cast", inputs: [x()], attributes: ["dtype": .string("float64")]),
        GradientCase(op: "gather", inputs: [x(), TestTensor(.int64, [4], [2, 0, 2, 1])], attributes: ["axis": .int(0)]),
        GradientCase(op: "gather", inputs: [x(), TestTensor(.int32, [2, 2], [4, 0, 4, 1])], attributes: ["axis": .int(1)]),
        GradientCase(op: "select", inputs: [TestTensor(.bool, [3, 1], [1, 0, 1]), x([5]), x([3, 5], seed: 5)]),
        GradientCase(op: "bias_add", inputs: [x([2, 3, 4]), x([4], seed: 5)]), GradientCase(op: "identity", inputs: [x()]),
    ]

    private static let window: Attributes = ["strides": .ints([2, 1]), "dilations": .ints([1, 2]), "padding": .string("SAME")]

    static let products: [GradientCase] =
        ["linear", "relu", "relu6"].map { (activation: String) -> GradientCase in
            GradientCase(
                op: "conv2d", inputs: [x([2, 5, 6, 4]), x([3, 2, 2, 6], seed: 2), x([6], seed: 3)],
                attributes: ["strides": .ints([2, 1]), "padding": .string("SAME"), "activation": .string(activation)])
        } + [
            GradientCase(op: "conv2d", inputs: [x([1, 5, 6, 2]), x([2, 2, 1, 4], seed: 2)], attributes: window),
            GradientCase(
                op: "separable_conv2d",
                inputs: [x([2, 5, 6, 3]), x([2, 2, 1, 3], seed: 2), x([1, 1, 3, 4], seed: 3), x([3], seed: 4), x([4], seed: 5)],
                attributes: [
                    "strides": .ints([2, 1]), "padding": .string("SAME"), "depthwise_activation": .string("leaky_relu"),
                    "depthwise_alpha": .double(0.25), "depthwise_bias": .int(1), "activation": .string("relu"), "bias": .int(1),
                ]),
            GradientCase(
                op: "separable_conv2d", inputs: [x([1, 5, 6, 2]), x([2, 2, 1, 4], seed: 2), x([1, 1, 4, 3], seed: 3)], attributes: window),
            GradientCase(
                op: "conv2d_backward_input", inputs: [x([2, 2, 2, 3]), x([1, 3, 6, 3], seed: 2)],
                attributes: window.with("input_shape", [1, 5, 6, 2])),
            GradientCase(
                op: "conv2d_backward_filter", inputs: [x([1, 5, 6, 2]), x([1, 3, 6, 3], seed: 2)],
                attributes: window.with("filter_shape", [2, 2, 2, 3])),
            GradientCase(
                op: "matmul", inputs: [x([2, 3, 4]), x([2, 5, 4], seed: 2), x([5], seed: 3)],
                attributes: ["transpose_b": .int(1), "activation": .string("leaky_relu"), "alpha": .double(0.25)]),
            GradientCase(op: "matmul", inputs: [x([2, 4, 3]), x([4, 5], seed: 2)], attributes: ["transpose_a": .int(1)]),
        ]

    private static func window(_ ksize: [Int], _ strides: [Int], _ padding: AttributeValue) -> Attributes {
        ["ksize": .ints(ksize), "strides": .ints(strides), "padding": padding]
    }

    static let windows: [Attributes] = [
        window([2, 2], [2, 2], .string("VALID")), window([3, 2], [1, 2], .string("SAME")), window([3, 3], [2, 1], .ints([1, 2, 0, 1])),
    ]

    static let pooling: [GradientCase] =
        windows.flatMap { window in
            ["max_pool2d", "avg_pool2d", "max_pool2d_with_argmax"].map {
                GradientCase(op: $0, inputs: [x([2, 5, 6, 3])], attributes: window)
            }
                + [
                    GradientCase(
                        op: "max_pool2d_with_argmax", inputs: [x([2, 5, 6, 3])],
                        attributes: window.merged(["include_batch_in_index": .int(1)]))
                ]
        } + [
            GradientCase(
                op: "avg_pool2d_backward", inputs: [x([2, 3, 3, 2])],
                attributes: window([2, 2], [2, 2], .string("SAME")).with("input_shape", [2, 5, 6, 2])),
            GradientCase(
                op: "max_pool2d_argmax_backward", inputs: [TestTensor(.int64, [2, 1, 2, 1], [0, 5, 5, 2]), x([2, 1, 2, 1])],
                attributes: ["input_shape": .ints([2, 2, 3, 1])]),
            GradientCase(
                op: "max_pool2d_argmax_backward", inputs: [TestTensor(.int64, [2, 1, 2, 1], [0, 5, 11, 8]), x([2, 1, 2, 1])],
                attributes: ["input_shape": .ints([2, 2, 3, 1]), "include_batch_in_index": .int(1)]),
        ]
        + ["nearest", "bilinear"].flatMap { (way: String) -> [GradientCase] in
            let attributes: Attributes = ["size": .ints([2, 3]), "interpolation": .string(way)]
            return [
                GradientCase(op: "upsample2d", inputs: [x([1, 2, 3, 2])], attributes: attributes),
                GradientCase(op: "upsample2d_backward", inputs: [x([1, 4, 9, 2])], attributes: attributes),
            ]
        }

    static let normalization: [GradientCase] =
        [[3, 4], [2, 3, 2, 4]].flatMap { (shape: [Int]) -> [GradientCase] in
            let (image, gamma, beta) = (x(shape), x([4], 0.5, 2, seed: 2), x([4], -0.5, 0.5, seed: 3))
            let (mean, variance) = (x([4], -0.5, 0.5, seed: 4), x([4], 0.4, 2, seed: 5))
            let dy = x(shape, seed: 6)
            let plain = [
                GradientCase(op: "batch_norm_training", inputs: [image, gamma, beta], attributes: ["epsilon": .double(0.01)]),
                GradientCase(op: "batch_norm_inference", inputs: [image, gamma, beta, mean, variance]),
                GradientCase(op: "batch_norm_training_backward", inputs: [image, gamma, mean, variance, dy]),
                GradientCase(op: "batch_norm_inference_backward", inputs: [image, gamma, mean, variance, dy]),
            ]
            return plain
                + ["relu", "relu6"].flatMap { (activation: String) -> [GradientCase] in
                    let attributes: Attributes = ["activation": .string(activation)]
                    return [
                        GradientCase(op: "batch_norm_training", inputs: [image, gamma, beta], attributes: attributes),
                        GradientCase(
                            op: "batch_norm_training_backward", inputs: [image, gamma, mean, variance, dy, beta], attributes: attributes),
                    ]
                }
        } + [GradientCase(op: "batch_norm_inference_backward", inputs: [x([4]), x([4], 0.5, 2), x([4]), x([4], 0.4, 2), x([4], seed: 5)])]

    static let losses: [GradientCase] = [
        // The gradient is softmax - labels whatever the labels' sum is; that of the loss only where it is 1.
        GradientCase(
            op: "softmax_cross_entropy",
            inputs: [x([3, 4]), TestTensor([3, 4], [0.1, 0.2, 0.3, 0.4, 0.25, 0.3, 0.25, 0.2, 0.7, 0.05, 0.05, 0.2])]),
        GradientCase(op: "sparse_softmax_cross_entropy", inputs: [x([3, 4]), TestTensor(.int32, [3], [0, 3, 1])]),
        GradientCase(op: "sigmoid_cross_entropy", inputs: [x([3, 4]), x([3, 4], 0.1, 0.9, seed: 2)]),
        GradientCase(op: "dropout", inputs: [x([3, 40]), TestTensor(.int64, [2], [7, 0])], attributes: ["rate": .double(0.4)]),
        GradientCase(
            op: "dropout_backward", inputs: [x([6]), TestTensor(.uint8, [6], [1, 0, 0, 1, 1, 0])], attributes: ["rate": .double(0.4)]),
    ]

    /// The kernels whose gradients are written too: with respect to dy and to the second input.
    static let backwards: [GradientCase] =
        [
            "relu", "relu6", "leaky_relu", "sigmoid", "tanh", "elu", "selu", "gelu", "silu", "softplus", "softmax", "log_softmax",
        ].map { GradientCase(op: "\($0)_backward", inputs: [x(), x(seed: 8)]) } + [
            GradientCase(op: "gelu_backward", inputs: [x(), x(seed: 8)], attributes: ["approximate": .int(1)]),
            GradientCase(op: "clip_backward", inputs: [x(), x(seed: 8)], attributes: ["min": .double(-1), "max": .double(0.5)]),
            GradientCase(
                op: "gather_backward", inputs: [TestTensor(.int64, [4], [2, 0, 2, 1]), x([4, 5])],
                attributes: ["input_shape": .ints([3, 5]), "axis": .int(0)]),
        ]

    static let all = unary + binary + reductions + movement + products + pooling + normalization + losses + backwards
}
