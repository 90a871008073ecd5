import TensorCore

/// Reductions, over all axes unless told otherwise. `axes: []` reduces nothing.
extension Tensor {
    /// The sum; of bool and uint8 as int32.
    public func sum(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try summable().reduce("reduce_sum", axes, keepDims)
    }
    /// The sum; of bool and uint8 as int32.
    public func sum(axes: [Int], keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try axes.isEmpty ? summable() : summable().reduce("reduce_sum", axes, keepDims)
    }

    /// The product; of bool and uint8 as int32.
    public func product(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try summable().reduce("reduce_prod", axes, keepDims)
    }
    /// The product; of bool and uint8 as int32.
    public func product(axes: [Int], keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try axes.isEmpty ? summable() : summable().reduce("reduce_prod", axes, keepDims)
    }

    /// The mean of float32 or float64.
    public func mean(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try reduce("reduce_mean", axes, keepDims)
    }
    /// The mean of float32 or float64.
    public func mean(axes: [Int], keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try axes.isEmpty ? self : reduce("reduce_mean", axes, keepDims)
    }

    /// The largest.
    public func max(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try reduce("reduce_max", axes, keepDims)
    }
    /// The largest.
    public func max(axes: [Int], keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try axes.isEmpty ? self : reduce("reduce_max", axes, keepDims)
    }

    /// The smallest.
    public func min(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try reduce("reduce_min", axes, keepDims)
    }
    /// The smallest.
    public func min(axes: [Int], keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try axes.isEmpty ? self : reduce("reduce_min", axes, keepDims)
    }

    /// Whether one holds.
    public func any(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try truth().reduce("reduce_any", axes, keepDims)
    }
    /// Whether one holds.
    public func any(axes: [Int], keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try axes.isEmpty ? truth() : truth().reduce("reduce_any", axes, keepDims)
    }

    /// Whether all hold.
    public func all(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try truth().reduce("reduce_all", axes, keepDims)
    }
    /// Whether all hold.
    public func all(axes: [Int], keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try axes.isEmpty ? truth() : truth().reduce("reduce_all", axes, keepDims)
    }

    private func reduce(_ op: String, _ axes: [Int], _ keepDims: Bool) throws(SwiftConvError) -> Tensor {
        try applyOne(op, [self], ["axes": .ints(axes), "keepdims": .int(keepDims ? 1 : 0)])
    }

    private func summable() throws(SwiftConvError) -> Tensor { try dtype == .bool || dtype == .uint8 ? cast(to: .int32) : self }

    /// The variance (with bias).
    public func variance(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try variance(axes: axes.isEmpty ? Array(0..<rank) : axes, keepDims: keepDims)
    }
    /// The variance (with bias).
    public func variance(axes: [Int], keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try (self - mean(axes: axes, keepDims: true)).square().mean(axes: axes, keepDims: keepDims)
    }
    /// The standard deviation (with bias).
    public func standardDeviation(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try variance(axes: axes.isEmpty ? Array(0..<rank) : axes, keepDims: keepDims).squareRoot()
    }
    /// The standard deviation (with bias).
    public func standardDeviation(axes: [Int], keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try variance(axes: axes, keepDims: keepDims).squareRoot()
    }

    /// The Euclidean norm.
    public func norm(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try square().reduce("reduce_sum", axes, keepDims).squareRoot()
    }
    /// The sum of the sizes without their signs.
    public func absoluteSum(_ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try absolute().reduce("reduce_sum", axes, keepDims)
    }
    /// The mean, each element counted as often as `weights` (which broadcast) says.
    public func average(weights: Tensor, _ axes: Int..., keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        let weights = try weights.broadcast(to: shape)
        return try (self * weights).reduce("reduce_sum", axes, keepDims) / weights.reduce("reduce_sum", axes, keepDims)
    }
    /// The logarithm of the sum of the exponentials along `axis`, without overflow.
    public func logSumExp(axis: Int = -1, keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        let place = try normalized(axis, rank: rank, "logSumExp")
        let moved = try place == rank - 1 ? self : moveAxis(from: place, to: -1)
        let y = try applyOne("logsumexp", [moved], ["keepdims": .int(0)])
        return try keepDims ? y.expandDims(at: place) : y
    }
    /// The running sum along `axis`.
    public func cumulativeSum(axis: Int = 0) throws(SwiftConvError) -> Tensor { try applyOne("cumsum", [self], ["axis": .int(axis)]) }

    /// The positions (int64) of the largest elements along `axis`, the first of equal ones.
    public func argmax(axis: Int = -1, keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try position("argmax", axis, keepDims)
    }
    /// The positions (int64) of the smallest elements along `axis`, the first of equal ones.
    public func argmin(axis: Int = -1, keepDims: Bool = false) throws(SwiftConvError) -> Tensor {
        try position("argmin", axis, keepDims)
    }

    private func position(_ op: String, _ axis: Int, _ keepDims: Bool) throws(SwiftConvError) -> Tensor {
        let found = try applyOne(op, [self], ["axis": .int(axis)])
        return try keepDims ? found.expandDims(at: axis < 0 ? axis + rank : axis) : found
    }
}
