import SwiftConv
import Testing

/// Values of the Python package over two batches, without and with sample weights.
struct MetricTests {
    enum Kind { case binary, shares, classes }

    private static let cases: [(Metric, Kind, [Float])] = [
        (.accuracy, .binary, [0.75, 0.4285714328289032]),
        (.binaryAccuracy(threshold: 0.4), .binary, [0.75, 0.6190476417541504]),
        (.exactAccuracy, .binary, [0.0, 0.0]),
        (.topKCategoricalAccuracy(k: 2), .binary, [1.0, 1.0]),
        (.meanSquaredError, .shares, [0.0949999988079071, 0.1778571456670761]),
        (.rootMeanSquaredError, .shares, [0.30822068452835083, 0.4217311441898346]),
        (.cosineSimilarity(), .shares, [0.8144645690917969, 0.667341411113739]),
        (.klDivergence, .shares, [0.5031430125236511, 0.8049402236938477]),
        (.logCoshError, .shares, [0.04507901519536972, 0.08359431475400925]),
        (.binaryCrossentropy(), .shares, [0.4113806486129761, 0.49908581376075745]),
        (.categoricalCrossentropy(), .shares, [0.6764322519302368, 0.8049430847167969]),
        (.truePositives(thresholds: [0.2]), .binary, [5.0, 3.5]),
        (.falsePositives(thresholds: [0.2]), .binary, [2.0, 2.0]),
        (.trueNegatives(), .binary, [6.0, 5.0]),
        (.falseNegatives(), .binary, [3.0, 2.0]),
        (.precision(), .binary, [0.6666666865348816, 0.4285714328289032]),
        (.recall(), .binary, [0.4000000059604645, 0.4285714328289032]),
        (.precision(topK: 1), .binary, [0.75, 0.4285714328289032]),
        (.recall(thresholds: [0.3], classID: 1), .binary, [0.5, 0.0]),
        (.auc(), .binary, [0.8999999761581421, 0.8367347121238708]),
        (.auc(curve: .pr), .binary, [0.8483057022094727, 0.7417227625846863]),
        (.auc(numThresholds: 10, summation: .majoring), .binary, [0.9142856597900391, 0.8367346525192261]),
        (.auc(numThresholds: 10, curve: .pr, summation: .minoring), .binary, [0.6190476417541504, 0.5306122303009033]),
        (.auc(isMultiLabel: true, labelWeights: [1, 2, 1]), .binary, [0.9166666269302368, 0.75]),
        (.auc(fromLogits: true), .binary, [0.8999999761581421, 0.8367347121238708]),
        (.accuracy, .classes, [0.5, 0.4285714328289032]),
        (.sparseTopKCategoricalAccuracy(k: 2), .classes, [1.0, 1.0]),
        (.sparseCategoricalCrossentropy(), .classes, [0.7630756497383118, 0.8049430847167969]),
    ]

    @Test(arguments: 0..<28) func statesAddUpAsInPython(number: Int) throws {
        let (metric, kind, expected) = Self.cases[number]
        let predictions = try Tensor(LossTests.probabilities, shape: [4, 3])
        let labels =
            switch kind {
            case .classes: try Tensor(LossTests.classes, shape: [4])
            case .shares: try Tensor(LossTests.shares, shape: [4, 3])
            case .binary: try Tensor(LossTests.shares.map { $0 > 0.4 ? 1 : 0 }, shape: [4, 3])
            }
        let weights = try Tensor(LossTests.weights)
        for (isWeighted, value) in zip([false, true], expected) {
            var state = MetricState(metric)
            #expect(try state.result.scalar() == 0 as Float)
            for range: Range<Int> in [0..<3, 3..<4] {
                try state.update(
                    labels: try labels[.range(range)], predictions: try predictions[.range(range)],
                    sampleWeight: isWeighted ? try weights[.range(range)] : nil)
            }
            let found: Float = try state.result.scalar()
            #expect(abs(found - value) <= 2e-6 * max(1, abs(value)), "\(metric.name), \(number): \(found), not \(value)")
            state.reset()
            #expect(try state.result.scalar() == 0 as Float)
        }
    }

    @Test func severalThresholdsGiveSeveralValues() throws {
        let x = try Tensor([1, 2, 3, 4], shape: [4, 1])
        let y = try Tensor([0, 0, 1, 1], shape: [4, 1])
        let model = Sequential { Dense(1, activation: .sigmoid, kernelInitializer: .zeros) }
        try model.compile(
            optimizer: .sgd(), loss: .binaryCrossentropy(),
            metrics: [.precision(thresholds: [0.3, 0.6]), .accuracy, .auc().named("area"), Metric(.meanSquaredError), .meanSquaredError])
        let results = try model.evaluate(x, y, batchSize: 3)
        let names = ["loss", "precision_0", "precision_1", "accuracy", "area", "mean_squared_error", "mean_squared_error_1"]
        #expect(Set(results.keys) == Set(names))
    }

    @Test func meansOfOnesOwn() throws {
        var state = MetricState(
            Metric(name: "largest") { labels, predictions throws(SwiftConvError) in try (labels - predictions).absolute().max(-1) })
        try state.update(labels: try Tensor([1, 2], shape: [1, 2]), predictions: try Tensor([1, 5], shape: [1, 2]))
        try state.update(labels: try Tensor([1, 2], shape: [1, 2]), predictions: try Tensor([2, 2], shape: [1, 2]))
        #expect(try state.result.scalar() == 2 as Float)
    }

    @Test func misuseThrows() throws {
        let (y, p) = (try Tensor([1, 0], shape: [1, 2]), try Tensor([0.5, 0.5], shape: [1, 2]))
        for metric in [
            Metric.precision(thresholds: [2]), .recall(topK: 0), .recall(classID: 5), .auc(numThresholds: 1), .auc(numThresholds: .max),
            .auc(isMultiLabel: true, labelWeights: [1]), .binaryAccuracy(threshold: 2), .topKCategoricalAccuracy(k: 0),
            .sparseCategoricalAccuracy, .truePositives(thresholds: []),
        ] {
            var state = MetricState(metric)
            #expect(throws: SwiftConvError.self, "\(metric.name)") { try state.update(labels: y, predictions: p) }
        }
    }
}
