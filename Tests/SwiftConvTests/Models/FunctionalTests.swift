import Foundation
import Testing

@testable import SwiftConv

@Suite struct FunctionalTests {
    private func ramp(_ shape: [Int], _ scale: Float = 0.1) throws -> Tensor {
        try Tensor((0..<shape.reduce(1, *)).map { Float(($0 * 37) % 101 - 50) * scale / 5 }, shape: shape)
    }

    @Test func aGraphComputesWhatItsLayersCompute() throws {
        let input = try Input([8, 8, 3])
        let (a, b) = (Conv2D(4, kernelSize: 3, padding: .same), Conv2D(4, kernelSize: 1))
        let dense = Dense(5)
        let features = try GlobalAveragePooling2D()(a(input) + b(input) * 2)
        let model = try Model(inputs: input, outputs: dense(features))
        for batch in [1, 3] {
            let x = try ramp([batch, 8, 8, 3])
            let expected = try dense(GlobalAveragePooling2D()(a(x) + b(x) * 2))
            #expect(try model(x).scalars() == expected.scalars())
            #expect(try model.predict(x).shape == [batch, 5])
        }
        #expect(model.layers.map(\.name) == [a.name, b.name, model.layers[2].name, dense.name])
        #expect(model.parameterCount == 3 * 3 * 3 * 4 + 4 + 3 * 4 + 4 + 4 * 5 + 5)
        #expect(model.summary.contains("(?, 8, 8, 4)"))
    }

    @Test func layersAreSharedAndModelsAreLayers() throws {
        let encoder = Sequential {
            Dense(4, activation: .relu)
            Dense(3)
        }
        let (left, right) = (try Input([6]), try Input([6]))
        let model = try Model(inputs: [left, right], outputs: [encoder(left) * encoder(right), encoder(left)])
        #expect(model.inputCount == 2 && model.outputCount == 2)
        let (x, y) = (try ramp([2, 6]), try ramp([2, 6], 0.3))
        let results = try model([x, y])
        #expect(try results[0].scalars() == (encoder(x) * encoder(y)).scalars())
        #expect(try results[1].scalars() == encoder(x).scalars())
        #expect(model.parameters.count == 4)
        let outer = try Input([6])
        let wrapped = try Model(inputs: outer, outputs: model([outer, outer])[0] + 1)
        #expect(try wrapped(x).scalars() == (encoder(x) * encoder(x) + 1).scalars())
    }

    @Test func aGraphIsTrained() throws {
        Random.setSeed(3)
        let input = try Input([4])
        let hidden = try Dense(16, activation: .relu)(input)
        let model = try Model(inputs: input, outputs: Dense(1)(hidden) + Dense(1)(input))
        try model.compile(optimizer: .adam(learningRate: 0.02), loss: .meanSquaredError)
        let x = try ramp([64, 4], 0.5)
        let y = try x.sum(1, keepDims: true)
        let history = try model.fit(x, y, batchSize: 16, epochs: 30, verbose: false)
        #expect(history["loss"].last! < 0.05 * history["loss"][0])
    }

    @Test func misuseThrows() throws {
        let x = try Input([4])
        let y = try Dense(2)(x)
        let other = try Input([4])
        #expect(throws: SwiftConvError.self) { try Model(inputs: other, outputs: y) }
        #expect(throws: SwiftConvError.self) { try Model(inputs: y, outputs: y) }
        #expect(throws: SwiftConvError.self) { try Model(inputs: [x, x], outputs: [y]) }
        #expect(throws: SwiftConvError.self) { try Model(inputs: [], outputs: [y]) }
        #expect(throws: SwiftConvError.self) { try Model(inputs: x, outputs: .zeros([1, 2])) }
        #expect(throws: SwiftConvError.self) { try y.scalars() }
        let model = try Model(inputs: x, outputs: y)
        #expect(throws: SwiftConvError.self) { try model(Tensor.zeros([2, 5])) }
        #expect(throws: SwiftConvError.self) { try model([Tensor.zeros([2, 4]), Tensor.zeros([2, 4])]) }
        #expect(throws: SwiftConvError.self) { try Model(inputs: x, outputs: Dense(2, name: "a")(Dense(2, name: "a")(x))) }
    }

    @Test func deepGraphsNeedNoDeepStack() throws {
        let input = try Input([2])
        var x = input
        for _ in 0..<3000 { x = try x + 1 }
        let model = try Model(inputs: input, outputs: x)
        #expect(try model(Tensor.zeros([1, 2])).scalars() == [3000, 3000])
    }

    @Test func namesCountAsKerasCounts() {
        let names = [
            "Conv2D": "conv2d", "Conv2DTranspose": "conv2d_transpose", "DepthwiseConv2D": "depthwise_conv2d",
            "MaxPooling2D": "max_pooling2d",
            "ReLU": "re_lu", "LeakyReLU": "leaky_re_lu", "PReLU": "p_re_lu", "ELU": "elu", "BatchNormalization": "batch_normalization",
            "GlobalAveragePooling2D": "global_average_pooling2d", "Dense": "dense",
        ]
        for (name, expected) in names { #expect(LayerNames.snakeCase(name) == expected) }
    }
}
