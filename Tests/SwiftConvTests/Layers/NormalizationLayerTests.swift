import SwiftConv
import Testing

@Suite struct NormalizationLayerTests {
    private func batch() throws -> Tensor { try Tensor([1, 10, 3, 20, 5, 60], shape: [3, 2]) }

    @Test func trainingMovesTheStatistics() throws {
        let layer = BatchNormalization(momentum: 0.5, name: "bn")
        let x = try batch()
        let y = try layer(x, training: true)
        #expect(layer.parameters.map(\.name) == ["bn/gamma", "bn/beta", "bn/moving_mean", "bn/moving_variance"])
        #expect(layer.parameters.map(\.isTrainable) == [true, true, false, false])
        let mean = try layer.parameters[2].value.scalars()
        #expect(mean == [1.5, 15])
        let means = try y.mean(0).scalars()
        #expect(means.allSatisfy { abs($0) < 1e-5 })
    }

    @Test func frozenLayersUseAndKeepTheirStatistics() throws {
        let layer = BatchNormalization()
        layer.isTrainable = false
        let x = try batch()
        let expected = try layer(x).scalars()
        #expect(try layer(x, training: true).scalars() == expected)
        #expect(try layer.parameters[2].value.scalars() == [0, 0])
        #expect(layer.parameters.allSatisfy { !$0.isTrainable })
    }

    @Test func otherAxesAndShapes() throws {
        let layer = BatchNormalization(axis: 1, center: false, scale: false)
        let x = try Tensor((0..<24).map(Float.init), shape: [2, 3, 2, 2])
        #expect(try layer(x, training: true).shape == x.shape)
        #expect(layer.parameters.map(\.shape) == [[3], [3]])
        #expect(throws: SwiftConvError.self) { try layer(try batch()) }
        #expect(throws: SwiftConvError.self) { try layer(try Tensor.zeros([2, 4, 2, 2])) }
        for axis in [2, -3, Int.min, Int.max] { #expect(throws: SwiftConvError.self) { try BatchNormalization(axis: axis)(try batch()) } }
    }

    @Test func renormalizationIsPlainInferenceInTheLimit() throws {
        // With statistics that do not move, the corrections undo the batch's own statistics.
        let layer = BatchNormalization(momentum: 1, epsilon: 0, renorm: true, renormMomentum: 1)
        let x = try batch()
        let y = try layer(x, training: true)
        #expect(layer.parameters.count == 6)
        let pairs = zip(try y.scalars(), try x.scalars())
        #expect(pairs.allSatisfy { abs($0 - $1) < 1e-4 })
        let clipped = BatchNormalization(renorm: true, renormClipping: .init(rMin: 1, rMax: 1, dMax: 0))
        let plain = BatchNormalization()
        let (a, b) = (try clipped(x, training: true).scalars(), try plain(x, training: true).scalars())
        #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 })
    }
}
