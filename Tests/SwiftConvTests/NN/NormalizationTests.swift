import SwiftConv
import Testing
import _TestSupport

@Suite struct NormalizationTests {
    let x: Tensor

    init() throws { x = try Random.normal([4, 3, 3, 2], mean: 3, standardDeviation: 2, seed: 1) }

    @Test func trainingGivesStatistics() throws {
        let (y, mean, variance) = try nn.batchNormalization(x)
        #expect(isClose(try mean.scalars(), try x.mean(0, 1, 2).scalars()))
        #expect(isClose(try variance.scalars(), try x.variance(0, 1, 2).scalars(), 1e-4))
        #expect(isClose(try y.mean(0, 1, 2).scalars(), [0, 0], 1e-4))
        let scaled = try nn.batchNormalization(x, offset: Tensor([1, 2]), scale: Tensor([3, 4]))
        #expect(isClose(try scaled.output.scalars(), try (y * Tensor([3, 4]) + Tensor([1, 2])).scalars(), 1e-4))
        let again = try nn.batchNormalization(x, mean: mean, variance: variance, offset: Tensor([1, 2]), scale: Tensor([3, 4]))
        #expect(isClose(try again.scalars(), try scaled.output.scalars(), 1e-4))
    }

    @Test func parametersMayBeLeftOutOrBroadcast() throws {
        let (mean, variance) = (try x.mean(0, 1, 2), try x.variance(0, 1, 2))
        let plain = try nn.batchNormalization(x, mean: mean, variance: variance)
        let wide = try nn.batchNormalization(
            x, mean: mean.reshape([1, 1, 1, 2]), variance: variance.reshape([1, 1, 1, 2]), offset: .zeros([2]), scale: .ones([1, 2]))
        #expect(isClose(try plain.scalars(), try wide.scalars(), 1e-4))
    }

    @Test func momentsAreMeanAndVariance() throws {
        let m = try nn.moments(Tensor([[1, 3], [5, 7]]), axes: [1])
        #expect(try m.mean.scalars() == [2, 6])
        #expect(try m.variance.scalars() == [1, 1])
        #expect(try nn.moments(x, axes: [0, 2], keepDims: true).mean.shape == [1, 3, 1, 2])
        #expect(try nn.moments(Tensor([1, 3])).variance.scalar() == 1)
    }

    @Test func normsBecomeOne() throws {
        #expect(isClose(try nn.l2Normalize(Tensor([3, 4])).scalars(), [0.6, 0.8]))
        #expect(isClose(try nn.normalize(Tensor([[1, 2, 2]]), order: 3).scalars(), [0.38891112, 0.77782224, 0.77782224]))
        #expect(isClose(try nn.normalize(Tensor([[3, 4], [0, 2]])).scalars(), [0.6, 0.8, 0, 1]))
        #expect(try nn.l2Loss(Tensor([3, 4])).scalar() == 12.5)
    }

    @Test func misuseIsExplained() throws {
        expectError("batch_norm_training: gamma", "(2,)", "(3,)") { try nn.batchNormalization(x, scale: .ones([3])) }
        expectError("batch_norm_inference: variance") { try nn.batchNormalization(x, mean: .ones([2]), variance: .ones([3])) }
        expectError("batch_norm_training", "epsilon") { try nn.batchNormalization(x, epsilon: -1) }
        expectError("normalize: order") { try nn.normalize(x, order: 0) }
        expectError("moments") { try nn.moments(x, axes: [4]) }
    }

    @Test func slopesAreThoseOfDifferences() throws {
        let x = try Random.normal([3, 2], dtype: .float64, seed: 4)
        try checkSlopes(at: x) { x throws(SwiftConvError) in try nn.batchNormalization(x).output.power(3) }
        try checkSlopes(at: x) { x throws(SwiftConvError) in try nn.l2Normalize(x, axes: [1]).exp() }
    }
}
