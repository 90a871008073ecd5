import SwiftConv
import Testing

@Suite struct RegularizationTests {
    @Test func dropoutOfTheSameSeedIsTheSame() throws {
        let x = try Tensor.ones([20, 10])
        let (a, b, c) = (Dropout(0.5, seed: 1), Dropout(0.5, seed: 1), Dropout(0.5, seed: 2))
        let first = try a(x, training: true).scalars()
        #expect(try b(x, training: true).scalars() == first)
        #expect(try c(x, training: true).scalars() != first)
        #expect(try a(x, training: true).scalars() != first)
        #expect(Set(first) == [0, 2])
        #expect(try a(x).scalars() == x.scalars())
        #expect(a.parameters.map(\.name) == ["\(a.name)/seed_generator_state"])
        #expect(a.parameters.allSatisfy { !$0.isTrainable })
    }

    @Test func channelsAreDroppedWhole() throws {
        let y = try SpatialDropout2D(0.5, seed: 3)(try Tensor.ones([4, 3, 3, 8]), training: true)
        #expect(try y.max(1, 2).scalars() == y.min(1, 2).scalars())
        #expect(try Dropout(0.5, noiseShape: [nil, 1])(try Tensor.ones([4, 3]), training: true).shape == [4, 3])
        #expect(throws: SwiftConvError.self) { try Dropout(0.5, noiseShape: [nil])(try Tensor.ones([4, 3]), training: true) }
        #expect(throws: SwiftConvError.self) { try Dropout(0.5, noiseShape: [4, .max])(try Tensor.ones([4, 3]), training: true) }
        #expect(try Dropout(1)(try Tensor.ones([2]), training: true).scalars() == [0, 0])
    }

    @Test func noiseIsAddedInTraining() throws {
        let x = try Tensor.zeros([100, 10])
        let noise = try GaussianNoise(0.5, seed: 1)(x, training: true)
        let deviation: Float = try noise.square().mean().squareRoot().scalar()
        #expect(abs(deviation - 0.5) < 0.05)
        #expect(throws: SwiftConvError.self) { try GaussianNoise(-1)(x) }
        for rate in [-0.1, 1.1, Double.nan, .infinity] { #expect(throws: SwiftConvError.self) { try Dropout(rate)(x) } }
    }

    @Test func regularizersAndConstraints() throws {
        let w = try Tensor([3, -4, 0, 0], shape: [2, 2])
        #expect(try Regularizer.l1(0.5)(w).scalar() == 3.5)
        #expect(try Regularizer.l2(0.5)(w).scalar() == 12.5)
        #expect(try Regularizer.l1l2(l1: 1, l2: 1)(w).scalar() == 32)
        #expect(try Regularizer.l1l2()(w).scalar() == 0)
        let unit = try Tensor([1, 0, 0, 1], shape: [2, 2])
        #expect(try Regularizer.orthogonal(1)(unit).scalar() == 0)
        #expect(throws: SwiftConvError.self) { try Regularizer.orthogonal()(try Tensor([1, 2])) }
        #expect(try Constraint.nonNegative(w).scalars() == [3, 0, 0, 0])
        func close(_ a: [Float], _ b: [Float]) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 } }
        #expect(close(try Constraint.maxNorm(1)(w).scalars(), [1, -1, 0, 0]))
        #expect(close(try Constraint.unitNorm(axes: [0, 1])(w).scalars(), [0.6, -0.8, 0, 0]))
        #expect(close(try Constraint.minMaxNorm(min: 6, max: 7, axes: [0, 1])(w).scalars(), [3.6, -4.8, 0, 0]))
        #expect(throws: SwiftConvError.self) { try Constraint.maxNorm(axes: [2])(w) }
    }
}
