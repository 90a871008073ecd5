import TensorCore

/// A metric of a compiled model: its state lies in parameters, which the steps change.
final class Tracker {
    let name: String
    let rule: any MetricRule
    /// The output that it looks at.
    let output: Int
    /// Whether it heeds sample weights.
    let isWeighted: Bool
    private(set) var states: [Parameter] = []
    private var initial: [Tensor] = []

    init(_ name: String, _ rule: any MetricRule, output: Int, isWeighted: Bool) {
        self.name = name
        self.rule = rule
        self.output = output
        self.isWeighted = isWeighted
    }

    /// The mean of values that the steps have already, such as the loss.
    static func mean(_ name: String) throws(SwiftConvError) -> Tracker {
        let made = Tracker(name, MeanRule { labels, predictions throws(SwiftConvError) in predictions }, output: -1, isWeighted: true)
        try made.prepare(labels: [], predictions: [])
        return made
    }

    /// Makes the state, unless it is there and of the same shapes.
    func prepare(labels: [Int], predictions: [Int]) throws(SwiftConvError) {
        let start = try rule.states(labels: labels, predictions: predictions)
        if !states.isEmpty, states.map(\.shape) == start.map(\.shape) { return }
        var made: [Parameter] = []
        for (i, tensor) in start.enumerated() { made.append(try Parameter("\(name)/state\(i)", tensor, isTrainable: false)) }
        states = made
        initial = start
    }

    private func read() throws(SwiftConvError) -> [Tensor] {
        var values: [Tensor] = []
        for state in states { values.append(try state.value) }
        return values
    }

    private func write(_ values: [Tensor]) throws(SwiftConvError) {
        guard values.count == states.count else {
            throw .invalidArgument("\(name): update: expected \(states.count) states, received \(values.count)")
        }
        for (state, value) in zip(states, values) { try state.assign(value) }
    }

    func reset() throws(SwiftConvError) { try write(initial) }

    func update(labels: Tensor, predictions: Tensor, sampleWeight: Tensor?) throws(SwiftConvError) {
        try write(try rule.update(try read(), labels: labels, predictions: predictions, sampleWeight: sampleWeight))
    }

    /// Adds the mean of `count` values.
    func add(_ mean: Tensor, count: Int) throws(SwiftConvError) {
        let weight = try Tensor.full([], Double(count))
        try write(try MeanRule.add(try mean.cast(to: .float32), weight, to: try read()))
    }

    /// The values so far, with their names: a vector gives several.
    func results() throws(SwiftConvError) -> [(String, Double)] {
        if states.isEmpty { return [] }
        let numbers = try rule.result(try read()).scalars(as: Double.self)
        return numbers.count == 1 ? [(name, numbers[0])] : numbers.enumerated().map { ("\(name)_\($0)", $1) }
    }
}
