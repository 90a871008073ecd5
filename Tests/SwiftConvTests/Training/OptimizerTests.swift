import SwiftConv
import Testing

/// Weights whose gradient is the input: the loss is their product.
private final class Product: Layer {
    let name = "product"
    let parameters: [Parameter]
    init(_ start: [Float]) throws { parameters = [try Parameter("product/w", try Tensor(start))] }
    func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try x * parameters[0].value }
}

private let sumOfAll = Loss(name: "sum", reduction: .sum) { labels, predictions throws(SwiftConvError) in predictions }

/// A model whose weights begin at `start`, and its layer.
private func product(_ optimizer: Optimizer, _ start: [Float] = [0.5, -1.25, 2, 0.125]) throws -> (Model, Product) {
    let layer = try Product(start)
    let model = Sequential(layers: [layer])
    try model.compile(optimizer: optimizer, loss: sumOfAll)
    return (model, layer)
}

private let gradients: [[Float]] = [[0.1, -0.2, 0.3, -4], [0.5, 0.25, -0.125, 1], [-0.3, 0.7, 0.01, 0.2]]

private func step(_ model: Model, _ gradient: [Float]) throws {
    try model.trainOnBatch(try Tensor(gradient, shape: [1, gradient.count]), try Tensor.zeros([1, 1]))
}

/// Values of the Python package for the same weights and gradients.
@Suite(.serialized) struct OptimizerTests {
    private static let cases: [(Optimizer, [Float])] = [
        (.sgd(learningRate: 0.1), [0.4699999988079071, -1.3250000476837158, 1.9815000295639038, 0.4049999713897705]),
        (.sgd(learningRate: 0.1, momentum: 0.9), [0.40790000557899475, -1.3133000135421753, 1.9414499998092651, 0.9989999532699585]),
        (
            .sgd(learningRate: 0.1, momentum: 0.9, nesterov: true),
            [0.38710999488830566, -1.381969928741455, 1.928804874420166, 1.19159996509552]
        ),
        (.adam(learningRate: 0.1), [0.28894636034965515, -1.229603886604309, 1.8391586542129517, 0.30509594082832336]),
        (.adam(learningRate: 0.1, amsgrad: true), [0.2889479994773865, -1.2296042442321777, 1.839160442352295, 0.3050946891307831]),
        (.adamW(learningRate: 0.1), [0.2884610593318939, -1.2281780242919922, 1.836852788925171, 0.30484727025032043]),
        (.rmsprop(learningRate: 0.1), [0.040002137422561646, -1.4766690731048584, 1.8002203702926636, 0.343681663274765]),
        (
            .rmsprop(learningRate: 0.1, momentum: 0.5, centered: true),
            [-0.4159083962440491, -1.3523029088974, 1.598684549331665, 0.5674659013748169]
        ),
        (.adagrad(learningRate: 0.1), [0.4312369227409363, -1.3362212181091309, 1.9565364122390747, 0.1956755369901657]),
        (.adadelta(learningRate: 1), [0.49806293845176697, -1.2524750232696533, 1.9993034601211548, 0.12581361830234528]),
        (.adamax(learningRate: 0.1), [0.3208298683166504, -1.204958200454712, 1.8572198152542114, 0.27902597188949585]),
        (.nadam(learningRate: 0.1), [0.33777713775634766, -1.3169777393341064, 1.91926109790802, 0.21370631456375122]),
        (
            .sgd(learningRate: 0.1, weightDecay: 0.01, clipping: .norm(1)),
            [0.48267465829849243, -1.3329566717147827, 1.9963891506195068, 0.11730626970529556]
        ),
        (
            .sgd(learningRate: 0.1, clipping: .value(0.5)),
            [0.4699999988079071, -1.3049999475479126, 1.9815000295639038, 0.10499999672174454]
        ),
        (
            .sgd(learningRate: 0.1, clipping: .globalNorm(0.75)),
            [0.4941663146018982, -1.3292057514190674, 2.001581907272339, 0.11554639041423798]
        ),
        (
            .sgd(learningRate: 0.1, averaging: .exponential(momentum: 0.5, overwriteFrequency: 2)),
            [0.4950000047683716, -1.3125001192092896, 1.975250005722046, 0.4549999535083771]
        ),
        (
            .adam(learningRate: 0.1, gradientAccumulationSteps: 2),
            [0.42558708786964417, -1.324404239654541, 1.9255889654159546, 0.19941353797912598]
        ),
        (
            .sgd(learningRate: .exponentialDecay(initial: 0.1, steps: 2, rate: 0.5)),
            [0.469644695520401, -1.2826776504516602, 1.9783389568328857, 0.44428929686546326]
        ),
    ]

