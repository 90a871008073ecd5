import TensorCore

/// Height and width of a kernel, a stride or a window; an integer literal means both.
public struct Size2: Sendable, Hashable, ExpressibleByIntegerLiteral {
    /// Along the rows.
    public var height: Int
    /// Along the columns.
    public var width: Int
    /// See the type.
    public init(_ height: Int, _ width: Int) {
        self.height = height
        self.width = width
    }
    /// See the type.
    public init(integerLiteral value: Int) { self.init(value, value) }
    var list: [Int] { [height, width] }
}

/// How a convolution or a pooling goes over the edges of the image.
public enum Padding: Sendable, Hashable {
    /// Zeros (or what counts as nothing) around it, so that with stride 1 the output is as large as the input; TensorFlow's rule.
    case same
    /// Nothing: windows lie within the image.
    case valid
    case explicit(top: Int, bottom: Int, left: Int, right: Int)

    var attribute: AttributeValue {
        switch self {
        case .same: .string("SAME")
        case .valid: .string("VALID")
        case .explicit(let top, let bottom, let left, let right): .ints([top, bottom, left, right])
        }
    }
}

/// The functions of neural networks. Images are `[batch, height, width, channels]`, filters `[height, width, in / groups, out]`.
public enum nn {
    // MARK: convolution

    /// Convolution in two dimensions: the number of groups is the image's channels over the filter's depth.
    ///
    ///     let y = try nn.conv2d(images, filter, strides: 2, padding: .same)
    public static func conv2d(
        _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, strides: Size2 = 1, padding: Padding = .valid, dilations: Size2 = 1,
        activation: Activation = .linear
    ) throws(SwiftConvError) -> Tensor {
        let y = try applyOne("conv2d", [x, filter], window(strides, padding, dilations))
        return try activation(bias.map { bias throws(SwiftConvError) in try biasAdd(y, bias) } ?? y)
    }

    /// Each channel by its own filters: `filter` is `[height, width, channels, multiplier]`.
    public static func depthwiseConv2d(
        _ x: Tensor, _ filter: Tensor, strides: Size2 = 1, padding: Padding = .valid, dilations: Size2 = 1
    ) throws(SwiftConvError) -> Tensor {
        let f = filter.shape
        guard f.count == 4 else {
            throw .invalidArgument("depthwiseConv2d: filter: expected 4 dimensions, received shape \(shapeText(f))")
        }
        let (outputs, overflow) = f[2].multipliedReportingOverflow(by: f[3])
        guard x.rank == 4, x.shape[3] == f[2], !overflow else {
            throw .invalidArgument(
                "depthwiseConv2d: filter: expected as many channels as in x of shape \(shapeText(x.shape)), received \(shapeText(f))")
        }
        return try conv2d(x, try filter.reshape([f[0], f[1], 1, outputs]), strides: strides, padding: padding, dilations: dilations)
    }

    /// The transpose of the convolution that makes `x` from an image of `outputShape` (4): `filter` is `[height, width, out, in]`.
    public static func conv2dTranspose(
        _ x: Tensor, _ filter: Tensor, outputShape: [Int], strides: Size2 = 1, padding: Padding = .same, dilations: Size2 = 1
    ) throws(SwiftConvError) -> Tensor {
        var attributes = window(strides, padding, dilations)
        attributes["input_shape"] = .ints(outputShape)
        return try applyOne("conv2d_backward_input", [filter, x], attributes)
    }

    private static func window(_ strides: Size2, _ padding: Padding, _ dilations: Size2) -> Attributes {
        ["strides": .ints(strides.list), "padding": padding.attribute, "dilations": .ints(dilations.list)]
    }

    /// Adds a vector along the last axis.
    public static func biasAdd(_ x: Tensor, _ bias: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("bias_add", [x, bias]) }

    // MARK: pooling

    /// The largest of each window; the strides are the window's size by default.
    public static func maxPool2d(
        _ x: Tensor, size: Size2 = 2, strides: Size2? = nil, padding: Padding = .valid
    ) throws(SwiftConvError) -> Tensor {
        try applyOne("max_pool2d", [x], pool(size, strides, padding))
    }

