import Graph
import TensorCore

/// Where a function that draws takes its numbers from: an integer gives the same ones each time, a ``SeedGenerator`` goes on.
///
///     let a = try Random.normal([2, 3], seed: 7)
///     let generator = try SeedGenerator(seed: 7)
///     let b = try Random.normal([2, 3], seed: generator)      // the same numbers, the first time
public protocol RandomSource: Sendable {
    /// Seed and counter (int64, shape `[2]`) from which `count` numbers are drawn.
    func state(drawing count: Int) throws(SwiftConvError) -> Tensor
}

extension Int: RandomSource {
    /// This seed, from the beginning.
    public func state(drawing count: Int) throws(SwiftConvError) -> Tensor {
        try Tensor([Int64(self), 0] as [Int64], shape: [2])
    }
}

/// A stream of random numbers. Its state is a parameter, so recorded functions and models draw other numbers in each run too.
public final class SeedGenerator: RandomSource {
    /// The seed it was made with.
    public let seed: Int
    /// Seed and counter.
    public let parameter: Parameter
    private let lock = Lock()

    /// Begins with `seed`; without one with a seed that the global generator draws.
    public init(seed: Int? = nil, name: String = "seed_generator") throws(SwiftConvError) {
        let seed = seed ?? Int(Random.newSeed())
        self.seed = seed
        parameter = try Parameter(
            "\(name)/seed_generator_state", try Tensor([Int64(seed), 0] as [Int64], shape: [2]), isTrainable: false)
    }

    /// The present state; the counter goes on by `count`.
    public func state(drawing count: Int) throws(SwiftConvError) -> Tensor {
        lock.lock()
        defer { lock.unlock() }
        let state = try parameter.value
        try parameter.assign(try state + Tensor([0, Int64(count)] as [Int64], shape: [2]))
        return state
    }

    /// Seed and counter, even while a function is recorded; the counter goes on by `count`.
    func take(_ count: Int64) -> (seed: Int64, counter: Int64) {
        lock.lock()
        defer { lock.unlock() }
        let state = parameter.variable.data.assumingMemoryBound(to: Int64.self)
        let old = (seed: state[0], counter: state[1])
        state[1] &+= count
        parameter.variable.touch()
        return old
    }

    /// Begins anew with another seed.
    func restart(_ seed: Int64) {
        lock.lock()
        defer { lock.unlock() }
        let state = parameter.variable.data.assumingMemoryBound(to: Int64.self)
        state[0] = seed
        state[1] = 0
        parameter.variable.touch()
    }
}

extension Trace {
    /// Calls `body` outside of any recording: what it makes has numbers.
    static func suspended<R>(_ body: () throws(SwiftConvError) -> R) throws(SwiftConvError) -> R {
        let result = Trace.$current.withValue(nil) { () -> Result<R, SwiftConvError> in
            do throws(SwiftConvError) {
                return .success(try body())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
