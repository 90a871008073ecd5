import Foundation
import Graph
import Testing

@testable import SwiftConv

/// How a model is compiled, in files: every loss, metric, optimizer and schedule, those of the user's own, and what is left out.
@Suite struct CompiledFileTests {
    private func withPath(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("swiftconv-\(UUID().uuidString).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func network() throws -> Sequential {
        let model = Sequential {
            Dense(3, name: "first")
            Dropout(0.4, name: "drop")
            Dense(2, name: "last")
        }
        try model.build(inputShape: [1, 4])
        return model
    }

    private func train(_ model: Model, _ steps: Int) throws {
        for step in 0..<steps {
            let x = try Tensor((0..<12).map { Float(($0 * 7 + step) % 5) }, shape: [3, 4])
            _ = try model.trainOnBatch(x, try Tensor((0..<6).map { Float($0 % 2) }, shape: [3, 2]))
        }
    }

    private static let losses: [Loss] = [
        .meanSquaredError, .meanAbsoluteError, .meanAbsolutePercentageError, .meanSquaredLogarithmicError, .logCosh, .klDivergence,
        .poisson, .hinge, .squaredHinge, .categoricalHinge, .huber(delta: 0.3), .cosineSimilarity(axis: 0),
        .binaryCrossentropy(fromLogits: true, labelSmoothing: 0.1, axis: -2), .categoricalCrossentropy(labelSmoothing: 0.2),
        .sparseCategoricalCrossentropy(fromLogits: true, ignoreClass: 1),
        .binaryFocalCrossentropy(applyClassBalancing: true, alpha: 0.3, gamma: 3),
        .meanSquaredError.reduced(by: .sum).named("total"), .huber().reduced(by: .meanWithSampleWeight),
    ]

    private static let metrics: [Metric] = [
        .accuracy, .crossentropy, .exactAccuracy, .binaryAccuracy(threshold: 0.3), .categoricalAccuracy, .sparseCategoricalAccuracy,
        .topKCategoricalAccuracy(k: 2), .sparseTopKCategoricalAccuracy(k: 3), .truePositives(thresholds: [0.2, 0.4]), .falsePositives(),
        .trueNegatives(), .falseNegatives(), .precision(thresholds: [0.1]), .precision(topK: 2, classID: 1), .recall(),
        .auc(numThresholds: 11, curve: .pr, summation: .minoring), .auc(thresholds: [0.5, 0.7], isMultiLabel: true, labelWeights: [1, 2]),
        .cosineSimilarity(axis: 0), .rootMeanSquaredError, .logCoshError, .meanSquaredError.named("mine"),
        .binaryCrossentropy(fromLogits: true),
        .categoricalCrossentropy(labelSmoothing: 0.1), .sparseCategoricalCrossentropy(axis: 1), Metric(.huber(delta: 2)),
    ]

    @Test(arguments: losses.indices) func aLossComesBack(number: Int) throws {
        let loss = Self.losses[number]
        let again = try Loss(try #require(Json.parsed(loss.json.text)), "loss")
        #expect(again.json.text == loss.json.text)
        #expect(again.name == loss.name && again.reduction == loss.reduction)
        #expect(loss.form != nil)
    }

    @Test(arguments: metrics.indices) func aMetricComesBack(number: Int) throws {
        let metric = Self.metrics[number]
        let again = try Metric(try #require(Json.parsed(metric.json.text)), "metric")
        #expect(again.json.text == metric.json.text)
        #expect(again.name == metric.name && metric.form != nil)
    }

    @Test func optimizersComeBackWithTheirSettings() throws {
        let optimizers: [Optimizer] = [
            .sgd(learningRate: 0.5, momentum: 0.25, nesterov: true, clipping: .value(3)),
            .rmsprop(learningRate: .exponentialDecay(initial: 0.1, steps: 5, rate: 0.5, staircase: true), rho: 0.75, centered: true),
            .adam(beta1: 0.5, epsilon: 1e-3, amsgrad: true, clipping: .globalNorm(2), averaging: .exponential(momentum: 0.5)),
            .adamW(learningRate: .piecewiseConstantDecay(boundaries: [2, 4], values: [1, 0.5, 0.25]), weightDecay: 0.125),
            .adamax(learningRate: .inverseTimeDecay(initial: 1, steps: 2, rate: 0.5), clipping: .norm(1)),
            .nadam(learningRate: .polynomialDecay(initial: 1, steps: 3, end: 0.5, power: 2, cycle: true), gradientAccumulationSteps: 4),
            .adagrad(learningRate: .cosineDecay(initial: 1, steps: 3, warmupTarget: 2, warmupSteps: 1), initialAccumulatorValue: 0.5),
            .adadelta(learningRate: .cosineDecayRestarts(initial: 1, firstSteps: 3, heightFactor: 0.5), rho: 0.5),
        ]
        for optimizer in optimizers {
            let json = try #require(optimizer.json(rate: 0.5))
            let again = try Optimizer(try #require(Json.parsed(json.text)), "optimizer")
            #expect(try #require(again.json(rate: 0.5)).text == json.text)
            #expect(again.name == optimizer.name)
            #expect(again.rule.slots == optimizer.rule.slots)
        }
    }

    @Test func aTrainingGoesOnAsIfItHadNeverStopped() throws {
        try withPath { path in
            let model = try network()
            try model.compile(optimizer: .adam(learningRate: 0.05), loss: .meanSquaredError, metrics: [.meanAbsoluteError])
            try train(model, 3)
            try model.setLearningRate(0.125)
            try model.save(to: path)
            let again = try Model.load(from: path)
            #expect(try again.learningRate == 0.125)
            try train(model, 4)
            try train(again, 4)
            for (a, b) in zip(model.parameters + model.optimizerVariables, again.parameters + again.optimizerVariables) {
                #expect(try a.value.scalars(as: Double.self) == b.value.scalars(as: Double.self), "\(a.name)")
            }
            #expect(try !Model.load(from: path, compile: false).isCompiled)
            try model.save(to: path, includeOptimizer: false)
            let bare = try Model.load(from: path)
            #expect(!bare.isCompiled)
            #expect(try Safetensors(path).entries.allSatisfy { !$0.name.hasPrefix("optimizer/") && !$0.name.hasSuffix("state") })
        }
    }

    @Test func frozenWeightsKeepTheirState() throws {
        try withPath { path in
            let model = try network()
            try model.compile(optimizer: .sgd(learningRate: 0.05, momentum: 0.9), loss: .meanSquaredError)
            try train(model, 2)
            model.layers[0].isTrainable = false
            try model.save(to: path)
            let again = try Model.load(from: path)
            for one in [model, again] as [Model] {
                #expect(!one.layers[0].isTrainable)
                one.layers[0].isTrainable = true
                try train(one, 2)
            }
            #expect(try model.parameters[0].value.scalars() == again.parameters[0].value.scalars())
        }
    }

    private struct SignDescent: UpdateRule {
        var strength = 1.0
        var config: LayerConfig {
            var config = LayerConfig()
            config.set("strength", strength)
            return config
        }
        func update(
            _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
        ) throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor]) {
            (try weight - strength * rate * gradient / (gradient.absolute() + 1e-12), [])
        }
    }

    @Test func whatIsOfTheUsersOwnIsNamed() throws {
        let cubic = Loss(name: "cubic_of_test") { labels, predictions throws(SwiftConvError) in
            try (labels - predictions).absolute().power(3).mean(-1)
        }
        let largest = Metric(name: "largest_of_test") { labels, predictions throws(SwiftConvError) in
            try (labels - predictions).absolute().max(-1)
        }
        let rate = LearningRateSchedule(name: "rate_of_test") { step throws(SwiftConvError) in try 0.1 / (step + 1) }
        try withPath { path in
            let model = try network()
            try model.compile(
                optimizer: Optimizer(name: "sign_of_test", learningRate: rate, rule: SignDescent(strength: 2)), loss: cubic,
                metrics: [largest])
            try train(model, 2)
            try model.save(to: path)
            for (name, register) in [
                (
                    "sign_of_test",
                    {
                        TrainingRegistry.register(
                            "sign_of_test",
                            rule: { config throws(SwiftConvError) in
                                SignDescent(strength: try config.double("strength"))
                            })
                    }
                ),
                ("rate_of_test", { try? TrainingRegistry.register(rate) }),
                ("cubic_of_test", { TrainingRegistry.register(cubic) }), ("largest_of_test", { TrainingRegistry.register(largest) }),
            ] as [(String, () -> Void)] {
                let error = #expect(throws: SwiftConvError.self) { try Model.load(from: path) }
                #expect(error?.message.contains(name) == true)
                register()
            }
            let again = try Model.load(from: path)
            try train(model, 2)
            try train(again, 2)
            #expect(try model.parameters[0].value.scalars() == again.parameters[0].value.scalars())
        }
    }

    @Test func aScheduleWithoutANameLeavesANote() throws {
        try withPath { path in
            let model = try network()
            let rate = LearningRateSchedule { step throws(SwiftConvError) in try 0.1 / (step + 1) }
            #expect(throws: SwiftConvError.self) { try TrainingRegistry.register(rate) }
            try model.compile(optimizer: .sgd(learningRate: rate), loss: .meanSquaredError)
            try model.save(to: path)
            let again = try Model.load(from: path)
            #expect(!again.isCompiled)
            let error = #expect(throws: SwiftConvError.self) { try train(again, 1) }
            #expect(error?.message.contains("a schedule without a name") == true)
        }
    }

    @Test func lambdasOfPythonAreNamedAndNeverRun() throws {
        for json in [
            #"{"class_name": "__lambda__", "config": {"value": "x"}}"#, #"{"class_name": "function", "config": "<lambda>"}"#,
        ] {
            let error = #expect(throws: SwiftConvError.self) { try Loss(try #require(Json.parsed(json)), "loss") }
            #expect(error?.message.contains("lambda") == true)
        }
    }

    @Test func batchesOfAnySizeAreIndexed() throws {
        let x = try Input([2, 3])
        let model = try Model(inputs: [x], outputs: [x[1], x[.all, -1], x[.stride(by: 2), .ellipsis, 0], x[.newAxis, .all, 0]])
        let numbers = try Tensor((0..<18).map(Float.init), shape: [3, 2, 3])
        let again = try Model.fromJSON(model.json)
        for one in [model, again] {
            let parts = try one([numbers])
            #expect(parts.map(\.shape) == [[2, 3], [3, 3], [2, 2], [1, 3, 3]])
            #expect(try parts[0].scalars() == [6, 7, 8, 9, 10, 11])
            #expect(try parts[1].scalars() == [3, 4, 5, 9, 10, 11, 15, 16, 17])
            #expect(try parts[2].scalars() == [0, 3, 12, 15])
        }
        #expect(throws: SwiftConvError.self) { try model([try Tensor.zeros([1, 2, 3])]) }
    }

    @Test func picturesOfAnySize() throws {
        let x = try Input([-1, -1, 3])
        let features = try MaxPooling2D(2)(Conv2D(4, kernelSize: 3, padding: .same)(x))
        let model = try Model(inputs: x, outputs: GlobalAveragePooling2D()(features))
        #expect(model.inputShapes == [[-1, -1, 3]])
        #expect(model.summary.contains("(?, ?, ?, 4)"))
        for size in [8, 11] { #expect(try model(Tensor.zeros([2, size, size + 1, 3])).shape == [2, 4]) }
        #expect(throws: SwiftConvError.self) { try model(Tensor.zeros([2, 8, 8, 1])) }
        #expect(try Model.fromJSON(model.json).inputShapes == model.inputShapes)
        let error = #expect(throws: SwiftConvError.self) { try Model(inputs: x, outputs: Dense(2)(Flatten()(x))) }
        #expect(error?.message.contains("not known") == true)
        #expect(throws: SwiftConvError.self) { try Input([-2]) }
    }
}
