import Graph
import Ops
import TensorCore

/// What a numerical gradient check found wrong; empty when all is well.
package struct GradientReport: CustomStringConvertible {
    package var failures: [String] = []
    /// The largest error found, relative to the largest of 1 and the gradient's size.
    package var worst = 0.0
    package var isGood: Bool { failures.isEmpty }
    package var description: String { isGood ? "good (worst error \(worst))" : failures.joined(separator: "\n") }
}

/// Compares the gradients of an op, which its rule writes into a graph, with difference quotients.
///
/// The target is the sum over all floating outputs (or `outputs` of them) of outputs times fixed random weights. Inputs should be float64.
/// - `differentiable`: the inputs to look at; nil for all floating ones. A gradient that is missing there is a failure.
/// - `samples`: at most so many elements of each input are tried.
///
///     #expect(try checkGradient("relu", [.random([2, 3])]).isGood)
package func checkGradient(
    _ op: String, _ inputs: [TestTensor], _ attributes: Attributes = [:], differentiable: [Int]? = nil, outputs: [Int]? = nil,
    missingIsZero: Bool = false, step: Double = 1e-5, tolerance: Double = 1e-6, samples: Int = 40, seed: UInt64 = 7
) throws -> GradientReport {
    try checkGradient(
        of: inputs, differentiable: differentiable, missingIsZero: missingIsZero, step: step, tolerance: tolerance, samples: samples,
        seed: seed
    ) {
        graph, values in
        let results = try graph.apply(op, values, attributes)
        return outputs.map { $0.map { results[$0] } } ?? results
    }
}

/// Compares the gradients of an op's gradients with difference quotients, with respect to its inputs and to what flows into its outputs. Where
/// nothing is connected the quotients must be 0.
package func checkSecondGradient(
    _ op: String, _ inputs: [TestTensor], _ attributes: Attributes = [:], step: Double = 1e-5, tolerance: Double = 1e-6, samples: Int = 40
) throws -> GradientReport {
    // The specs of the outputs, for the seeds.
    let probe = Graph()
    let outputs = try probe.apply(op, try inputs.map { try probe.placeholder($0.spec) }, attributes).map { probe.spec($0) }
    let floating = outputs.indices.filter { outputs[$0].dtype.isFloating }
    let seeds = floating.map { TestTensor.random(outputs[$0].shape, outputs[$0].dtype, seed: 70 + UInt64($0), low: 0.3, high: 1.2) }
    return try checkGradient(of: inputs + seeds, missingIsZero: true, step: step, tolerance: tolerance, samples: samples) { graph, values in
        let results = try graph.apply(op, Array(values.prefix(inputs.count)), attributes)
        let sources = inputs.indices.filter { inputs[$0].spec.dtype.isFloating }.map { values[$0] }
        return try graph.gradients(of: floating.map { results[$0] }, seeds: values.dropFirst(inputs.count).map { $0 }, to: sources)
            .compactMap { $0 }
    }
}

/// The same for any function that `build` writes as nodes over `inputs`.
/// - `missingIsZero`: where nothing connects an input, difference quotients must be 0; otherwise a missing gradient is a failure.
package func checkGradient(
    of inputs: [TestTensor], differentiable: [Int]? = nil, missingIsZero: Bool = false, step: Double = 1e-5, tolerance: Double = 1e-6,
    samples: Int = 40, seed: UInt64 = 7, build: (Graph, [Value]) throws -> [Value]
) throws -> GradientReport {
    let graph = Graph()
    let values = try inputs.map { try graph.placeholder($0.spec) }
    let targets = try build(graph, values).filter { graph.spec($0).dtype.isFloating }
    let weights = targets.enumerated().map { TestTensor.random(graph.spec($1).shape, graph.spec($1).dtype, seed: seed &+ UInt64($0)) }
    let seeds = try weights.map { try graph.placeholder($0.spec) }
    let chosen = differentiable ?? inputs.indices.filter { inputs[$0].spec.dtype.isFloating }
    let gradients = try graph.gradients(of: targets, seeds: seeds.map { $0 }, to: chosen.map { values[$0] })

    var report = GradientReport()
    for (input, gradient) in zip(chosen, gradients) where gradient == nil && !missingIsZero {
        report.failures.append("input \(input): no gradient")
    }
    guard report.isGood else { return report }
    let forward = try Executable(graph, feeds: values, fetches: targets)
    let backward = try Executable(graph, feeds: values + seeds, fetches: gradients.compactMap { $0 })
    var found = try backward.run(inputs + weights)[...]
    let analytic = zip(chosen, gradients).map { input, gradient in
        gradient == nil ? [Double](repeating: 0, count: inputs[input].spec.count) : found.removeFirst().numbers
    }

    func target(_ point: [TestTensor]) throws -> Double {
        var sum = 0.0
        for (y, weight) in zip(try forward.run(point), weights) {
            for (a, b) in zip(y.numbers, weight.numbers) { sum += a * b }
        }
        return sum
    }
    for (position, input) in chosen.enumerated() {
        let count = inputs[input].spec.count
        let stride = max(1, count / max(1, samples))
        for element in Swift.stride(from: 0, to: count, by: stride) {
            var point = inputs
            point[input].numbers[element] += step
            let above = try target(point)
            point[input].numbers[element] -= 2 * step
            let below = try target(point)
            let quotient = (above - below) / (2 * step)
            let given = analytic[position][element]
            let error = abs(quotient - given) / max(1, abs(quotient), abs(given))
            report.worst = max(report.worst, error)
            if !(error <= tolerance) {
                report.failures.append("input \(input), element \(element): difference quotient \(quotient), gradient \(given)")
            }
        }
    }
    return report
}
