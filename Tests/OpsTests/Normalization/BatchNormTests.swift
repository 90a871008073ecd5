import TensorCore
import Testing
import _TestSupport

@testable import Ops

private let types: [DataType] = [.float32, .float64]
private let shapes: [[Int]] = [
    [4], [5, 1], [1, 3], [2, 3, 5, 3], [7, 17], [67, 5], [3, 9, 9, 32], [2, 5, 7, 65], [130, 100], [3, 4100], [9000, 2], [0, 6], [3, 0],
    [40, 1024],
]
private let epsilon: Attributes = ["epsilon": .double(0.01)]

/// The textbook in float64: x̂, mean, variance.
private func reference(_ x: [Double], _ channels: Int) -> (hat: [Double], mean: [Double], variance: [Double], sigma: [Double]) {
    let rows = channels == 0 ? 0 : x.count / channels
    var (mean, variance) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    for (i, value) in x.enumerated() { mean[i % channels] += value }
    mean = mean.map { $0 / Double(rows) }
    for (i, value) in x.enumerated() { variance[i % channels] += (value - mean[i % channels]) * (value - mean[i % channels]) }
    variance = variance.map { $0 / Double(rows) }
    let sigma = variance.map { ($0 + 0.01).squareRoot() }
    return (x.enumerated().map { ($1 - mean[$0 % channels]) / sigma[$0 % channels] }, mean, variance, sigma)
}

private func vector(_ dtype: DataType, _ n: Int, _ range: ClosedRange<Double>, seed: UInt64) -> TestTensor {
    .random([n], dtype, seed: seed, low: range.lowerBound, high: range.upperBound)
}

@Test(arguments: types, shapes) func batchNormTrainingAgainstDefinition(dtype: DataType, shape: [Int]) throws {
    let channels = shape.last ?? 1
    let x = TestTensor.random(shape, dtype, seed: 1, low: -1, high: 3)
    let (gamma, beta) = (vector(dtype, channels, 0.5...2, seed: 2), vector(dtype, channels, -1...1, seed: 3))
    let (r, g, b) = (reference(x.numbers, channels), gamma.numbers, beta.numbers)
    let outputs = try applyOp("batch_norm_training", [x, gamma, beta], epsilon)
    let y = r.hat.enumerated().map { $1 * g[$0 % channels] + b[$0 % channels] }
    for (output, want) in zip(outputs, [y, r.mean, r.variance]) {
        #expect(largestError(output.numbers, want) <= 2 * tolerance(dtype))
    }
    for threads in 1...3 {
        #expect(try applyOp("batch_norm_training", [x, gamma, beta], epsilon, threads: threads, inPlace: true) == outputs)
    }

    // backward: dx = gamma / σ (dy - mean dy - x̂ mean(dy x̂))
    let dy = TestTensor.random(shape, dtype, seed: 4)
    let d = dy.numbers
    let rows = Double(channels == 0 ? 0 : d.count / channels)
    var (sum, dot) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    for (i, value) in d.enumerated() {
        sum[i % channels] += value
        dot[i % channels] += value * r.hat[i]
    }
    let dx = d.enumerated().map { i, value in
        let c = i % channels
        return g[c] / r.sigma[c] * (value - sum[c] / rows - r.hat[i] * dot[c] / rows)
    }
    let inputs = [x, gamma, outputs[1], outputs[2], dy]
    let gradients = try applyOp("batch_norm_training_backward", inputs, epsilon)
    for (output, want) in zip(gradients, [dx, dot, sum]) {
        #expect(largestError(output.numbers, want) <= 8 * tolerance(dtype))
    }
    for threads in 1...3 {
        #expect(try applyOp("batch_norm_training_backward", inputs, epsilon, threads: threads, inPlace: true) == gradients)
    }
}

@Test(arguments: types, shapes) func batchNormWithActivationIsBothInTurn(dtype: DataType, shape: [Int]) throws {
    let channels = shape.last ?? 1
    let x = TestTensor.random(shape, dtype, seed: 1, low: -1, high: 3)
    let (gamma, beta) = (vector(dtype, channels, 0.5...9, seed: 2), vector(dtype, channels, -1...4, seed: 3))
    let dy = TestTensor.random(shape, dtype, seed: 4)
    let plain = try applyOp("batch_norm_training", [x, gamma, beta], epsilon)
    for activation in ["relu", "relu6"] {
        let attributes: Attributes = ["epsilon": .double(0.01), "activation": .string(activation)]
        let outputs = try applyOp("batch_norm_training", [x, gamma, beta], attributes)
        let y = try applyOp(activation, [plain[0]])[0]
        #expect(outputs == [y, plain[1], plain[2]])
        let before = try applyOp(activation + "_backward", [dy, y])[0]
        let expected = try applyOp("batch_norm_training_backward", [x, gamma, plain[1], plain[2], before], epsilon)
        let inputs = [x, gamma, plain[1], plain[2], dy, beta]
        for threads in 1...3 {
            let gradients = try applyOp("batch_norm_training_backward", inputs, attributes, threads: threads, inPlace: true)
            #expect(gradients == expected, "\(activation), \(threads) threads")
        }
    }
}