    /// The mean of the cells of each window that lie in the image.
    public static func averagePool2d(
        _ x: Tensor, size: Size2 = 2, strides: Size2? = nil, padding: Padding = .valid
    ) throws(SwiftConvError) -> Tensor {
        try applyOne("avg_pool2d", [x], pool(size, strides, padding))
    }

    private static func pool(_ size: Size2, _ strides: Size2?, _ padding: Padding) -> Attributes {
        ["ksize": .ints(size.list), "strides": .ints((strides ?? size).list), "padding": padding.attribute]
    }

    // MARK: normalization

    /// `(x − mean) · gamma / √(variance + epsilon) + beta`, each parameter a vector along the last axis.
    public static func batchNormalization(
        _ x: Tensor, mean: Tensor, variance: Tensor, offset beta: Tensor, scale gamma: Tensor, epsilon: Double = 1e-3
    ) throws(SwiftConvError) -> Tensor {
        try applyOne("batch_norm_inference", [x, gamma, beta, mean, variance], ["epsilon": .double(epsilon)])
    }

    /// Each row (last axis) as probabilities.
    public static func softmax(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("softmax", [x]) }
    /// The logarithms of `softmax`.
    public static func logSoftmax(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("log_softmax", [x]) }
    /// `max(x, 0)`.
    public static func relu(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("relu", [x]) }
    /// `1 / (1 + exp(−x))`.
    public static func sigmoid(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("sigmoid", [x]) }
    /// The hyperbolic tangent.
    public static func tanh(_ x: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("tanh", [x]) }

    /// `indices` as rows of zeros with a one.
    public static func oneHot(_ indices: Tensor, depth: Int, dtype: DType = .float32) throws(SwiftConvError) -> Tensor {
        try applyOne("one_hot", [indices], ["depth": .int(depth), "dtype": .string(dtype.rawValue)])
    }

    // MARK: losses

    /// The cross-entropy of each row with the class numbers `labels` (int32, int64 or uint8).
    public static func sparseSoftmaxCrossEntropy(labels: Tensor, logits: Tensor) throws(SwiftConvError) -> Tensor {
        try applyOne("sparse_softmax_cross_entropy", [logits, labels])
    }

    /// The cross-entropy of each row with the probabilities `labels`.
    public static func softmaxCrossEntropy(labels: Tensor, logits: Tensor) throws(SwiftConvError) -> Tensor {
        try applyOne("softmax_cross_entropy", [logits, labels])
    }

    /// The cross-entropy of each element with the probability in `labels`.
    public static func sigmoidCrossEntropy(labels: Tensor, logits: Tensor) throws(SwiftConvError) -> Tensor {
        try applyOne("sigmoid_cross_entropy", [logits, labels])
    }
}

/// A function of single elements (softmax: of rows) that ends a layer.
public enum Activation: Sendable, Hashable {
    case linear, relu, relu6, selu, silu, sigmoid, tanh, softmax, logSoftmax, softplus, softsign, mish, hardSigmoid, hardSilu, exponential
    case leakyRelu(alpha: Double = 0.2)
    case elu(alpha: Double = 1)
    case gelu(approximate: Bool = false)

    /// Applies it.
    public func callAsFunction(_ x: Tensor) throws(SwiftConvError) -> Tensor {
        switch self {
        case .linear: x
        case .relu: try applyOne("relu", [x])
        case .relu6: try applyOne("relu6", [x])
        case .selu: try applyOne("selu", [x])
        case .silu: try applyOne("silu", [x])
        case .sigmoid: try applyOne("sigmoid", [x])
        case .tanh: try applyOne("tanh", [x])
        case .softmax: try applyOne("softmax", [x])
        case .logSoftmax: try applyOne("log_softmax", [x])
        case .softplus: try applyOne("softplus", [x])
        case .softsign: try applyOne("softsign", [x])
        case .mish: try applyOne("mish", [x])
        case .hardSigmoid: try applyOne("hard_sigmoid", [x])
        case .hardSilu: try applyOne("hard_silu", [x])
        case .exponential: try applyOne("exp", [x])
        case .leakyRelu(let alpha): try applyOne("leaky_relu", [x], ["alpha": .double(alpha)])
        case .elu(let alpha): try applyOne("elu", [x], ["alpha": .double(alpha)])
        case .gelu(let approximate): try applyOne("gelu", [x], ["approximate": .int(approximate ? 1 : 0)])
        }
    }
}
