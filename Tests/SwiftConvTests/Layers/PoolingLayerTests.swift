import SwiftConv
import Testing

@Suite struct PoolingLayerTests {
    private func image() throws -> Tensor { try Tensor((0..<16).map(Float.init), shape: [1, 4, 4, 1]) }

    @Test func windows() throws {
        let x = try image()
        #expect(try MaxPooling2D()(x).scalars() == [5, 7, 13, 15])
        #expect(try AveragePooling2D()(x).scalars() == [2.5, 4.5, 10.5, 12.5])
        #expect(try MaxPooling2D(3, strides: 1)(x).shape == [1, 2, 2, 1])
        #expect(try MaxPooling2D(2, dataFormat: .channelsFirst)(try x.reshape([1, 1, 4, 4])).shape == [1, 1, 2, 2])
    }

    @Test func wholeImages() throws {
        let x = try image()
        #expect(try GlobalMaxPooling2D()(x).scalars() == [15])
        #expect(try GlobalAveragePooling2D(keepDims: true)(x).shape == [1, 1, 1, 1])
        #expect(try GlobalAveragePooling2D(dataFormat: .channelsFirst)(x).shape == [1, 4])
    }

    @Test func misuseThrows() throws {
        let x = try image()
        for size in [0, -1, 5, Int.max, Int.min] {
            #expect(throws: SwiftConvError.self) { try MaxPooling2D(Size2(size, size))(x) }
            #expect(throws: SwiftConvError.self) { try AveragePooling2D(Size2(size, 1))(x) }
        }
        #expect(throws: SwiftConvError.self) { try MaxPooling2D(strides: 0)(x) }
        #expect(throws: SwiftConvError.self) { try MaxPooling2D()(try Tensor.zeros([4, 4])) }
        #expect(throws: SwiftConvError.self) { try GlobalMaxPooling2D()(try Tensor.zeros([4, 4])) }
    }
}
