extension AsyncSequence where Self: Sendable, Element == Examples {
    /// The same batches, each asked for by a task of its own before it is wanted: while a step runs, the next batch is awaited or computed.
    /// At the end one batch more than was used may have been taken. The task is cancelled with the pass over the sequence.
    ///
    ///     let stream = AsyncStream { continuation in
    ///         for _ in 0..<4 { continuation.yield(Examples(x, y)) }
    ///         continuation.finish()
    ///     }
    ///     try await model.fit(batches: stream.prefetched(), verbose: 0)
    public func prefetched() -> PrefetchedAsyncBatches<Self> { PrefetchedAsyncBatches(self) }
}

/// See `prefetched()` of asynchronous sequences of batches.
public struct PrefetchedAsyncBatches<Base: AsyncSequence & Sendable>: AsyncSequence, Sendable where Base.Element == Examples {
    public typealias Element = Examples
    private let base: Base

    fileprivate init(_ base: Base) { self.base = base }

    /// Asks for the first batch when that is wanted.
    public func makeAsyncIterator() -> Iterator { Iterator(BatchPuller(base)) }

    /// A pass over the batches.
    public final class Iterator: AsyncIteratorProtocol {
        private let puller: BatchPuller<Base>
        private var pending: Task<Examples?, any Error>?

        fileprivate init(_ puller: BatchPuller<Base>) { self.puller = puller }

        deinit { pending?.cancel() }

        /// The next batch; nil at the end.
        public func next(isolation actor: isolated (any Actor)?) async throws(any Error) -> Examples? {
            let current = pending ?? pull()
            pending = nil
            let examples = try await withTaskCancellationHandler(operation: { try await current.value }, onCancel: { current.cancel() })
            if examples != nil, !Task.isCancelled { pending = pull() }
            return examples
        }

        private func pull() -> Task<Examples?, any Error> {
            let puller = puller
            return Task { try await puller.next() }
        }
    }
}

/// The iterator of an asynchronous sequence, where tasks that follow one another can reach it.
private actor BatchPuller<Base: AsyncSequence & Sendable> where Base.Element == Examples {
    private var iterator: Base.AsyncIterator

    init(_ base: Base) { iterator = base.makeAsyncIterator() }

    func next() async throws -> Examples? {
        var current = iterator
        let examples = try await current.next(isolation: self)
        iterator = current
        return examples
    }
}
