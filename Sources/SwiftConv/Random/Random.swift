import TensorCore

/// Random tensors by the counter-based generator Philox: the same seed gives the same numbers, for any number of threads, in Swift and in
/// the Python package.
///
/// Each function takes a `seed`: an integer, a ``SeedGenerator``, or nothing for the global generator, which ``setSeed(_:)`` starts over.
/// In a function that is recorded, draws from a generator are symbolic: each run gives other numbers. Those from an integer are constants.
public enum Random {
    /// The generator of the calls that name no seed; nil only without memory.
    private static let global = try? SeedGenerator(seed: 0x5EED, name: "global")

    /// Starts the numbers over; layers that are built after it get the same initial weights again.
    public static func setSeed(_ newSeed: Int) { global?.restart(Int64(newSeed)) }

    /// A seed for a generator of one's own.
    static func newSeed() -> Int64 {
        let (seed, counter) = global?.take(1) ?? (0, 0)
        return seed &* 0x5851_F42D_4C95_7F2D &+ counter &+ 0x1405_7B7E_F767_814F
    }

    /// Numbers evenly spread over `range`, whose upper end is not drawn.
    public static func uniform(
        _ shape: [Int], in range: ClosedRange<Double> = 0...1, dtype: DType = .float32, seed: (any RandomSource)? = nil
    ) throws(SwiftConvError) -> Tensor {
        let ends: Attributes = ["low": .double(range.lowerBound), "high": .double(range.upperBound)]
        return try draw("random_uniform", "uniform", shape, dtype, seed, ends)
    }

    /// Numbers evenly spread over `range`.
    public static func uniform(
        _ shape: [Int], in range: Range<Double>, dtype: DType = .float32, seed: (any RandomSource)? = nil
    ) throws(SwiftConvError) -> Tensor {
        try uniform(shape, in: range.lowerBound...range.upperBound, dtype: dtype, seed: seed)
    }

    /// Normally distributed numbers; `truncated` ones lie within two standard deviations.
    public static func normal(
        _ shape: [Int], mean: Double = 0, standardDeviation: Double = 1, truncated: Bool = false, dtype: DType = .float32,
        seed: (any RandomSource)? = nil
    ) throws(SwiftConvError) -> Tensor {
        try draw(
            "random_normal", "normal", shape, dtype, seed,
            ["mean": .double(mean), "stddev": .double(standardDeviation), "truncated": .int(truncated ? 1 : 0)])
    }

    /// Normally distributed numbers, drawn again where they are more than two standard deviations from the mean.
    public static func truncatedNormal(
        _ shape: [Int], mean: Double = 0, standardDeviation: Double = 1, dtype: DType = .float32, seed: (any RandomSource)? = nil
    ) throws(SwiftConvError) -> Tensor {
        try normal(shape, mean: mean, standardDeviation: standardDeviation, truncated: true, dtype: dtype, seed: seed)
    }

    /// Integers (int32, int64 or uint8) evenly from `range`.
    public static func integers(
        _ shape: [Int], in range: Range<Int>, dtype: DType = .int32, seed: (any RandomSource)? = nil
    ) throws(SwiftConvError) -> Tensor {
        guard !range.isEmpty else { throw .invalidArgument("integers: range: expected a range that is not empty, received \(range)") }
        return try draw(
            "random_integers", "integers", shape, dtype, seed, ["low": .int(range.lowerBound), "high": .int(range.upperBound)])
    }

    /// The slices of `x` along `axis` in a random order.
    public static func shuffle(_ x: Tensor, axis: Int = 0, seed: (any RandomSource)? = nil) throws(SwiftConvError) -> Tensor {
        let place = try normalized(axis, rank: x.rank, "shuffle")
        let order = try uniform([x.shape[place]], dtype: .float64, seed: seed).argsort()
        return try x.gather(order, axis: place)
    }

    /// `count` class numbers for each row of `logits` (`[rows, classes]`), with the odds that the row gives: `[rows, count]`.
    public static func categorical(
        logits: Tensor, count: Int, dtype: DType = .int64, seed: (any RandomSource)? = nil
    ) throws(SwiftConvError) -> Tensor {
        try logits.expectRank(2, "categorical: logits")
        guard count >= 0 else { throw .invalidArgument("categorical: count: expected at least 0, received \(count)") }
        let noise = try uniform([logits.shape[0], count, logits.shape[1]], dtype: .float64, seed: seed)
        let gumbel = try -(-noise.clipped(to: Double.leastNormalMagnitude...(1 - 1e-16)).log()).log()
        return try (logits.cast(to: .float64).expandDims(at: 1) + gumbel).argmax(axis: -1).cast(to: dtype)
    }

    /// Sets each number to 0 with probability `rate`, and divides the others by 1 − `rate`. See
    /// ``nn/dropout(_:rate:noiseShape:seed:)``.
    public static func dropout(
        _ x: Tensor, rate: Double, noiseShape: [Int]? = nil, seed: (any RandomSource)? = nil
    ) throws(SwiftConvError) -> Tensor {
        guard rate >= 0, rate < 1 else {
            throw .invalidArgument("dropout: rate: expected a number from 0 to below 1, received \(rate)")
        }
        guard x.spec.dtype.isFloating else {
            throw SwiftConvError(.wrongType, "dropout: x: expected float32 or float64, received \(x.dtype)")
        }
        if rate == 0 { return x }
        if let noiseShape {
            return try x * dropout(.ones(noiseShape, dtype: x.dtype), rate: rate, seed: seed)
        }
        return try applyOne("dropout", [x, try state(seed, x.count)], ["rate": .double(rate)])
    }

    /// The state for the next `count` numbers of `source`, or of the global generator.
    private static func state(_ source: (any RandomSource)?, _ count: Int) throws(SwiftConvError) -> Tensor {
        guard let source = source ?? global else { throw SwiftConvError(.outOfMemory, "seed: no memory for the global generator") }
        let state = try source.state(drawing: count)
        guard state.dtype == .int64, state.shape == [2] else {
            throw .invalidArgument("seed: expected a state of int64(2,), received \(state.spec)")
        }
        return state
    }

    private static func draw(
        _ op: String, _ what: String, _ shape: [Int], _ dtype: DType, _ seed: (any RandomSource)?, _ settings: Attributes
    ) throws(SwiftConvError) -> Tensor {
        let spec = try engine { () throws(ConvError) in try TensorSpec(dtype.engineType, shape).validated(what) }
        var attributes = settings
        attributes["shape"] = .ints(shape)
        attributes["dtype"] = .string(dtype.rawValue)
        return try applyOne(op, [try state(seed, spec.count)], attributes)
    }
}
