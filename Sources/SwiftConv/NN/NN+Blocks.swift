import TensorCore

extension nn {
    /// Channels become pixels: `[batch, height, width, channels]` becomes `[batch, height · size, width · size, channels / size²]`.
    /// Behind a convolution it makes images larger (sub-pixel convolution).
    ///
    ///     let x = try Tensor([1, 2, 3, 4], shape: [1, 1, 1, 4])
    ///     print(try nn.depthToSpace(x, blockSize: 2).shape)         // [1, 2, 2, 1]
    ///
    /// - Throws: Other ranks, a `blockSize` below 1 or whose square does not divide the channels.
    public static func depthToSpace(_ x: Tensor, blockSize: Int) throws(SwiftConvError) -> Tensor {
        try x.expectRank(4, "depthToSpace: x")
        let s = x.shape
        let (square, overflow) = blockSize.multipliedReportingOverflow(by: blockSize)
        guard blockSize > 0, !overflow, s[3] % square == 0 else {
            throw .invalidArgument(
                "depthToSpace: blockSize: expected a number whose square divides \(s[3]) channels, received \(blockSize)")
        }
        let parts = try x.reshape([-1, s[1], s[2], blockSize, blockSize, s[3] / square])
        return try parts.transpose([0, 1, 3, 2, 4, 5]).reshape([-1, s[1] * blockSize, s[2] * blockSize, s[3] / square])
    }

    /// Pixels become channels: `[batch, height, width, channels]` becomes `[batch, height / size, width / size, channels · size²]`, the
    /// inverse of ``depthToSpace(_:blockSize:)``.
    ///
    /// - Throws: Other ranks, a `blockSize` below 1 or one that does not divide height and width.
    public static func spaceToDepth(_ x: Tensor, blockSize: Int) throws(SwiftConvError) -> Tensor {
        try x.expectRank(4, "spaceToDepth: x")
        let s = x.shape
        guard blockSize > 0, s[1] % blockSize == 0, s[2] % blockSize == 0 else {
            throw .invalidArgument(
                "spaceToDepth: blockSize: expected a divisor of height \(s[1]) and width \(s[2]), received \(blockSize)")
        }
        let parts = try x.reshape([-1, s[1] / blockSize, blockSize, s[2] / blockSize, blockSize, s[3]])
        return try parts.transpose([0, 1, 3, 2, 4, 5])
            .reshape([-1, s[1] / blockSize, s[2] / blockSize, s[3] * blockSize * blockSize])
    }
}
