import Graph

/// Losses, metrics, schedules and rules of optimizers of your own that model files may name. Files hold them by their names alone,
/// never what they compute; in Python `custom_objects` of `load_model` gives the same names.
///
///     let cubic = Loss(name: "cubic") { labels, predictions throws(SwiftConvError) in
///         try (labels - predictions).absolute().power(3).mean(-1)
///     }
///     TrainingRegistry.register(cubic)
///
/// A file of a model that was compiled with it is then read by `Model.load(from:)`. Objects that have arguments in the file are made
/// from them:
///
///     TrainingRegistry.register("Scaled", loss: { config throws(SwiftConvError) in
///         let factor = try config.double("factor", default: 1)
///         return Loss(name: "scaled") { labels, predictions throws(SwiftConvError) in
///             try factor * (labels - predictions).square().mean(-1)
///         }
///     })
public enum TrainingRegistry {
    typealias Maker<Value> = @Sendable (LayerConfig) throws(SwiftConvError) -> Value

    nonisolated(unsafe) private static var losses: [String: Maker<Loss>] = [:]
    nonisolated(unsafe) private static var metrics: [String: Maker<Metric>] = [:]
    nonisolated(unsafe) private static var schedules: [String: Maker<LearningRateSchedule>] = [:]
    nonisolated(unsafe) private static var rules: [String: Maker<any UpdateRule>] = [:]
    private static let lock = Lock()

    /// Lets files name a loss, by its name.
    public static func register(_ loss: Loss) { register(loss.name, loss: plain(loss)) }
    /// Lets files name a metric, by its name.
    public static func register(_ metric: Metric) { register(metric.name, metric: plain(metric)) }
    /// Lets files name a schedule, by its name; one without a name throws.
    public static func register(_ schedule: LearningRateSchedule) throws(SwiftConvError) {
        guard let name = schedule.name else {
            throw .invalidArgument("TrainingRegistry.register: schedule: expected one with a name: LearningRateSchedule(name:_:)")
        }
        register(name, schedule: plain(schedule))
    }

    /// Lets files name a loss that is made from its arguments there.
    public static func register(_ name: String, loss make: @escaping @Sendable (LayerConfig) throws(SwiftConvError) -> Loss) {
        lock.lock()
        losses[name] = make
        lock.unlock()
    }
    /// Lets files name a metric that is made from its arguments there.
    public static func register(_ name: String, metric make: @escaping @Sendable (LayerConfig) throws(SwiftConvError) -> Metric) {
        lock.lock()
        metrics[name] = make
        lock.unlock()
    }
    /// Lets files name a schedule that is made from its arguments there.
    public static func register(
        _ name: String, schedule make: @escaping @Sendable (LayerConfig) throws(SwiftConvError) -> LearningRateSchedule
    ) {
        lock.lock()
        schedules[name] = make
        lock.unlock()
    }
    /// Lets files name the rule of an optimizer, by the optimizer's name. What all optimizers have (rate, decay, clipping …) is read
    /// from the file; `config` holds the arguments of the rule.
    public static func register(
        _ name: String, rule make: @escaping @Sendable (_ config: LayerConfig) throws(SwiftConvError) -> any UpdateRule
    ) {
        lock.lock()
        rules[name] = make
        lock.unlock()
    }

    /// A value that has no arguments: files that give it some are refused.
    private static func plain<Value: Sendable>(_ value: Value) -> Maker<Value> {
        return { config throws(SwiftConvError) in
            let known: Set<String> = ["name", "reduction", "dtype", "fn"]
            if let other = config.members.first(where: { !known.contains($0.key) }) {
                throw .invalidArgument(
                    "\(config.owner): config: \(other.key): it was registered without arguments: register a function that makes it from them"
                )
            }
            return value
        }
    }

    static func loss(_ object: TrainingObject) throws(SwiftConvError) -> Loss? {
        try find(object, { losses[$0] }).map { make throws(SwiftConvError) in try make(object.config) }
    }
    static func metric(_ object: TrainingObject) throws(SwiftConvError) -> Metric? {
        try find(object, { metrics[$0] }).map { make throws(SwiftConvError) in try make(object.config) }
    }
    static func schedule(_ object: TrainingObject) throws(SwiftConvError) -> LearningRateSchedule? {
        try find(object, { schedules[$0] }).map { make throws(SwiftConvError) in try make(object.config) }
    }
    static func rule(_ object: TrainingObject) throws(SwiftConvError) -> (any UpdateRule)? {
        try find(object, { rules[$0] }).map { make throws(SwiftConvError) in try make(object.config) }
    }

    private static func find<Value>(_ object: TrainingObject, _ look: (String) -> Maker<Value>?) -> Maker<Value>? {
        lock.lock()
        defer { lock.unlock() }
        for name in object.names {
            if let found = look(name) { return found }
        }
        return nil
    }
}
