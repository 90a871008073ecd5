import Graph
import TensorCore

/// An optimizer at work: what it keeps for each weight, and its steps. A compiled model has one of its own; make one for a training loop
/// of your own.
///
///     let network = Sequential { Dense(16, activation: .relu); Dense(1) }
///     try network.build(inputShape: x.shape)
///     let adam = try OptimizerState(.adam(learningRate: 0.01))
///     for _ in 0..<20 {
///         let weights = network.trainableParameters
///         let (loss, slopes) = try valueWithGradient(for: weights) { try (network(x, training: true) - y).square().mean() }
///         try adam.update(weights, gradients: slopes)
///         if loss.dtype != .float32 { break }
///     }
///     print(adam.steps)                           // 20
///
/// ``TrainingStep`` joins the three lines of the loop into one program.
///
/// It is used from one task at a time.
public final class OptimizerState {
    /// How it works.
    public let optimizer: Optimizer
    /// How many gradients were taken into account.
    let iterations: Parameter
    /// Used where the optimizer has no schedule.
    private let rate: Parameter
    private var slots: [ObjectIdentifier: [Parameter]] = [:]
    private var averages: [ObjectIdentifier: Parameter] = [:]
    private var accumulators: [ObjectIdentifier: Parameter] = [:]
    private var prepared: [Parameter] = []
    /// Weights that do not shrink, beside those that the optimizer names: a file says so.
    var excluded: Set<ObjectIdentifier> = []

    /// The updates that were recorded, by weights and whether they complete a step.
    private var recorded: [Key: Executable] = [:]

    private struct Key: Hashable {
        var weights: [ObjectIdentifier]
        var completesStep: Bool
    }

    /// Before the first step; throws where a number of the optimizer cannot be used.
    public init(_ optimizer: Optimizer) throws(SwiftConvError) {
        try optimizer.validate()
        self.optimizer = optimizer
        iterations = try Parameter("iteration", try Tensor([Int64(0)], shape: []), isTrainable: false)
        rate = try Parameter("learning_rate", try Tensor([Float(optimizer.learningRate.constant ?? 0)], shape: []), isTrainable: false)
    }

    /// All that it keeps: the count of steps, the rate, and what belongs to each weight.
    public var variables: [Parameter] {
        var all = [iterations, rate]
        for weight in prepared {
            let id = ObjectIdentifier(weight)
            all += slots[id] ?? []
            all += [averages[id], accumulators[id]].compactMap { $0 }
        }
        return all
    }

    /// The same with the names that files give them, and the weights that they belong to.
    var named: [(name: String, weight: Parameter?, variable: Parameter)] {
        var all: [(name: String, weight: Parameter?, variable: Parameter)] = [("iteration", nil, iterations)]
        if optimizer.learningRate.constant != nil { all.append(("learning_rate", nil, rate)) }
        for weight in prepared {
            let id = ObjectIdentifier(weight)
            for (slot, variable) in zip(optimizer.rule.slots, slots[id] ?? []) { all.append((slot.name, weight, variable)) }
            if let average = averages[id] { all.append(("average", weight, average)) }
            if let sum = accumulators[id] { all.append(("gradient_accumulator", weight, sum)) }
        }
        return all
    }

    /// The names of what it keeps for each weight.
    var slotNames: [String] {
        optimizer.rule.slots.map(\.name) + (optimizer.averaging == nil ? [] : ["average"])
            + (optimizer.gradientAccumulationSteps == nil ? [] : ["gradient_accumulator"])
    }

    /// Whether weight decay leaves a weight alone.
    func isExcluded(_ weight: Parameter) -> Bool {
        excluded.contains(ObjectIdentifier(weight)) || optimizer.weightDecayExclusions.contains { weight.name.contains($0) }
    }

    /// How many gradients were taken into account.
    public var steps: Int { (try? iterations.value.scalar(as: Int.self)) ?? 0 }

    /// The rate of the next step.
    public var learningRate: Double {
        get throws(SwiftConvError) { try currentRate().scalar(as: Double.self) }
    }

    /// Sets the rate of an optimizer without a schedule.
    public func setLearningRate(_ number: Double) throws(SwiftConvError) {
        guard optimizer.learningRate.constant != nil else {
            throw .invalidArgument("\(optimizer.name): learningRate: it has a schedule, thus its rate cannot be set to a number")
        }
        guard number >= 0, number.isFinite else {
            throw .invalidArgument("setLearningRate: expected a number of at least 0, received \(number)")
        }
        try rate.assign(try Tensor([Float(number)], shape: []))
    }

    private func currentRate() throws(SwiftConvError) -> Tensor {
        optimizer.learningRate.constant == nil ? try optimizer.learningRate(try iterations.value) : try rate.value
    }

    /// Whether the next gradient completes a step.
    var completesStep: Bool {
        get throws(SwiftConvError) {
            guard let steps = optimizer.gradientAccumulationSteps else { return true }
            return (Int(try iterations.value.scalar(as: Int64.self)) + 1) % steps == 0
        }
    }

