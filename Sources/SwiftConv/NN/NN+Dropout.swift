import TensorCore

extension nn {
    /// Sets each number to 0 with probability `rate`, and divides the others by 1 − `rate`.
    ///
    /// - Parameters:
    ///   - x: float32 or float64 of any shape.
    ///   - rate: From 0 to below 1.
    ///   - noiseShape: The shape in which is drawn, if not that of `x`; it broadcasts to it.
    ///   - seed: An integer (the same choice each time) or a ``SeedGenerator``; the global generator by default.
    public static func dropout(
        _ x: Tensor, rate: Double, noiseShape: [Int]? = nil, seed: (any RandomSource)? = nil
    ) throws(SwiftConvError) -> Tensor {
        try Random.dropout(x, rate: rate, noiseShape: noiseShape, seed: seed)
    }

    /// `indices` as rows of `offValue` with an `onValue` along a new axis; an index outside of 0 ..< `depth` gives off values alone.
    public static func oneHot(
        _ indices: Tensor, depth: Int, axis: Int = -1, onValue: Double = 1, offValue: Double = 0, dtype: DType = .float32
    ) throws(SwiftConvError) -> Tensor {
        let y = try applyOne(
            "one_hot", [indices],
            [
                "depth": .int(depth), "dtype": .string(dtype.rawValue), "on_value": .double(onValue), "off_value": .double(offValue),
            ])
        return try axis == -1 ? y : y.moveAxis(from: -1, to: axis)
    }
}
