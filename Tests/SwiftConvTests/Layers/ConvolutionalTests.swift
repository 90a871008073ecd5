import SwiftConv
import Testing

@Suite struct ConvolutionalTests {
    private func image(_ shape: [Int] = [1, 4, 4, 2]) throws -> Tensor {
        try Tensor((0..<shape.reduce(1, *)).map { Float($0 % 7) - 3 }, shape: shape)
    }

    @Test func namesAndShapesOfWeights() throws {
        let layers: [(layer: Module, weights: [String], shapes: [[Int]], output: [Int])] = [
            (Conv2D(4, kernelSize: Size2(3, 2), groups: 2, name: "a"), ["a/kernel", "a/bias"], [[3, 2, 1, 4], [4]], [1, 2, 3, 4]),
            (DepthwiseConv2D(kernelSize: 3, depthMultiplier: 2, name: "b"), ["b/kernel", "b/bias"], [[3, 3, 2, 2], [4]], [1, 2, 2, 4]),
            (
                SeparableConv2D(5, kernelSize: 3, useBias: false, name: "c"), ["c/depthwise_kernel", "c/pointwise_kernel"],
                [[3, 3, 2, 1], [1, 1, 2, 5]], [1, 2, 2, 5]
            ),
            (Conv2DTranspose(3, kernelSize: 3, strides: 2, name: "d"), ["d/kernel", "d/bias"], [[3, 3, 3, 2], [3]], [1, 9, 9, 3]),
        ]
        for (layer, weights, shapes, output) in layers {
            #expect(try layer(try image()).shape == output)
            #expect(layer.parameters.map(\.name) == weights)
            #expect(layer.parameters.map(\.shape) == shapes)
        }
    }

    @Test func channelsFirstIsTheSameConvolution() throws {
        let last = Conv2D(3, kernelSize: 3, activation: .relu)
        let first = Conv2D(3, kernelSize: 3, dataFormat: .channelsFirst, activation: .relu)
        let x = try image()
        let expected = try last(x)
        _ = try first(x.transpose([0, 3, 1, 2]))
        for (a, b) in zip(first.parameters, last.parameters) { try a.assign(try b.value) }
        #expect(try first(x.transpose([0, 3, 1, 2])).transpose([0, 2, 3, 1]).scalars() == expected.scalars())
    }

    @Test func weightsCarryRegularizersAndConstraints() throws {
        let layer = Conv2D(
            2, kernelSize: 3, kernelRegularizer: .l2(0.1), biasRegularizer: .l1(), kernelConstraint: .maxNorm(),
            biasConstraint: .nonNegative
        )
        layer.isTrainable = false
        try layer.build(inputShape: [1, 5, 5, 1])
        #expect(layer.parameters.map(\.regularizer) == [.l2(0.1), .l1()])
        #expect(layer.parameters.map(\.constraint) == [.maxNorm(), .nonNegative])
        #expect(layer.parameters.allSatisfy { !$0.isTrainable })
        layer.isTrainable = true
        #expect(layer.parameters.allSatisfy { $0.isTrainable })
    }

    @Test func misuseThrows() throws {
        let x = try image()
        let bad: [Module] = [
            Conv2D(0, kernelSize: 3), Conv2D(2, kernelSize: 0), Conv2D(2, kernelSize: 3, strides: 0), Conv2D(2, kernelSize: 5),
            Conv2D(2, kernelSize: 3, strides: 2, dilations: 2), Conv2D(3, kernelSize: 3, groups: 2), Conv2D(3, kernelSize: 3, groups: 3),
            Conv2D(2, kernelSize: 3, name: "a/b"), Conv2D(2, kernelSize: 3, activityRegularizer: .l1(-1)),
            DepthwiseConv2D(kernelSize: 3, depthMultiplier: 0), DepthwiseConv2D(kernelSize: 3, depthMultiplier: .max),
            SeparableConv2D(2, kernelSize: 3, depthMultiplier: -1), Conv2DTranspose(2, kernelSize: 3, outputPadding: 1),
            Conv2DTranspose(2, kernelSize: 3, padding: .explicit(top: 1, bottom: 1, left: 1, right: 1)),
            Conv2DTranspose(2, kernelSize: 3, strides: Size2(.max, .max)),
        ]
        for layer in bad { #expect(throws: SwiftConvError.self) { try layer(x) } }
        let built = Conv2D(2, kernelSize: 3)
        _ = try built(x)
        #expect(throws: SwiftConvError.self) { try built(try image([1, 4, 4, 4])) }
        #expect(throws: SwiftConvError.self) { try built(try image([4, 4, 2])) }
        #expect(try Conv2D(2, kernelSize: 3, padding: .explicit(top: 1, bottom: 0, left: 1, right: 0))(x).shape == [1, 3, 3, 2])
    }
}
