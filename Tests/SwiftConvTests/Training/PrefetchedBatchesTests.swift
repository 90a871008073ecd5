import Synchronization
import Testing

@testable import SwiftConv

/// Batches of `line()`, with a count of what was made and a mark of what is in use.
private final class Source: Sendable {
    struct Fault: Error, Equatable {}

    let made = Atomic<Int>(0)
    let passes = Atomic<Int>(0)
    let faultAt: Int
    let examples: [Examples]

    init(faultAt: Int = .max) throws {
        let (x, y) = try line()
        examples = try (0..<4).map { (i: Int) -> Examples in
            let rows: Range<Int> = (8 * i)..<(8 * i + 8)
            return Examples(try x[rows], try y[rows])
        }
        self.faultAt = faultAt
    }

    var count: Int { made.load(ordering: .sequentiallyConsistent) }

    func batch(_ number: Int) throws -> Examples {
        if number == faultAt { throw Fault() }
        made.add(1, ordering: .sequentiallyConsistent)
        return examples[number % 4]
    }

    func generated(_ count: Int? = 4) -> GeneratedBatches { GeneratedBatches(count: count) { try self.batch($0) } }

    /// One that gives its batches once, whoever asks.
    struct Once: Sequence, IteratorProtocol, Sendable {
        let source: Source
        func next() -> Examples? { try? source.batch(source.count) }
    }

    /// One whose iterators say why they end.
    struct Failing: Sequence, Sendable {
        let source: Source
        struct Iterator: FailableBatchIterator {
            let source: Source
            private(set) var failure: (any Error)?
            init(_ source: Source) { self.source = source }
            mutating func next() -> Examples? {
                do { return try source.batch(source.count) } catch { failure = error }
                return nil
            }
        }
        func makeIterator() -> Iterator { Iterator(source) }
    }
}

struct PrefetchedBatchesTests {
    private func bytes(_ source: any BatchSource) throws -> [[UInt8]] {
        var all: [[UInt8]] = []
        while let feeds = try source.next() {
            let specs = feeds.form.inputs + feeds.form.labels + feeds.form.weights.compactMap { $0 }
            for (spec, pointer) in zip(specs, feeds.pointers) {
                all.append(Array(UnsafeRawBufferPointer(start: pointer, count: spec.byteCount)))
            }
        }
        return all
    }

    @Test func shuffledBatchesAreTheSameFromAThread() throws {
        let pixels = try Tensor((0..<70).map { UInt8($0) }, shape: [35, 2])
        let labels = try Tensor((0..<35).map { Int32($0) }, shape: [35])
        let examples = Examples(pixels, labels, sampleWeight: try Tensor((0..<35).map { Float($0) }))
        func batches(_ isAhead: Bool) throws -> TensorBatches {
            try TensorBatches(examples, range: 2..<35, batchSize: 4, shuffle: true, outputs: 1, "fit", isAhead: isAhead, seed: 11)
        }
        let (here, ahead) = (try batches(false), try batches(true))
        var epochs: Set<[[UInt8]]> = []
        for _ in 0..<3 {
            here.restart(limit: nil)
            ahead.restart(limit: nil)
            let expected = try bytes(here)
            #expect(expected.count == 3 * 9)
            #expect(try bytes(ahead) == expected)
            epochs.insert(expected)
        }
        #expect(epochs.count == 3)
        // Begun anew before its end.
        here.restart(limit: nil)
        ahead.restart(limit: nil)
        _ = (try here.next(), try ahead.next())
        here.restart(limit: nil)
        ahead.restart(limit: nil)
        #expect(try bytes(ahead) == bytes(here))
        ahead.restart(limit: 2)
        #expect(try bytes(ahead).count == 3 * 2)
        ahead.close()
    }

