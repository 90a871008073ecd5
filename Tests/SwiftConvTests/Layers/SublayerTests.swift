import Foundation
import SwiftConv
import Testing

/// Two convolutions with a way around them.
private final class Residual: Module {
    let first = Conv2D(3, kernelSize: 3, padding: .same, activation: .relu)
    let second = Conv2D(3, kernelSize: 3, padding: .same)
    override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try nn.relu(x + second(first(x))) }
}

/// Layers wherever a property can hold them, and weights of its own.
private final class Holder: Module {
    let alone = Dense(2, name: "alone")
    var maybe: Dense? = Dense(2, name: "maybe")
    let none: Dense? = nil
    let list: [any Layer] = [Dense(2, name: "one"), BatchNormalization(name: "two"), Dropout(0.5, seed: 3, name: "three")]
    let named = ["b": Dense(2, name: "b"), "a": Dense(2, name: "a")]
    let shared: Dense
    let scale: Parameter

    init() throws {
        shared = alone
        scale = try Parameter("scale", Tensor([2]))
        super.init(name: "holder")
    }

    override func build(inputShape: [Int]) throws(SwiftConvError) {
        setParameters([try parameter("shift", shape: [2], .ones)])
    }

    override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        var y = try alone(x)
        if let maybe { y = try maybe(y) }
        for layer in list { y = try layer(y) }
        for key in ["a", "b"] { if let layer = named[key] { y = try layer(y) } }
        return try y * scale.value + parameters[0].value
    }
}

/// A layer that is no `Module`.
private final class Plain: Layer {
    let name = "plain"
    let inner = Dense(1, name: "inner")
    let drop = Dropout(0.5, seed: 1, name: "drop")
    func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try inner(drop(x)) }
}

/// Layers that know each other.
private final class Child: Module {
    unowned let parent: Parent
    let layer = Dense(1, name: "of_child")
    init(_ parent: Parent) {
        self.parent = parent
        super.init(name: "child")
    }
    override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try layer(x) }
}
private final class Parent: Module {
    var child: Child?
    override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try child?(x) ?? x }
}

@Suite struct SublayerTests {
    @Test func layersInPropertiesAreFound() throws {
        let holder = try Holder()
        #expect(holder.sublayers.map(\.name) == ["alone", "maybe", "one", "two", "three", "a", "b"])
        _ = try holder(Tensor([[1, 2]]))
        #expect(holder.parameters.prefix(2).map(\.name) == ["holder/shift", "scale"])
        // 2 of its own; 5 kernels and biases; gamma, beta, mean and variance; the state of the generator
        #expect(holder.parameters.count == 2 + 10 + 4 + 1)
        #expect(holder.trainableParameters.count == 2 + 10 + 2)
        #expect(Conv2D(1, kernelSize: 1).sublayers.isEmpty)
        let model = Sequential { Dense(1) }
        #expect(model.sublayers.count == 1)
    }

    @Test func layersThatKnowEachOtherAreLookedAtOnce() throws {
        let parent = Parent()
        parent.child = Child(parent)
        _ = try parent(Tensor([[1, 2]]))
        #expect(parent.parameters.map(\.name) == ["of_child/kernel", "of_child/bias"])
    }

    @Test func innerLayersAreTrainedAndSaved() throws {
        Random.setSeed(1)
        func made() -> Sequential {
            Sequential {
                Residual(name: "block"); Flatten(); Dense(1, name: "last")
            }
        }
        let model = made()
        let (x, y) = (try Random.normal([16, 4, 4, 3], seed: 1), try Random.normal([16, 1], seed: 2))
        try model.compile(optimizer: .adam(learningRate: 0.01), loss: .meanSquaredError)
        try model.build(inputShape: x.shape)
        #expect(model.parameterCount == 2 * (3 * 3 * 3 * 3 + 3) + 4 * 4 * 3 + 1)
        let before = try model.parameters.map { parameter in try parameter.value }
        let history = try model.fit(x, y, batchSize: 8, epochs: 20, verbose: 0)
        for (parameter, old) in zip(model.parameters, before) { #expect(try parameter.value != old, "\(parameter)") }
        #expect(try #require(history["loss"].last) < 0.5 * history["loss"][0])

        let path = NSTemporaryDirectory() + "sublayers-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try model.saveWeights(to: path)
        #expect(String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self).contains("block/conv2d"))
        let other = made()
        try other.build(inputShape: x.shape)
        #expect(try other(x) != model(x))
        try other.loadWeights(from: path)
        #expect(try other(x) == model(x))
    }

    @Test func innerLayersAreFrozenWithTheirs() throws {
        let holder = try Holder()
        holder.isTrainable = false
        let x = try Tensor([[1, 2], [3, 4]])
        let quiet = try holder(x, training: true)
        #expect(holder.trainableParameters.isEmpty)
        // a frozen normalization uses its running statistics and leaves them alone
        let mean = try #require(holder.parameters.first { $0.name == "two/moving_mean" })
        #expect(try mean.value == Tensor.zeros([2]))
        #expect(quiet.shape == [2, 2])
        holder.isTrainable = true
        _ = try holder(x, training: true)
        #expect(try mean.value != Tensor.zeros([2]))
    }

    @Test func innerLayersTrainWhenTheirsDoes() throws {
        let plain = Plain()
        let x = try Tensor.ones([4, 64])
        let quiet = try plain(x)
        #expect(try plain(x) == quiet && plain(x, training: true) != quiet)
        #expect(plain.parameters.count == 3)
        plain.isTrainable = false
        #expect(plain.trainableParameters.isEmpty && !plain.inner.isTrainable)

        // in a functional model, too
        let input = try Input([64])
        let model = try Model(inputs: input, outputs: Plain()(input))
        #expect(try model(x) == model(x) && model(x, training: true) != model(x))
    }

    @Test func descriptionsNameWhatIsThere() throws {
        let layer = Dense(2, name: "head")
        #expect("\(layer)" == "Dense \"head\": not built")
        try layer.build(inputShape: [1, 3])
        #expect("\(layer)" == "Dense \"head\": 8 numbers")
        layer.isTrainable = false
        #expect("\(layer)" == "Dense \"head\": 8 numbers, frozen")
        #expect("\(layer.parameters[0])" == "head/kernel: float32(3, 2), frozen")
        let model = Sequential { Dense(1) }
        #expect("\(model)" == model.summary)
        #expect("\(Optimizer.adam())" == "adam, learning rate 0.001")
        #expect("\(Optimizer.sgd(learningRate: .cosineDecay(initial: 1, steps: 2)))" == "sgd, learning rate by a schedule")
        #expect("\(Loss.huber()) \(Metric.accuracy)" == "huber_loss accuracy")
    }

    @Test func inputsOfAnotherSizeNameTheLayer() throws {
        let layer = Dense(2, name: "head")
        try layer.build(inputShape: [1, 3])
        expectError("head", "3", "axis 1", "(1, 4)") { try layer(try Tensor.zeros([1, 4])) }
    }
}
