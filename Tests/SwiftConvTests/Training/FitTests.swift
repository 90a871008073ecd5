import SwiftConv
import Testing

/// A line to be found: y = 2x + ½.
func line(_ count: Int = 32) throws -> (x: Tensor, y: Tensor) {
    let x = try Tensor((0..<count).map { Float($0) / 16 - 1 }, shape: [count, 1])
    return (x, try x * 2 + 0.5)
}

/// A model that finds lines. No test here draws random numbers: those belong to the tests that set the seed of the process.
func lineModel(_ optimizer: Optimizer = .sgd(learningRate: 0.1), start: Double = 0) throws -> Sequential {
    let model = Sequential { Dense(1, kernelInitializer: .zeros) }
    try model.compile(optimizer: optimizer, loss: .meanSquaredError)
    try model.build(inputShape: [1, 1])
    try model.parameters[0].assign(try Tensor.full([1, 1], start))
    return model
}

func weights(_ model: Model) throws -> [[Float]] { try model.parameters.map { try $0.value.scalars() } }

/// A weight with what the test gives it.
final class Factor: Layer {
    let name = "factor"
    let parameters: [Parameter]
    init(_ start: Float, regularizer: Regularizer? = nil, constraint: Constraint? = nil) throws {
        parameters = [try Parameter("factor/w", try Tensor([start]), regularizer: regularizer, constraint: constraint)]
    }
    func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try x * parameters[0].value }
}

struct FitTests {
    @Test func severalInputsAndOutputs() throws {
        let (a, b) = (try Input([2], name: "a"), try Input([2], name: "b"))
        let sum = try Dense(1, kernelInitializer: .zeros, name: "sum")(try a + b)
        let difference = try Dense(1, kernelInitializer: .zeros, name: "difference")(try a - b)
        let model = try Model(inputs: [a, b], outputs: [sum, difference])
        try model.compile(
            optimizer: .adam(learningRate: 0.05), losses: [.meanSquaredError, .meanAbsoluteError], lossWeights: [1, 0.5],
            metrics: [[.meanAbsoluteError], []])
        func numbers(_ factor: Int) throws -> Tensor { try Tensor((0..<48).map { Float($0 * factor % 17) / 17 }, shape: [24, 2]) }
        let (x0, x1) = (try numbers(5), try numbers(7))
        let y0 = try (x0 + x1).sum(-1, keepDims: true)
        let y1 = try (x0 - x1).sum(-1, keepDims: true)
        let history = try model.fit(
            [x0, x1], [y0, y1], batchSize: 7, epochs: 60, validationData: Examples([x0, x1], [y0, y1]), shuffle: false, verbose: 0)
        let last = try #require(history.epochs.last)
        let names: Set = ["loss", "sum_loss", "difference_loss", "sum_mean_absolute_error"]
        #expect(Set(last.keys) == names.union(names.map { "val_\($0)" }))
        let parts = (last["val_sum_loss"] ?? 0) + 0.5 * (last["val_difference_loss"] ?? 0)
        #expect(abs((last["val_loss"] ?? 1) - parts) < 1e-5)
        #expect((last["loss"] ?? 1) < 0.3 * (history["loss"].first ?? 0))
        let predictions = try model.predict([x0, x1], batchSize: 5)
        #expect(predictions.map(\.shape) == [[24, 1], [24, 1]])
        #expect(try model.predictOnBatch([x0, x1])[1].scalars() == (try predictions[1].scalars()) as [Float])
        let results = try model.evaluate([x0, x1], [y0, y1], batchSize: 24)
        #expect(abs((results["loss"] ?? 0) - (last["val_loss"] ?? 1)) < 1e-5)
        #expect(throws: SwiftConvError.self) { try model.fit(x0, y0, shuffle: false, verbose: 0) }
        #expect(throws: SwiftConvError.self) { try model.predict(x0) }
    }

    @Test func sampleAndClassWeights() throws {
        let x = try Tensor([1, 1, 1], shape: [3, 1])
        let y = try Tensor([0, 1, 2] as [Int32], shape: [3])
        let model = Sequential { Dense(3, activation: .softmax, kernelInitializer: .zeros) }
        try model.compile(
            optimizer: .sgd(learningRate: 0), loss: .sparseCategoricalCrossentropy(),
            weightedMetrics: [.sparseCategoricalCrossentropy()])
        try model.build(inputShape: [1, 1])
        let each = try Loss.sparseCategoricalCrossentropy().values(labels: y, predictions: try model.predict(x)).scalars(
            as: Double.self)
        let weighted = try model.evaluate(x, y, sampleWeight: try Tensor([1, 0, 2]))
        #expect(abs((weighted["loss"] ?? 0) - (each[0] + 2 * each[2]) / 3) < 1e-5)
        #expect(abs((weighted["sparse_categorical_crossentropy"] ?? 0) - (each[0] + 2 * each[2]) / 3) < 1e-5)
        let history = try model.fit(x, y, classWeight: [1: 3, 2: 0], batchSize: 3, shuffle: false, verbose: 0)
        #expect(abs(history["loss"][0] - (each[0] + 3 * each[1]) / 3) < 1e-5)
        #expect(throws: SwiftConvError.self) { try model.fit(x, y, sampleWeight: try Tensor([1, 2]), shuffle: false, verbose: 0) }
    }

    @Test func regularizersAndConstraints() throws {
        let layer = try Factor(2, regularizer: .l2(0.5), constraint: .nonNegative)
        let model = Sequential(layers: [layer])
        try model.compile(optimizer: .sgd(learningRate: 1), loss: .meanSquaredError)
        let x = try Tensor([1], shape: [1, 1])
        let y = try Tensor([-3], shape: [1, 1])
        // (2 + 3)² + ½ · 2²
        #expect(try model.testOnBatch(x, y)["loss"] == 27)
        #expect(try model.trainOnBatch(x, y)["loss"] == 27)
        #expect(try layer.parameters[0].value.scalars() == [0] as [Float])
    }

