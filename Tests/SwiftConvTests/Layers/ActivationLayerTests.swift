import SwiftConv
import Testing

@Suite struct ActivationLayerTests {
    private func values(_ activation: Activation, _ x: [Float]) throws -> [Float] {
        try activation(try Tensor(x, shape: [1, x.count])).scalars()
    }

    @Test func definitions() throws {
        #expect(try values(.hardTanh, [-2, 0.5, 2]) == [-1, 0.5, 1])
        #expect(try values(.hardShrink(), [-1, 0.25, 1]) == [-1, 0, 1])
        #expect(try values(.softShrink(), [-1, 0.25, 1]) == [-0.5, 0, 0.5])
        #expect(try values(.threshold(1, value: 7), [0, 2]) == [7, 2])
        #expect(try values(.sparsePlus, [-2, 0, 3]) == [0, 0.25, 3])
        #expect(try values(.squareplus(b: 0), [-2, 3]) == [0, 3])
        #expect(try values(.celu(alpha: 2), [3]) == [3])
        #expect(try values(.glu, [4, 0]) == [2])
        #expect(try values(.tanhShrink, [0]) == [0])
        #expect(abs(try values(.logSigmoid, [0])[0] + 0.693_147) < 1e-5)
        #expect(throws: SwiftConvError.self) { try values(.glu, [1, 2, 3]) }
        #expect(throws: SwiftConvError.self) { try Activation.glu(try Tensor([1], shape: [])) }
    }

    @Test func layers() throws {
        let x = try Tensor([-2, 0.5, 3], shape: [1, 3])
        #expect(try ReLU(maxValue: 2, negativeSlope: 0.5)(x).scalars() == [-1, 0.5, 2])
        #expect(try ReLU(threshold: 1)(x).scalars() == [0, 0, 3])
        #expect(try LeakyReLU(negativeSlope: 0.5)(x).scalars() == [-1, 0.5, 3])
        let slopes = PReLU(alphaInitializer: .constant(0.25))
        #expect(try slopes(x).scalars() == [-0.5, 0.5, 3])
        #expect(throws: SwiftConvError.self) { try PReLU(sharedAxes: [.min])(x) }
        #expect(throws: SwiftConvError.self) { try slopes(try Tensor([1, 2])) }
        #expect(try Softmax(axes: [0, 1])(try Tensor.zeros([2, 2])).scalars() == [0.25, 0.25, 0.25, 0.25])
        #expect(throws: SwiftConvError.self) { try Softmax(axis: .max)(x) }
        #expect(throws: SwiftConvError.self) { try Softmax(axes: [0, 0])(x) }
    }

    @Test func argumentsSurviveFiles() throws {
        let all: [Activation] = [
            .gelu(approximate: true), .leakyRelu(alpha: 0.1), .elu(alpha: 2), .celu(alpha: 2), .squareplus(b: 1), .hardShrink(threshold: 1),
            .softShrink(threshold: 0.1), .threshold(1, value: -2.5), .threshold(), .logSoftmax, .silu,
        ]
        for activation in all {
            #expect(try ActivationLayer(config: ActivationLayer(activation).config).activation == activation)
        }
        for word in ["celu(", "celu()", "celu(a)", "threshold(1.0)", "(1.0)", ""] {
            var config = LayerConfig()
            config.set("activation", word)
            #expect(throws: SwiftConvError.self) { try ActivationLayer(config: config) }
        }
    }
}
