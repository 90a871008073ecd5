import SwiftConv
import Testing

/// Values of the Python package for the same labels and predictions.
struct LossTests {
    enum Kind { case probabilities, logits }

    static let probabilities: [Float] = [0.7, 0.2, 0.1, 0.1, 0.3, 0.6, 0.25, 0.5, 0.25, 0.9, 0.05, 0.05]
    static let logits: [Float] = [2, -1, 0.5, 0.1, 3, -2, 0, 0, 1, 1.5, -0.5, 0.25]
    static let shares: [Float] = [1, 0, 0, 0, 1, 0, 0, 0.5, 0.5, 1, 0, 0]
    static let classes: [Int32] = [0, 1, 2, 0]
    static let weights: [Float] = [1, 2, 0, 0.5]

    /// The mean, the mean of the weighted values, and their sum over the sum of the weights.
    private static let cases: [(Loss, Kind, [Float])] = [
        (.meanSquaredError, .probabilities, [0.0949999988079071, 0.15562500059604645, 0.1778571456670761]),
        (.meanAbsoluteError, .probabilities, [0.22500000894069672, 0.2916666865348816, 0.3333333432674408]),
        (.meanAbsolutePercentageError, .probabilities, [112500008.0, 145833344.0, 166666672.0]),
        (.meanSquaredLogarithmicError, .probabilities, [0.047893743962049484, 0.07529634237289429, 0.08605296164751053]),
        (.logCosh, .logits, [0.3461717665195465, 0.536104142665863, 0.6126904487609863]),
        (.huber(), .logits, [0.38843750953674316, 0.6063020825386047, 0.6929166913032532]),
        (.huber(delta: 0.5), .logits, [0.26343750953674316, 0.37713539600372314, 0.4310118854045868]),
        (.cosineSimilarity(), .logits, [-0.8371877670288086, -0.7512133717536926, -0.8585295677185059]),
        (.klDivergence, .probabilities, [0.5031430125236511, 0.7043226957321167, 0.8049402236938477]),
        (.poisson, .probabilities, [0.5588107109069824, 0.5264416933059692, 0.601647675037384]),
        (.hinge, .logits, [0.7083333730697632, 0.5833333134651184, 0.6666666269302368]),
        (.squaredHinge, .logits, [0.6875000596046448, 0.5833333134651184, 0.6666666269302368]),
        (.categoricalHinge, .logits, [0.25, 0.0, 0.0]),
        (.categoricalCrossentropy(), .probabilities, [0.6764322519302368, 0.7043251991271973, 0.8049430847167969]),
        (
            .categoricalCrossentropy(fromLogits: true, labelSmoothing: 0.1), .logits,
            [0.5607425570487976, 0.31699463725090027, 0.36227959394454956]
        ),
        (.binaryCrossentropy(), .probabilities, [0.4113806486129761, 0.43670007586479187, 0.49908581376075745]),
        (
            .binaryCrossentropy(fromLogits: true, labelSmoothing: 0.2), .logits,
            [0.5791803598403931, 0.4435254633426666, 0.5068862438201904]
        ),
        (.binaryFocalCrossentropy(), .probabilities, [0.11373075842857361, 0.15703874826431274, 0.17947284877300262]),
        (
            .binaryFocalCrossentropy(applyClassBalancing: true, fromLogits: true), .logits,
            [0.08517897874116898, 0.061255428940057755, 0.07000620663166046]
        ),
    ]
    private static let sparse: [(Loss, Kind, [Float])] = [
        (.sparseCategoricalCrossentropy(), .probabilities, [0.7630756497383118, 0.7043251991271973, 0.8049430847167969]),
        (
            .sparseCategoricalCrossentropy(fromLogits: true, ignoreClass: 2), .logits,
            [0.16329804062843323, 0.1342863142490387, 0.15347006916999817]
        ),
    ]

    private func check(_ loss: Loss, _ labels: Tensor, _ kind: Kind, _ expected: [Float]) throws {
        let predictions = try Tensor(kind == .logits ? Self.logits : Self.probabilities, shape: [4, 3])
        let weights = try Tensor(Self.weights)
        let found: [Float] = [
            try loss(labels: labels, predictions: predictions).scalar(),
            try loss(labels: labels, predictions: predictions, sampleWeight: weights).scalar(),
            try loss.reduced(by: .meanWithSampleWeight)(labels: labels, predictions: predictions, sampleWeight: weights).scalar(),
        ]
        for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 2e-6 * max(1, abs(b)), "\(loss.name): \(found), not \(expected)") }
    }

    @Test(arguments: 0..<19) func denseLossesAreThoseOfPython(number: Int) throws {
        let (loss, kind, expected) = Self.cases[number]
        try check(loss, try Tensor(Self.shares, shape: [4, 3]), kind, expected)
    }

    @Test(arguments: 0..<2) func sparseLossesAreThoseOfPython(number: Int) throws {
        let (loss, kind, expected) = Self.sparse[number]
        try check(loss, try Tensor(Self.classes, shape: [4]), kind, expected)
        try check(loss, try Tensor(Self.classes, shape: [4, 1]), kind, expected)
    }

    @Test func reductions() throws {
        let (y, p) = (try Tensor([1, 2, 3, 4], shape: [2, 2]), try Tensor([1, 1, 1, 1], shape: [2, 2]))
        let loss = Loss.meanSquaredError
        #expect(try loss.reduced(by: .sum)(labels: y, predictions: p).scalar() == 7 as Float)
        #expect(try loss.reduced(by: .none)(labels: y, predictions: p).scalars() == [0.5, 6.5] as [Float])
        let own = Loss(name: "cubic") { labels, predictions throws(SwiftConvError) in
            try (labels - predictions).absolute().power(3).mean(-1)
        }
        #expect(try own(labels: y, predictions: p).scalar() == 9 as Float)
    }

    @Test func misuseThrows() throws {
        let p = try Tensor(Self.probabilities, shape: [4, 3])
        let y = try Tensor(Self.shares, shape: [4, 3])
        #expect(throws: SwiftConvError.self) { try Loss.sparseCategoricalCrossentropy()(labels: y, predictions: p) }
        #expect(throws: SwiftConvError.self) { try Loss.categoricalCrossentropy()(labels: try Tensor.zeros([4]), predictions: p) }
        #expect(throws: SwiftConvError.self) { try Loss.categoricalCrossentropy(axis: 7)(labels: y, predictions: p) }
        #expect(throws: SwiftConvError.self) { try Loss.categoricalCrossentropy(labelSmoothing: 2)(labels: y, predictions: p) }
        #expect(throws: SwiftConvError.self) { try Loss.huber(delta: 0)(labels: y, predictions: p) }
        #expect(throws: SwiftConvError.self) { try Loss.meanSquaredError(labels: try Tensor.zeros([4, 2]), predictions: p) }
        #expect(throws: SwiftConvError.self) {
            try Loss.meanSquaredError(labels: y, predictions: p, sampleWeight: try Tensor.zeros([3]))
        }
    }
}
