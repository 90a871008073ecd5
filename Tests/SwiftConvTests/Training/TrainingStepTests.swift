import SwiftConv
import Testing

private struct Foreign: Error {}

@Suite struct TrainingStepTests {
    private static func network(_ x: Tensor) throws -> Sequential {
        let made = Sequential {
            Conv2D(2, kernelSize: 3, activation: .relu, kernelInitializer: .glorotUniform(seed: 1))
            BatchNormalization()
            Flatten()
            Dense(1, kernelInitializer: .glorotUniform(seed: 2))
        }
        try made.build(inputShape: x.shape)
        return made
    }

    private static func data(_ count: Int = 8) throws -> (Tensor, Tensor) {
        (try Random.normal([count, 5, 5, 1], seed: 3), try Random.normal([count, 1], seed: 4))
    }

    /// The recorded step gives the bits of `fit`.
    @Test(arguments: [
        Optimizer.adam(learningRate: 0.01), .sgd(learningRate: .exponentialDecay(initial: 0.1, steps: 2, rate: 0.5), momentum: 0.9),
        .adamW(learningRate: 0.01, gradientAccumulationSteps: 2),
    ])
    func stepsAreThoseOfFit(optimizer: Optimizer) throws {
        let (x, y) = try Self.data()
        let (fitted, stepped) = (try Self.network(x), try Self.network(x))
        try fitted.compile(optimizer: optimizer, loss: .meanSquaredError)
        let history = try fitted.fit(x, y, batchSize: 8, epochs: 6, shuffle: false, verbose: 0)

        let state = try OptimizerState(optimizer)
        let loss = Loss.meanSquaredError
        let step = try TrainingStep(stepped.trainableParameters, state) {
            try loss(labels: $0[1], predictions: stepped($0[0], training: true))
        }
        var losses: [Double] = []
        for _ in 0..<6 { losses.append(Double(try step(x, y).scalar() as Float)) }
        #expect(state.steps == 6)
        #expect(losses == history["loss"])
        for (a, b) in zip(fitted.parameters, stepped.parameters) { #expect(try a.value == b.value, "\(a)") }
    }

    /// Batches of another size are recorded on their own; the function is called once for each.
    @Test func eachFormIsRecordedOnce() throws {
        let (x, y) = try Self.data()
        let network = try Self.network(x)
        var calls = 0
        let step = try TrainingStep(network.trainableParameters, OptimizerState(.sgd(learningRate: 0.01))) {
            calls += 1
            return try (network($0[0], training: true) - $0[1]).square().mean()
        }
        for _ in 0..<3 {
            try step(x, y)
            try step(x[0..<3], y[0..<3])
        }
        #expect(calls == 2)
    }

    @Test func frozenAndUnusedWeightsStay() throws {
        let weights = try ["a", "b", "c"].map { try Parameter($0, Tensor([1])) }
        let step = try TrainingStep(weights, OptimizerState(.sgd(learningRate: 0.5))) { _ in
            try weights[0].value.sum() + weights[1].value.sum()
        }
        weights[1].isFrozen = true
        #expect(try step() == Tensor(2))
        #expect(try weights.map { try $0.value } == [Tensor([0.5]), Tensor([1]), Tensor([1])])
        weights[1].isFrozen = false
        try step()
        #expect(try weights.map { try $0.value } == [Tensor([0]), Tensor([0.5]), Tensor([1])])
    }

    @Test func errorsOfTheLossLeaveAllAsItWas() throws {
        let w = try Parameter("w", Tensor([1]))
        let state = try OptimizerState(.sgd(learningRate: 0.5))
        var fails = true
        let step = try TrainingStep([w], state) { _ in
            if fails { throw Foreign() }
            return try w.value.sum()
        }
        expectError("TrainingStep: loss", "Foreign") { try step() }
        #expect(try w.value == Tensor([1]) && state.steps == 0)
        fails = false
        #expect(try step() == Tensor(1))
        #expect(try w.value == Tensor([0.5]))
    }

    @Test func misuseIsExplained() throws {
        let state = try OptimizerState(.sgd(learningRate: 0.5))
        expectError("TrainingStep: weights", "at least one parameter") { try TrainingStep([], state) { $0[0] } }
        let norm = BatchNormalization()
        try norm.build(inputShape: [1, 2])
        expectError("which is a state") { try TrainingStep(norm.parameters, state) { $0[0] } }
        let w = try Parameter("w", Tensor([1]))
        let integers = try TrainingStep([w], state) { _ in try Tensor([1, 2] as [Int32]) }
        expectError("float32 or float64") { try integers() }
        let step = try TrainingStep([w], state) { try w.value * $0[0] }
        expectError("outside of a function") {
            try gradient(at: Tensor([1])) { x throws(SwiftConvError) in try step(x) }
        }
    }
}
