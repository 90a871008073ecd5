import Foundation
import SwiftConv
import Testing

/// Images with a bright square in one of four corners, and which corner it is.
private func corners(_ count: Int, seed: UInt64) throws -> (Tensor, Tensor) {
    var pixels: [Float] = []
    var labels: [Int32] = []
    var state = seed
    func next() -> Float {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) / Float(1 << 24)
    }
    for i in 0..<count {
        let label = i % 4
        labels.append(Int32(label))
        for row in 0..<8 {
            for column in 0..<8 {
                let isBright = (row / 4) * 2 + column / 4 == label && (1...2).contains(row % 4) && (1...2).contains(column % 4)
                pixels.append(0.3 * next() + (isBright ? 0.7 : 0))
            }
        }
    }
    return (try Tensor(pixels, shape: [count, 8, 8, 1]), try Tensor(labels, shape: [count]))
}

private func smallModel() -> Sequential {
    Sequential {
        Conv2D(8, kernelSize: 3, padding: .same, name: "conv")
        BatchNormalization()
        Activation.relu
        MaxPooling2D(2)
        Flatten()
        Dropout(0.1)
        Dense(4, activation: .softmax)
    }
}

@Suite(.serialized) struct SequentialTests {
    @Test func aSmallNetworkLearns() throws {
        Random.setSeed(1)
        let (x, y) = try corners(203, seed: 1)
        let (testX, testY) = try corners(77, seed: 2)
        let model = smallModel()
        try model.compile(optimizer: .adam(learningRate: 0.01), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
        let history = try model.fit(x, y, batchSize: 16, epochs: 8, validationSplit: 0.1, verbose: false)
        #expect(history.epochs.count == 8)
        #expect(history["val_loss"].count == 8)
        #expect(history["loss"][7] < history["loss"][0] / 2)
        let results = try model.evaluate(testX, testY)
        #expect(results["accuracy"] ?? 0 > 0.95)
        let predictions = try model.predict(testX, batchSize: 10)
        #expect(predictions.shape == [77, 4])
        let sums = try predictions.sum(-1).scalars()
        #expect(sums.allSatisfy { abs($0 - 1) < 1e-5 })
        // Eagerly, layer by layer, the same.
        let eager = try model(testX).scalars()
        let close = try zip(eager, predictions.scalars()).allSatisfy { abs($0 - $1) < 1e-4 }
        #expect(close)
        let right = try zip(predictions.argmax().scalars(as: Int32.self), testY.scalars(as: Int32.self)).filter { $0 == $1 }.count
        #expect(abs(Double(right) / 77 - (results["accuracy"] ?? 0)) < 1e-6)
        #expect(model.summary.contains("conv (Conv2D)"))
        #expect(model.parameterCount == 3 * 3 * 8 + 8 + 4 * 8 + 128 * 4 + 4 + 2)
    }

    /// Tests that run beside it would draw from the same generator: `make test-swift` runs it in a process of its own.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["SWIFTCONV_TESTED_ALONE"] != nil))
    func theSameSeedGivesTheSameModel() throws {
        let (x, y) = try corners(40, seed: 1)
        var ends: [[Float]] = []
        for _ in 0..<2 {
            Random.setSeed(5)
            let model = smallModel()
            try model.compile(optimizer: .sgd(momentum: 0.9), loss: .sparseCategoricalCrossentropy())
            try model.fit(x, y, batchSize: 16, epochs: 2, verbose: false)
            ends.append(try model.predict(x).scalars())
        }
        #expect(ends[0] == ends[1])
    }

    @Test(arguments: [
        Optimizer.sgd(learningRate: 0.1), .sgd(learningRate: 0.05, momentum: 0.9, nesterov: true), .adam(learningRate: 0.05),
        .adamW(learningRate: 0.05), .rmsprop(learningRate: 0.02),
    ])
    func everyOptimizerFitsALine(optimizer: Optimizer) throws {
        Random.setSeed(2)
        let x = try Tensor((0..<32).map { Float($0) / 16 - 1 }, shape: [32, 1])
        let y = try x * 2 + 0.5
        let model = Sequential { Dense(1) }
        try model.compile(optimizer: optimizer, loss: .meanSquaredError, metrics: [.meanAbsoluteError])
        let history = try model.fit(x, y, batchSize: 8, epochs: 60, verbose: false)
        #expect(history["loss"].last ?? 1 < 0.01)
        #expect(history["mean_absolute_error"].last ?? 1 < 0.1)
    }

    @Test func aLayerOfOnesOwnLearns() throws {
        final class Scale: Layer {
            let name = "scale"
            private(set) var parameters: [Parameter] = []
            func build(inputShape: [Int]) throws(SwiftConvError) {
                parameters = [try Parameter("factor", .ones([inputShape.last ?? 1]))]
            }
            func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
                try x * parameters[0].value
            }
        }
        let x = try Tensor([1, 2, 3, 4, 5, 6, 7, 8], shape: [4, 2])
        let y = try x * Tensor([3, -2])
        let scale = Scale()
        let model = Sequential(layers: [scale])
        try model.compile(optimizer: .adam(learningRate: 0.1), loss: .meanSquaredError)
        try model.fit(x, y, batchSize: 4, epochs: 300, verbose: false)
        let factor = try scale.parameters[0].value.scalars()
        #expect(abs(factor[0] - 3) < 0.05 && abs(factor[1] + 2) < 0.05)
    }

