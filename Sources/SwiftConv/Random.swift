import Graph
import TensorCore

/// Random tensors by the counter-based generator Philox: the same seed gives the same numbers, for any number of threads.
public enum Random {
    nonisolated(unsafe) private static var seed: Int64 = 0x5EED
    nonisolated(unsafe) private static var counter: Int64 = 0
    private static let lock = Lock()

    /// Starts the numbers over; layers that are built after it get the same initial weights again.
    public static func setSeed(_ newSeed: Int) {
        lock.lock()
        seed = Int64(newSeed)
        counter = 0
        lock.unlock()
    }

    /// The state for the next `count` numbers: seed and counter.
    static func advance(by count: Int) throws(SwiftConvError) -> Tensor {
        try Tensor(take(count), shape: [2])
    }

    private static func take(_ count: Int) -> [Int64] {
        lock.lock()
        defer { lock.unlock() }
        let state = [seed, counter]
        counter = counter &+ Int64(count)
        return state
    }

    /// A seed for a generator of one's own.
    static func newSeed() -> Int64 {
        let state = take(1)
        return state[0] &* 0x5851_F42D_4C95_7F2D &+ state[1] &+ 0x1405_7B7E_F767_814F
    }

    /// Numbers evenly spread over `range`.
    public static func uniform(
        _ shape: [Int], in range: ClosedRange<Double> = 0...1, dtype: DType = .float32
    ) throws(SwiftConvError) -> Tensor {
        let spec = try engine { () throws(ConvError) in try TensorSpec(dtype.engineType, shape).validated("uniform") }
        return try applyOne(
            "random_uniform", [try advance(by: spec.count)],
            [
                "shape": .ints(shape), "low": .double(range.lowerBound), "high": .double(range.upperBound),
                "dtype": .string(dtype.rawValue),
            ])
    }

    /// Normally distributed numbers; `truncated` ones lie within two standard deviations.
    public static func normal(
        _ shape: [Int], mean: Double = 0, standardDeviation: Double = 1, truncated: Bool = false, dtype: DType = .float32
    ) throws(SwiftConvError) -> Tensor {
        let spec = try engine { () throws(ConvError) in try TensorSpec(dtype.engineType, shape).validated("normal") }
        return try applyOne(
            "random_normal", [try advance(by: spec.count)],
            [
                "shape": .ints(shape), "mean": .double(mean), "stddev": .double(standardDeviation),
                "truncated": .int(truncated ? 1 : 0), "dtype": .string(dtype.rawValue),
            ])
    }
}
