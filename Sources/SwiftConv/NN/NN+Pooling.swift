import TensorCore

extension nn {
    /// The largest of each window; the strides are the window's size by default. NaN wins, padding never does.
    public static func maxPool2d(
        _ x: Tensor, size: Size2 = 2, strides: Size2? = nil, padding: Padding = .valid
    ) throws(SwiftConvError) -> Tensor {
        try applyOne("max_pool2d", [x], pool(size, strides, padding))
    }

    /// The largest of each window of `[batch, width, channels]`.
    public static func maxPool1d(
        _ x: Tensor, size: Int = 2, stride: Int? = nil, padding: Padding = .valid
    ) throws(SwiftConvError) -> Tensor {
        try x.expectRank(3, "maxPool1d: x")
        return try maxPool2d(
            x.expandDims(at: 1), size: Size2(1, size), strides: Size2(1, stride ?? size), padding: padding
        ).squeeze(1)
    }

    /// The largest of each window, and where it was: `(row · width + column) · channels + channel` as int64.
    ///
    /// With `includesBatchInIndex` the positions count through the whole batch.
    public static func maxPoolWithArgmax(
        _ x: Tensor, size: Size2 = 2, strides: Size2? = nil, padding: Padding = .valid, includesBatchInIndex: Bool = false
    ) throws(SwiftConvError) -> (output: Tensor, argmax: Tensor) {
        var attributes = pool(size, strides, padding)
        attributes["include_batch_in_index"] = .int(includesBatchInIndex ? 1 : 0)
        let results = try apply("max_pool2d_with_argmax", [x], attributes)
        guard results.count == 2 else { throw SwiftConvError(.internal, "maxPoolWithArgmax: gave \(results.count) outputs") }
        return (results[0], results[1])
    }

    /// The mean of the cells of each window that lie in the image.
    public static func averagePool2d(
        _ x: Tensor, size: Size2 = 2, strides: Size2? = nil, padding: Padding = .valid
    ) throws(SwiftConvError) -> Tensor {
        try applyOne("avg_pool2d", [x], pool(size, strides, padding))
    }

    /// The mean of the cells of each window of `[batch, width, channels]`.
    public static func averagePool1d(
        _ x: Tensor, size: Int = 2, stride: Int? = nil, padding: Padding = .valid
    ) throws(SwiftConvError) -> Tensor {
        try x.expectRank(3, "averagePool1d: x")
        return try averagePool2d(
            x.expandDims(at: 1), size: Size2(1, size), strides: Size2(1, stride ?? size), padding: padding
        ).squeeze(1)
    }

    /// The mean of each channel over the image: `[batch, channels]`, or `[batch, 1, 1, channels]` with `keepDims`.
    public static func globalAveragePool2d(_ x: Tensor, keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try x.expectRank(4, "globalAveragePool2d: x")
        return try x.mean(1, 2, keepDims: keepDims)
    }

    /// The largest of each channel over the image: `[batch, channels]`, or `[batch, 1, 1, channels]` with `keepDims`.
    public static func globalMaxPool2d(_ x: Tensor, keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try x.expectRank(4, "globalMaxPool2d: x")
        return try x.max(1, 2, keepDims: keepDims)
    }

    /// How an image becomes larger.
    public enum Interpolation: String, Sendable, Hashable, CaseIterable {
        /// Each pixel is repeated.
        case nearest
        /// Between the centres of pixels.
        case bilinear
    }

    /// Images enlarged by whole factors.
    public static func upsample2d(
        _ x: Tensor, size: Size2 = 2, interpolation: Interpolation = .nearest
    ) throws(SwiftConvError) -> Tensor {
        try applyOne("upsample2d", [x], ["size": .ints(size.list), "interpolation": .string(interpolation.rawValue)])
    }

    private static func pool(_ size: Size2, _ strides: Size2?, _ padding: Padding) -> Attributes {
        ["ksize": .ints(size.list), "strides": .ints((strides ?? size).list), "padding": padding.attribute]
    }
}
