import TensorCore

extension nn {
    /// Convolution in two dimensions: the number of groups is the image's channels over the filter's depth.
    ///
    ///     let filter = try Random.normal([3, 3, 1, 8])
    ///     let y = try nn.conv2d(images, filter, strides: 2, padding: .same)
    ///     print(y.shape)    // [128, 14, 14, 8]
    ///
    /// - Parameters:
    ///   - x: `[batch, height, width, channels]`, float32, float64 or int32; more leading dimensions are a batch too.
    ///   - filter: `[height, width, channels / groups, out]`.
    ///   - bias: `[out]`.
    ///   - strides: The steps from window to window.
    ///   - padding: How it goes over the edges.
    ///   - dilations: The distance of the filter's taps.
    ///   - activation: What the sums go through.
    /// - Returns: `[batch, newHeight, newWidth, out]`.
    /// - Throws: Shapes or types that do not fit, numbers below 1.
    public static func conv2d(
        _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, strides: Size2 = 1, padding: Padding = .valid, dilations: Size2 = 1,
        activation: Activation = .linear
    ) throws(SwiftConvError) -> Tensor {
        let y = try images(x) { x throws(SwiftConvError) in
            try applyOne("conv2d", [x, filter], window(strides, padding, dilations))
        }
        return try activation(bias.map { bias throws(SwiftConvError) in try biasAdd(y, bias) } ?? y)
    }

    /// Convolution in one dimension: `x` is `[batch, width, channels]`, `filter` is `[width, channels / groups, out]`.
    ///
    /// With explicit padding `left` and `right` count, the others must be 0.
    public static func conv1d(
        _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Padding = .valid, dilation: Int = 1,
        activation: Activation = .linear
    ) throws(SwiftConvError) -> Tensor {
        try x.expectRank(3, "conv1d: x")
        try filter.expectRank(3, "conv1d: filter")
        return try conv2d(
            x.expandDims(at: 1), filter.expandDims(at: 0), bias: bias, strides: Size2(1, stride), padding: padding,
            dilations: Size2(1, dilation), activation: activation
        ).squeeze(1)
    }

    /// Each channel by its own filters: `filter` is `[height, width, channels, multiplier]`.
    public static func depthwiseConv2d(
        _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, strides: Size2 = 1, padding: Padding = .valid, dilations: Size2 = 1,
        activation: Activation = .linear
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
        return try conv2d(
            x, try filter.reshape([f[0], f[1], 1, outputs]), bias: bias, strides: strides, padding: padding, dilations: dilations,
            activation: activation)
    }

    /// A depthwise convolution, then one of 1×1.
    ///
    /// - Parameters:
    ///   - x: `[batch, height, width, channels]`.
    ///   - depthwise: `[height, width, channels, multiplier]`.
    ///   - pointwise: `[1, 1, channels · multiplier, out]`.
    ///   - bias: `[out]`.
    ///   - strides: The steps from window to window.
    ///   - padding: How the first goes over the edges.
    ///   - dilations: The distance of the depthwise filter's taps.
    ///   - activation: What the sums go through.
    public static func separableConv2d(
        _ x: Tensor, depthwise: Tensor, pointwise: Tensor, bias: Tensor? = nil, strides: Size2 = 1, padding: Padding = .valid,
        dilations: Size2 = 1, activation: Activation = .linear
    ) throws(SwiftConvError) -> Tensor {
        let p = pointwise.shape
        guard p.count == 4, p[0] == 1, p[1] == 1 else {
            throw .invalidArgument(
                "separableConv2d: pointwise: expected shape (1, 1, channels · multiplier, out), received \(shapeText(p))")
        }
        let d = depthwise.shape
        if d.count == 4, d[3] == 1, p[2] == d[2], x.shape.last == d[2], [x, depthwise, pointwise].allSatisfy(\.hasNumbers) {
            // at once, block by block; what is recorded stays two operations, of which a gradient keeps the result between
            let filters = [try depthwise.reshape([d[0], d[1], 1, d[2]]), pointwise]
            let y = try images(x) { x throws(SwiftConvError) in
                try applyOne("separable_conv2d", [x] + filters, window(strides, padding, dilations))
            }
            return try activation(bias.map { bias throws(SwiftConvError) in try biasAdd(y, bias) } ?? y)
        }
        let y = try depthwiseConv2d(x, depthwise, strides: strides, padding: padding, dilations: dilations)
        guard y.shape[3] == p[2] else {
            throw .invalidArgument(
                "separableConv2d: pointwise: expected \(y.shape[3]) input channels as the depthwise filter "
                    + "\(shapeText(depthwise.shape)) gives, received shape \(shapeText(p))")
        }
        return try conv2d(y, pointwise, bias: bias, activation: activation)
    }

    /// The transpose of the convolution that makes `x` from an image of `outputShape` (4): `filter` is `[height, width, out, in]`.
    ///
    /// `strides`, `padding` and `dilations` are those of the convolution that is transposed. Where a stride is above 1, several output
    /// shapes are possible.
    public static func conv2dTranspose(
        _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, outputShape: [Int], strides: Size2 = 1, padding: Padding = .same,
        dilations: Size2 = 1, activation: Activation = .linear
    ) throws(SwiftConvError) -> Tensor {
        let y = try conv2dInputGradient(
            filter, x, inputShape: outputShape, strides: strides, padding: padding, dilations: dilations)
        return try activation(bias.map { bias throws(SwiftConvError) in try biasAdd(y, bias) } ?? y)
    }

    /// The gradient of ``conv2d(_:_:bias:strides:padding:dilations:activation:)`` with respect to its images, of shape `inputShape`,
    /// from the gradient of its output.
    public static func conv2dInputGradient(
        _ filter: Tensor, _ outputGradient: Tensor, inputShape: [Int], strides: Size2 = 1, padding: Padding = .valid,
        dilations: Size2 = 1
    ) throws(SwiftConvError) -> Tensor {
        var attributes = window(strides, padding, dilations)
        attributes["input_shape"] = .ints(inputShape)
        return try applyOne("conv2d_backward_input", [filter, outputGradient], attributes)
    }

    /// The gradient of ``conv2d(_:_:bias:strides:padding:dilations:activation:)`` with respect to its filter, of shape `filterShape`,
    /// from the gradient of its output.
    public static func conv2dFilterGradient(
        _ x: Tensor, _ outputGradient: Tensor, filterShape: [Int], strides: Size2 = 1, padding: Padding = .valid,
        dilations: Size2 = 1
    ) throws(SwiftConvError) -> Tensor {
        var attributes = window(strides, padding, dilations)
        attributes["filter_shape"] = .ints(filterShape)
        return try applyOne("conv2d_backward_filter", [x, outputGradient], attributes)
    }

    /// Adds a vector along the last axis.
    public static func biasAdd(_ x: Tensor, _ bias: Tensor) throws(SwiftConvError) -> Tensor { try applyOne("bias_add", [x, bias]) }

    private static func window(_ strides: Size2, _ padding: Padding, _ dilations: Size2) -> Attributes {
        ["strides": .ints(strides.list), "padding": padding.attribute, "dilations": .ints(dilations.list)]
    }

    /// Images with several batch dimensions, as one batch.
    private static func images(
        _ x: Tensor, _ body: (Tensor) throws(SwiftConvError) -> Tensor
    ) throws(SwiftConvError) -> Tensor {
        guard x.rank > 4 else { return try body(x) }
        let lead = Array(x.shape.dropLast(3))
        let y = try body(try x.reshape([lead.reduce(1, *)] + x.shape.suffix(3)))
        return try y.reshape(lead + y.shape.dropFirst())
    }
}
