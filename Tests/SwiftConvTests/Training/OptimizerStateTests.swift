import SwiftConv
import Testing

private struct Foreign: Error, Equatable {}

@Suite struct OptimizerStateTests {
    private static func pair() throws -> (Sequential, Sequential, Tensor, Tensor) {
        func made() -> Sequential {
            Sequential {
                Conv2D(2, kernelSize: 3, activation: .relu, kernelInitializer: .glorotUniform(seed: 1))
                BatchNormalization()
                Flatten()
                Dense(1, kernelInitializer: .glorotUniform(seed: 2))
            }
        }
        let x = try Random.normal([8, 5, 5, 1], seed: 3)
        let (a, b) = (made(), made())
        try a.build(inputShape: x.shape)
        try b.build(inputShape: x.shape)
        return (a, b, x, try Random.normal([8, 1], seed: 4))
    }

    /// A loop by hand gives the bits of `fit`.
    @Test(arguments: [
        Optimizer.adam(learningRate: 0.01), .sgd(learningRate: .exponentialDecay(initial: 0.1, steps: 2, rate: 0.5), momentum: 0.9),
        .rmsprop(clipping: .globalNorm(0.1)), .adamW(learningRate: 0.01, gradientAccumulationSteps: 2),
    ])
    func aLoopIsFit(optimizer: Optimizer) throws {
        let (fitted, looped, x, y) = try Self.pair()
        try fitted.compile(optimizer: optimizer, loss: .meanSquaredError)
        try fitted.fit(x, y, batchSize: 8, epochs: 5, shuffle: false, verbose: 0)

        let state = try OptimizerState(optimizer)
        let loss = Loss.meanSquaredError
        for _ in 0..<5 {
            let weights = looped.trainableParameters
            let (_, slopes) = try valueWithGradient(for: weights) {
                try loss(labels: y, predictions: looped(x, training: true))
            }
            try state.update(weights, gradients: slopes)
        }
        #expect(state.steps == 5)
        for (a, b) in zip(fitted.parameters, looped.parameters) { #expect(try a.value == b.value, "\(a)") }
    }

    @Test func gradientsAreThoseOfTheWeights() throws {
        let w = try Parameter("w", Tensor([1, 2, 3]))
        let unused = try Parameter("unused", Tensor([1]))
        let (value, slopes) = try valueWithGradient(for: [w, unused]) { try w.value.square().sum() }
        #expect(try value == Tensor(14))
        #expect(try slopes == [Tensor([2, 4, 6]), Tensor([0])])
    }

    @Test func frozenWeightsStay() throws {
        let (a, b) = (try Parameter("a", Tensor([1])), try Parameter("b", Tensor([1])))
        b.isFrozen = true
        let sgd = try OptimizerState(.sgd(learningRate: 0.5))
        try sgd.update([a, b], gradients: [Tensor([1]), Tensor([1])])
        #expect(try a.value == Tensor([0.5]) && b.value == Tensor([1]))
        #expect(try sgd.learningRate == 0.5)
        try sgd.setLearningRate(0.25)
        try sgd.update([a, b], gradients: [Tensor([1]), Tensor([1])])
        #expect(try a.value == Tensor([0.25]) && sgd.steps == 2)
    }

    @Test func constraintsHold() throws {
        let w = try Parameter("w", Tensor([0.5]), constraint: .nonNegative)
        try OptimizerState(.sgd(learningRate: 1)).update([w], gradients: [Tensor([2])])
        #expect(try w.value == Tensor([0]))
    }

    @Test func mistakesAreNamed() throws {
        let w = try Parameter("w", Tensor([1, 2]))
        let sgd = try OptimizerState(.sgd())
        expectError("gradients", "expected 1", "received 2") { try sgd.update([w], gradients: [Tensor([1, 2]), Tensor([1, 2])]) }
        expectError("gradients", "w", "(2,)", "(3,)") { try sgd.update([w], gradients: [Tensor([1, 2, 3])]) }
        expectError("at least one parameter", "build") { try valueWithGradient(for: []) { try Tensor(1) } }
        let state = try Parameter("count", Tensor([1]), isTrainable: false)
        expectError("count", "trainableParameters") { try valueWithGradient(for: [state]) { try state.value.sum() } }
        expectError("learningRate") { try OptimizerState(.adam(learningRate: -1)) }
        expectError("recorded") {
            try gradient(at: Tensor([1])) { x in
                try sgd.update([w], gradients: [Tensor([1, 2])])
                return x
            }
        }
    }

    @Test func errorsOfOtherTypesAreThrownOn() throws {
        let w = try Parameter("w", Tensor([1]))
        #expect(throws: Foreign()) { try gradient(at: Tensor([1])) { _ in throw Foreign() } }
        #expect(throws: Foreign()) { try valueWithGradient(at: [Tensor([1])]) { _ in throw Foreign() } }
        #expect(throws: Foreign()) { try valueWithGradient(for: [w]) { throw Foreign() } }
        // and within functions that throw the library's alone
        func typed() throws(SwiftConvError) -> Tensor {
            try gradient(at: try Tensor([3])) { x throws(SwiftConvError) in try x.square() }
        }
        #expect(try typed() == Tensor([6]))
    }

    @Test func closuresMayThrowOtherErrors() throws {
        let (model, _, x, y) = try Self.pair()
        func expect(_ name: String, _ body: () throws -> Void) {
            do {
                try body()
                Issue.record("\(name): no error was thrown")
            } catch let error as SwiftConvError {
                #expect(error.kind == .custom && error.message.contains(name) && error.message.contains("Foreign"), "\(error)")
            } catch {
                Issue.record("\(name): \(type(of: error))")
            }
        }
        func fit(_ loss: Loss = .meanSquaredError, _ metrics: [Metric] = [], _ callback: any Callback = TerminateOnNaN()) throws {
            try model.compile(optimizer: .sgd(), loss: loss, metrics: metrics)
            try model.fit(x, y, verbose: 0, callbacks: [callback])
        }
        expect("own_loss") { try fit(Loss(name: "own_loss") { _, _ in throw Foreign() }) }
        expect("own_metric") { try fit(.huber(), [Metric(name: "own_metric") { _, _ in throw Foreign() }]) }
        expect("epochEnd") { try fit(.huber(), [], LambdaCallback(onEpochEnd: { _, _ in throw Foreign() })) }
        expect("LearningRateScheduler") { try fit(.huber(), [], LearningRateScheduler { _, _ in throw Foreign() }) }
        expect("own_lambda") { _ = try Lambda(name: "own_lambda") { _ in throw Foreign() }(x) }
        expect("learningRate") { _ = try LearningRateSchedule { _ in throw Foreign() }(3) }
    }
}
