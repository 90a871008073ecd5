import Graph

/// A rule that Keras has a class for.
protocol KerasRule: UpdateRule {
    static var className: String { get }
}

extension Optimizer {
    /// As files hold it, with the rate of now; nil where the schedule of the rate has no name.
    func json(rate: Double) -> Json? {
        var config: [(String, Json)] = [("name", .string(name))]
        if learningRate.constant != nil {
            config.append(("learning_rate", .double(rate)))
        } else {
            guard let schedule = learningRate.json else { return nil }
            config.append(("learning_rate", schedule))
        }
        func number(_ value: Double?) -> Json { value.map { .double($0) } ?? .null }
        var (norm, value, all): (Double?, Double?, Double?) = (nil, nil, nil)
        switch clipping {
        case .norm(let limit): norm = limit
        case .value(let limit): value = limit
        case .globalNorm(let limit): all = limit
        case nil: break
        }
        config += [
            ("weight_decay", number(weightDecay)), ("clipnorm", number(norm)), ("global_clipnorm", number(all)),
            ("clipvalue", number(value)), ("use_ema", .bool(averaging != nil)), ("ema_momentum", .double(averaging?.momentum ?? 0.99)),
            ("ema_overwrite_frequency", averaging?.overwriteFrequency.map { .int($0) } ?? .null),
            ("loss_scale_factor", number(lossScaleFactor)),
            ("gradient_accumulation_steps", gradientAccumulationSteps.map { .int($0) } ?? .null),
        ]
        config += rule.config.members.map { ($0.key, $0.value) }
        if let known = rule as? any KerasRule {
            let className = name == "adamw" && weightDecay != nil ? "AdamW" : type(of: known).className
            return Serialized.object("keras.optimizers", className, config)
        }
        return .object([
            ("module", .string("swiftconv.custom")), ("class_name", .string(name)), ("config", .object(config)),
            ("registered_name", .string(name)),
        ])
    }

    init(_ json: Json, _ what: String) throws(SwiftConvError) {
        let object = try TrainingObject(json, what)
        let config = object.config
        if let rule = try TrainingRegistry.rule(object) {
            self.init(name: object.name, rule: rule)
        } else if let known = try Self.known(object.plain, config) {
            self = known
        } else {
            throw object.unknown(what, "TrainingRegistry.register(_:rule:)")
        }
        if let rate = config["learning_rate"] {
            if let number = rate.asDouble {
                learningRate = .constant(number)
            } else {
                learningRate = try LearningRateSchedule(rate, "\(what): learning_rate")
            }
        }
        func positive(_ key: String) throws(SwiftConvError) -> Double? {
            let number = try config.optionalDouble(key)
            return number == 0 ? nil : number
        }
        if config.has("weight_decay") { weightDecay = try config.double("weight_decay") }
        if let limit = try positive("clipnorm") { clipping = .norm(limit) }
        if let limit = try positive("clipvalue") { clipping = .value(limit) }
        if let limit = try positive("global_clipnorm") { clipping = .globalNorm(limit) }
        if try config.bool("use_ema", default: false) {
            let every = try config.optionalInt("ema_overwrite_frequency")
            averaging = WeightAveraging(
                momentum: try config.double("ema_momentum", default: 0.99), overwriteFrequency: every == 0 ? nil : every)
        }
        lossScaleFactor = try config.optionalDouble("loss_scale_factor")
        gradientAccumulationSteps = try config.optionalInt("gradient_accumulation_steps")
        try validate()
    }