    @Test func lossesAgreeOnLogitsAndProbabilities() throws {
        let logits = try Tensor([1, 2, 0.5, -1, 0, 3], shape: [2, 3])
        let labels = try Tensor([1, 2] as [Int32], shape: [2])
        let oneHot = try nn.oneHot(labels, depth: 3)
        let a = try Loss.sparseCategoricalCrossentropy(fromLogits: true)(labels: labels, predictions: logits).scalar()
        let b = try Loss.sparseCategoricalCrossentropy()(labels: labels, predictions: nn.softmax(logits)).scalar()
        let c = try Loss.categoricalCrossentropy(fromLogits: true)(labels: oneHot, predictions: logits).scalar()
        let d = try Loss.categoricalCrossentropy()(labels: oneHot, predictions: nn.softmax(logits)).scalar()
        #expect(abs(a - b) < 1e-5 && abs(a - c) < 1e-5 && abs(a - d) < 1e-5)
        let e = try Loss.binaryCrossentropy(fromLogits: true)(labels: oneHot, predictions: logits).scalar()
        let f = try Loss.binaryCrossentropy()(labels: oneHot, predictions: nn.sigmoid(logits)).scalar()
        #expect(abs(e - f) < 1e-5)
    }

    @Test func misuseThrows() throws {
        let (x, y) = try corners(8, seed: 1)
        let model = smallModel()
        #expect(throws: SwiftConvError.self) { try model.fit(x, y) }
        #expect(throws: SwiftConvError.self) { try model.compile(optimizer: .sgd(learningRate: -1), loss: .meanSquaredError) }
        try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
        #expect(throws: SwiftConvError.self) { try model.fit(x, try y[0..<4]) }
        #expect(throws: SwiftConvError.self) { try model.fit(x, y, batchSize: 0, verbose: false) }
        #expect(throws: SwiftConvError.self) { try model.fit(x, y, epochs: -1) }
        #expect(throws: SwiftConvError.self) { try model.fit(x, y, validationSplit: 1.5) }
        #expect(throws: SwiftConvError.self) { try model.fit(x, nn.oneHot(y, depth: 4), verbose: false) }
        #expect(throws: SwiftConvError.self) { try model.fit(x, y + 10, verbose: false) }
        try model.fit(x, y, batchSize: .max, verbose: false)
        #expect(throws: SwiftConvError.self) { try model.predict(try Tensor.zeros([2, 10, 10, 1])) }
        #expect(try model.predict(try Tensor.zeros([0, 8, 8, 1])).shape == [0, 4])
        #expect(throws: SwiftConvError.self) { try Sequential { Dropout(1.5) }.build(inputShape: [2, 2]) }
        #expect(throws: SwiftConvError.self) { try Sequential { Conv2D(0, kernelSize: 3) }.build(inputShape: [2, 8, 8, 1]) }
        #expect(throws: SwiftConvError.self) { try Sequential { Conv2D(4, kernelSize: 9) }.build(inputShape: [2, 8, 8, 1]) }
        #expect(throws: SwiftConvError.self) { try Sequential { Dense(-4) }.build(inputShape: [2, 8]) }
        #expect(throws: SwiftConvError.self) { try Conv2D(4, kernelSize: 3).call(x, training: false) }
        #expect(try Conv2D(4, kernelSize: 3)(x).shape.dropFirst() == [6, 6, 4])
    }
}
