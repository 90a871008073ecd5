import Graph

extension Loss.Reduction {
    /// As files hold it.
    var word: String {
        switch self {
        case .sumOverBatchSize: "sum_over_batch_size"
        case .sum: "sum"
        case .meanWithSampleWeight: "mean_with_sample_weight"
        case .none: "none"
        }
    }

    init?(word: String) {
        switch word.lowercased() {
        case "sum_over_batch_size", "mean", "auto": self = .sumOverBatchSize
        case "sum": self = .sum
        case "mean_with_sample_weight": self = .meanWithSampleWeight
        case "none": self = .none
        default: return nil
        }
    }
}

extension Loss {
    /// As files hold it: a class of Keras, or the name of a loss of the user's own.
    var json: Json {
        guard let form else { return TrainingObject.function(name) }
        return Serialized.object(
            "keras.losses", form.className,
            [("name", .string(name)), ("reduction", .string(reduction.word))] + form.arguments.map { ($0.key, $0.value) })
    }

    init(_ json: Json, _ what: String) throws(SwiftConvError) {
        let object = try TrainingObject(json, what)
        if let own = try TrainingRegistry.loss(object) {
            self = own
            return
        }
        guard let found = try Self.known(object) else { throw object.unknown(what, "TrainingRegistry.register") }
        self = found
    }

    /// The library's loss for an object; nil where there is none.
    static func known(_ object: TrainingObject) throws(SwiftConvError) -> Loss? {
        guard var made = try byName(object.plain, object.config) else { return nil }
        if let name = try object.givenName { made = made.named(name) }
        if object.isClass, object.config.has("reduction") {
            guard let reduction = Reduction(word: try object.config.string("reduction")) else {
                throw object.config.wrong("reduction", "sum_over_batch_size, sum, mean_with_sample_weight or none")
            }
            made = made.reduced(by: reduction)
        } else if object.isClass, object.config.members.contains(where: { $0.key == "reduction" }) {
            made = made.reduced(by: .none)
        }
        return made
    }

    private static func byName(_ name: String, _ config: LayerConfig) throws(SwiftConvError) -> Loss? {
        func logits() throws(SwiftConvError) -> Bool { try config.bool("from_logits", default: false) }
        func smoothing() throws(SwiftConvError) -> Double { try config.double("label_smoothing", default: 0) }
        func axis() throws(SwiftConvError) -> Int { try config.int("axis", default: -1) }
        switch name {
        case "meansquarederror", "mse": return .meanSquaredError
        case "meanabsoluteerror", "mae": return .meanAbsoluteError
        case "meanabsolutepercentageerror", "mape": return .meanAbsolutePercentageError
        case "meansquaredlogarithmicerror", "msle": return .meanSquaredLogarithmicError
        case "logcosh": return .logCosh
        case "kldivergence", "kld": return .klDivergence
        case "poisson": return .poisson
        case "hinge": return .hinge
        case "squaredhinge": return .squaredHinge
        case "categoricalhinge": return .categoricalHinge
        case "huber", "huberloss": return .huber(delta: try config.double("delta", default: 1))
        case "cosinesimilarity": return .cosineSimilarity(axis: try axis())
        case "binarycrossentropy", "bce":
            return .binaryCrossentropy(fromLogits: try logits(), labelSmoothing: try smoothing(), axis: try axis())
        case "categoricalcrossentropy":
            return .categoricalCrossentropy(fromLogits: try logits(), labelSmoothing: try smoothing(), axis: try axis())
        case "sparsecategoricalcrossentropy":
            return .sparseCategoricalCrossentropy(
                fromLogits: try logits(), ignoreClass: try config.optionalInt("ignore_class"), axis: try axis())
        case "binaryfocalcrossentropy":
            return .binaryFocalCrossentropy(
                applyClassBalancing: try config.bool("apply_class_balancing", default: false),
                alpha: try config.double("alpha", default: 0.25), gamma: try config.double("gamma", default: 2),
                fromLogits: try logits(), labelSmoothing: try smoothing(), axis: try axis())
        default: return nil
        }
    }
}
