import Graph
import TensorCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What an optimizer takes as its learning rate: a number or a schedule.
public protocol LearningRate: Sendable {
    /// The rate of each step.
    var schedule: LearningRateSchedule { get }
}

extension Double: LearningRate {
    /// This rate in all steps.
    public var schedule: LearningRateSchedule { .constant(self) }
}
extension Float: LearningRate {
    /// This rate in all steps.
    public var schedule: LearningRateSchedule { .constant(Double(self)) }
}
extension Int: LearningRate {
    /// This rate in all steps.
    public var schedule: LearningRateSchedule { .constant(Double(self)) }
}

/// The learning rate as a function of the step (from 0). Keras's schedules and defaults.
///
///     let optimizer = Optimizer.sgd(learningRate: .exponentialDecay(initial: 0.1, steps: 1000, rate: 0.9))
public struct LearningRateSchedule: LearningRate {
    /// The rate, if it is the same in all steps; it can then be set while a model is trained.
    public let constant: Double?
    /// What files call a schedule of your own; see ``TrainingRegistry``.
    public let name: String?
    /// What files hold of the library's schedules.
    let form: TrainingForm?
    private let fault: String?
    private let function: @Sendable (Tensor) throws(SwiftConvError) -> Tensor

    private init(
        constant: Double?, name: String?, form: TrainingForm?, fault: String?,
        _ function: @escaping @Sendable (Tensor) throws(SwiftConvError) -> Tensor
    ) {
        self.constant = constant
        self.name = name
        self.form = form
        self.fault = fault
        self.function = function
    }

    /// A schedule of your own: from the number of steps done (a float32 scalar) to the rate, by operations on tensors. With a name
    /// model files can hold it.
    public init(name: String? = nil, _ function: @escaping @Sendable (Tensor) throws -> Tensor) {
        self.init(constant: nil, name: name, form: nil, fault: nil) { step throws(SwiftConvError) in
            try userFunction("learningRate") { try function(step) }
        }
    }

    init(form: TrainingForm, fault: String?, _ function: @escaping @Sendable (Tensor) throws(SwiftConvError) -> Tensor) {
        self.init(constant: nil, name: nil, form: form, fault: fault, function)
    }

    /// The same rate in all steps.
    public static func constant(_ rate: Double) -> LearningRateSchedule {
        let fault = rate >= 0 && rate.isFinite ? nil : "expected a number of at least 0, received \(rate)"
        return LearningRateSchedule(constant: rate, name: nil, form: nil, fault: fault) {
            step throws(SwiftConvError) in try Tensor([Float(rate)], shape: [])
        }
    }

    /// Itself.
    public var schedule: LearningRateSchedule { self }

    /// The rate after so many steps.
    public func callAsFunction(_ step: Int) throws(SwiftConvError) -> Double {
        try self(try Tensor([Float(step)], shape: [])).scalar(as: Double.self)
    }

    /// The rate after so many steps, a scalar.
    public func callAsFunction(_ step: Tensor) throws(SwiftConvError) -> Tensor {
        if let fault { throw .invalidArgument("learningRate: \(fault)") }
        let rate = try function(try step.cast(to: .float32))
        guard rate.count == 1, rate.spec.dtype.isFloating else {
            throw .invalidArgument("learningRate: expected a number from the schedule, received \(rate.spec)")
        }
        return rate.rank == 0 ? rate : try rate.reshape([])
    }

    func validate(_ optimizer: String) throws(SwiftConvError) {
        if let fault { throw .invalidArgument("\(optimizer): learningRate: \(fault)") }
    }
}

/// Says what is wrong with a number of steps.
private func stepsFault(_ steps: Double, _ schedule: String) -> String? {
    steps > 0 && steps.isFinite ? nil : "\(schedule): steps: expected a number above 0, received \(steps)"
}

extension LearningRate where Self == LearningRateSchedule {
    /// `initial · rate ^ (step / steps)`, in whole steps with `staircase`.
    public static func exponentialDecay(
        initial: Double, steps: Double, rate: Double, staircase: Bool = false
    ) -> LearningRateSchedule {
        let form = TrainingForm(
            "ExponentialDecay",
            [
                ("initial_learning_rate", .double(initial)), ("decay_steps", .double(steps)), ("decay_rate", .double(rate)),
                ("staircase", .bool(staircase)),
            ])
        return LearningRateSchedule(form: form, fault: stepsFault(steps, "exponentialDecay")) { step throws(SwiftConvError) in
            let p = try step / steps
            return try initial * (staircase ? p.floor() : p).asPower(of: rate)
        }
    }

    /// `initial / (1 + rate · step / steps)`, in whole steps with `staircase`.
    public static func inverseTimeDecay(
        initial: Double, steps: Double, rate: Double, staircase: Bool = false
    ) -> LearningRateSchedule {
        let form = TrainingForm(
            "InverseTimeDecay",
            [
                ("initial_learning_rate", .double(initial)), ("decay_steps", .double(steps)), ("decay_rate", .double(rate)),
                ("staircase", .bool(staircase)),
            ])
        return LearningRateSchedule(form: form, fault: stepsFault(steps, "inverseTimeDecay")) { step throws(SwiftConvError) in
            let p = try step / steps
            return try initial / (1 + rate * (staircase ? p.floor() : p))
        }
    }