    /// One step: each weight follows its gradient, by the optimizer's rule, and is brought back into its bounds.
    ///
    /// - Parameters:
    ///   - weights: Frozen ones stay as they are.
    ///   - gradients: One for each weight, of its shape and type; see ``valueWithGradient(for:of:)-(_,()->Tensor)``.
    public func update(_ weights: [Parameter], gradients: [Tensor]) throws(SwiftConvError) {
        guard weights.count == gradients.count else {
            throw .invalidArgument(
                "update: gradients: expected \(weights.count), one for each weight, received \(gradients.count)")
        }
        guard Trace.current == nil else {
            throw .invalidArgument("update: expected a call outside of a function that is being recorded")
        }
        var pairs: [(weight: Parameter, gradient: Tensor)] = []
        for (weight, gradient) in zip(weights, gradients) {
            guard gradient.spec == weight.variable.spec else {
                throw .invalidArgument(
                    "update: gradients: expected \(weight.variable.spec) for \(weight.name), received \(gradient.spec)")
            }
            if weight.isTrainable { pairs.append((weight, gradient)) }
        }
        if pairs.isEmpty { return }
        let completesStep = try completesStep
        try prepare(pairs.map(\.weight))
        let key = Key(weights: pairs.map { ObjectIdentifier($0.weight) }, completesStep: completesStep)
        if recorded[key] == nil {
            let trace = Trace()
            recorded[key] = try trace.record { () throws(SwiftConvError) in
                var symbols: [Tensor] = []
                for pair in pairs { symbols.append(try trace.placeholder(pair.gradient.spec)) }
                try apply(zip(pairs, symbols).map { ($0.weight, $1) }, completesStep: completesStep)
                return try trace.executable(symbols, [try iterations.value])
            }
        }
        _ = try recorded[key]?.run(pairs.map(\.gradient))
    }

    /// Makes what belongs to weights that were not seen before.
    func prepare(_ weights: [Parameter]) throws(SwiftConvError) {
        for weight in weights where slots[ObjectIdentifier(weight)] == nil {
            let id = ObjectIdentifier(weight)
            func made(_ slot: OptimizerSlot) throws(SwiftConvError) -> Parameter {
                let initial = try Tensor.full(slot.isScalar ? [] : weight.shape, slot.initial, dtype: weight.dtype)
                return try Parameter("\(weight.name)/\(slot.name)", initial, isTrainable: false)
            }
            var own: [Parameter] = []
            for slot in optimizer.rule.slots { own.append(try made(slot)) }
            if optimizer.averaging != nil { averages[id] = try made(OptimizerSlot("average")) }
            if optimizer.gradientAccumulationSteps != nil { accumulators[id] = try made(OptimizerSlot("gradient_accumulator")) }
            slots[id] = own
            prepared.append(weight)
        }
    }

    /// One step, recorded. Weights without a gradient stay as they are.
    func apply(_ pairs: [(weight: Parameter, gradient: Tensor)], completesStep: Bool) throws(SwiftConvError) {
        let before = try iterations.value
        let step = try before + 1
        var gradients: [Tensor] = []
        for (_, gradient) in pairs {
            gradients.append(try optimizer.lossScaleFactor.map { factor throws(SwiftConvError) in try gradient / factor } ?? gradient)
        }
        if let steps = optimizer.gradientAccumulationSteps {
            for (i, pair) in pairs.enumerated() {
                guard let sum = accumulators[ObjectIdentifier(pair.weight)] else { continue }
                let total = try sum.value + gradients[i]
                try sum.assign(completesStep ? try Tensor.zeros(sum.shape, dtype: sum.dtype) : total)
                gradients[i] = try total / Double(steps)
            }
        }
        if completesStep {
            if let clipping = optimizer.clipping { gradients = try clipping(gradients) }
            try update(pairs.map(\.weight), gradients, step)
            if let averaging = optimizer.averaging { try average(pairs.map(\.weight), averaging, before, step) }
            for (weight, _) in pairs {
                if let constraint = weight.constraint { try weight.assign(try constraint(try weight.value)) }
            }
        }
        try iterations.assign(step)
    }

    private func update(_ weights: [Parameter], _ gradients: [Tensor], _ step: Tensor) throws(SwiftConvError) {
        let rate = try currentRate()
        for (weight, gradient) in zip(weights, gradients) {
            let own = slots[ObjectIdentifier(weight)] ?? []
            let rate = try rate.cast(to: weight.dtype)
            var value = try weight.value
            if let decay = optimizer.weightDecay, !isExcluded(weight) {
                value = try value - value * (rate * decay)
            }
            var old: [Tensor] = []
            for slot in own { old.append(try slot.value) }
            let new = try optimizer.rule.update(value, old, gradient: gradient, rate: rate, step: step)
            guard new.slots.count == own.count else {
                throw .invalidArgument("\(optimizer.name): update: expected \(own.count) slots, received \(new.slots.count)")
            }
            try weight.assign(new.weight)
            for (slot, value) in zip(own, new.slots) { try slot.assign(value) }
        }
    }

    private func average(
        _ weights: [Parameter], _ averaging: WeightAveraging, _ before: Tensor, _ step: Tensor
    ) throws(SwiftConvError) {
        let isFirst = try before.equal(try before.number(0)).cast(to: .float32)
        for weight in weights {
            guard let average = averages[ObjectIdentifier(weight)] else { continue }
            let m = try ((1 - isFirst) * averaging.momentum).cast(to: weight.dtype)
            let mean = try m * average.value + (1 - m) * weight.value
            try average.assign(mean)
            guard let every = averaging.overwriteFrequency else { continue }
            let isDue = try applyOne("mod", [step, step.number(Double(every))]).equal(step.number(0))
            try weight.assign(try applyOne("select", [isDue, mean, weight.value]))
        }
    }

    /// The averages that ``Optimizer/averaging`` asks for become the weights: at the end of a training.
    public func finish() throws(SwiftConvError) {
        for weight in prepared {
            if let average = averages[ObjectIdentifier(weight)] { try weight.assign(try average.value) }
        }
    }
}
