import SwiftConv
import Testing

@Suite struct ReshapingTests {
    @Test func shapesAndNumbers() throws {
        let x = try Tensor((0..<12).map(Float.init), shape: [1, 2, 3, 2])
        #expect(try Flatten()(x).shape == [1, 12])
        #expect(try Flatten(dataFormat: .channelsFirst)(x).scalars()[1] == 6)
        #expect(try Reshape([3, -1])(x).shape == [1, 3, 4])
        #expect(try Permute([3, 1, 2])(x).shape == [1, 2, 2, 3])
        #expect(try RepeatVector(2)(try Tensor([1, 2], shape: [1, 2])).scalars() == [1, 2, 1, 2])
        #expect(try ZeroPadding2D()(x).shape == [1, 4, 5, 2])
        #expect(try ZeroPadding2D(Borders(top: 1, right: 2))(x).shape == [1, 3, 5, 2])
        #expect(try Cropping2D(Borders(0, 1))(x).scalars() == [2, 3, 8, 9])
        #expect(try UpSampling2D(Size2(2, 1))(x).shape == [1, 4, 3, 2])
        #expect(try UpSampling2D(interpolation: .bilinear)(x).shape == [1, 4, 6, 2])
        #expect(try Rescaling(0.5, offset: 1)(try Tensor([2, 4] as [UInt8], shape: [2])).scalars() == [2, 3])
    }

    @Test func anyBatchFits() throws {
        let x = try Input([2, 6])
        let model = try Model(inputs: x, outputs: Flatten()(Reshape([3, -1])(Permute([2, 1])(x))))
        #expect(try model(try Tensor.zeros([7, 2, 6])).shape == [7, 12])
        #expect(try model(try Tensor.zeros([0, 2, 6])).shape == [0, 12])
    }

    @Test func misuseThrows() throws {
        let x = try Tensor.zeros([1, 2, 3, 2])
        let bad: [Module] = [
            Reshape([5]), Reshape([-1, -1]), Reshape([-2]), Reshape([0, -1]), Reshape([.max, .max]), Permute([1, 2]), Permute([1, 1, 2]),
            Permute([.min, .max, 0]), RepeatVector(0), RepeatVector(.max), ZeroPadding2D(-1), ZeroPadding2D(Borders(.max, .max)),
            Cropping2D(1), Cropping2D(-1), Cropping2D(Borders(.max, .max)), UpSampling2D(0), UpSampling2D(Size2(.max, .max)),
        ]
        for layer in bad { #expect(throws: SwiftConvError.self) { try layer(x) } }
        #expect(throws: SwiftConvError.self) { try Flatten()(try Tensor([1], shape: [])) }
        #expect(throws: SwiftConvError.self) { try RepeatVector(.max)(try Tensor.zeros([1, 2])) }
    }
}