    @Test func frozenWeightsStay() throws {
        let (x, y) = try line()
        let model = try lineModel()
        try model.fit(x, y, epochs: 1, shuffle: false, verbose: 0)
        let before = try weights(model)
        model.layers[0].isTrainable = false
        try model.fit(x, y, epochs: 1, shuffle: false, verbose: 0)
        #expect(try weights(model) == before)
        model.layers[0].isTrainable = true
        try model.fit(x, y, epochs: 1, shuffle: false, verbose: 0)
        #expect(try weights(model) != before)
    }

    @Test func batchesOfASequenceAreThoseOfTheTensors() throws {
        let (x, y) = try line()
        let model = try lineModel()
        let expected = try model.fit(x, y, batchSize: 8, epochs: 3, shuffle: false, verbose: 0)
        let other = try lineModel()
        let batches = try (0..<4).map { (i: Int) -> Examples in
            let rows: Range<Int> = (8 * i)..<(8 * i + 8)
            return Examples(try x[rows], try y[rows])
        }
        let history = try other.fit(batches: batches, epochs: 3, verbose: 0)
        #expect(history["loss"] == expected["loss"])
        #expect(try weights(model) == weights(other))
        #expect(try other.evaluate(batches: batches)["loss"] == (try model.evaluate(x, y, batchSize: 8)["loss"]))
        // One sequence for all epochs.
        let third = try lineModel()
        let all = Array((0..<3).map { _ in batches }.joined())
        try third.fit(batches: AnySequence(all), epochs: 3, stepsPerEpoch: 4, verbose: 0)
        #expect(try weights(model) == weights(third))
        #expect(throws: SwiftConvError.self) { try third.fit(batches: [] as [Examples], verbose: 0) }
    }

    @Test func stepsAndInitialEpoch() throws {
        let (x, y) = try line()
        let model = try lineModel(.sgd(learningRate: 0))
        var batches: [Int] = []
        let count = LambdaCallback(onBatchEnd: { batch, _ in batches.append(batch) })
        let history = try model.fit(
            x, y, batchSize: 8, epochs: 5, shuffle: false, initialEpoch: 2, stepsPerEpoch: 3, verbose: 0, callbacks: [count])
        #expect(history.numbers == [2, 3, 4])
        // The data ends within the second epoch, and begins anew in the third.
        #expect(batches == [0, 1, 2, 0, 0, 1, 2])
        let validated = try model.fit(
            x, y, batchSize: 8, epochs: 4, validationSplit: 0.25, validationSteps: 1, validationFrequency: 2, shuffle: false, verbose: 0)
        #expect(validated["val_loss"].count == 2)
    }

    @Test func bytesAreReadAsTheyAre() throws {
        let pixels = try Tensor((0..<64).map { UInt8($0 * 4) }, shape: [16, 4])
        let labels = try Tensor((0..<16).map { Int32($0 / 8) }, shape: [16])
        let model = Sequential { Dense(2, activation: .softmax, kernelInitializer: .zeros) }
        try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
        try model.fit(pixels, labels, batchSize: 5, epochs: 2, shuffle: false, verbose: 0)
        #expect(
            try model.predict(pixels).scalars() == (try model.predict(try pixels.cast(to: .float32)).scalars()) as [Float])
    }

    @Test func averagesBecomeTheWeights() throws {
        let (x, y) = try line()
        let model = try lineModel(.sgd(learningRate: 0.1, averaging: .exponential(momentum: 0.5)))
        var steps: [[Float]] = []
        let watch = LambdaCallback(onBatchEnd: { _, run throws(SwiftConvError) in
            steps.append(try run.model.parameters[0].value.scalars())
        })
        try model.fit(x, y, batchSize: 16, epochs: 1, shuffle: false, verbose: 0, callbacks: [watch])
        let mean = (steps[0][0] + steps[1][0]) / 2
        #expect(abs(try weights(model)[0][0] - mean) < 1e-6)
    }

    @Test func misuseThrows() throws {
        let (x, y) = try line()
        let model = try lineModel()
        #expect(throws: SwiftConvError.self) { try model.compile(optimizer: .sgd(), losses: [nil]) }
        #expect(throws: SwiftConvError.self) { try model.compile(optimizer: .sgd(), losses: [.hinge, .hinge]) }
        #expect(throws: SwiftConvError.self) { try model.compile(optimizer: .sgd(), loss: .meanSquaredError.reduced(by: .none)) }
        #expect(throws: SwiftConvError.self) { try model.compile(optimizer: .sgd(), losses: [.hinge], lossWeights: [1, 2]) }
        #expect(throws: SwiftConvError.self) { try model.fit(x, y, shuffle: false, initialEpoch: -1, verbose: 0) }
        #expect(throws: SwiftConvError.self) { try model.fit(x, y, shuffle: false, stepsPerEpoch: 0, verbose: 0) }
        #expect(throws: SwiftConvError.self) { try model.fit(x, y, validationFrequency: 0, shuffle: false, verbose: 0) }
        #expect(throws: SwiftConvError.self) { try model.fit([], [], shuffle: false, verbose: 0) }
        #expect(throws: SwiftConvError.self) { try model.predict(x, batchSize: 0) }
        let apart = Loss(name: "apart") { labels, predictions throws(SwiftConvError) in labels }
        try model.compile(optimizer: .sgd(), loss: apart)
        #expect(throws: SwiftConvError.self) { try model.fit(x, y, shuffle: false, verbose: 0) }
    }
}
