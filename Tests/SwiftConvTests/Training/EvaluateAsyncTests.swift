import SwiftConv
import Testing

struct EvaluateAsyncTests {
    private func sync<R>(_ body: () throws -> R) rethrows -> R { try body() }

    /// What `body` throws in a task that is cancelled before it begins.
    private func whenCancelled(_ body: @escaping @Sendable () async throws -> Void) async -> SwiftConvError? {
        let task = Task { () async -> SwiftConvError? in
            withUnsafeCurrentTask { $0?.cancel() }
            do { try await body() } catch { return error as? SwiftConvError }
            return nil
        }
        return await task.value
    }

    @Test func theSameAsWithoutTasks() async throws {
        let (x, y) = try line()
        let model = try lineModel(start: 1)
        let batches = [Examples(try x[0..<20], try y[0..<20]), Examples(try x[20..<32], try y[20..<32])]
        #expect(try await model.evaluate(x, y, batchSize: 5) == sync { try model.evaluate(x, y, batchSize: 5) })
        #expect(try await model.evaluate([x], [y], batchSize: 5) == sync { try model.evaluate([x], [y], batchSize: 5) })
        #expect(try await model.evaluate(batches: batches) == sync { try model.evaluate(batches: batches) })
        let expected: [Float] = try sync { try model.predict(x, batchSize: 5).scalars() }
        #expect(try await model.predict(x, batchSize: 5).scalars() == expected)
        #expect(try await model.predict([x], batchSize: 7)[0].scalars() == expected)
        #expect(try await model.predict(try x[0..<0]).shape == [0, 1])
        await #expect(throws: SwiftConvError.self) { try await model.predict(x, batchSize: 0) }
    }

    @Test func cancellingEndsThem() async throws {
        for number in 0..<5 {
            let error = await whenCancelled {
                let (x, y) = try line()
                let model = try lineModel()
                switch number {
                case 0: _ = try await model.evaluate(x, y, batchSize: 4)
                case 1: _ = try await model.evaluate(batches: [Examples(x, y)])
                case 2: _ = try await model.evaluate(batches: AsyncStream { $0.yield(Examples(x, y)) })
                case 3: _ = try await model.predict(x, batchSize: 4)
                default: try await model.fit(batches: [Examples(x, y)], verbose: 0)
                }
            }
            let names = ["evaluate", "evaluate", "evaluate", "predict", "fit"]
            #expect(error?.kind == .cancelled, "\(number)")
            #expect(error?.message.hasPrefix("\(names[number]): the task was cancelled") == true, "\(error?.message ?? "nothing")")
        }
    }

    private final class CancelsInValidation: Callback {
        private(set) var epochs = 0
        func onEpochEnd(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) { epochs += 1 }
        func onTestBegin(_ run: TrainingRun) throws(SwiftConvError) { if epochs == 2 { withUnsafeCurrentTask { $0?.cancel() } } }
    }

    @Test func cancellingWithinTheValidationEndsTheTraining() async throws {
        let task = Task { () async throws -> (kind: SwiftConvError.Kind?, epochs: Int) in
            let (x, y) = try line()
            let model = try lineModel()
            let watch = CancelsInValidation()
            do throws(SwiftConvError) {
                try await model.fit(
                    x, y, batchSize: 8, epochs: 100_000, validationSplit: 0.25, shuffle: false, verbose: 0, callbacks: [watch])
            } catch { return (error.kind, watch.epochs) }
            return (nil, watch.epochs)
        }
        let result = try await task.value
        #expect(result.kind == .cancelled && result.epochs == 2)
    }