    @Test(arguments: 0..<18) func threeStepsAreThoseOfPython(number: Int) throws {
        let (optimizer, expected) = Self.cases[number]
        let (model, layer) = try product(optimizer)
        for gradient in gradients { try step(model, gradient) }
        let weights: [Float] = try layer.parameters[0].value.scalars()
        for (a, b) in zip(weights, expected) { #expect(abs(a - b) <= 2e-6 * abs(b), "\(optimizer.name): \(weights), not \(expected)") }
    }

    @Test(arguments: [0, 1, 2, 3, 5, 6, 7]) func fusedStepsHaveTheBitsOfPython(number: Int) throws {
        let (optimizer, expected) = Self.cases[number]
        let (model, layer) = try product(optimizer)
        for gradient in gradients { try step(model, gradient) }
        let weights: [Float] = try layer.parameters[0].value.scalars()
        #expect(weights == expected, "\(optimizer.name)")
    }

    private static let schedules: [(LearningRateSchedule, [Float])] = [
        (
            .exponentialDecay(initial: 0.1, steps: 3, rate: 0.5),
            [0.10000000149011612, 0.07937005162239075, 0.06299605220556259, 0.039685025811195374, 0.019842514768242836]
        ),
        (
            .exponentialDecay(initial: 0.1, steps: 3, rate: 0.5, staircase: true),
            [0.10000000149011612, 0.10000000149011612, 0.10000000149011612, 0.05000000074505806, 0.02500000037252903]
        ),
        (
            .inverseTimeDecay(initial: 0.1, steps: 3, rate: 0.5),
            [0.10000000149011612, 0.08571428805589676, 0.07499999552965164, 0.05999999865889549, 0.046153850853443146]
        ),
        (.piecewiseConstantDecay(boundaries: [1, 4], values: [1, 0.5, 0.1]), [1.0, 1.0, 0.5, 0.5, 0.09999999403953552]),
        (
            .polynomialDecay(initial: 0.1, steps: 4, power: 2),
            [0.10000000149011612, 0.056293752044439316, 0.025074999779462814, 9.999999747378752e-05, 9.999999747378752e-05]
        ),
        (
            .polynomialDecay(initial: 0.1, steps: 4, cycle: true),
            [0.10000000149011612, 0.07502499967813492, 0.050050001591444016, 9.999999747378752e-05, 0.012587499804794788]
        ),
        (
            .cosineDecay(initial: 0.1, steps: 5, alpha: 0.1),
            [0.10000000149011612, 0.09140576422214508, 0.06890576332807541, 0.018594233319163322, 0.010000000707805157]
        ),
        (
            .cosineDecay(initial: 0.1, steps: 5, warmupTarget: 1, warmupSteps: 2),
            [0.10000000149011612, 0.550000011920929, 1.0, 0.6545084714889526, 0.0]
        ),
        (
            .cosineDecayRestarts(initial: 0.1, firstSteps: 2),
            [0.10000000149011612, 0.04999999701976776, 0.10000000149011612, 0.04999999701976776, 0.09619397670030594]
        ),
        (
            .cosineDecayRestarts(initial: 0.1, firstSteps: 2, stepFactor: 1, heightFactor: 0.5),
            [0.10000000149011612, 0.04999999701976776, 0.05000000074505806, 0.02500000037252903, 0.00624999962747097]
        ),
    ]

    @Test(arguments: 0..<10) func schedulesAreThoseOfPython(number: Int) throws {
        let (schedule, expected) = Self.schedules[number]
        for (step, rate) in zip([0, 1, 2, 4, 7], expected) {
            #expect(abs(try schedule(step) - Double(rate)) <= 1e-6, "schedule \(number), step \(step)")
        }
    }

    @Test func schedulesAreSetByTheirOptimizer() throws {
        let (model, _) = try product(.sgd(learningRate: .exponentialDecay(initial: 0.1, steps: 2, rate: 0.5)))
        try step(model, gradients[0])
        try step(model, gradients[0])
        #expect(abs(try model.learningRate - 0.05) < 1e-7)
        #expect(throws: SwiftConvError.self) { try model.setLearningRate(0.1) }
        let (other, layer) = try product(.sgd(learningRate: 1))
        try other.setLearningRate(0)
        try step(other, gradients[0])
        #expect(try layer.parameters[0].value.scalars() == [0.5, -1.25, 2, 0.125] as [Float])
    }

    @Test func aWrongScheduleThrows() {
        #expect(throws: SwiftConvError.self) { try LearningRateSchedule.piecewiseConstantDecay(boundaries: [], values: [])(0) }
        #expect(throws: SwiftConvError.self) { try LearningRateSchedule.constant(.nan)(0) }
    }

    @Test func someWeightsDoNotShrink() throws {
        let (model, layer) = try product(.sgd(weightDecay: 0.5).excludingFromWeightDecay("product"))
        try step(model, [0, 0, 0, 0])
        #expect(try layer.parameters[0].value.scalars() == [0.5, -1.25, 2, 0.125] as [Float])
    }

    @Test func aRuleOfOnesOwn() throws {
        struct Sign: UpdateRule {
            func update(
                _ weight: Tensor, _ slots: [Tensor], gradient: Tensor, rate: Tensor, step: Tensor
            ) throws(SwiftConvError) -> (weight: Tensor, slots: [Tensor]) {
                (try weight - rate * gradient / gradient.absolute(), [])
            }
        }
        let (model, layer) = try product(Optimizer(name: "sign", learningRate: 0.5, rule: Sign()))
        try step(model, [3, -2, 1, 7])
        #expect(try layer.parameters[0].value.scalars() == [0, -0.75, 1.5, -0.375] as [Float])
    }

    @Test(arguments: [
        Optimizer.sgd(learningRate: -1), .sgd(momentum: 2), .adam(beta1: 1.5), .adam(clipping: .norm(0)), .rmsprop(rho: .nan),
        .adagrad(epsilon: -1), .sgd(gradientAccumulationSteps: 1), .sgd(averaging: .exponential(momentum: 2)),
        .sgd(learningRate: .cosineDecay(initial: 0.1, steps: 0)),
        .sgd(learningRate: .piecewiseConstantDecay(boundaries: [1], values: [1])), .sgd(weightDecay: .infinity),
    ])
    func wrongSettingsThrow(optimizer: Optimizer) throws {
        #expect(throws: SwiftConvError.self) { try product(optimizer) }
    }
}