    @Test func generatedBatchesAreThoseOfTheTensors() throws {
        let (x, y) = try line()
        let (model, other, third) = (try lineModel(), try lineModel(), try lineModel())
        let expected = try model.fit(x, y, batchSize: 8, epochs: 3, shuffle: false, verbose: 0)
        let source = try Source()
        let history = try other.fit(batches: source.generated(), epochs: 3, verbose: 0)
        #expect(history["loss"] == expected["loss"])
        #expect(try weights(model) == weights(other))
        #expect(source.count == 12)
        #expect(try other.evaluate(batches: source.generated())["loss"] == (try model.evaluate(x, y, batchSize: 8)["loss"]))
        try third.fit(batches: source.examples.prefetched(), epochs: 3, verbose: 0)
        #expect(try weights(model) == weights(third))
        // The function ends them; none at all is an error.
        let ending = GeneratedBatches { $0 < 3 ? try source.batch($0) : nil }
        #expect(Array(ending).count == 3)
        #expect(Array(GeneratedBatches(count: -1) { try source.batch($0) }).isEmpty)
        expectError("fit", "at least one batch") { try third.fit(batches: source.generated(0), verbose: 0) }
    }

    @Test func noMoreIsTakenThanIsUsed() throws {
        for steps in 1...4 {
            let source = try Source()
            let model = try lineModel()
            var batches = 0
            let count = LambdaCallback(onBatchEnd: { _, _ in batches += 1 })
            try model.fit(
                batches: Source.Once(source: source).prefetched(), epochs: 3, stepsPerEpoch: steps, verbose: 0, callbacks: [count])
            #expect(batches == 3 * steps && source.count == 3 * steps)
            _ = try model.evaluate(batches: Source.Once(source: source).prefetched(), steps: 2)
            #expect(source.count == 3 * steps + 2)
        }
    }

    @Test func aThreadIsAtMostTwoBatchesAhead() throws {
        let source = try Source()
        let model = try lineModel()
        var largest = 0
        let watch = LambdaCallback(onBatchEnd: { batch, _ in largest = max(largest, source.count - batch - 1) })
        try model.fit(batches: source.generated(200), verbose: 0, callbacks: [watch])
        #expect(largest <= 2)
    }

    @Test func nothingIsMadeWhileTheLayersDrawTheirWeights() throws {
        let source = try Source()
        let model = Sequential { Dense(1, kernelInitializer: .zeros) }
        try model.compile(optimizer: .sgd(), loss: .meanSquaredError)
        var made: [Int] = []
        let watch = LambdaCallback(onBatchEnd: { batch, _ in if batch == 0 { made.append(source.count) } })
        try model.fit(batches: source.generated(), verbose: 0, callbacks: [watch])
        #expect(made == [1])
    }

