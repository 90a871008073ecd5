/// Batches that a function makes of their numbers, when they are wanted: from files, with other distortions in each epoch.
///
/// `fit` and `evaluate` call it on a thread of its own, at most two batches ahead of the step. What it throws arrives in their caller.
///
///     let batches = GeneratedBatches(count: 4) { i in
///         let rows: Range<Int> = 32 * i..<32 * (i + 1)
///         return Examples(try images[rows], try labels[rows])
///     }
///     let classifier = Sequential { Flatten(); Dense(10, activation: .softmax) }
///     try classifier.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy())
///     try classifier.fit(batches: batches, epochs: 2, verbose: 0)
public struct GeneratedBatches: Sequence, Sendable {
    /// How many batches an epoch has at most; nil where the function ends them.
    public let count: Int?
    private let make: @Sendable (Int) throws -> Examples?

    /// `make` is called with 0, 1, 2 …, and gives a batch or, to end them, nil. A `count` below 1 gives none.
    public init(count: Int? = nil, _ make: @escaping @Sendable (Int) throws -> Examples?) {
        self.count = count
        self.make = make
    }

    /// The batches from the first one on, each made when it is asked for.
    public func makeIterator() -> Iterator { Iterator(count: count ?? .max, make: make) }

    /// One pass over the batches.
    public struct Iterator: FailableBatchIterator {
        private let count: Int
        private let make: @Sendable (Int) throws -> Examples?
        private var number = 0
        /// What the function threw.
        public private(set) var failure: (any Error)?

        fileprivate init(count: Int, make: @escaping @Sendable (Int) throws -> Examples?) {
            self.count = count
            self.make = make
        }

        /// The next batch; nil at the end.
        public mutating func next() -> Examples? {
            guard number < count, failure == nil else { return nil }
            do {
                let made = try make(number)
                number = made == nil ? count : number + 1
                return made
            } catch {
                failure = error
                return nil
            }
        }
    }
}

/// An iterator over batches that may end because something went wrong: `fit` and `evaluate` throw its `failure` then.
public protocol FailableBatchIterator: IteratorProtocol<Examples> {
    /// What went wrong; nil where the batches are at their end.
    var failure: (any Error)? { get }
}
