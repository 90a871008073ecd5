import SwiftConv
import Testing
import _TestSupport

/// Values of the Python package at −3, −1.5, −0.5, −0.2, 0, 0.3, 0.75, 1.5, 4 and 7.
private let known: [(Activation, [Float])] = [
    (
        .celu(),
        [-0.9502129554748535, -0.7768698334693909, -0.39346933364868164, -0.18126924335956573, 0, 0.30000001192092896, 0.75, 1.5, 4, 7]
    ),
    (.elu(), [-0.9502129554748535, -0.7768698334693909, -0.39346933364868164, -0.18126924335956573, 0, 0.3, 0.75, 1.5, 4, 7]),
    (.hardShrink(), [-3, -1.5, 0, 0, 0, 0, 0.75, 1.5, 4, 7]),
    (.hardTanh, [-1, -1, -0.5, -0.2, 0, 0.3, 0.75, 1, 1, 1]),
    (
        .logSigmoid,
        [
            -3.0485873, -1.7014132738113403, -0.974077, -0.79813886, -0.6931472, -0.5543552, -0.38687098, -0.20141329, -0.018149927,
            -0.00091146643,
        ]
    ),
    (.softShrink(), [-2.5, -1, 0, 0, 0, 0, 0.25, 1, 3.5, 6.5]),
    (.sparsePlus, [0, 0, 0.0625, 0.16, 0.25, 0.42249995470046997, 0.765625, 1.5, 4, 7]),
    (
        .squareplus(),
        [
            0.30277562141418457, 0.5, 0.7807763814926147, 0.9049875736236572, 1, 1.1611874103546143, 1.4430004358291626, 2,
            4.236067771911621, 7.140054702758789,
        ]
    ),
    (
        .tanhShrink,
        [
            -2.0049452781677246, -0.5948517322540283, -0.037882834672927856, -0.00262467563, 0, 0.00868737698, 0.114851058, 0.5948517,
            3.0006707, 6.0000018,
        ]
    ),
    (.mish, [-0.14564747, -0.29809976, -0.22074378, -0.10714479, 0, 0.20800139, 0.6100183, 1.4033782, 3.9974129, 6.9999886]),
    (.hardSilu, [0, -0.375, -0.20833333, -0.093333334, 0, 0.165, 0.46875, 1.125, 4, 7]),
    (.hardSigmoid, [0, 0.25, 0.41666666, 0.46666667, 0.5, 0.55, 0.625, 0.75, 1, 1]),
    (.gelu(), [-0.0040496886, -0.100210816, -0.15426877, -0.08414806, 0, 0.18537343, 0.5800295, 1.3997892, 3.9998732, 7]),
    (.selu, [-1.6705687, -1.3658143, -0.69175816, -0.31868935, 0, 0.3152103, 0.7880257, 1.5760515, 4.202804, 7.354907]),
    (.softplus, [0.048587352, 0.20141329, 0.474077, 0.59813887, 0.6931472, 0.8543552, 1.136871, 1.7014133, 4.01815, 7.0009112]),
    (.softsign, [-0.75, -0.6, -0.33333334, -0.16666666, 0, 0.23076925, 0.42857143, 0.6, 0.8, 0.875]),
    (.silu, [-0.14227763, -0.27363831, -0.18877034, -0.0900332, 0, 0.17233276, 0.50938404, 1.2263618, 3.9280553, 6.9936228]),
    (.threshold(0.5, value: -1), [-1, -1, -1, -1, -1, -1, 0.75, 1.5, 4, 7]),
    (.glu, [-1.7233275175094604, -1.018768072128296, -0.40878725051879883, -0.19640277326107025, 0]),
    (.relu, [0, 0, 0, 0, 0, 0.3, 0.75, 1.5, 4, 7]),
    (.relu6, [0, 0, 0, 0, 0, 0.3, 0.75, 1.5, 4, 6]),
    (.leakyRelu(), [-0.6, -0.3, -0.1, -0.04, 0, 0.3, 0.75, 1.5, 4, 7]),
    (.linear, [-3, -1.5, -0.5, -0.2, 0, 0.3, 0.75, 1.5, 4, 7]),
]

@Suite struct ActivationTests {
    let x: Tensor

    init() throws { x = try Tensor([-3, -1.5, -0.5, -0.2, 0, 0.3, 0.75, 1.5, 4, 7]) }

    @Test func valuesAreThoseOfPython() throws {
        for (activation, expected) in known {
            #expect(isClose(try activation(x).scalars(), expected, 1e-6), "\(activation)")
        }
    }

    @Test func reluTakesLimits() throws {
        let y = try nn.relu(x, negativeSlope: 0.1, maxValue: 3, threshold: 0.5)
        #expect(isClose(try y.scalars(), [-0.35, -0.2, -0.1, -0.07, -0.05, -0.02, 0.75, 1.5, 3, 3]))
        #expect(try nn.relu(x, negativeSlope: 0, maxValue: 1).max().scalar() == 1)
        #expect(isClose(try nn.relu(x, negativeSlope: 0.5)[0].scalars(), [-1.5]))
    }

    @Test func othersAreWhatTheySay() throws {
        #expect(isClose(try nn.sigmoid(x).scalars(), try (1 / ((-x).exp() + 1)).scalars()))
        #expect(isClose(try nn.tanh(x).scalars(), try (2 * nn.sigmoid(2 * x) - 1).scalars()))
        #expect(isClose(try Activation.exponential(x).scalars(), try x.exp().scalars()))
        #expect(isClose(try nn.silu(x, beta: 2).scalars(), try (x * nn.sigmoid(2 * x)).scalars()))
        #expect(try nn.crelu(Tensor([-1, 2])).scalars() == [0, 2, 1, 0])
        #expect(Activation.swish == .silu)
        let approximate = try nn.gelu(x, approximate: true)
        #expect(isClose(try approximate.scalars(), try nn.gelu(x).scalars(), 1e-3))
    }

    @Test func softmaxGoesAlongAnyAxis() throws {
        let x = try Tensor([[1, 2], [3, 5]])
        let rows = try nn.softmax(x)
        #expect(isClose(try rows.sum(-1).scalars(), [1, 1]))
        let columns = try nn.softmax(x, axis: 0)
        #expect(isClose(try columns.scalars(), try nn.softmax(x.transpose()).transpose().scalars()))
        #expect(isClose(try nn.logSoftmax(x, axis: 0).scalars(), try columns.log().scalars()))
        #expect(isClose(try nn.logSumExp(x, axis: 0).scalars(), [3.126928, 5.0485873]))
        #expect(try x.logSumExp(axis: 0, keepDims: true).shape == [1, 2])
    }

    @Test func misuseIsExplained() throws {
        expectError("relu: x", "float32 or float64", "int32") { try nn.relu(Tensor(0..<3)) }
        expectError("softmax: axis", "2") { try nn.softmax(x, axis: 2) }
        expectError("split: count", "3") { try nn.glu(Tensor([1, 2, 3])) }
    }

    @Test func slopesAreThoseOfDifferences() throws {
        let x = try Tensor([-1.3, -0.4, 0.25, 0.9] as [Double])
        for activation in [Activation.mish, .celu(alpha: 2), .squareplus(), .glu, .softmax, .logSigmoid, .sparsePlus] {
            try checkSlopes(at: x) { x throws(SwiftConvError) in try activation(x) * activation(x) }
        }
    }
}
