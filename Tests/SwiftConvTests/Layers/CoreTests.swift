import SwiftConv
import Testing

@Suite struct CoreTests {
    @Test func denseMultipliesAndAdds() throws {
        let layer = Dense(2, activation: .relu, name: "head")
        try layer.build(inputShape: [1, 3])
        #expect(layer.parameters.map(\.name) == ["head/kernel", "head/bias"])
        try layer.parameters[0].assign(try Tensor([1, -1, 2, -2, 3, -3], shape: [3, 2]))
        try layer.parameters[1].assign(try Tensor([0.5, 0.5]))
        #expect(try layer(try Tensor([1, 1, 1], shape: [1, 3])).scalars() == [6.5, 0])
        #expect(throws: SwiftConvError.self) { try layer(try Tensor([1, 1], shape: [1, 2])) }
        #expect(throws: SwiftConvError.self) { try Dense(2)(try Tensor([1, 1])) }
    }

    @Test func inputsTakeTheLayersType() throws {
        let double = Dense(1, dtype: .float64)
        #expect(try double(try Tensor([1, 2], shape: [1, 2])).dtype == .float64)
        #expect(double.parameters[0].dtype == .float64)
        #expect(try Dense(1)(try Tensor([1, 2] as [Int32], shape: [1, 2])).dtype == .float32)
        #expect(try Flatten()(try Tensor([1, 2] as [Int32], shape: [1, 2])).dtype == .int32)
    }

    @Test func namesAreKeras() {
        #expect(PReLU().name.hasPrefix("p_re_lu"))
        #expect(ActivationLayer(.relu).name.hasPrefix("activation") && !ActivationLayer(.relu).name.contains("layer"))
        #expect(Conv2DTranspose(1, kernelSize: 1).name.hasPrefix("conv2d_transpose"))
        #expect(Dense(1, name: "last").name == "last")
    }

    @Test func lambdasAreFunctionsAndNames() throws {
        let x = try Tensor([1, -2], shape: [1, 2])
        #expect(try Lambda { x throws(SwiftConvError) in try x * 2 }(x).scalars() == [2, -4])
        Lambda.register("core_tests>tripled") { x throws(SwiftConvError) in try x * 3 }
        let named = Lambda("core_tests>tripled")
        #expect(try named(x).scalars() == [3, -6])
        #expect(try Lambda(config: named.config)(x).scalars() == [3, -6])
        #expect(throws: SwiftConvError.self) { try Lambda("core_tests>unknown")(x) }
        #expect(throws: SwiftConvError.self) { try Lambda(config: Lambda { x in x }.config) }
    }

    @Test func inputLayersCheckShapes() throws {
        let layer = InputLayer([nil, 2])
        #expect(try layer(try Tensor([1, 2], shape: [1, 1, 2])).shape == [1, 1, 2])
        #expect(throws: SwiftConvError.self) { try layer(try Tensor([1, 2, 3], shape: [1, 1, 3])) }
        #expect(throws: SwiftConvError.self) { try layer(try Tensor([1, 2])) }
    }
}