@Test(arguments: types, shapes) func batchNormInferenceAgainstDefinition(dtype: DataType, shape: [Int]) throws {
    let channels = shape.last ?? 1
    let x = TestTensor.random(shape, dtype, seed: 1, low: -1, high: 3)
    let (gamma, beta) = (vector(dtype, channels, 0.5...2, seed: 2), vector(dtype, channels, -1...1, seed: 3))
    let (mean, variance) = (vector(dtype, channels, 0...2, seed: 4), vector(dtype, channels, 0.5...2, seed: 5))
    let (g, b, m, v) = (gamma.numbers, beta.numbers, mean.numbers, variance.numbers)
    let sigma = v.map { ($0 + 0.01).squareRoot() }
    let inputs = [x, gamma, beta, mean, variance]
    let y = try applyOp("batch_norm_inference", inputs, epsilon)
    let hat = x.numbers.enumerated().map { ($1 - m[$0 % channels]) / sigma[$0 % channels] }
    let want = hat.enumerated().map { $1 * g[$0 % channels] + b[$0 % channels] }
    #expect(largestError(y[0].numbers, want) <= 2 * tolerance(dtype))
    for threads in 1...3 { #expect(try applyOp("batch_norm_inference", inputs, epsilon, threads: threads, inPlace: true) == y) }

    let dy = TestTensor.random(shape, dtype, seed: 6)
    let d = dy.numbers
    var (sum, dot) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    for (i, value) in d.enumerated() {
        sum[i % channels] += value
        dot[i % channels] += value * hat[i]
    }
    let backward = [x, gamma, mean, variance, dy]
    let gradients = try applyOp("batch_norm_inference_backward", backward, epsilon)
    let expected = [
        d.enumerated().map { $1 * g[$0 % channels] / sigma[$0 % channels] }, dot, sum,
        sum.indices.map { -g[$0] / sigma[$0] * sum[$0] },
        sum.indices.map { -0.5 * g[$0] / (sigma[$0] * sigma[$0]) * dot[$0] },
    ]
    for (output, want) in zip(gradients, expected) { #expect(largestError(output.numbers, want) <= 8 * tolerance(dtype)) }
    for threads in 1...3 {
        #expect(try applyOp("batch_norm_inference_backward", backward, epsilon, threads: threads, inPlace: true) == gradients)
    }
}

/// A mean that is large against the spread must not eat the variance.
@Test(arguments: [(DataType.float32, 4096.0, 1e-3), (.float64, 1e8, 1e-6)])
func batchNormLargeMean(dtype: DataType, mean: Double, bound: Double) throws {
    let x = TestTensor.random([999, 3], dtype, seed: 8, low: mean - 1, high: mean + 1)
    let one = TestTensor(dtype, [3], [1, 1, 1])
    let outputs = try applyOp("batch_norm_training", [x, one, one], epsilon)
    let r = reference(x.numbers, 3)
    #expect(largestError(outputs[2].numbers, r.variance) <= tolerance(dtype))
    #expect(largestError(outputs[0].numbers, r.hat.map { $0 + 1 }) <= bound)
}

@Test func batchNormNotANumber() throws {
    let x = TestTensor(.float32, [3, 3], [1, 2, .infinity, .nan, 3, 1, 4, 5, 6])
    let one = TestTensor(.float32, [3], [1, 1, 1])
    let outputs = try applyOp("batch_norm_training", [x, one, one], epsilon)
    let mean = outputs[1].numbers
    #expect(mean[0].isNaN && mean[2].isInfinite && abs(mean[1] - 10.0 / 3) < 1e-6)
    #expect(outputs[0].numbers[1].isFinite && outputs[0].numbers[0].isNaN)
    let empty = try applyOp("batch_norm_training", [TestTensor(.float32, [0, 3], []), one, one], epsilon)
    #expect(empty[1].numbers.allSatisfy(\.isNaN) && empty[2].numbers.allSatisfy(\.isNaN))
}

@Test func batchNormRefuses() {
    let x = TestTensor.random([4, 3], .float32, seed: 1)
    let three = TestTensor.random([3], .float32, seed: 1)
    let four = TestTensor.random([4], .float32, seed: 1)
    let double = TestTensor.random([3], .float64, seed: 1)
    #expect(throws: ConvError.self) { try applyOp("batch_norm_training", [x, four, three]) }
    #expect(throws: ConvError.self) { try applyOp("batch_norm_training", [x, three, double]) }
    #expect(throws: ConvError.self) { try applyOp("batch_norm_training", [x, three, three], ["epsilon": .double(-1)]) }
    #expect(throws: ConvError.self) { try applyOp("batch_norm_training", [TestTensor(.float32, [], [1]), three, three]) }
    #expect(throws: ConvError.self) { try applyOp("batch_norm_training_backward", [x, three, three, three, three]) }
    #expect(throws: ConvError.self) { try applyOp("batch_norm_training", [x, three, three], ["activation": .string("leaky_relu")]) }
    #expect(throws: ConvError.self) {
        try applyOp("batch_norm_training_backward", [x, three, three, three, x], ["activation": .string("relu")])  // without beta
    }
}
