import SwiftConv
import Testing
import _TestSupport

@Suite struct PoolingTests {
    @Test func windowsGiveTheirLargestAndTheirMean() throws {
        let x = try counting(1, 4, 4, 1)
        #expect(try nn.maxPool2d(x).scalars() == [5, 7, 13, 15])
        #expect(try nn.averagePool2d(x).scalars() == [2.5, 4.5, 10.5, 12.5])
        #expect(try nn.maxPool2d(x, size: 3, strides: 1).scalars() == [10, 11, 14, 15])
        #expect(try nn.averagePool2d(x, size: Size2(1, 4)).scalars() == [1.5, 5.5, 9.5, 13.5])
        #expect(try nn.maxPool2d(x, size: 3, strides: 2, padding: .same).scalars() == [10, 11, 14, 15])
        // padding does not count
        #expect(try nn.averagePool2d(x, size: 3, strides: 3, padding: .same).shape == [1, 2, 2, 1])
        #expect(try nn.averagePool2d(.ones([1, 3, 3, 1]), padding: .same).scalars() == [1, 1, 1, 1])
    }

    @Test func rowsArePooledToo() throws {
        let x = try counting(1, 6, 1)
        #expect(try nn.maxPool1d(x).scalars() == [1, 3, 5])
        #expect(try nn.averagePool1d(x, size: 3, stride: 1).scalars() == [1, 2, 3, 4])
    }

    @Test func argmaxTellsPlaces() throws {
        let x = try counting(2, 2, 2, 1)
        let (y, places) = try nn.maxPoolWithArgmax(x)
        #expect(try y.scalars() == [3, 7])
        #expect(try places.scalars(as: Int64.self) == [3, 3])
        #expect(try nn.maxPoolWithArgmax(x, includesBatchInIndex: true).argmax.scalars(as: Int64.self) == [3, 7])
    }

    @Test func globalPoolsLeaveChannels() throws {
        let x = try counting(1, 2, 2, 2)
        #expect(try nn.globalAveragePool2d(x).scalars() == [3, 4])
        #expect(try nn.globalMaxPool2d(x, keepDims: true).shape == [1, 1, 1, 2])
        expectError("globalMaxPool2d", "4 dimensions", "(2,)") { try nn.globalMaxPool2d(Tensor([1, 2])) }
    }

    @Test func imagesGrow() throws {
        let x = try Tensor([1, 3, 5, 7], shape: [1, 2, 2, 1])
        #expect(try nn.upsample2d(x, size: Size2(1, 2)).scalars() == [1, 1, 3, 3, 5, 5, 7, 7])
        let y = try nn.upsample2d(x / 10, interpolation: .bilinear)
        let expected: [Float] = [
            0.1, 0.15, 0.25, 0.3, 0.2, 0.25, 0.35, 0.4, 0.4, 0.45, 0.55, 0.6, 0.5, 0.55, 0.65, 0.7,
        ]
        #expect(isClose(try y.scalars(), expected))
    }

    @Test func misuseIsExplained() throws {
        let x = try Tensor.ones([1, 4, 4, 1])
        expectError("max_pool2d: x", "4 dimensions") { try nn.maxPool2d(Tensor([1, 2])) }
        expectError("max_pool2d", "padding") { try nn.maxPool2d(x, padding: .explicit(top: 2, bottom: 0, left: 0, right: 0)) }
        expectError("avg_pool2d", "strides") { try nn.averagePool2d(x, strides: 0) }
        expectError("upsample2d: size") { try nn.upsample2d(x, size: 0) }
    }
}