    private static func known(_ name: String, _ config: LayerConfig) throws(SwiftConvError) -> Optimizer? {
        func momentum() throws(SwiftConvError) -> Double { try config.double("momentum", default: 0) }
        func rho(_ missing: Double) throws(SwiftConvError) -> Double { try config.double("rho", default: missing) }
        func epsilon() throws(SwiftConvError) -> Double { try config.double("epsilon", default: 1e-7) }
        func beta1() throws(SwiftConvError) -> Double { try config.double("beta_1", default: 0.9) }
        func beta2() throws(SwiftConvError) -> Double { try config.double("beta_2", default: 0.999) }
        func amsgrad() throws(SwiftConvError) -> Bool { try config.bool("amsgrad", default: false) }
        switch name {
        case "sgd": return .sgd(momentum: try momentum(), nesterov: try config.bool("nesterov", default: false))
        case "rmsprop":
            return .rmsprop(
                rho: try rho(0.9), momentum: try momentum(), epsilon: try epsilon(),
                centered: try config.bool("centered", default: false))
        case "adam": return .adam(beta1: try beta1(), beta2: try beta2(), epsilon: try epsilon(), amsgrad: try amsgrad())
        case "adamw": return .adamW(beta1: try beta1(), beta2: try beta2(), epsilon: try epsilon(), amsgrad: try amsgrad())
        case "adamax": return .adamax(beta1: try beta1(), beta2: try beta2(), epsilon: try epsilon())
        case "nadam": return .nadam(beta1: try beta1(), beta2: try beta2(), epsilon: try epsilon())
        case "adagrad":
            return .adagrad(
                initialAccumulatorValue: try config.double("initial_accumulator_value", default: 0.1), epsilon: try epsilon())
        case "adadelta": return .adadelta(rho: try rho(0.95), epsilon: try epsilon())
        default: return nil
        }
    }
}

extension LearningRateSchedule {
    /// As files hold it; nil for a schedule of the user's own without a name.
    var json: Json? {
        if let constant { return .double(constant) }
        if let form {
            return Serialized.object("keras.optimizers.schedules", form.className, form.arguments.map { ($0.key, $0.value) })
        }
        return name.map(TrainingObject.function)
    }

    init(_ json: Json, _ what: String) throws(SwiftConvError) {
        let object = try TrainingObject(json, what)
        if let own = try TrainingRegistry.schedule(object) {
            self = own
            return
        }
        guard let found = try Self.known(object.plain, object.config) else { throw object.unknown(what, "TrainingRegistry.register") }
        self = found
    }

    private static func known(_ name: String, _ config: LayerConfig) throws(SwiftConvError) -> LearningRateSchedule? {
        func number(_ key: String, _ missing: Double? = nil) throws(SwiftConvError) -> Double {
            try config.double(key, default: missing)
        }
        func flag(_ key: String) throws(SwiftConvError) -> Bool { try config.bool(key, default: false) }
        switch name {
        case "exponentialdecay":
            return .exponentialDecay(
                initial: try number("initial_learning_rate"), steps: try number("decay_steps"), rate: try number("decay_rate"),
                staircase: try flag("staircase"))
        case "inversetimedecay":
            return .inverseTimeDecay(
                initial: try number("initial_learning_rate"), steps: try number("decay_steps"), rate: try number("decay_rate"),
                staircase: try flag("staircase"))
        case "piecewiseconstantdecay":
            return .piecewiseConstantDecay(boundaries: try config.ints("boundaries"), values: try config.doubles("values") ?? [])
        case "polynomialdecay":
            return .polynomialDecay(
                initial: try number("initial_learning_rate"), steps: try number("decay_steps"),
                end: try number("end_learning_rate", 0.0001), power: try number("power", 1), cycle: try flag("cycle"))
        case "cosinedecay":
            return .cosineDecay(
                initial: try number("initial_learning_rate"), steps: try number("decay_steps"), alpha: try number("alpha", 0),
                warmupTarget: try config.optionalDouble("warmup_target"), warmupSteps: try number("warmup_steps", 0))
        case "cosinedecayrestarts":
            return .cosineDecayRestarts(
                initial: try number("initial_learning_rate"), firstSteps: try number("first_decay_steps"),
                stepFactor: try number("t_mul", 2), heightFactor: try number("m_mul", 1), alpha: try number("alpha", 0))
        default: return nil
        }
    }
}
