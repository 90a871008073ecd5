import Runtime

extension Sequence where Self: Sendable, Element == Examples {
    /// The same batches, made by a thread of its own, at most `count` before they are asked for: while a step runs, the next batch is read
    /// or computed. It pays where that waits for something, or where a processor is idle. Each pass over the sequence has a thread, which
    /// ends with it. Random numbers for batches should come from a generator of their own, for the thread draws beside the model's layers.
    ///
    ///     struct Noise: Sequence, Sendable {
    ///         func makeIterator() -> AnyIterator<Examples> {
    ///             var number = 0
    ///             return AnyIterator {
    ///                 number += 1
    ///                 guard number <= 3, let x = try? Random.normal([16, 8], seed: number) else { return nil }
    ///                 return try? Examples(x, x.sum(-1, keepDims: true))
    ///             }
    ///         }
    ///     }
    ///     let regression = Sequential { Dense(1) }
    ///     try regression.compile(optimizer: .sgd(), loss: .meanSquaredError)
    ///     try regression.fit(batches: Noise().prefetched(), epochs: 2, verbose: 0)
    public func prefetched(_ count: Int = 2) -> PrefetchedBatches<Self> { PrefetchedBatches(self, count) }
}

/// See `prefetched(_:)` of sequences of batches.
public struct PrefetchedBatches<Base: Sequence<Examples> & Sendable>: Sequence, Sendable, ThreadedBatches {
    private let base: Base
    private let ahead: Int

    fileprivate init(_ base: Base, _ ahead: Int) {
        self.base = base
        self.ahead = ahead
    }

    /// Starts the thread.
    public func makeIterator() -> PrefetchedIterator { iterator(limit: nil, first: nil) }

    func iterator(limit: Int?, first: Int?) -> PrefetchedIterator { PrefetchedIterator(base, ahead: ahead, limit: limit, first: first) }
}

extension GeneratedBatches: ThreadedBatches {
    func iterator(limit: Int?, first: Int?) -> PrefetchedIterator { PrefetchedIterator(self, ahead: 2, limit: limit, first: first) }
}

/// A sequence that `fit` lets a thread go through.
protocol ThreadedBatches {
    /// At most `limit` batches, `first` of them before the second one is asked for.
    func iterator(limit: Int?, first: Int?) -> PrefetchedIterator
}

/// A pass over prefetched batches. Its thread ends when the batches do, or with the last reference to it.
public final class PrefetchedIterator: FailableBatchIterator {
    private var made: Prefetch<Result<Examples, any Error>>?
    /// Where the system refuses a thread.
    private var here: (() -> Result<Examples, any Error>?)?
    /// What went wrong in the sequence.
    public private(set) var failure: (any Error)?

    init(_ source: some Sequence<Examples> & Sendable, ahead: Int, limit: Int?, first: Int?) {
        let make = { @Sendable () -> () -> Result<Examples, any Error>? in
            var iterator = source.makeIterator()
            var left = limit ?? .max
            return {
                guard left > 0 else { return nil }
                left -= 1
                if let examples = iterator.next() { return .success(examples) }
                left = 0
                return (iterator as? any FailableBatchIterator)?.failure.map { .failure($0) }
            }
        }
        made = Prefetch(ahead: ahead, first: first, source: make)
        if made == nil { here = make() }
    }

    deinit { made?.close() }

    /// The next batch; nil at the end.
    public func next() -> Examples? {
        switch made == nil ? here?() : made?.next() {
        case .success(let examples): return examples
        case .failure(let error):
            failure = error
            return nil
        case nil: return nil
        }
    }
}
