// Written by tools/swift_snippets.py from the documents: do not edit.
// swift-format-ignore-file
import Foundation
import SwiftConv
import Testing

/// The Swift programs of the documents and of comments in the library. What they take for granted is declared first.
/// They set the seed of the process, so they run in one of their own: `make test-swift`.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["SWIFTCONV_TESTED_ALONE"] != nil))
struct DocumentTests {
    /// What a page prints, and says that it does in a comment.
    private func printed<T>(_ value: T, _ text: String, _ location: SourceLocation = #_sourceLocation) {
        #expect("\(value)" == text, sourceLocation: location)
    }

    // README.md
    @Test func readme() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let model = Sequential {
                Conv2D(32, kernelSize: 3, activation: .relu)
                MaxPooling2D(2)
                Flatten()
                Dense(10, activation: .softmax)
            }
            try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
            try model.fit(images, labels, batchSize: 64, epochs: 3)
            let scores = try model.predict(images)
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/AddingAnOp.md
    @Test func addingAnOp() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            func swish(_ x: Tensor) throws(SwiftConvError) -> Tensor { try x * nn.sigmoid(x) }

            let x = try Tensor([-1, 0, 1, 2], shape: [4])
            let slope = try gradient(at: x) { x in try swish(x).sum() }
            printed(slope.shape, "[4]")
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/ComingFrom.md
    @Test func comingFrom() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let a = try Tensor([1, 2, 3, 4], shape: [2, 2])
            let product = try einsum("ij,jk->ik", a, a)
            printed(try product == a.matmul(a), "true")
            printed(try which(a .> 2, a, 0).sum(0).scalars(), "[3.0, 4.0]")
            printed(try a[.all, 1].scalars(), "[2.0, 4.0]")
            do {
                let slope = try gradient(at: a) { a in try (a * a).sum() }
                printed(try slope == a * 2, "true")
                do {
                    final class Block: Module {
                        let first: Conv2D
                        let second: Conv2D
                        let norm = GroupNormalization(groups: 2)
                        init(_ filters: Int) {
                            first = Conv2D(filters, kernelSize: 3, padding: .same, activation: .relu)
                            second = Conv2D(filters, kernelSize: 3, padding: .same)
                            super.init()
                        }
                        override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
                            try nn.relu(x + norm(second(first(x))))
                        }
                    }
                    let block = Block(4)
                    printed(try block(Random.normal([2, 8, 8, 4])).shape, "[2, 8, 8, 4]")
                    printed(block.sublayers.count, "3")
                    do {
                        let network = Sequential { Dense(16, activation: .relu); Dense(1) }
                        try network.build(inputShape: x.shape)
                        let adam = try OptimizerState(.adam(learningRate: 0.01))
                        var losses: [Float] = []
                        for _ in 0..<20 {
                            let weights = network.trainableParameters
                            let (loss, gradients) = try valueWithGradient(for: weights) { try (network(x, training: true) - y).square().mean() }
                            try adam.update(weights, gradients: gradients)
                            losses.append(try loss.scalar())
                        }
                        printed(losses[19] < losses[0], "true")
                        do {
                            let step = try TrainingStep(network.trainableParameters, adam) { batch in
                                try (network(batch[0], training: true) - batch[1]).square().mean()
                            }
                            printed(try step(x, y).scalar() < losses[19], "true")
                            let scaled = CompiledFunction { inputs in [try inputs[0] * 2] }
                            printed(try scaled(a)[0] == a * 2, "true")
                            do {
                                let theirs = try Random.normal([8, 3, 3, 4])                    // a filter of MLX
                                let layer = Conv2D(8, kernelSize: 3, useBias: false)
                                try layer.build(inputShape: [1, 16, 16, 4])
                                try layer.setWeights([theirs.transpose([1, 2, 3, 0])])
                            }
                        }
                    }
                }
            }
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/GettingStarted.md
    @Test func gettingStarted() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let image = try Tensor((0..<25).map(Float.init), shape: [1, 5, 5, 1])
            let edges = try Tensor([-1, 0, 1, -2, 0, 2, -1, 0, 1], shape: [3, 3, 1, 1])
            let response = try nn.conv2d(image, edges, padding: .same, activation: .relu)
            printed(response.shape, "[1, 5, 5, 1]")
            print(try response.sum().scalar())                 // read one number …
            let numbers: [Float] = try response.scalars()      // … or all of them, in row-major order
            do {
                let slope = try gradient(at: image) { x in try x.square().sum() }
                do {
                    let model = Sequential {
                        Conv2D(32, kernelSize: 3, activation: .relu)
                        MaxPooling2D(2)
                        Flatten()
                        Dense(10, activation: .softmax)
                    }
                    try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
                    try model.fit(images, labels, batchSize: 64, epochs: 3)
                    let scores = try model.predict(images)
                }
            }
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/Layouts.md
    @Test func layouts() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let photo = try Tensor.zeros([1, 224, 224, 3])                  // one image of three channels
            let kernel = try Tensor.zeros([7, 7, 3, 64])                    // 64 filters of 7 by 7 over three channels
            printed(try nn.conv2d(photo, kernel, strides: 2, padding: .same).shape, "[1, 112, 112, 64]")
            do {
                let channelsFirst = try Tensor.zeros([8, 3, 32, 32])
                let images = try channelsFirst.transpose([0, 2, 3, 1])
                printed(images.shape, "[8, 32, 32, 3]")
                do {
                    let pixels = try Tensor.zeros([1, 16, 16, 32])
                    let grouped = try Tensor.zeros([3, 3, 8, 64])                   // 32 / 8 = 4 groups, 16 outputs each
                    printed(try nn.conv2d(pixels, grouped, padding: .same).shape, "[1, 16, 16, 64]")
                }
            }
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/Numerics.md
    @Test func numerics() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            Random.setSeed(7)
            let first = try Random.normal([4])
            Random.setSeed(7)
            let second = try Random.normal([4])
            let a: [Float] = try first.scalars(), b: [Float] = try second.scalars()
            printed(a == b, "true")
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/Performance.md
    @Test func performance() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let model = Sequential {
                Conv2D(8, kernelSize: 3, activation: .relu)
                Flatten()
                Dense(10)
            }
            let batch = try Random.uniform([64, 28, 28, 1])
            let scores = try model.predict(batch, batchSize: 64)            // one run
            printed(scores.shape, "[64, 10]")
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/TrainingModels.md
    @Test func trainingModels() async throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let model = Sequential {
                Conv2D(8, kernelSize: 3, activation: .relu)
                MaxPooling2D(2)
                Flatten()
                Dense(10, activation: .softmax)
            }
            try model.compile(
                optimizer: .adam(learningRate: .cosineDecay(initial: 0.01, steps: 100), weightDecay: 1e-4, clipping: .norm(1)),
                loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy, .sparseTopKCategoricalAccuracy(k: 3)])
            let history = try await model.fit(images, labels, batchSize: 32, epochs: 2, validationSplit: 0.25, verbose: 0)
            printed(history["val_loss"].count, "2")
            do {
                let cubic = Loss(name: "cubic") { labels, predictions in
                    try (labels - predictions).absolute().power(3).mean(-1)
                }
                let largest = Metric(name: "largest_error") { labels, predictions in
                    try (labels - predictions).absolute().max(-1)
                }
                let regression = Sequential { Dense(1) }
                try regression.compile(optimizer: .sgd(momentum: 0.9), loss: cubic, metrics: [largest, .meanAbsoluteError])
                do {
                    try model.compile(optimizer: .sgd(learningRate: 0.01, momentum: 0.9), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
                    try await model.fit(
                        images, labels, epochs: 4, validationSplit: 0.25, verbose: 0,
                        callbacks: [
                            EarlyStopping(patience: 3, restoreBestWeights: true),
                            ReduceLROnPlateau(factor: 0.5, patience: 1),
                            LambdaCallback(onEpochEnd: { epoch, run in print(epoch, run.logs["val_accuracy"] ?? 0) }),
                        ])
                    do {
                        let weights = try Tensor((0..<128).map { Float($0 % 2 + 1) })
                        try await model.fit(images, labels, sampleWeight: weights, classWeight: [3: 2], verbose: 0)

                        var batches: [Examples] = []
                        for start in stride(from: 0, to: 128, by: 32) {
                            batches.append(Examples(try images[.range(start..<start + 32)], try labels[.range(start..<start + 32)]))
                        }
                        let results = try await model.evaluate(batches: batches)
                        printed(results.keys.sorted() == ["accuracy", "loss"], "true")
                        do {
                            let distorted = GeneratedBatches(count: 4) { number in
                                let rows: Range<Int> = 32 * number..<32 * (number + 1)
                                let noise = try Random.normal([32, 28, 28, 1], standardDeviation: 0.1, seed: number)
                                return Examples(try images[rows] + noise, try labels[rows])
                            }
                            try await model.fit(batches: distorted, epochs: 2, verbose: 0)
                            do {
                                actor Classifier {
                                    private let model: Model
                                    init(_ model: sending Model) { self.model = model }
                                    func answer(_ images: Tensor) async throws -> Tensor { try await model.predict(images).argmax(axis: -1) }
                                }

                                let network = Sequential {
                                    Flatten()
                                    Dense(10)
                                }
                                let classifier = Classifier(network)
                                let answers = try await withThrowingTaskGroup(of: [Int].self) { group in
                                    for _ in 0..<4 { group.addTask { try await classifier.answer(testImages).shape } }
                                    return try await group.reduce(into: []) { $0.append($1) }
                                }
                                printed(answers, "[[128], [128], [128], [128]]")
                                do {
                                    let losses = try await withThrowingTaskGroup(of: Double.self) { group in
                                        for rate in [0.01, 0.1] {
                                            group.addTask {
                                                let candidate = Sequential {
                                                    Flatten()
                                                    Dense(10)
                                                }
                                                try candidate.compile(
                                                    optimizer: .sgd(learningRate: rate), loss: .sparseCategoricalCrossentropy(fromLogits: true))
                                                let history = try await candidate.fit(images, labels, verbose: 0)
                                                return history["loss"].last ?? .infinity
                                            }
                                        }
                                        return try await group.reduce(into: []) { $0.append($1) }
                                    }
                                    printed(losses.count, "2")
                                    do {
                                        let task = Task { () async -> SwiftConvError.Kind? in
                                            let endless = Sequential {
                                                Flatten()
                                                Dense(10)
                                            }
                                            do throws(SwiftConvError) {
                                                try endless.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(fromLogits: true))
                                                try await endless.fit(images, labels, epochs: 1_000_000, verbose: 0)
                                            } catch {
                                                return error.kind
                                            }
                                            return nil
                                        }
                                        task.cancel()
                                        let kind = await task.value
                                        printed(kind == .cancelled, "true")
                                        do {
                                            let reporter = ProgressReporter()
                                            let updates = reporter.updates
                                            let reader = Task {
                                                var epochs = 0
                                                for await progress in updates where progress.isEpochEnd { epochs = progress.epoch + 1 }
                                                return epochs
                                            }
                                            try await model.fit(images, labels, epochs: 2, verbose: 0, callbacks: [reporter])
                                            let seen = await reader.value
                                            printed(seen, "2")
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    // Sources/SwiftConv/CompiledFunction.swift
    @Test func commentsOfCompiledFunction() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let blurred = CompiledFunction { x in [try nn.averagePool2d(nn.relu(x[0]), size: 2, strides: 1)] }
            let y = try blurred(Random.normal([1, 8, 8, 3]))[0]
            printed(y.shape, "[1, 7, 7, 3]")
        }
    }

    // Sources/SwiftConv/Datasets/Digits.swift
    @Test func commentsOfDigits() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let train = try Digits.drawn(2000, seed: 1)
        }
    }

    // Sources/SwiftConv/Gradient.swift
    @Test func commentsOfGradient() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let x = try Tensor([1, 2, 3], shape: [3])
            let (y, slopes) = try valueWithGradient(at: [x]) { v in try (v[0] * v[0]).sum() }
            printed(try y.scalar(), "14.0")
            printed(try slopes[0].scalars(), "[2.0, 4.0, 6.0]")
            do {
                let line = Dense(1)
                try line.build(inputShape: [4, 8])
                let rows = try Random.uniform([4, 8])
                let (_, found) = try valueWithGradient(for: line.trainableParameters) { try line(rows, training: true).square().mean() }
                printed(found.map(\.shape), "[[8, 1], [1]]")
                do {
                    let slope = try gradient(at: Tensor([2])) { x throws(SwiftConvError) in try x * x * x }
                    printed(try slope.scalars(), "[12.0]")
                    let curvature = try gradient(at: Tensor([2])) { x throws(SwiftConvError) in
                        try gradient(at: x) { y throws(SwiftConvError) in try y * y * y }
                    }
                    printed(try curvature.scalars(), "[12.0]")
                }
            }
        }
    }

    // Sources/SwiftConv/Layers/Convolutional/Conv1D.swift
    @Test func commentsOfConv1D() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let layer = Conv1D(4, kernelSize: 3, padding: .causal, activation: .relu)
            printed(try layer(Random.normal([2, 10, 1])).shape, "[2, 10, 4]")
        }
    }

    // Sources/SwiftConv/Layers/Core/Lambda.swift
    @Test func commentsOfLambda() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            Lambda.register("halved") { x in try x * 0.5 }
            let layer = Lambda("halved")
        }
    }

    // Sources/SwiftConv/Layers/Layer.swift
    @Test func commentsOfLayer() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
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
        }
    }

    // Sources/SwiftConv/Layers/Module.swift
    @Test func commentsOfModule() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            final class Linear: Module {
                let units: Int
                init(_ units: Int) {
                    self.units = units
                    super.init()
                }
                override func build(inputShape: [Int]) throws(SwiftConvError) {
                    setParameters([try parameter("kernel", shape: [inputShape.last ?? 1, units], .glorotUniform)])
                }
                override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try x.matmul(parameters[0].value) }
            }
            do {
                final class Residual: Module {
                    let first = Conv2D(4, kernelSize: 3, padding: .same, activation: .relu)
                    let second = Conv2D(4, kernelSize: 3, padding: .same)
                    override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try nn.relu(x + second(first(x))) }
                }
                let block = Residual()
                try block.build(inputShape: [1, 8, 8, 4])
                _ = try block(Tensor.zeros([1, 8, 8, 4]))
                printed(block.parameterCount, "296")
            }
        }
    }

    // Sources/SwiftConv/Layers/Normalization/GroupNormalization.swift
    @Test func commentsOfGroupNormalization() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let layer = GroupNormalization(groups: 2)
            printed(try layer(Random.normal([1, 4, 4, 8])).shape, "[1, 4, 4, 8]")
        }
    }

    // Sources/SwiftConv/Layers/Normalization/LayerNormalization.swift
    @Test func commentsOfLayerNormalization() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let layer = LayerNormalization()
            let y = try layer(Random.normal([2, 8]))
            printed(try y.mean(-1).absolute().max().scalar() < 1e-5, "true")
        }
    }

    // Sources/SwiftConv/Layers/Sublayers.swift
    @Test func commentsOfSublayers() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            final class Pair: Module {
                let first = Dense(4, activation: .relu)
                let others = [Dense(4), Dense(1)]
                override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
                    try others[1](others[0](first(x)))
                }
            }
            printed(Pair().sublayers.count, "3")
        }
    }

    // Sources/SwiftConv/Layers/Weights.swift
    @Test func commentsOfWeights() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let (teacher, pupil) = (Dense(2), Dense(2))
            try teacher.build(inputShape: [1, 8])
            try pupil.build(inputShape: [1, 8])
            try pupil.setWeights(teacher.weights)
            printed(try pupil(x) == teacher(x), "true")
            do {
                let network = Sequential { Dense(2, name: "hidden"); Dense(1) }
                try network.layer(named: "hidden").isTrainable = false
            }
        }
    }

    // Sources/SwiftConv/Models/ConfigurableLayer.swift
    @Test func commentsOfConfigurableLayer() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            final class Offset: Module, ConfigurableLayer {
                static let className = "Offset"
                let amount: Double
                init(_ amount: Double) {
                    self.amount = amount
                    super.init(name: nil)
                }
                init(config: LayerConfig) throws(SwiftConvError) {
                    amount = try config.double("amount")
                    super.init(name: try config.string("name"))
                }
                var config: LayerConfig {
                    var config = LayerConfig(for: "Offset")
                    config.set("name", name)
                    config.set("amount", amount)
                    return config
                }
                override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try x + amount }
            }
            LayerRegistry.register(Offset.self)
        }
    }

    // Sources/SwiftConv/Models/FunctionalNode.swift
    @Test func commentsOfFunctionalNode() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let images = try Input([28, 28, 1])
            let features = try Flatten()(Conv2D(8, kernelSize: 3)(images))
            let model = try Model(inputs: images, outputs: Dense(10)(features))
        }
    }

    // Sources/SwiftConv/Models/Model+Saving.swift
    @Test func commentsOfModelSaving() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let model = Sequential { Dense(10, activation: .softmax) }
            try model.build(inputShape: [1, 784])
            try model.save(to: "\(folder)/digits.safetensors")
            let same = try Model.load(from: "\(folder)/digits.safetensors")
        }
    }

    // Sources/SwiftConv/Models/Model.swift
    @Test func commentsOfModel() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let x = try Input([32, 32, 3])
            let a = try Conv2D(16, kernelSize: 3, padding: .same)(x)
            let b = try Conv2D(16, kernelSize: 1)(x)
            let features = try GlobalAveragePooling2D()(Add()([a, b]))
            let model = try Model(inputs: x, outputs: Dense(10)(features))
            try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(fromLogits: true), metrics: [.accuracy])
        }
    }

    // Sources/SwiftConv/Models/Sequential.swift
    @Test func commentsOfSequential() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let model = Sequential {
                Conv2D(32, kernelSize: 3, activation: .relu)
                MaxPooling2D(2)
                Flatten()
                Dense(10, activation: .softmax)
            }
            try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
            try model.fit(images, labels, epochs: 5)
            let results = try model.evaluate(testImages, testLabels)
        }
    }

    // Sources/SwiftConv/NN/NN+Blocks.swift
    @Test func commentsOfNNBlocks() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let x = try Tensor([1, 2, 3, 4], shape: [1, 1, 1, 4])
            printed(try nn.depthToSpace(x, blockSize: 2).shape, "[1, 2, 2, 1]")
        }
    }

    // Sources/SwiftConv/NN/NN+Convolution.swift
    @Test func commentsOfNNConvolution() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let filter = try Random.normal([3, 3, 1, 8])
            let y = try nn.conv2d(images, filter, strides: 2, padding: .same)
            printed(y.shape, "[128, 14, 14, 8]")
        }
    }

    // Sources/SwiftConv/Random/SeedGenerator.swift
    @Test func commentsOfSeedGenerator() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let a = try Random.normal([2, 3], seed: 7)
            let generator = try SeedGenerator(seed: 7)
            let b = try Random.normal([2, 3], seed: generator)      // the same numbers, the first time
        }
    }

    // Sources/SwiftConv/Tensor/Einsum.swift
    @Test func commentsOfEinsum() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let a = try Random.normal([2, 3, 4]), b = try Random.normal([4, 5])
            printed(try einsum("bij,jk->bik", a, b).shape, "[2, 3, 5]")
            printed(try einsum("...j->...", a).shape, "[2, 3]")
            let matrix = try Tensor([[1, 2], [3, 4]])
            printed(try einsum("ii", matrix).scalar(), "5.0")
        }
    }

    // Sources/SwiftConv/Tensor/Tensor+Comparison.swift
    @Test func commentsOfTensorComparison() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let halves = try Tensor([1, 2, 3]) / 2
            printed(try halves == Tensor([0.5, 1, 1.5]), "true")
        }
    }

    // Sources/SwiftConv/Tensor/Tensor+Files.swift
    @Test func commentsOfTensorFiles() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            try Tensor.save(["mean": Tensor([1, 2]), "counts": Tensor(0..<3)], to: "\(folder)/numbers.safetensors")
            let numbers = try Tensor.load(from: "\(folder)/numbers.safetensors")
            printed(try numbers["mean"] == Tensor([1, 2]), "true")
        }
    }

    // Sources/SwiftConv/Tensor/Tensor+Matrices.swift
    @Test func commentsOfTensorMatrices() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let x = try Tensor([[1, 2], [3, 4]])
            printed(try x.diagonal().scalars(), "[1.0, 4.0]")
            do {
                printed(try Tensor([1, 2, 3, 4]).rolled(by: 1, axis: 0).scalars(), "[4.0, 1.0, 2.0, 3.0]")
                do {
                    let scores = try Tensor([[1, 5, 2], [7, 3, 4]])
                    let best = try scores.argmax(axis: -1, keepDims: true)
                    printed(try scores.takeAlong(best).scalars(), "[5.0, 7.0]")
                }
            }
        }
    }

    // Sources/SwiftConv/Tensor/Tensor+Subscript.swift
    @Test func commentsOfTensorSubscript() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            var x = try Tensor.zeros([2, 3])
            try x.set(Tensor([1, 2, 3]), at: 0)
        }
    }

    // Sources/SwiftConv/Tensor/Tensor.swift
    @Test func commentsOfTensor() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let x = try Tensor([[1, 2], [3, 4]])
            let y = try (x + 1) * x
            print(try y.sum().scalar())
        }
    }

    // Sources/SwiftConv/Threads.swift
    @Test func commentsOfThreads() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let before = Threads.count
            try Threads.set(1)
            let y = try nn.relu(Tensor([-1, 2]))       // on the calling thread alone
            printed(try y.scalars(), "[0.0, 2.0]")
            try Threads.set(before)
        }
    }

    // Sources/SwiftConv/Training/Callbacks/Callback.swift
    @Test func commentsOfCallback() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            final class Announce: Callback {
                func onEpochEnd(_ epoch: Int, _ run: TrainingRun) { print("epoch", epoch, run.logs["loss"] ?? 0) }
            }
            try model.fit(x, y, epochs: 3, callbacks: [Announce(), EarlyStopping(monitor: "loss", patience: 2)])
        }
    }

    // Sources/SwiftConv/Training/Callbacks/EarlyStopping.swift
    @Test func commentsOfEarlyStopping() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            LambdaCallback(onEpochEnd: { epoch, run in print(epoch, run.logs) })
        }
    }

    // Sources/SwiftConv/Training/Callbacks/ModelCheckpoint.swift
    @Test func commentsOfModelCheckpoint() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let weights = ModelCheckpoint(folder + "/{epoch:02d}-{loss:.2f}.safetensors", monitor: "loss", saveBestOnly: true)
            let whole = ModelCheckpoint(folder + "/best.safetensors", monitor: "loss", saveBestOnly: true) { model, path in
                try model.save(to: path)
            }
            try model.fit(x, y, epochs: 2, callbacks: [weights, whole])
        }
    }

    // Sources/SwiftConv/Training/Callbacks/TrainingProgress.swift
    @Test func commentsOfTrainingProgress() async throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let reporter = ProgressReporter()
            let updates = reporter.updates
            Task { for await progress in updates { print(progress) } }
            try await model.fit(x, y, epochs: 5, callbacks: [reporter])
        }
    }

    // Sources/SwiftConv/Training/Files/TrainingRegistry.swift
    @Test func commentsOfTrainingRegistry() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let cubic = Loss(name: "cubic") { labels, predictions throws(SwiftConvError) in
                try (labels - predictions).absolute().power(3).mean(-1)
            }
            TrainingRegistry.register(cubic)
            do {
                TrainingRegistry.register("Scaled", loss: { config throws(SwiftConvError) in
                    let factor = try config.double("factor", default: 1)
                    return Loss(name: "scaled") { labels, predictions throws(SwiftConvError) in
                        try factor * (labels - predictions).square().mean(-1)
                    }
                })
            }
        }
    }

    // Sources/SwiftConv/Training/GeneratedBatches.swift
    @Test func commentsOfGeneratedBatches() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let batches = GeneratedBatches(count: 4) { i in
                let rows: Range<Int> = 32 * i..<32 * (i + 1)
                return Examples(try images[rows], try labels[rows])
            }
            let classifier = Sequential { Flatten(); Dense(10, activation: .softmax) }
            try classifier.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy())
            try classifier.fit(batches: batches, epochs: 2, verbose: 0)
        }
    }

    // Sources/SwiftConv/Training/Loop/Examples.swift
    @Test func commentsOfExamples() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            try model.fit(batches: [Examples(x, y), Examples(x, y)], epochs: 3)
        }
    }

    // Sources/SwiftConv/Training/Losses/Loss.swift
    @Test func commentsOfLoss() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let classes = Loss.sparseCategoricalCrossentropy(fromLogits: true)
            let robust = Loss.huber(delta: 0.5).reduced(by: .sum)
            let own = Loss(name: "cubic") { labels, predictions in
                try (labels - predictions).absolute().power(3).mean(-1)
            }
        }
    }

    // Sources/SwiftConv/Training/Metrics/Metric.swift
    @Test func commentsOfMetric() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let metrics: [Metric] = [.accuracy, .auc(), .topKCategoricalAccuracy(k: 3)]
            let own = Metric(name: "largest_error") { labels, predictions in
                try (labels - predictions).absolute().max(-1)
            }
            do {
                var auc = MetricState(.auc())
                try auc.update(labels: y, predictions: model.predict(x))
                print(try auc.result.scalar())
            }
        }
    }

    // Sources/SwiftConv/Training/Model+Compile.swift
    @Test func commentsOfModelCompile() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            try model.compile(
                optimizer: .adam(learningRate: .cosineDecay(initial: 0.01, steps: 1000)),
                loss: .categoricalCrossentropy(labelSmoothing: 0.1), metrics: [.accuracy, .auc()])
        }
    }

    // Sources/SwiftConv/Training/Optimizers/LearningRateSchedule.swift
    @Test func commentsOfLearningRateSchedule() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let optimizer = Optimizer.sgd(learningRate: .exponentialDecay(initial: 0.1, steps: 1000, rate: 0.9))
        }
    }

    // Sources/SwiftConv/Training/Optimizers/Optimizer.swift
    @Test func commentsOfOptimizer() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            try model.compile(optimizer: .adam(learningRate: 0.01, clipping: .norm(1)), loss: .meanSquaredError)
            try model.compile(
                optimizer: .sgd(learningRate: .cosineDecay(initial: 0.1, steps: 1000), momentum: 0.9, weightDecay: 1e-4),
                loss: .meanSquaredError)
        }
    }

    // Sources/SwiftConv/Training/Optimizers/OptimizerState.swift
    @Test func commentsOfOptimizerState() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let network = Sequential { Dense(16, activation: .relu); Dense(1) }
            try network.build(inputShape: x.shape)
            let adam = try OptimizerState(.adam(learningRate: 0.01))
            for _ in 0..<20 {
                let weights = network.trainableParameters
                let (loss, slopes) = try valueWithGradient(for: weights) { try (network(x, training: true) - y).square().mean() }
                try adam.update(weights, gradients: slopes)
                if loss.dtype != .float32 { break }
            }
            printed(adam.steps, "20")
        }
    }

    // Sources/SwiftConv/Training/Optimizers/UpdateRule.swift
    @Test func commentsOfUpdateRule() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            struct SignDescent: UpdateRule {
                func update(_ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor)
                    throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor])
                {
                    (try weight - rate * gradient / (gradient.absolute() + 1e-12), [])
                }
            }
            let optimizer = Optimizer(name: "sign", learningRate: 0.01, rule: SignDescent())
        }
    }

    // Sources/SwiftConv/Training/PrefetchedAsyncBatches.swift
    @Test func commentsOfPrefetchedAsyncBatches() async throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let stream = AsyncStream { continuation in
                for _ in 0..<4 { continuation.yield(Examples(x, y)) }
                continuation.finish()
            }
            try await model.fit(batches: stream.prefetched(), verbose: 0)
        }
    }

    // Sources/SwiftConv/Training/PrefetchedBatches.swift
    @Test func commentsOfPrefetchedBatches() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            struct Noise: Sequence, Sendable {
                func makeIterator() -> AnyIterator<Examples> {
                    var number = 0
                    return AnyIterator {
                        number += 1
                        guard number <= 3, let x = try? Random.normal([16, 8], seed: number) else { return nil }
                        return try? Examples(x, x.sum(-1, keepDims: true))
                    }
                }
            }
            let regression = Sequential { Dense(1) }
            try regression.compile(optimizer: .sgd(), loss: .meanSquaredError)
            try regression.fit(batches: Noise().prefetched(), epochs: 2, verbose: 0)
        }
    }

    // Sources/SwiftConv/Training/TrainingStep.swift
    @Test func commentsOfTrainingStep() throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        let (testImages, testLabels) = (images, labels)
        let folder = NSTemporaryDirectory()
        let (x, y) = (try Random.uniform([64, 8], seed: 1), try Tensor((0..<64).map { Float($0 % 2) }, shape: [64, 1]))
        let model = Sequential { Dense(1, activation: .sigmoid) }
        try model.compile(optimizer: .adam(), loss: .binaryCrossentropy())
        _ = (testImages, testLabels, folder, x, y)
        do {
            let network = Sequential { Dense(16, activation: .relu); Dense(1) }
            try network.build(inputShape: x.shape)
            let adam = try OptimizerState(.adam(learningRate: 0.01))
            let step = try TrainingStep(network.trainableParameters, adam) { batch in
                try (network(batch[0], training: true) - batch[1]).square().mean()
            }
            var losses: [Float] = []
            for _ in 0..<20 { losses.append(try step(x, y).scalar()) }
            printed(losses[19] < losses[0], "true")
        }
    }
}
