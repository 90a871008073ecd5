import SwiftConv
import Testing

struct FitAsyncTests {
    @Test func theSameAsWithoutTasks() async throws {
        let (x, y) = try line()
        let model = try lineModel()
        let history = try await model.fit(x, y, batchSize: 8, epochs: 3, shuffle: false, verbose: 0)
        let other = try lineModel()
        let expected = try sync { try other.fit(x, y, batchSize: 8, epochs: 3, shuffle: false, verbose: 0) }
        #expect(history["loss"] == expected["loss"])
        #expect(try weights(model) == weights(other))
    }

    private func sync<R>(_ body: () throws -> R) rethrows -> R { try body() }

    @Test func batchesThatArriveByAndBy() async throws {
        let (x, y) = try line()
        let model = try lineModel()
        let batches = try (0..<4).map { (i: Int) -> Examples in
            let rows: Range<Int> = (8 * i)..<(8 * i + 8)
            return Examples(try x[rows], try y[rows])
        }
        let stream = AsyncStream<Examples> { continuation in
            for _ in 0..<3 { for batch in batches { continuation.yield(batch) } }
            continuation.finish()
        }
        let history = try await model.fit(batches: stream, epochs: 3, stepsPerEpoch: 4, verbose: 0)
        let other = try lineModel()
        let expected = try sync { try other.fit(x, y, batchSize: 8, epochs: 3, shuffle: false, verbose: 0) }
        #expect(history["loss"] == expected["loss"])
        #expect(try weights(model) == weights(other))
        let again = AsyncStream<Examples> { continuation in
            for batch in batches { continuation.yield(batch) }
            continuation.finish()
        }
        #expect(try await model.evaluate(batches: again)["loss"] == (try other.evaluate(x, y, batchSize: 8)["loss"]))
        struct Fault: Error {}
        let broken = AsyncThrowingStream<Examples, any Error> { $0.finish(throwing: Fault()) }
        await #expect(throws: SwiftConvError.self) { try await model.fit(batches: broken, verbose: 0) }
    }

    @Test func cancellingEndsAfterTheCurrentBatch() async throws {
        let task = Task { () async throws -> (done: Int, kind: SwiftConvError.Kind?, steps: Int64, isFinite: Bool) in
            let (x, y) = try line()
            let model = try lineModel()
            var done = 0
            var kind: SwiftConvError.Kind?
            let watch = LambdaCallback(onBatchEnd: { _, _ in
                done += 1
                if done == 5 { withUnsafeCurrentTask { $0?.cancel() } }
            })
            do throws(SwiftConvError) {
                try await model.fit(x, y, batchSize: 8, epochs: 1_000_000, shuffle: false, verbose: 0, callbacks: [watch])
            } catch {
                kind = error.kind
            }
            let steps = try model.optimizerVariables[0].value.scalar(as: Int64.self)
            return (done, kind, steps, try weights(model).joined().allSatisfy { $0.isFinite })
        }
        let result = try await task.value
        #expect(result.done == 5 && result.steps == 5 && result.kind == .cancelled && result.isFinite)
    }

    @MainActor @Test func aModelOfTheMainActor() async throws {
        let (x, y) = try line()
        let model = try lineModel()
        var turns = 0
        let other = Task { @MainActor in turns += 1 }
        let watch = LambdaCallback(onBatchEnd: { batch, run in if turns > 0 { run.stop() } })
        // Others on the same actor get their turn.
        let history = try await model.fit(x, y, batchSize: 8, epochs: 10_000, shuffle: false, verbose: 0, callbacks: [watch])
        #expect(history.epochs.count < 10_000)
        await other.value
    }

    @Test func aModelOfAnActor() async throws {
        actor Owner {
            let model = try? lineModel()
            func train() async throws -> Int {
                let (x, y) = try line()
                return try await model?.fit(x, y, epochs: 2, shuffle: false, verbose: 0).epochs.count ?? 0
            }
        }
        #expect(try await Owner().train() == 2)
    }

    @Test func progressForAnotherTask() async throws {
        let (x, y) = try line()
        let model = try lineModel()
        let reporter = ProgressReporter()
        let updates = reporter.updates
        let reader = Task {
            var epochs: [Int] = []
            for await progress in updates where progress.isEpochEnd { epochs.append(progress.epoch) }
            return epochs
        }
        try await model.fit(x, y, batchSize: 8, epochs: 3, shuffle: false, verbose: 0, callbacks: [reporter])
        #expect(await reader.value == [0, 1, 2])
    }
}