    @Test func errorsArriveInTheCaller() throws {
        func fault(_ body: () throws(SwiftConvError) -> Void) -> SwiftConvError? {
            do throws(SwiftConvError) { try body() } catch { return error }
            return nil
        }
        for at in 0..<4 {
            let source = try Source(faultAt: at)
            let model = try lineModel()
            var batches = 0
            let count = LambdaCallback(onBatchEnd: { _, _ in batches += 1 })
            let error = try #require(
                fault { () throws(SwiftConvError) in
                    try model.fit(batches: source.generated(), epochs: 2, verbose: 0, callbacks: [count])
                })
            #expect(error.cause is Source.Fault && error.kind == .invalidArgument && error.message.contains("fit: batches: Fault"))
            #expect(batches == at)
            let inEvaluate = fault { () throws(SwiftConvError) in _ = try model.evaluate(batches: source.generated()) }
            #expect(inEvaluate?.cause is Source.Fault && inEvaluate?.message.hasPrefix("evaluate: batches") == true)
            // The caller's own iterators say it too, with and without a thread.
            let fresh = (try Source(faultAt: at), try Source(faultAt: at))
            #expect(
                fault { () throws(SwiftConvError) in try model.fit(batches: Source.Failing(source: fresh.0), verbose: 0) }?.cause
                    is Source.Fault)
            let sequence = Source.Failing(source: fresh.1).prefetched()
            #expect(fault { () throws(SwiftConvError) in try model.fit(batches: sequence, verbose: 0) }?.cause is Source.Fault)
        }
        // What the library throws stays what it is.
        let wrong = GeneratedBatches(count: 1) { _ in throw SwiftConvError(.outOfMemory, "all gone") }
        let model = try lineModel()
        #expect(
            fault { () throws(SwiftConvError) in try model.fit(batches: wrong, verbose: 0) } == SwiftConvError(.outOfMemory, "all gone"))
    }

    /// Lives as long as a thread's sequence.
    private final class Token: Sendable {
        let uses: Uses
        init(_ uses: Uses) {
            self.uses = uses
            uses.count.add(1, ordering: .sequentiallyConsistent)
        }
        deinit { uses.count.subtract(1, ordering: .sequentiallyConsistent) }
    }
    private final class Uses: Sendable { let count = Atomic<Int>(0) }

    private struct Held: Sequence, Sendable {
        let source: Source
        let uses: Uses
        func makeIterator() -> AnyIterator<Examples> {
            let token = Token(uses)
            var number = 0
            return AnyIterator {
                number += 1
                return withExtendedLifetime(token) { try? source.batch(number - 1) }
            }
        }
    }

    @Test func theThreadEndsWithTheTraining() throws {
        let (source, uses) = (try Source(), Uses())
        let model = try lineModel()
        let stop = LambdaCallback(onBatchEnd: { batch, run in if batch == 5 { run.stop() } })
        try model.fit(batches: Held(source: source, uses: uses).prefetched(), verbose: 0, callbacks: [stop])
        #expect(uses.count.load(ordering: .sequentiallyConsistent) == 0)
        let fail = LambdaCallback(onBatchEnd: { batch, run throws(SwiftConvError) in
            if batch == 3 { throw SwiftConvError(.cancelled, "enough") }
        })
        expectError("enough") { try model.fit(batches: Held(source: source, uses: uses).prefetched(), verbose: 0, callbacks: [fail]) }
        #expect(uses.count.load(ordering: .sequentiallyConsistent) == 0)
    }

    @Test func aCancelledTaskEndsTheThread() async throws {
        let (source, uses) = (try Source(), Uses())
        let task = Task { () async throws -> (kind: SwiftConvError.Kind?, done: Int) in
            let model = try lineModel()
            var done = 0
            let watch = LambdaCallback(onBatchEnd: { _, _ in
                done += 1
                if done == 7 { withUnsafeCurrentTask { $0?.cancel() } }
            })
            do throws(SwiftConvError) {
                try await model.fit(batches: Held(source: source, uses: uses).prefetched(), verbose: 0, callbacks: [watch])
            } catch { return (error.kind, done) }
            return (nil, done)
        }
        let result = try await task.value
        #expect(result.kind == .cancelled && result.done == 7)
        #expect(uses.count.load(ordering: .sequentiallyConsistent) == 0)
    }

    @Test func asynchronousBatchesAreAskedForAhead() async throws {
        let (x, y) = try line()
        let source = try Source()
        let (model, other) = (try lineModel(), try lineModel())
        func stream(_ error: (any Error)? = nil) -> AsyncThrowingStream<Examples, any Error> {
            AsyncThrowingStream { continuation in
                for batch in source.examples { continuation.yield(batch) }
                continuation.finish(throwing: error)
            }
        }
        let expected = try await model.fit(x, y, batchSize: 8, shuffle: false, verbose: 0)
        let history = try await other.fit(batches: stream().prefetched(), verbose: 0)
        #expect(history["loss"] == expected["loss"])
        #expect(try weights(model) == weights(other))
        let error = await #expect(throws: SwiftConvError.self) {
            try await other.fit(batches: stream(Source.Fault()).prefetched(), verbose: 0)
        }
        #expect(error?.cause is Source.Fault)
    }

    @Test func whileAStepRunsTheNextBatchIsMade() async throws {
        // The second batch is asked for before the first one is used up: each waits for the other.
        let reached = AsyncStream<Void>.makeStream()
        let source = try Source()
        let batches = AsyncStream<Examples>(unfolding: {
            let number = source.count
            if number == 1 { reached.continuation.finish() }
            return number < 4 ? try? source.batch(number) : nil
        })
        var iterator = batches.prefetched().makeAsyncIterator()
        #expect(try await iterator.next() != nil)
        for await _ in reached.stream {}
        var others = 0
        while try await iterator.next() != nil { others += 1 }
        #expect(others == 3)
    }
}
