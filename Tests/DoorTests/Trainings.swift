import SwiftConv
import Testing
import _TestSupport

/// Trainings through the public library alone.
extension DoorTests {
    private func addWeights(of model: Sequential, _ name: String, _ results: inout Results) throws -> [[Float]] {
        var weights: [[Float]] = []
        for (k, parameter) in model.parameters.enumerated() {
            weights.append(try parameter.value.scalars())
            results.add(name, "weight", k, weights[k])
        }
        return weights
    }

    private func tensor(_ array: TestTensor) throws -> Tensor {
        if array.spec.dtype == .int32 { return try Tensor(array.numbers.map { Int32($0) }, shape: array.spec.shape) }
        return try Tensor(array.numbers.map { Float($0) }, shape: array.spec.shape)
    }

    private func compare(_ received: [Float], _ expected: TestTensor, factor: Double, _ what: String) {
        if let difference = difference(received.map(Double.init), expected, factor: factor) { Issue.record("\(what): \(difference)") }
    }

    /// A network with the weights, batches, losses and predictions of Keras.
    func storedTraining(_ reference: ReferenceCase, _ results: inout Results) throws {
        let name = reference.description
        let model = Sequential {
            Conv2D(4, kernelSize: 3, activation: .relu)
            MaxPooling2D(2)
            Conv2D(6, kernelSize: 3, activation: .relu)
            Flatten()
            Dense(8, activation: .relu)
            Dense(4)
        }
        let first = try #require(reference.steps.first?["x"]?.first)
        try model.build(inputShape: first.spec.shape)
        try #require(model.parameters.count == reference.inputs.count)
        for (parameter, start) in zip(model.parameters, reference.inputs) { try parameter.assign(try tensor(start)) }
        try model.compile(
            optimizer: reference.name == "plain-adam"
                ? .adam(learningRate: 0.005) : .sgd(learningRate: 0.05, momentum: 0.9, nesterov: true),
            loss: .sparseCategoricalCrossentropy(fromLogits: true))
        for (t, step) in reference.steps.enumerated() {
            let x = try #require(step["x"]?.first)
            let y = try #require(step["y"]?.first)
            let history = try model.fit(
                try tensor(x), try tensor(y), batchSize: x.spec.shape[0], epochs: 1, shuffle: false, verbose: false)
            let loss = Float(try #require(history["loss"].first))
            results.add(name, "loss", t, [loss])
            compare([loss], try #require(step["loss"]?.first), factor: 10, "\(name): loss \(t)")
        }
        let weights = try addWeights(of: model, name, &results)
        for (received, expected) in zip(weights, try #require(reference.steps.last?["weights"])) {
            compare(received, expected, factor: 30, "\(name): weights")
        }
        let prediction: [Float] = try nn.softmax(try model.predict(try tensor(reference.outputs[0]))).scalars()
        results.add(name, "prediction", 0, prediction)
        compare(prediction, reference.outputs[1], factor: 30, "\(name): prediction")
    }

    private static let batch = 64
    private static let steps = 20
    private static let seed = 20

    private func uniform(_ shape: [Int], _ range: ClosedRange<Double>, seed: Int) throws -> Tensor {
        Random.setSeed(seed)
        return try Random.uniform(shape, in: range)
    }

    private func examples(_ step: Int) throws -> (x: Tensor, y: Tensor) {
        let x = try uniform([Self.batch, 28, 28, 1], 0...1, seed: Self.seed + 100 + step)
        return (x, try Tensor((0..<Self.batch).map { Int32((7 * $0 + 3 * step) % 10) }, shape: [Self.batch]))
    }

    /// Kernels evenly spread by the seeds `seed`, `seed + 1` …
    private func begin(_ model: Sequential, seed: Int) throws {
        for (k, parameter) in model.parameters.filter({ $0.shape.count > 1 }).enumerated() {
            let field = parameter.shape.dropLast(2).reduce(1, *)
            let fans = parameter.shape.suffix(2).reduce(0) { $0 + field * $1 }
            let limit = (6 / Double(fans)).squareRoot()
            try parameter.assign(try uniform(parameter.shape, -limit...limit, seed: seed + k))
        }
    }

    /// Batch normalization, dropout, Adam with weight decay, and a part of the examples kept for validation.
    func regularized(_ results: inout Results) throws {
        let (name, seed) = ("training/regularized", 40)
        let model = Sequential {
            Conv2D(16, kernelSize: 3)
            BatchNormalization()
            ActivationLayer(.relu)
            MaxPooling2D(2)
            Dropout(0.25, seed: seed + 10)
            Flatten()
            Dense(32, activation: .relu)
            BatchNormalization()
            Dropout(0.5, seed: seed + 11)
            Dense(10)
        }
        try model.build(inputShape: [32, 14, 14, 1])
        try begin(model, seed: seed)
        try model.compile(
            optimizer: .adam(learningRate: 0.002, weightDecay: 0.05), loss: .sparseCategoricalCrossentropy(fromLogits: true))
        let x = try uniform([128, 14, 14, 1], 0...1, seed: seed + 20)
        let y = try Tensor((0..<128).map { Int32(7 * $0 % 10) }, shape: [128])
        let history = try model.fit(x, y, batchSize: 32, epochs: 7, validationSplit: 0.25, shuffle: false, verbose: 0)
        for (epoch, logs) in history.epochs.enumerated() {
            results.add(name, "losses", epoch, [Float(try #require(logs["loss"])), Float(try #require(logs["val_loss"]))])
        }
        for (k, parameter) in model.parameters.filter({ $0.dtype == .float32 }).enumerated() {
            results.add(name, "weight", k, try parameter.value.scalars() as [Float])
        }
        results.add(name, "forward", 0, try model.predict(try x[0..<32]).scalars() as [Float])
    }

    /// The tutorial's network from one seed.
    func digits(_ results: inout Results) throws {
        let name = "training/digits"
        let model = Sequential {
            Conv2D(32, kernelSize: 3, activation: .relu)
            Conv2D(64, kernelSize: 3, activation: .relu)
            MaxPooling2D(2)
            Flatten()
            Dense(128, activation: .relu)
            Dense(10)
        }
        try model.build(inputShape: [Self.batch, 28, 28, 1])
        try #require(model.parameters.count == 8)
        try begin(model, seed: Self.seed)
        try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(fromLogits: true))
        func forward(_ number: Int) throws {
            let numbers: [Float] = try model.predict(try examples(0).x, batchSize: Self.batch).scalars()
            results.add(name, "forward", number, numbers)
        }
        try forward(0)
        for step in 0..<Self.steps {
            let (x, y) = try examples(step)
            let history = try model.fit(x, y, batchSize: Self.batch, epochs: 1, shuffle: false, verbose: false)
            results.add(name, "loss", step, [Float(try #require(history["loss"].first))])
        }
        let isFinite = try addWeights(of: model, name, &results).allSatisfy { $0.allSatisfy { $0.isFinite } }
        #expect(isFinite)
        try forward(Self.steps)
    }
}