    /// `values[i]` up to and including step `boundaries[i]`, then the next.
    public static func piecewiseConstantDecay(boundaries: [Int], values: [Double]) -> LearningRateSchedule {
        let fault =
            values.count == boundaries.count + 1
            ? nil : "piecewiseConstantDecay: values: expected \(boundaries.count + 1) of them, received \(values.count)"
        let form = TrainingForm(
            "PiecewiseConstantDecay",
            [("boundaries", .array(boundaries.map { .int($0) })), ("values", .array(values.map { .double($0) }))])
        return LearningRateSchedule(form: form, fault: fault) { step throws(SwiftConvError) in
            var rate = try Tensor([Float(values[0])], shape: [])
            for (boundary, (before, after)) in zip(boundaries, zip(values, values.dropFirst())) {
                let past = try step.greater(try Tensor([Float(boundary)], shape: [])).cast(to: .float32)
                rate = try rate + past * (after - before)
            }
            return rate
        }
    }

    /// From `initial` to `end` within `steps`, along a power; again and again with `cycle`.
    public static func polynomialDecay(
        initial: Double, steps: Double, end: Double = 0.0001, power: Double = 1, cycle: Bool = false
    ) -> LearningRateSchedule {
        let form = TrainingForm(
            "PolynomialDecay",
            [
                ("initial_learning_rate", .double(initial)), ("decay_steps", .double(steps)), ("end_learning_rate", .double(end)),
                ("power", .double(power)), ("cycle", .bool(cycle)),
            ])
        return LearningRateSchedule(form: form, fault: stepsFault(steps, "polynomialDecay")) { step throws(SwiftConvError) in
            let part: Tensor
            if cycle {
                part = try step / (steps * applyOne("ceil", [step / steps]).maximum(1))
            } else {
                part = try step.minimum(steps) / steps
            }
            return try (initial - end) * (1 - part).power(power) + end
        }
    }

    /// Down along half a cosine wave to `alpha` of its height (Loshchilov and Hutter 2017), after a linear rise to `warmupTarget` in
    /// `warmupSteps`, if that is given.
    public static func cosineDecay(
        initial: Double, steps: Double, alpha: Double = 0, warmupTarget: Double? = nil, warmupSteps: Double = 0
    ) -> LearningRateSchedule {
        let form = TrainingForm(
            "CosineDecay",
            [
                ("initial_learning_rate", .double(initial)), ("decay_steps", .double(steps)), ("alpha", .double(alpha)),
                ("warmup_target", warmupTarget.map { .double($0) } ?? .null), ("warmup_steps", .double(warmupSteps)),
            ])
        return LearningRateSchedule(form: form, fault: stepsFault(steps, "cosineDecay")) { step throws(SwiftConvError) in
            func decayed(_ step: Tensor, _ start: Double) throws(SwiftConvError) -> Tensor {
                let cosine = try 0.5 * (1 + (Double.pi * (step / steps).minimum(1)).cos())
                return try start * ((1 - alpha) * cosine + alpha)
            }
            guard let warmupTarget else { return try decayed(try step.minimum(steps), initial) }
            let rise = try (warmupTarget - initial) * (step / Swift.max(warmupSteps, 1e-9)) + initial
            let later = try (step - warmupSteps).maximum(0).minimum(steps)
            let early = try step.less(try Tensor([Float(warmupSteps)], shape: [])).cast(to: .float32)
            return try early * rise + (1 - early) * decayed(later, warmupTarget)
        }
    }

    /// Half cosine waves, each `stepFactor` times as long and `heightFactor` times as high as the last (Loshchilov and Hutter 2017);
    /// Keras's `t_mul` and `m_mul`.
    public static func cosineDecayRestarts(
        initial: Double, firstSteps: Double, stepFactor: Double = 2, heightFactor: Double = 1, alpha: Double = 0
    ) -> LearningRateSchedule {
        let fault =
            stepFactor >= 1
            ? stepsFault(firstSteps, "cosineDecayRestarts")
            : "cosineDecayRestarts: stepFactor: expected at least 1, received \(stepFactor)"
        let form = TrainingForm(
            "CosineDecayRestarts",
            [
                ("initial_learning_rate", .double(initial)), ("first_decay_steps", .double(firstSteps)), ("t_mul", .double(stepFactor)),
                ("m_mul", .double(heightFactor)), ("alpha", .double(alpha)),
            ])
        return LearningRateSchedule(form: form, fault: fault) { step throws(SwiftConvError) in
            var done = try step / firstSteps
            let restart: Tensor
            if stepFactor == 1 {
                restart = try done.floor()
                done = try done - restart
            } else {
                restart = try ((1 - done * (1 - stepFactor)).log() / log(stepFactor)).floor()
                let grown = try restart.asPower(of: stepFactor)
                done = try (done - (1 - grown) / (1 - stepFactor)) / grown
            }
            let height = try restart.asPower(of: heightFactor)
            let cosine = try 0.5 * height * (1 + (Double.pi * done).cos())
            return try initial * ((1 - alpha) * cosine + alpha)
        }
    }
}
