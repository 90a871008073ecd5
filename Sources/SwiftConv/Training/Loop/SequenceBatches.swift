/// Batches that a sequence gives.
final class SequenceBatches<Source: Sequence<Examples>>: BatchSource {
    private let source: Source
    private var iterator: (any IteratorProtocol<Examples>)?
    private let reader: BatchReader
    /// Whether the weights are there. Until then a thread and the layers would draw random numbers side by side.
    private let isBuilt: () -> Bool

    init(_ source: Source, _ reader: BatchReader, isBuilt: @escaping () -> Bool) {
        self.source = source
        self.reader = reader
        self.isBuilt = isBuilt
    }

    var count: Int? { (source as? GeneratedBatches)?.count ?? (source as? any Collection)?.count }

    func restart(limit: Int?) {
        close()
        let ahead = source as? any ThreadedBatches
        // One batch alone has nothing beside it.
        iterator = limit == 1 ? nil : ahead?.iterator(limit: limit, first: isBuilt() ? nil : 1)
        if iterator == nil { iterator = source.makeIterator() }
    }

    func next() throws(SwiftConvError) -> Feeds? {
        if let examples = iterator?.next() { return try reader.feeds(examples) }
        if let error = (iterator as? any FailableBatchIterator)?.failure { throw reader.failure(error) }
        return nil
    }

    func close() { iterator = nil }
}

/// What becomes of a batch of a sequence.
struct BatchReader {
    let outputs: Int
    let classWeight: [Int: Double]
    let what: String

    func feeds(_ examples: Examples) throws(SwiftConvError) -> Feeds {
        try Feeds(try examples.weighted(by: classWeight, what), outputs: outputs, what)
    }

    /// The error of a sequence as the library's.
    func failure(_ error: any Error) -> SwiftConvError {
        if let known = error as? SwiftConvError { return known }
        if error is CancellationError { return cancelled(what) }
        return SwiftConvError(.invalidArgument, "\(what): batches: \(error)", cause: error)
    }
}
