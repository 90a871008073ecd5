import Foundation
import Testing

@testable import SwiftConv

/// The folder that the environment names.
private let trainingFolder = ProcessInfo.processInfo.environment["SWIFTCONV_TRAINING_FILES"]

/// Files of pytests/test_training_files.py: trainings that Python began go on here, others begin here and go on there.
@Suite(.enabled(if: trainingFolder != nil)) struct TrainingFileTests {
    /// The same batches as in Python.
    private func train(_ model: Model, _ steps: Range<Int>) throws {
        for step in steps {
            let x = try Tensor((0..<8 * 36).map { Float(($0 * 37 + step * 11) % 101 - 50) / 50 }, shape: [8, 6, 6, 1])
            let y = try Tensor((0..<8).map { Int64(($0 * 7 + step) % 3) }, shape: [8])
            _ = try model.trainOnBatch(x, y)
        }
    }

    private let optimizers: [String: Optimizer] = [
        "adam": .adam(learningRate: 0.01), "sgd": .sgd(learningRate: 0.05, momentum: 0.9, nesterov: true),
        "rmsprop": .rmsprop(learningRate: 0.01, momentum: 0.5, centered: true), "amsgrad": .adam(learningRate: 0.01, amsgrad: true),
        "adamw": .adamW(learningRate: 0.01, averaging: .exponential(momentum: 0.9, overwriteFrequency: 3)).excludingFromWeightDecay("bias"),
        "adamax": .adamax(learningRate: 0.01), "nadam": .nadam(learningRate: 0.01), "adagrad": .adagrad(learningRate: 0.01),
        "adadelta": .adadelta(learningRate: 0.5),
        "accumulated": .sgd(learningRate: 0.05, clipping: .norm(0.5), gradientAccumulationSteps: 3),
        "scheduled": .adam(learningRate: .cosineDecay(initial: 0.05, steps: 20, warmupTarget: 0.1, warmupSteps: 6)),
    ]

    private func network() -> Sequential {
        Sequential {
            Conv2D(4, kernelSize: 3, activation: .relu, kernelInitializer: .glorotUniform(seed: 1), name: "conv")
            BatchNormalization(name: "norm")
            Flatten(name: "flat")
            Dropout(0.3, name: "drop")
            Dense(3, kernelInitializer: .glorotUniform(seed: 2), name: "head")
        }
    }

    @Test func trainingsGoOn() throws {
        let folder = try #require(trainingFolder)
        let begun = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("python-begun-") }
        #expect(begun.count == optimizers.count)
        for name in begun {
            let model = try Model.load(from: "\(folder)/\(name)")
            #expect(model.isCompiled)
            try train(model, 4..<8)
            try model.save(to: "\(folder)/" + name.replacingOccurrences(of: "python-begun-", with: "swift-ended-"))
        }
        for (name, optimizer) in optimizers {
            let model = network()
            try model.build(inputShape: [1, 6, 6, 1])
            try model.compile(optimizer: optimizer, loss: .sparseCategoricalCrossentropy(fromLogits: true), metrics: [.accuracy])
            try train(model, 0..<4)
            try model.save(to: "\(folder)/swift-begun-\(name).safetensors")
            try train(model, 4..<8)
            try model.save(to: "\(folder)/swift-whole-\(name).safetensors")
        }
    }
}