    @Test func cancellingEndsTheWaitForABatch() async throws {
        // A stream that never gives another batch.
        let (stream, continuation) = AsyncStream<Examples>.makeStream()
        let (began, beganContinuation) = AsyncStream<Void>.makeStream()
        let (x, y) = try line()
        continuation.yield(Examples(x, y))
        for isAhead in [false, true] {
            let task = Task { () async throws -> SwiftConvError.Kind? in
                let model = try lineModel()
                let watch = LambdaCallback(onTrainBegin: { _ in beganContinuation.yield() })
                do throws(SwiftConvError) {
                    if isAhead {
                        try await model.fit(batches: stream.prefetched(), verbose: 0, callbacks: [watch])
                    } else {
                        try await model.fit(batches: stream, verbose: 0, callbacks: [watch])
                    }
                } catch { return error.kind }
                return nil
            }
            for await _ in began { break }
            task.cancel()
            #expect(try await task.value == .cancelled)
        }
        continuation.finish()
    }

    @MainActor @Test func othersHaveTheirTurn() async throws {
        let (x, y) = try line()
        let model = try lineModel()
        var turns = 0
        let other = Task { @MainActor in
            for _ in 0..<4 {
                turns += 1
                await Task.yield()
            }
        }
        _ = try await model.evaluate(x, y, batchSize: 1)
        let afterEvaluate = turns
        _ = try await model.predict(x, batchSize: 1)
        await other.value
        #expect(afterEvaluate > 0 && turns == 4)
    }
}

/// What programs do with models and tasks: that it compiles is half of the test.
struct ModelsAndTasksTests {
    actor Classifier {
        private let model: Model
        init(_ model: sending Model) { self.model = model }
        func train(_ x: Tensor, _ y: Tensor) async throws -> History {
            try await model.fit(x, y, batchSize: 8, epochs: 2, shuffle: false, verbose: 0)
        }
        func answer(_ x: Tensor) async throws -> Tensor { try await model.predict(x) }
        func weights() throws -> [Tensor] { try model.parameters.map { try $0.value } }
    }

    @Test func aModelMovesIntoAnActor() async throws {
        let (x, y) = try line()
        let model = try lineModel()
        try await model.fit(x, y, batchSize: 8, shuffle: false, verbose: 0)
        let classifier = Classifier(model)
        #expect(try await classifier.train(x, y).epochs.count == 2)
        // Several tasks ask at once.
        let answers = try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<8 { group.addTask { try await classifier.answer(x).scalars() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 8 && Set(answers).count == 1)
        #expect(try await classifier.weights().count == 2)
    }

    @Test func aModelInEachTaskOfAGroup() async throws {
        let (x, y) = try line()
        let losses = try await withThrowingTaskGroup(of: (rate: Double, loss: Double).self) { group in
            for rate in [0.01, 0.1, 0.3] {
                group.addTask {
                    let model = Sequential { Dense(1, kernelInitializer: .zeros) }
                    try model.compile(optimizer: .sgd(learningRate: rate), loss: .meanSquaredError)
                    try await model.fit(x, y, batchSize: 8, epochs: 4, shuffle: false, verbose: 0)
                    return (rate, try await model.evaluate(x, y)["loss"] ?? .infinity)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.rate] = $1.loss }
        }
        let expected = try lineModel(.sgd(learningRate: 0.1))
        try await expected.fit(x, y, batchSize: 8, epochs: 4, shuffle: false, verbose: 0)
        #expect(losses.count == 3)
        #expect(try await losses[0.1] == expected.evaluate(x, y)["loss"])
    }

    @Test func aModelMovesIntoATaskAndItsWeightsComeBack() async throws {
        let (x, y) = try line()
        let model = try lineModel()
        let task = Task {
            try await model.fit(x, y, batchSize: 8, shuffle: false, verbose: 0)
            return try model.parameters.map { try $0.value }
        }
        let trained = try lineModel()
        for (parameter, value) in zip(trained.parameters, try await task.value) { try parameter.assign(value) }
        let expected = try lineModel()
        try await expected.fit(x, y, batchSize: 8, shuffle: false, verbose: 0)
        #expect(try weights(trained) == weights(expected))
    }
}
